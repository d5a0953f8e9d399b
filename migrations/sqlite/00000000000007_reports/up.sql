-- Reports that were published, appraisals, and what readers say to them.

-- A day's and a month's records, purchases and cases are found by their time.
CREATE INDEX records_observed ON records (observed_at);
CREATE INDEX purchases_loaded ON purchases (loaded_at);
CREATE INDEX cases_observed ON cases (observed_at);

-- A report as it was published when its period was closed: never changed (I11).
CREATE TABLE report_versions (
    id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind            TEXT NOT NULL,
    period          INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    -- what came later is not in it
    cut_off         BIGINT NOT NULL,
    rules_version   TEXT NOT NULL,
    population_hash BLOB NOT NULL,
    body_hash       BLOB NOT NULL,
    -- the figures as JSON, byte for byte as they are answered
    body            TEXT NOT NULL,
    UNIQUE (kind, period, version)
);

-- Its long lists: JSON lines, compressed with zstd, a piece of some hundred rows at a time.
CREATE TABLE report_pieces (
    report_id BIGINT NOT NULL REFERENCES report_versions (id),
    list      TEXT NOT NULL,
    position  INTEGER NOT NULL,
    -- the key of the last row, so that a page is found without reading those before
    last_key  BIGINT NOT NULL,
    rows      INTEGER NOT NULL,
    body      BLOB NOT NULL,
    PRIMARY KEY (report_id, list, position)
);

-- What a reader is shown of his month (R-13, R-40): facts, and every mark deducted with its evidence, as JSON.
CREATE TABLE appraisals (
    id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    period        INTEGER NOT NULL,
    reader_id     BIGINT NOT NULL REFERENCES accounts (id),
    -- in tenths
    marks         BIGINT NOT NULL,
    rules_version TEXT NOT NULL,
    body          TEXT NOT NULL,
    published_by  BIGINT NOT NULL REFERENCES accounts (id),
    published_at  BIGINT NOT NULL,
    UNIQUE (period, reader_id)
);
CREATE INDEX appraisals_reader ON appraisals (reader_id, period);

-- His objection, and its answer (R-41): one each, part of the record.
CREATE TABLE appraisal_objections (
    appraisal_id BIGINT NOT NULL PRIMARY KEY REFERENCES appraisals (id),
    account_id   BIGINT NOT NULL REFERENCES accounts (id),
    reason       TEXT NOT NULL,
    -- the numbers of the deductions objected to, as a JSON array; empty: all
    deductions   TEXT NOT NULL,
    objected_at  BIGINT NOT NULL
);

CREATE TABLE appraisal_answers (
    appraisal_id BIGINT NOT NULL PRIMARY KEY REFERENCES appraisals (id),
    account_id   BIGINT NOT NULL REFERENCES accounts (id),
    decision     TEXT NOT NULL,
    reason       TEXT NOT NULL,
    -- the numbers of the deductions taken back, as a JSON array
    withdrawn    TEXT NOT NULL,
    -- what counts from now on, in tenths
    marks        BIGINT NOT NULL,
    answered_at  BIGINT NOT NULL
);

CREATE TRIGGER report_versions_no_update BEFORE UPDATE ON report_versions
BEGIN SELECT RAISE(ABORT, 'report_versions is append-only'); END;
CREATE TRIGGER report_versions_no_delete BEFORE DELETE ON report_versions
BEGIN SELECT RAISE(ABORT, 'report_versions is append-only'); END;
CREATE TRIGGER report_pieces_no_update BEFORE UPDATE ON report_pieces
BEGIN SELECT RAISE(ABORT, 'report_pieces is append-only'); END;
CREATE TRIGGER report_pieces_no_delete BEFORE DELETE ON report_pieces
BEGIN SELECT RAISE(ABORT, 'report_pieces is append-only'); END;
CREATE TRIGGER appraisals_no_update BEFORE UPDATE ON appraisals
BEGIN SELECT RAISE(ABORT, 'appraisals is append-only'); END;
CREATE TRIGGER appraisals_no_delete BEFORE DELETE ON appraisals
BEGIN SELECT RAISE(ABORT, 'appraisals is append-only'); END;
CREATE TRIGGER appraisal_objections_no_update BEFORE UPDATE ON appraisal_objections
BEGIN SELECT RAISE(ABORT, 'appraisal_objections is append-only'); END;
CREATE TRIGGER appraisal_objections_no_delete BEFORE DELETE ON appraisal_objections
BEGIN SELECT RAISE(ABORT, 'appraisal_objections is append-only'); END;
CREATE TRIGGER appraisal_answers_no_update BEFORE UPDATE ON appraisal_answers
BEGIN SELECT RAISE(ABORT, 'appraisal_answers is append-only'); END;
CREATE TRIGGER appraisal_answers_no_delete BEFORE DELETE ON appraisal_answers
BEGIN SELECT RAISE(ABORT, 'appraisal_answers is append-only'); END;
