-- The foundation: accounts, the register, rounds, records, coverage, cases, feeds.
-- Instants (…_at) are milliseconds since 1970-01-01T00:00:00Z. Volumes are 0.001 m³. Rates are 1/10,000.
-- Both stores hold the same tables and columns; see ../../README.md.

-- accounts -----------------------------------------------------------------------------------------------------------

CREATE TABLE instance (
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    epoch            BLOB NOT NULL,
    created_at       BIGINT NOT NULL,
    key_fingerprint  BLOB NOT NULL,
    setup_token_hash BLOB,
    claimed_at       BIGINT
);

CREATE TABLE accounts (
    id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    login           TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    role            TEXT NOT NULL,
    password_hash   TEXT NOT NULL,
    session_version INTEGER NOT NULL DEFAULT 1,
    created_at      BIGINT NOT NULL,
    disabled_at     BIGINT
);

CREATE TABLE devices (
    id                     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id             BIGINT NOT NULL REFERENCES accounts (id),
    label                  TEXT NOT NULL,
    platform               TEXT NOT NULL,
    created_at             BIGINT NOT NULL,
    revoked_at             BIGINT,
    last_seen_at           BIGINT,
    -- the last clock comparison (DOMAIN 2, grade B)
    clock_device_at        BIGINT,
    clock_server_at        BIGINT,
    highest_contiguous_seq BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE activation_codes (
    code_hash  BLOB NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    created_by BIGINT NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    device_id  BIGINT REFERENCES devices (id)
);

-- One family of refresh tokens: a phone's, or one sign-in at a desk.
CREATE TABLE sessions (
    id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id    BIGINT NOT NULL REFERENCES accounts (id),
    device_id     BIGINT REFERENCES devices (id),
    created_at    BIGINT NOT NULL,
    revoked_at    BIGINT,
    revoke_reason TEXT
);

CREATE TABLE refresh_tokens (
    token_hash BLOB NOT NULL PRIMARY KEY,
    session_id BIGINT NOT NULL REFERENCES sessions (id),
    parent     BLOB,
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- set when the token was exchanged for its successor, or replaced by a reissue
    spent_at   BIGINT
);
CREATE INDEX refresh_tokens_parent ON refresh_tokens (parent);

CREATE TABLE idempotency_keys (
    account_id   BIGINT NOT NULL REFERENCES accounts (id),
    key          TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    status       INTEGER NOT NULL,
    body         TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, key)
);

CREATE TABLE audit_log (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at         BIGINT NOT NULL,
    account_id BIGINT REFERENCES accounts (id),
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    detail     TEXT NOT NULL
);

