-- What is kept of each meter's past for its next verdict: derived from records, and read from them where it is missing.
CREATE TABLE meter_pasts (
    installation_id BIGINT NOT NULL PRIMARY KEY REFERENCES installations (id),
    digest          BYTEA NOT NULL
) WITH (fillfactor = 70);

-- The body in fewer bytes. Where it is, body and body_hash are empty: the text is unpacked, its hash reckoned. Records from
-- before stay as they are.
ALTER TABLE records ADD COLUMN packed BYTEA;

-- Rows of a feed are found by reader and version alone.
DROP INDEX feed_entries_at;
