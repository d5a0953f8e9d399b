-- The chain over the audit log (SECURITY 13), and which restores the data have been through (PROTOCOL, "Meta").

-- One link per row of audit_log: a keyed hash over the link before it and the row. The key is outside the database.
CREATE TABLE audit_links (
    -- 1, 2, 3 … without a gap
    position BIGINT NOT NULL PRIMARY KEY,
    audit_id BIGINT NOT NULL UNIQUE REFERENCES audit_log (id),
    hash     BYTEA NOT NULL
);

-- The newest link, so that one taken off the end is missed. Locked by whoever adds one. Made at the first start.
CREATE TABLE audit_head (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position BIGINT NOT NULL,
    hash     BYTEA NOT NULL
);

-- Each time the data came out of a backup.
CREATE TABLE restores (
    -- the epoch minted then
    epoch       UUID NOT NULL PRIMARY KEY,
    -- the epoch of the backup: phones that follow it may hold records the data have lost
    after_epoch UUID NOT NULL,
    -- when the backup was made
    data_as_of  BIGINT NOT NULL,
    restored_at BIGINT NOT NULL
);

CREATE TRIGGER audit_links_append_only BEFORE UPDATE OR DELETE ON audit_links
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_links_no_truncate BEFORE TRUNCATE ON audit_links
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