-- Dated configuration (DOMAIN, preamble): the value of a day is the one with the latest valid_from not after it.
CREATE TABLE settings (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL,
    valid_from DATE NOT NULL,
    source     TEXT NOT NULL,
    account_id BIGINT REFERENCES accounts (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX settings_key ON settings (key, valid_from);

-- meters ---------------------------------------------------------------------------------------------------------------

CREATE TABLE areas (
    id        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    parent_id BIGINT REFERENCES areas (id),
    name      TEXT NOT NULL,
    -- names from the root down, joined by '/'
    path      TEXT NOT NULL UNIQUE
);

CREATE TABLE routes (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    code    TEXT NOT NULL UNIQUE,
    area_id BIGINT NOT NULL REFERENCES areas (id)
);

CREATE TABLE meter_types (
    id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    code            TEXT NOT NULL UNIQUE,
    size            TEXT NOT NULL,
    qmax_per_hour   BIGINT NOT NULL,
    digits_integer  INTEGER NOT NULL,
    digits_decimal  INTEGER NOT NULL,
    resolution      BIGINT NOT NULL,
    pulse           BIGINT NOT NULL,
    three_figures   BOOLEAN NOT NULL,
    -- NULL: the balance is a volume; else it is money at this price
    fen_per_m3      BIGINT,
    overdraft       BOOLEAN NOT NULL
);

CREATE TABLE service_points (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    number         TEXT NOT NULL UNIQUE,
    area_id        BIGINT NOT NULL REFERENCES areas (id),
    route_id       BIGINT REFERENCES routes (id),
    office_order   INTEGER NOT NULL,
    learned_order  INTEGER,
    -- class and state as of now; what counted when is in point_terms
    class          TEXT NOT NULL,
    state          TEXT NOT NULL,
    gas_on         DATE,
    lat_micro      BIGINT,
    lng_micro      BIGINT,
    datum          TEXT,
    -- sealed: readable only with the key kept outside the database (SECURITY 11)
    customer_name  BLOB,
    customer_phone BLOB,
    address        BLOB,
    access_note    BLOB,
    -- blind indexes of the above, for exact search
    name_key       BLOB,
    phone_key      BLOB,
    address_key    BLOB,
    created_at     BIGINT NOT NULL,
    changed_at     BIGINT NOT NULL
);
CREATE INDEX service_points_area ON service_points (area_id, id);
CREATE INDEX service_points_route ON service_points (route_id, office_order);
CREATE INDEX service_points_name ON service_points (name_key);
CREATE INDEX service_points_phone ON service_points (phone_key);
CREATE INDEX service_points_address ON service_points (address_key);

-- Which class and state a point has had from when (DOMAIN 1: the class that counts is the one at the period's first instant).
CREATE TABLE point_terms (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    point_id   BIGINT NOT NULL REFERENCES service_points (id),
    valid_from BIGINT NOT NULL,
    class      TEXT NOT NULL,
    state      TEXT NOT NULL,
    source     TEXT NOT NULL
);
CREATE INDEX point_terms_point ON point_terms (point_id, valid_from);

CREATE TABLE meters (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    number         TEXT NOT NULL UNIQUE,
    type_id        BIGINT NOT NULL REFERENCES meter_types (id),
    inlet_side     TEXT,
    made_on        DATE,
    installed_on   DATE,
    -- overrides of the type; NULL: as the type says
    digits_integer INTEGER,
    digits_decimal INTEGER,
    qmax_per_hour  BIGINT,
    changed_at     BIGINT NOT NULL
);

CREATE TABLE installations (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    meter_id     BIGINT NOT NULL REFERENCES meters (id),
    point_id     BIGINT NOT NULL REFERENCES service_points (id),
    installed_at BIGINT NOT NULL,
    removed_at   BIGINT,
    first_index  BIGINT NOT NULL,
    last_index   BIGINT
);
CREATE UNIQUE INDEX installations_meter_now ON installations (meter_id) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX installations_point_now ON installations (point_id) WHERE removed_at IS NULL;

CREATE TABLE purchases (
    id        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    reference TEXT NOT NULL UNIQUE,
    meter_id  BIGINT NOT NULL REFERENCES meters (id),
    loaded_at BIGINT NOT NULL,
    volume    BIGINT NOT NULL,
    paid_fen  BIGINT NOT NULL
);
CREATE INDEX purchases_meter ON purchases (meter_id, loaded_at);

-- rounds ---------------------------------------------------------------------------------------------------------------

CREATE TABLE rounds (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL,
    route_id   BIGINT REFERENCES routes (id),
    reader_id  BIGINT REFERENCES accounts (id),
    from_day   DATE NOT NULL,
    until_day  DATE NOT NULL,
    state      TEXT NOT NULL,
    created_by BIGINT NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX rounds_reader ON rounds (reader_id, state);

-- Who held a round from when; a former reader's phone may still push until keep_until (PROTOCOL, push).
CREATE TABLE round_holders (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    round_id   BIGINT NOT NULL REFERENCES rounds (id),
    reader_id  BIGINT NOT NULL REFERENCES accounts (id),
    held_from  BIGINT NOT NULL,
    held_until BIGINT,
    keep_until BIGINT
);
CREATE INDEX round_holders_round ON round_holders (round_id);
CREATE INDEX round_holders_reader ON round_holders (reader_id);

CREATE TABLE stops (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    round_id   BIGINT NOT NULL REFERENCES rounds (id),
    point_id   BIGINT NOT NULL REFERENCES service_points (id),
    position   INTEGER NOT NULL,
    state      TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (round_id, point_id)
);
CREATE INDEX stops_point ON stops (point_id);

-- sync and readings ------------------------------------------------------------------------------------------------------

-- Every observation, once, for ever: readings, attempts and what else a phone or an import tells.
CREATE TABLE records (
    id          BLOB NOT NULL PRIMARY KEY,
    kind        TEXT NOT NULL,
    -- the reading kind (field, reread …) or the attempt's code (locked, refused …)
    code        TEXT NOT NULL,
    point_id    BIGINT NOT NULL REFERENCES service_points (id),
    meter_id    BIGINT REFERENCES meters (id),
    reader_id   BIGINT REFERENCES accounts (id),
    device_id   BIGINT REFERENCES devices (id),
    device_seq  BIGINT,
    observed_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    -- A, B or C (DOMAIN 2)
    grade       TEXT NOT NULL,
    figure_index BIGINT,
    cumulative  BIGINT,
    balance     BIGINT,
    -- what the receipt said beside 'accepted', separated by commas
    flags       TEXT NOT NULL,
    target_id   BLOB,
    body_hash   BLOB NOT NULL,
    -- the item as it was sent, in canonical form
    body        TEXT NOT NULL
);
CREATE UNIQUE INDEX records_device_seq ON records (device_id, device_seq);
CREATE INDEX records_point ON records (point_id, observed_at);

-- What could not be taken as it was, whole and with its reason (DOMAIN 7).
CREATE TABLE quarantine (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    device_id   BIGINT NOT NULL REFERENCES devices (id),
    reader_id   BIGINT NOT NULL REFERENCES accounts (id),
    record_id   BLOB,
    device_seq  BIGINT,
    -- the point and time the item spoke of, where they could be read: a rejected reading shows in coverage (DOMAIN 3)
    point_id    BIGINT REFERENCES service_points (id),
    observed_at BIGINT,
    outcome     TEXT NOT NULL,
    code        TEXT NOT NULL,
    pointer     TEXT NOT NULL,
    body_hash   BLOB NOT NULL,
    body        TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    UNIQUE (device_id, body_hash)
);
CREATE INDEX quarantine_point ON quarantine (point_id, observed_at);
CREATE INDEX quarantine_seq ON quarantine (device_id, device_seq);

CREATE TABLE feeds (
    reader_id BIGINT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    head      BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE feed_entries (
    reader_id  BIGINT NOT NULL REFERENCES accounts (id),
    version    BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    subject    BIGINT NOT NULL,
    change     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    keep_until BIGINT,
    at         BIGINT NOT NULL,
    PRIMARY KEY (reader_id, version)
);

-- coverage ---------------------------------------------------------------------------------------------------------------

-- Periods whose population has been laid out. period: 202403 for a month, 20241 for a quarter.
CREATE TABLE coverage_periods (
    period      INTEGER NOT NULL PRIMARY KEY,
    opened_at   BIGINT NOT NULL,
    -- NULL while points are still being placed
    laid_out_at BIGINT
);

CREATE TABLE coverage_plan (
    period    INTEGER NOT NULL,
    point_id  BIGINT NOT NULL REFERENCES service_points (id),
    class     TEXT NOT NULL,
    area_id   BIGINT NOT NULL,
    -- 0: no route, no reader
    route_id  BIGINT NOT NULL,
    reader_id BIGINT NOT NULL,
    bucket    INTEGER NOT NULL,
    PRIMARY KEY (period, point_id)
);

CREATE TABLE coverage_counters (
    period    INTEGER NOT NULL,
    class     TEXT NOT NULL,
    area_id   BIGINT NOT NULL,
    route_id  BIGINT NOT NULL,
    reader_id BIGINT NOT NULL,
    bucket    INTEGER NOT NULL,
    points    BIGINT NOT NULL,
    PRIMARY KEY (period, class, area_id, route_id, reader_id, bucket)
);

-- anomalies --------------------------------------------------------------------------------------------------------------

CREATE TABLE cases (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    meter_id    BIGINT NOT NULL REFERENCES meters (id),
    point_id    BIGINT NOT NULL REFERENCES service_points (id),
    rule        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    state       TEXT NOT NULL,
    record_id   BLOB NOT NULL REFERENCES records (id),
    observed_at BIGINT NOT NULL,
    opened_at   BIGINT NOT NULL,
    stake       BIGINT,
    evidence    TEXT NOT NULL
);
-- one open case per meter and rule
CREATE UNIQUE INDEX cases_open ON cases (meter_id, rule) WHERE state IN ('open', 'confirmed', 'in_work');
CREATE INDEX cases_point ON cases (point_id);

-- The common meter types (DOMAIN 9). Residential dials show 5+3 and are read in whole m³; IC-card types count 0.1 m³ pulses.
INSERT INTO meter_types (code, size, qmax_per_hour, digits_integer, digits_decimal, resolution, pulse, three_figures, fen_per_m3, overdraft) VALUES
    ('G1.6', 'G1.6', 2500, 5, 3, 1000, 0, FALSE, NULL, FALSE),
    ('G2.5', 'G2.5', 4000, 5, 3, 1000, 0, FALSE, NULL, FALSE),
    ('G4', 'G4', 6000, 5, 3, 1000, 0, FALSE, NULL, FALSE),
    ('IC-G4', 'G4', 6000, 5, 3, 1000, 100, TRUE, NULL, FALSE),
    ('IC-G6', 'G6', 10000, 5, 3, 1000, 100, TRUE, NULL, FALSE),
    ('IC-G10', 'G10', 16000, 6, 2, 1000, 100, TRUE, NULL, FALSE),
    ('IC-G16', 'G16', 25000, 6, 2, 1000, 100, TRUE, NULL, FALSE),
    ('IC-G25', 'G25', 40000, 6, 2, 1000, 100, TRUE, NULL, FALSE),
    ('IC-G40', 'G40', 65000, 6, 2, 1000, 100, TRUE, NULL, FALSE),
    ('IC-G65', 'G65', 100000, 6, 2, 1000, 100, TRUE, NULL, FALSE),
    ('IC-G100', 'G100', 160000, 7, 1, 1000, 100, TRUE, NULL, FALSE);

-- Append-only: what was recorded is never changed or taken away (DOMAIN 1, R-11).
CREATE TRIGGER records_no_update BEFORE UPDATE ON records
BEGIN SELECT RAISE(ABORT, 'records is append-only'); END;
CREATE TRIGGER records_no_delete BEFORE DELETE ON records
BEGIN SELECT RAISE(ABORT, 'records is append-only'); END;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER point_terms_no_update BEFORE UPDATE ON point_terms
BEGIN SELECT RAISE(ABORT, 'point_terms is append-only'); END;
CREATE TRIGGER point_terms_no_delete BEFORE DELETE ON point_terms
BEGIN SELECT RAISE(ABORT, 'point_terms is append-only'); END;
