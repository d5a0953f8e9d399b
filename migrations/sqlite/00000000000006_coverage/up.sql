-- Dated settings that are set for good, and coverage that can be proved: companions, versions, time reviews, jobs.

-- coverage: what is kept beside the bucket, and its counters ---------------------------------------------------------------

-- set in the transaction that freezes the period's figures
ALTER TABLE coverage_periods ADD COLUMN closed_at BIGINT;
UPDATE coverage_periods SET closed_at =
    (SELECT period_closings.closed_at FROM period_closings WHERE period_closings.period = coverage_periods.period);
-- the columns below are filled when a period is laid out again
UPDATE coverage_periods SET laid_out_at = NULL WHERE closed_at IS NULL;

-- bit 0: a proven attempt, bit 1: evidence, bits 2 and 3: early (1), on time (2), late (3)
ALTER TABLE coverage_plan ADD COLUMN marks INTEGER NOT NULL DEFAULT 0;
-- days since 1970-01-01 in the company zone
ALTER TABLE coverage_plan ADD COLUMN unseen_since INTEGER NOT NULL DEFAULT 0;
-- successive periods unseen before this one
ALTER TABLE coverage_plan ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;
-- of D and not seen: the longest unseen first
CREATE INDEX coverage_plan_unseen ON coverage_plan (period, class, unseen_since, point_id) WHERE bucket BETWEEN 2 AND 7;

CREATE TABLE coverage_marks (
    period    INTEGER NOT NULL,
    class     TEXT NOT NULL,
    area_id   BIGINT NOT NULL,
    route_id  BIGINT NOT NULL,
    reader_id BIGINT NOT NULL,
    mark      INTEGER NOT NULL,
    points    BIGINT NOT NULL,
    PRIMARY KEY (period, class, area_id, route_id, reader_id, mark)
);

-- How many visits a reader made on a day of the company zone, and how many of them in vain.
CREATE TABLE reader_days (
    reader_id BIGINT NOT NULL REFERENCES accounts (id),
    -- days since 1970-01-01
    day       INTEGER NOT NULL,
    readings  BIGINT NOT NULL,
    attempts  BIGINT NOT NULL,
    PRIMARY KEY (reader_id, day)
);
-- of what came before this table, at eight hours east; `meterbook coverage recompute` counts anew in any other zone
INSERT INTO reader_days (reader_id, day, readings, attempts)
    SELECT reader_id, (observed_at + 28800000) / 86400000, SUM(kind = 'reading'), SUM(kind = 'attempt')
    FROM records WHERE reader_id IS NOT NULL AND kind IN ('reading', 'attempt') GROUP BY 1, 2;

