-- Feeds that are purged, stops taken out of a round, and what was decided of a record after its receipt.

-- entries up to here are gone; a cursor below it is told what to fetch anew
ALTER TABLE feeds ADD COLUMN floor BIGINT NOT NULL DEFAULT 0;
CREATE INDEX feed_entries_at ON feed_entries (at);

-- when the stop was taken out of its round; its holder's late records are still taken
ALTER TABLE stops ADD COLUMN taken_out_at BIGINT;

-- The latest later word on a record, for the phone that sent it.
CREATE TABLE record_verdicts (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    reader_id  BIGINT NOT NULL REFERENCES accounts (id),
    device_id  BIGINT NOT NULL REFERENCES devices (id),
    record_id  BLOB NOT NULL,
    state      TEXT NOT NULL,
    -- both separated by commas
    flags      TEXT NOT NULL,
    cases      TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    UNIQUE (device_id, record_id)
);
