-- Cases worked by people, webhooks to other systems, the rule lab, blind re-read lists.
-- A bench error is in 1/100 %. Instants, volumes and days as everywhere.

-- cases ----------------------------------------------------------------------------------------------------------------

ALTER TABLE cases ADD COLUMN reader_id BIGINT REFERENCES accounts (id);
ALTER TABLE cases ADD COLUMN assignee_id BIGINT REFERENCES accounts (id);
ALTER TABLE cases ADD COLUMN due_at BIGINT;
ALTER TABLE cases ADD COLUMN outcome TEXT;
ALTER TABLE cases ADD COLUMN error_bp INTEGER;
-- whether the rule was right, as far as people found out: upheld, refuted
ALTER TABLE cases ADD COLUMN verdict TEXT;
ALTER TABLE cases ADD COLUMN closed_at BIGINT;
ALTER TABLE cases ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
-- the stake, 0 where none can be named: what lists are sorted by
ALTER TABLE cases ADD COLUMN stake_rank BIGINT NOT NULL DEFAULT 0;
-- Σ(dM − dE) when the counting module was put right: the drift is summed anew from here (DOMAIN 4, I4)
ALTER TABLE cases ADD COLUMN drift_at_close BIGINT;

-- Every finding of a case: a rule that speaks again joins the open case of its kind.
CREATE TABLE case_findings (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    case_id     BIGINT NOT NULL REFERENCES cases (id),
    rule        TEXT NOT NULL,
    record_id   BLOB NOT NULL REFERENCES records (id),
    observed_at BIGINT NOT NULL,
    found_at    BIGINT NOT NULL,
    stake       BIGINT,
    evidence    TEXT NOT NULL
);
CREATE INDEX case_findings_case ON case_findings (case_id);
CREATE INDEX case_findings_record ON case_findings (record_id);

INSERT INTO case_findings (case_id, rule, record_id, observed_at, found_at, stake, evidence)
SELECT CASE WHEN state IN ('open', 'confirmed', 'in_work')
            THEN (SELECT MIN(older.id) FROM cases older WHERE older.meter_id = cases.meter_id AND older.kind = cases.kind
                  AND older.state IN ('open', 'confirmed', 'in_work'))
            ELSE id END,
       rule, record_id, observed_at, opened_at, stake, evidence
FROM cases ORDER BY id;

UPDATE cases SET changed_at = opened_at, stake_rank = COALESCE(stake, 0),
    reader_id = (SELECT records.reader_id FROM records WHERE records.id = cases.record_id);

-- Who moved a case, why and when; what was assigned, put off or noted. account_id NULL: a rule, which says its cause.
CREATE TABLE case_moves (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    case_id     BIGINT NOT NULL REFERENCES cases (id),
    from_state  TEXT NOT NULL,
    to_state    TEXT NOT NULL,
    outcome     TEXT,
    error_bp    INTEGER,
    assignee_id BIGINT REFERENCES accounts (id),
    due_at      BIGINT,
    account_id  BIGINT REFERENCES accounts (id),
    cause       TEXT,
    reason      TEXT NOT NULL,
    moved_at    BIGINT NOT NULL
);
CREATE INDEX case_moves_case ON case_moves (case_id);

-- One open case per meter and kind: the older one takes the others in.
DROP INDEX cases_open;
UPDATE cases SET state = 'resolved', outcome = 'merged', closed_at = opened_at
WHERE state IN ('open', 'confirmed', 'in_work') AND EXISTS (
    SELECT 1 FROM cases older WHERE older.meter_id = cases.meter_id AND older.kind = cases.kind AND older.id < cases.id
    AND older.state IN ('open', 'confirmed', 'in_work'));
CREATE UNIQUE INDEX cases_open ON cases (meter_id, kind) WHERE state IN ('open', 'confirmed', 'in_work');
CREATE INDEX cases_meter ON cases (meter_id, state);
CREATE INDEX cases_state ON cases (state, id);
CREATE INDEX cases_stake ON cases (stake_rank, id);
CREATE INDEX cases_age ON cases (observed_at, id);
CREATE INDEX cases_assignee ON cases (assignee_id, id);
CREATE INDEX cases_repaired ON cases (meter_id, closed_at) WHERE drift_at_close IS NOT NULL;

-- webhooks -------------------------------------------------------------------------------------------------------------

