-- What a phone tells beyond readings and attempts, what the office decides about it, and periods that are closed.

ALTER TABLE devices ADD COLUMN last_seq BIGINT;
ALTER TABLE devices ADD COLUMN last_seq_at BIGINT;
-- the first number whose record names the hash of the one before it; NULL: none did
ALTER TABLE devices ADD COLUMN chained_from BIGINT;

-- The clocks of the push that brought an item, so that a release finds the same observed time (DOMAIN 2).
ALTER TABLE quarantine ADD COLUMN sent_at BIGINT;
ALTER TABLE quarantine ADD COLUMN sent_elapsed_ms BIGINT;
ALTER TABLE quarantine ADD COLUMN sent_boot TEXT;
ALTER TABLE quarantine ADD COLUMN synced_device_at BIGINT;
ALTER TABLE quarantine ADD COLUMN synced_server_at BIGINT;

-- Which record a correction names: 'waiting' until that one has arrived, then for ever 'linked' or 'refused' with a code.
CREATE TABLE record_links (
    record_id BLOB NOT NULL PRIMARY KEY REFERENCES records (id) DEFERRABLE INITIALLY DEFERRED,
    target_id BLOB NOT NULL,
    reader_id BIGINT NOT NULL REFERENCES accounts (id),
    state     TEXT NOT NULL,
    code      TEXT,
    noted_at  BIGINT NOT NULL
);
-- One correction per record: chains, no trees (I9).
CREATE UNIQUE INDEX record_links_target ON record_links (target_id, reader_id) WHERE state <> 'refused';
CREATE INDEX record_links_waiting ON record_links (reader_id) WHERE state = 'waiting';

-- What counts in place of a corrected record: the head of its chain. Derived from records and record_links; small.
CREATE TABLE corrected_records (
    record_id    BLOB NOT NULL PRIMARY KEY REFERENCES records (id) DEFERRABLE INITIALLY DEFERRED,
    head_id      BLOB NOT NULL REFERENCES records (id) DEFERRABLE INITIALLY DEFERRED,
    code         TEXT NOT NULL,
    figure_index BIGINT,
    cumulative   BIGINT,
    balance      BIGINT,
    -- the verdict on the head's figures
    flags        TEXT NOT NULL,
    changed_at   BIGINT NOT NULL
);

-- Hidden hazards (R-43).
CREATE TABLE hazards (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    record_id   BLOB NOT NULL UNIQUE REFERENCES records (id),
    point_id    BIGINT NOT NULL REFERENCES service_points (id),
    reader_id   BIGINT NOT NULL REFERENCES accounts (id),
    code        TEXT NOT NULL,
    severity    TEXT NOT NULL,
    note        TEXT NOT NULL,
    evidence    TEXT NOT NULL,
    observed_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    state       TEXT NOT NULL,
    changed_at  BIGINT NOT NULL
);
CREATE INDEX hazards_state ON hazards (state, id);
CREATE INDEX hazards_point ON hazards (point_id);

CREATE TABLE hazard_moves (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    hazard_id  BIGINT NOT NULL REFERENCES hazards (id),
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    reason     TEXT NOT NULL,
    moved_at   BIGINT NOT NULL
);
CREATE INDEX hazard_moves_hazard ON hazard_moves (hazard_id, id);

-- What a reader found to differ from the register: a proposal (R-2).
CREATE TABLE found_changes (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    record_id   BLOB NOT NULL UNIQUE REFERENCES records (id),
    point_id    BIGINT NOT NULL REFERENCES service_points (id),
    meter_id    BIGINT REFERENCES meters (id),
    reader_id   BIGINT NOT NULL REFERENCES accounts (id),
    what        TEXT NOT NULL,
    number      TEXT,
    inlet_side  TEXT,
    lat_micro   BIGINT,
    lng_micro   BIGINT,
    datum       TEXT,
    note        TEXT NOT NULL,
    evidence    TEXT NOT NULL,
    observed_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    state       TEXT NOT NULL,
    decided_by  BIGINT REFERENCES accounts (id),
    decided_at  BIGINT,
    reason      TEXT
);
CREATE INDEX found_changes_state ON found_changes (state, id);

-- What a person decided of an item in quarantine: 'released' (and as which record) or 'rejected' for good.
CREATE TABLE quarantine_decisions (
    quarantine_id BIGINT NOT NULL PRIMARY KEY REFERENCES quarantine (id),
    decision      TEXT NOT NULL,
    account_id    BIGINT NOT NULL REFERENCES accounts (id),
    reason        TEXT NOT NULL,
    record_id     BLOB,
    -- the item as it was released
    body          TEXT,
    decided_at    BIGINT NOT NULL
);