-- An exception from the commercial window of a month; the last one said holds (R-6).
CREATE TABLE window_exceptions (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    period     INTEGER NOT NULL,
    from_day   DATE NOT NULL,
    until_day  DATE NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    reason     TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX window_exceptions_period ON window_exceptions (period, id);

-- time reviews (DOMAIN 2) ----------------------------------------------------------------------------------------------------

-- Visits whose time a person must decide.
CREATE TABLE time_reviews (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    record_id   BLOB NOT NULL UNIQUE REFERENCES records (id) DEFERRABLE INITIALLY DEFERRED,
    point_id    BIGINT NOT NULL REFERENCES service_points (id),
    reader_id   BIGINT REFERENCES accounts (id),
    observed_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    -- the clock was wrong by more than the uncertainty: observed_at is a stand-in
    is_lost     BOOLEAN NOT NULL
);
INSERT INTO time_reviews (record_id, point_id, reader_id, observed_at, received_at, is_lost)
    SELECT id, point_id, reader_id, observed_at, received_at, ',' || flags || ',' LIKE '%,clock_lost,%'
    FROM records WHERE ',' || flags || ',' LIKE '%,time_review,%';

-- What was decided: 'accepted' as of a time, or 'refused'.
CREATE TABLE time_decisions (
    record_id   BLOB NOT NULL PRIMARY KEY REFERENCES time_reviews (record_id) DEFERRABLE INITIALLY DEFERRED,
    decision    TEXT NOT NULL,
    observed_at BIGINT,
    account_id  BIGINT NOT NULL REFERENCES accounts (id),
    reason      TEXT NOT NULL,
    decided_at  BIGINT NOT NULL
);

-- closed periods -------------------------------------------------------------------------------------------------------------

ALTER TABLE period_closings ADD COLUMN reviews BIGINT NOT NULL DEFAULT 0;
ALTER TABLE period_closings ADD COLUMN rules_version TEXT NOT NULL DEFAULT '';

-- The counters at closing. figure: a bucket's number, or 100 and a mark's.
CREATE TABLE period_lines (
    period    INTEGER NOT NULL,
    class     TEXT NOT NULL,
    area_id   BIGINT NOT NULL,
    route_id  BIGINT NOT NULL,
    reader_id BIGINT NOT NULL,
    figure    INTEGER NOT NULL,
    points    BIGINT NOT NULL,
    PRIMARY KEY (period, class, area_id, route_id, reader_id, figure)
);

-- what was closed before was kept by class alone
INSERT INTO period_lines (period, class, area_id, route_id, reader_id, figure, points)
    SELECT period, class, 0, 0, 0, 1, seen FROM period_snapshots WHERE seen > 0 UNION ALL
    SELECT period, class, 0, 0, 0, 2, no_access FROM period_snapshots WHERE no_access > 0 UNION ALL
    SELECT period, class, 0, 0, 0, 3, unattempted FROM period_snapshots WHERE unattempted > 0 UNION ALL
    SELECT period, class, 0, 0, 0, 4, customer_only FROM period_snapshots WHERE customer_only > 0 UNION ALL
    SELECT period, class, 0, 0, 0, 5, estimate_only FROM period_snapshots WHERE estimate_only > 0 UNION ALL
    SELECT period, class, 0, 0, 0, 6, rejected_only FROM period_snapshots WHERE rejected_only > 0 UNION ALL
    SELECT period, class, 0, 0, 0, 7, time_review FROM period_snapshots WHERE time_review > 0 UNION ALL
    SELECT period, class, 0, 0, 0, 8, new_next_period FROM period_snapshots WHERE new_next_period > 0 UNION ALL
    SELECT period, class, 0, 0, 0, 9, removed FROM period_snapshots WHERE removed > 0 UNION ALL
    SELECT period, class, 0, 0, 0, 10, suspended FROM period_snapshots WHERE suspended > 0;

-- How long the unseen had been unseen at the period's end.
CREATE TABLE period_ages (
    period      INTEGER NOT NULL,
    class       TEXT NOT NULL,
    oldest_days BIGINT NOT NULL,
    over_180    BIGINT NOT NULL,
    over_365    BIGINT NOT NULL,
    PRIMARY KEY (period, class)
);

-- The closed row of a point whose row was changed after closing, kept before the first change. bucket 0: it had none.
CREATE TABLE restated_points (
    period       INTEGER NOT NULL,
    point_id     BIGINT NOT NULL REFERENCES service_points (id),
    class        TEXT NOT NULL,
    area_id      BIGINT NOT NULL,
    route_id     BIGINT NOT NULL,
    reader_id    BIGINT NOT NULL,
    bucket       INTEGER NOT NULL,
    marks        INTEGER NOT NULL,
    unseen_since INTEGER NOT NULL,
    missed       INTEGER NOT NULL,
    PRIMARY KEY (period, point_id)
);

-- What was proved of the closed figures: version 1 is the published one.
CREATE TABLE period_versions (
    period          INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    rules_version   TEXT NOT NULL,
    points          BIGINT NOT NULL,
    population_hash BLOB NOT NULL,
    made_at         BIGINT NOT NULL,
    PRIMARY KEY (period, version)
);

-- jobs -------------------------------------------------------------------------------------------------------------------------

-- Work that one node does at a time, step by step. progress: how far it is, in the words of its kind.
CREATE TABLE jobs (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    state       TEXT NOT NULL,
    progress    TEXT NOT NULL,
    steps       BIGINT NOT NULL,
    lease_by    TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    created_by  BIGINT REFERENCES accounts (id),
    created_at  BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL,
    fault       TEXT,
    UNIQUE (kind, subject)
);
CREATE INDEX jobs_due ON jobs (lease_until) WHERE state = 'open';

-- what is written once ---------------------------------------------------------------------------------------------------------

CREATE TRIGGER settings_no_update BEFORE UPDATE ON settings
BEGIN SELECT RAISE(ABORT, 'settings is append-only'); END;
CREATE TRIGGER settings_no_delete BEFORE DELETE ON settings
BEGIN SELECT RAISE(ABORT, 'settings is append-only'); END;
CREATE TRIGGER window_exceptions_no_update BEFORE UPDATE ON window_exceptions
BEGIN SELECT RAISE(ABORT, 'window_exceptions is append-only'); END;
CREATE TRIGGER window_exceptions_no_delete BEFORE DELETE ON window_exceptions
BEGIN SELECT RAISE(ABORT, 'window_exceptions is append-only'); END;
CREATE TRIGGER time_reviews_no_update BEFORE UPDATE ON time_reviews
BEGIN SELECT RAISE(ABORT, 'time_reviews is append-only'); END;
CREATE TRIGGER time_reviews_no_delete BEFORE DELETE ON time_reviews
BEGIN SELECT RAISE(ABORT, 'time_reviews is append-only'); END;
CREATE TRIGGER time_decisions_no_update BEFORE UPDATE ON time_decisions
BEGIN SELECT RAISE(ABORT, 'time_decisions is append-only'); END;
CREATE TRIGGER time_decisions_no_delete BEFORE DELETE ON time_decisions
BEGIN SELECT RAISE(ABORT, 'time_decisions is append-only'); END;
CREATE TRIGGER period_lines_no_update BEFORE UPDATE ON period_lines
BEGIN SELECT RAISE(ABORT, 'period_lines is append-only'); END;
CREATE TRIGGER period_lines_no_delete BEFORE DELETE ON period_lines
BEGIN SELECT RAISE(ABORT, 'period_lines is append-only'); END;
CREATE TRIGGER period_ages_no_update BEFORE UPDATE ON period_ages
BEGIN SELECT RAISE(ABORT, 'period_ages is append-only'); END;
CREATE TRIGGER period_ages_no_delete BEFORE DELETE ON period_ages
BEGIN SELECT RAISE(ABORT, 'period_ages is append-only'); END;
CREATE TRIGGER restated_points_no_update BEFORE UPDATE ON restated_points
BEGIN SELECT RAISE(ABORT, 'restated_points is append-only'); END;
CREATE TRIGGER restated_points_no_delete BEFORE DELETE ON restated_points
BEGIN SELECT RAISE(ABORT, 'restated_points is append-only'); END;
CREATE TRIGGER period_versions_no_update BEFORE UPDATE ON period_versions
BEGIN SELECT RAISE(ABORT, 'period_versions is append-only'); END;
CREATE TRIGGER period_versions_no_delete BEFORE DELETE ON period_versions
BEGIN SELECT RAISE(ABORT, 'period_versions is append-only'); END;