CREATE TABLE webhook_subscriptions (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    url         TEXT NOT NULL,
    -- sealed: what messages are signed with
    secret      BLOB NOT NULL,
    -- separated by commas
    events      TEXT NOT NULL,
    note        TEXT NOT NULL,
    created_by  BIGINT NOT NULL REFERENCES accounts (id),
    created_at  BIGINT NOT NULL,
    disabled_at BIGINT
);

-- The outbox: written with what it tells of, delivered afterwards, at least once.
CREATE TABLE webhook_messages (
    id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    subscription_id BIGINT NOT NULL REFERENCES webhook_subscriptions (id),
    message_id      BLOB NOT NULL,
    event           TEXT NOT NULL,
    subject_id      BIGINT NOT NULL,
    body            TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    -- NULL: delivered or given up
    next_try_at     BIGINT,
    -- a node is sending it until then
    leased_until    BIGINT,
    delivered_at    BIGINT,
    dead_at         BIGINT,
    last_status     INTEGER,
    last_error      TEXT
);
CREATE INDEX webhook_messages_due ON webhook_messages (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX webhook_messages_subscription ON webhook_messages (subscription_id, id);

-- the rule lab ---------------------------------------------------------------------------------------------------------

CREATE TABLE lab_runs (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    asked_by     BIGINT NOT NULL REFERENCES accounts (id),
    asked_at     BIGINT NOT NULL,
    -- the settings that differ, as a JSON object
    changes      TEXT NOT NULL,
    -- running, done or failed
    state        TEXT NOT NULL,
    meters       BIGINT NOT NULL DEFAULT 0,
    readings     BIGINT NOT NULL DEFAULT 0,
    result       TEXT,
    finished_at  BIGINT,
    adopted_by   BIGINT REFERENCES accounts (id),
    adopted_at   BIGINT,
    adopted_from DATE
);

-- blind re-reads -------------------------------------------------------------------------------------------------------

CREATE TABLE reread_lists (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    reader_id      BIGINT NOT NULL REFERENCES accounts (id),
    from_day       DATE NOT NULL,
    until_day      DATE NOT NULL,
    population     BIGINT NOT NULL,
    assumed_faulty BIGINT NOT NULL,
    detection_bp   INTEGER NOT NULL,
    seed           BIGINT NOT NULL,
    reason         TEXT NOT NULL,
    made_by        BIGINT NOT NULL REFERENCES accounts (id),
    made_at        BIGINT NOT NULL
);

CREATE TABLE reread_items (
    list_id   BIGINT NOT NULL REFERENCES reread_lists (id),
    position  INTEGER NOT NULL,
    record_id BLOB NOT NULL REFERENCES records (id),
    point_id  BIGINT NOT NULL REFERENCES service_points (id),
    PRIMARY KEY (list_id, position)
);

-- Append-only: what was found, decided and drawn stays as it was.
CREATE TRIGGER case_findings_no_update BEFORE UPDATE ON case_findings
BEGIN SELECT RAISE(ABORT, 'case_findings is append-only'); END;
CREATE TRIGGER case_findings_no_delete BEFORE DELETE ON case_findings
BEGIN SELECT RAISE(ABORT, 'case_findings is append-only'); END;
CREATE TRIGGER case_moves_no_update BEFORE UPDATE ON case_moves
BEGIN SELECT RAISE(ABORT, 'case_moves is append-only'); END;
CREATE TRIGGER case_moves_no_delete BEFORE DELETE ON case_moves
BEGIN SELECT RAISE(ABORT, 'case_moves is append-only'); END;
CREATE TRIGGER reread_lists_no_update BEFORE UPDATE ON reread_lists
BEGIN SELECT RAISE(ABORT, 'reread_lists is append-only'); END;
CREATE TRIGGER reread_lists_no_delete BEFORE DELETE ON reread_lists
BEGIN SELECT RAISE(ABORT, 'reread_lists is append-only'); END;
CREATE TRIGGER reread_items_no_update BEFORE UPDATE ON reread_items
BEGIN SELECT RAISE(ABORT, 'reread_items is append-only'); END;
CREATE TRIGGER reread_items_no_delete BEFORE DELETE ON reread_items
BEGIN SELECT RAISE(ABORT, 'reread_items is append-only'); END;
