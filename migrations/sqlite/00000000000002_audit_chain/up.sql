-- The chain over the audit log (SECURITY 13), and which restores the data have been through (PROTOCOL, "Meta").

-- One link per row of audit_log: a keyed hash over the link before it and the row. The key is outside the database.
CREATE TABLE audit_links (
    -- 1, 2, 3 … without a gap
    position BIGINT NOT NULL PRIMARY KEY,
    audit_id BIGINT NOT NULL UNIQUE REFERENCES audit_log (id),
    hash     BLOB NOT NULL
);

-- The newest link, so that one taken off the end is missed. Locked by whoever adds one. Made at the first start.
CREATE TABLE audit_head (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position BIGINT NOT NULL,
    hash     BLOB NOT NULL
);

-- Each time the data came out of a backup.
CREATE TABLE restores (
    -- the epoch minted then
    epoch       BLOB NOT NULL PRIMARY KEY,
    -- the epoch of the backup: phones that follow it may hold records the data have lost
    after_epoch BLOB NOT NULL,
    -- when the backup was made
    data_as_of  BIGINT NOT NULL,
    restored_at BIGINT NOT NULL
);

CREATE TRIGGER audit_links_no_update BEFORE UPDATE ON audit_links
BEGIN SELECT RAISE(ABORT, 'audit_links is append-only'); END;
CREATE TRIGGER audit_links_no_delete BEFORE DELETE ON audit_links
BEGIN SELECT RAISE(ABORT, 'audit_links is append-only'); END;