-- Missing numbers of a phone that a person has explained (R-11).
CREATE TABLE gap_explanations (
    device_id    BIGINT NOT NULL REFERENCES devices (id),
    device_seq   BIGINT NOT NULL,
    account_id   BIGINT NOT NULL REFERENCES accounts (id),
    reason       TEXT NOT NULL,
    explained_at BIGINT NOT NULL,
    PRIMARY KEY (device_id, device_seq)
);

-- Records that name another hash for the one before them than that one has.
CREATE TABLE chain_breaks (
    device_id  BIGINT NOT NULL REFERENCES devices (id),
    device_seq BIGINT NOT NULL,
    named      BLOB NOT NULL,
    expected   BLOB NOT NULL,
    noticed_at BIGINT NOT NULL,
    PRIMARY KEY (device_id, device_seq)
);

-- Closed periods and their figures at closing: never changed (I11).
CREATE TABLE period_closings (
    period           INTEGER NOT NULL PRIMARY KEY,
    closed_by        BIGINT NOT NULL REFERENCES accounts (id),
    closed_at        BIGINT NOT NULL,
    gaps_accepted_by TEXT,
    reason           TEXT,
    -- the missing numbers that were accepted, as JSON
    gaps             TEXT NOT NULL
);

CREATE TABLE period_snapshots (
    period          INTEGER NOT NULL,
    class           TEXT NOT NULL,
    denominator     BIGINT NOT NULL,
    population      BIGINT NOT NULL,
    seen            BIGINT NOT NULL,
    no_access       BIGINT NOT NULL,
    unattempted     BIGINT NOT NULL,
    customer_only   BIGINT NOT NULL,
    estimate_only   BIGINT NOT NULL,
    rejected_only   BIGINT NOT NULL,
    time_review     BIGINT NOT NULL,
    new_next_period BIGINT NOT NULL,
    removed         BIGINT NOT NULL,
    suspended       BIGINT NOT NULL,
    target_bp       BIGINT NOT NULL,
    PRIMARY KEY (period, class)
);

CREATE TRIGGER hazard_moves_no_update BEFORE UPDATE ON hazard_moves
BEGIN SELECT RAISE(ABORT, 'hazard_moves is append-only'); END;
CREATE TRIGGER hazard_moves_no_delete BEFORE DELETE ON hazard_moves
BEGIN SELECT RAISE(ABORT, 'hazard_moves is append-only'); END;
CREATE TRIGGER quarantine_decisions_no_update BEFORE UPDATE ON quarantine_decisions
BEGIN SELECT RAISE(ABORT, 'quarantine_decisions is append-only'); END;
CREATE TRIGGER quarantine_decisions_no_delete BEFORE DELETE ON quarantine_decisions
BEGIN SELECT RAISE(ABORT, 'quarantine_decisions is append-only'); END;
CREATE TRIGGER gap_explanations_no_update BEFORE UPDATE ON gap_explanations
BEGIN SELECT RAISE(ABORT, 'gap_explanations is append-only'); END;
CREATE TRIGGER gap_explanations_no_delete BEFORE DELETE ON gap_explanations
BEGIN SELECT RAISE(ABORT, 'gap_explanations is append-only'); END;
CREATE TRIGGER chain_breaks_no_update BEFORE UPDATE ON chain_breaks
BEGIN SELECT RAISE(ABORT, 'chain_breaks is append-only'); END;
CREATE TRIGGER chain_breaks_no_delete BEFORE DELETE ON chain_breaks
BEGIN SELECT RAISE(ABORT, 'chain_breaks is append-only'); END;
CREATE TRIGGER period_closings_no_update BEFORE UPDATE ON period_closings
BEGIN SELECT RAISE(ABORT, 'period_closings is append-only'); END;
CREATE TRIGGER period_closings_no_delete BEFORE DELETE ON period_closings
BEGIN SELECT RAISE(ABORT, 'period_closings is append-only'); END;
CREATE TRIGGER period_snapshots_no_update BEFORE UPDATE ON period_snapshots
BEGIN SELECT RAISE(ABORT, 'period_snapshots is append-only'); END;
CREATE TRIGGER period_snapshots_no_delete BEFORE DELETE ON period_snapshots
BEGIN SELECT RAISE(ABORT, 'period_snapshots is append-only'); END;
-- A link is settled once.
CREATE TRIGGER record_links_settled BEFORE UPDATE ON record_links WHEN OLD.state <> 'waiting'
BEGIN SELECT RAISE(ABORT, 'record_links is append-only'); END;
CREATE TRIGGER record_links_no_delete BEFORE DELETE ON record_links
BEGIN SELECT RAISE(ABORT, 'record_links is append-only'); END;
