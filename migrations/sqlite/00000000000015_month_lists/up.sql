-- The month's lists of suspect meters (R-10), the models they are ranked by, and the cases opened from them.

-- A model learnt from the company's own history. version, hash and body come with state 'done'.
CREATE TABLE anomaly_models (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- training, done or failed
    state       TEXT NOT NULL,
    seed        BIGINT NOT NULL,
    -- the last month it was taught on, as 202603
    until_month INTEGER NOT NULL,
    asked_by    BIGINT NOT NULL REFERENCES accounts (id),
    asked_at    BIGINT NOT NULL,
    meters      BIGINT NOT NULL DEFAULT 0,
    lessons     BIGINT NOT NULL DEFAULT 0,
    version     TEXT,
    inputs_hash BLOB,
    body        TEXT,
    fault       TEXT,
    made_at     BIGINT
);

-- Which model holds from which day, by whose decision; model_id NULL: the one that comes with the program.
CREATE TABLE anomaly_model_terms (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    model_id   BIGINT REFERENCES anomaly_models (id),
    valid_from DATE NOT NULL,
    source     TEXT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL
);

-- The lists of a month. Made again they get another version; what is done stays.
CREATE TABLE anomaly_lists (
    id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- a month, as 202603
    period        INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    -- making, done or failed
    state         TEXT NOT NULL,
    -- NULL: by itself, after the month's grace
    asked_by      BIGINT REFERENCES accounts (id),
    asked_at      BIGINT NOT NULL,
    rules_version TEXT NOT NULL,
    model_id      BIGINT REFERENCES anomaly_models (id),
    model_version TEXT NOT NULL,
    meters_read   BIGINT NOT NULL DEFAULT 0,
    -- of these ranked by the model and by rules; the rest have no past to speak of
    by_model      BIGINT NOT NULL DEFAULT 0,
    by_rules      BIGINT NOT NULL DEFAULT 0,
    inputs_hash   BLOB,
    entries_hash  BLOB,
    made_at       BIGINT,
    UNIQUE (period, version)
);

-- A list in the making: the use of so many meters, then what each is suspected of. Gone when the list is done.
CREATE TABLE anomaly_list_chunks (
    list_id  BIGINT NOT NULL REFERENCES anomaly_lists (id),
    position INTEGER NOT NULL,
    meters   BIGINT NOT NULL,
    body     BLOB NOT NULL,
    suspects BLOB,
    PRIMARY KEY (list_id, position)
);

-- What was usual in a peer group: kept, so that each verdict can be reckoned again.
CREATE TABLE anomaly_list_peers (
    list_id   BIGINT NOT NULL REFERENCES anomaly_lists (id),
    group_key TEXT NOT NULL,
    members   BIGINT NOT NULL,
    body      BLOB NOT NULL,
    PRIMARY KEY (list_id, group_key)
);

-- A place on a list. `member` is what the verdict rests on: the meter's use by period as it was known.
CREATE TABLE anomaly_entries (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    list_id        BIGINT NOT NULL REFERENCES anomaly_lists (id),
    -- failed, slow, fast or jump
    list           TEXT NOT NULL,
    rank           INTEGER NOT NULL,
    meter_id       BIGINT NOT NULL REFERENCES meters (id),
    point_id       BIGINT NOT NULL REFERENCES service_points (id),
    observed_at    BIGINT NOT NULL,
    -- model or rules; scores of the two are not comparable
    method         TEXT NOT NULL,
    score_micro    BIGINT NOT NULL,
    rule           TEXT NOT NULL,
    figures        TEXT NOT NULL,
    stake          BIGINT NOT NULL,
    floor_percent  BIGINT NOT NULL,
    is_above_floor BOOLEAN NOT NULL,
    group_key      TEXT NOT NULL,
    member         BLOB NOT NULL,
    UNIQUE (list_id, list, rank)
);
CREATE INDEX anomaly_entries_meter ON anomaly_entries (meter_id);

-- The case a person opened from an entry, or that took it in.
CREATE TABLE anomaly_entry_cases (
    entry_id   BIGINT NOT NULL PRIMARY KEY REFERENCES anomaly_entries (id),
    case_id    BIGINT NOT NULL REFERENCES cases (id),
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL
);

CREATE TRIGGER anomaly_model_terms_no_update BEFORE UPDATE ON anomaly_model_terms
BEGIN SELECT RAISE(ABORT, 'anomaly_model_terms is append-only'); END;
CREATE TRIGGER anomaly_model_terms_no_delete BEFORE DELETE ON anomaly_model_terms
BEGIN SELECT RAISE(ABORT, 'anomaly_model_terms is append-only'); END;
CREATE TRIGGER anomaly_list_peers_no_update BEFORE UPDATE ON anomaly_list_peers
BEGIN SELECT RAISE(ABORT, 'anomaly_list_peers is append-only'); END;
CREATE TRIGGER anomaly_list_peers_no_delete BEFORE DELETE ON anomaly_list_peers
BEGIN SELECT RAISE(ABORT, 'anomaly_list_peers is append-only'); END;
CREATE TRIGGER anomaly_entries_no_update BEFORE UPDATE ON anomaly_entries
BEGIN SELECT RAISE(ABORT, 'anomaly_entries is append-only'); END;
CREATE TRIGGER anomaly_entries_no_delete BEFORE DELETE ON anomaly_entries
BEGIN SELECT RAISE(ABORT, 'anomaly_entries is append-only'); END;
CREATE TRIGGER anomaly_entry_cases_no_update BEFORE UPDATE ON anomaly_entry_cases
BEGIN SELECT RAISE(ABORT, 'anomaly_entry_cases is append-only'); END;
CREATE TRIGGER anomaly_entry_cases_no_delete BEFORE DELETE ON anomaly_entry_cases
BEGIN SELECT RAISE(ABORT, 'anomaly_entry_cases is append-only'); END;
-- What is made stays as it was made.
CREATE TRIGGER anomaly_lists_made BEFORE UPDATE ON anomaly_lists WHEN OLD.state = 'done'
BEGIN SELECT RAISE(ABORT, 'anomaly_lists is append-only'); END;
CREATE TRIGGER anomaly_models_made BEFORE UPDATE ON anomaly_models WHEN OLD.state = 'done'
BEGIN SELECT RAISE(ABORT, 'anomaly_models is append-only'); END;
