-- What is kept of each meter's past for its next verdict: derived from records, and read from them where it is missing.
CREATE TABLE meter_pasts (
    installation_id INTEGER NOT NULL PRIMARY KEY REFERENCES installations (id),
    digest          BLOB NOT NULL
);

-- The body in fewer bytes. Where it is, body and body_hash are empty: the text is unpacked, its hash reckoned. Records from
-- before stay as they are.
ALTER TABLE records ADD COLUMN packed BLOB;

-- One tree instead of three: rows of a feed are found by reader and version alone.
CREATE TABLE feed_entries_new (
    reader_id  BIGINT NOT NULL REFERENCES accounts (id),
    version    BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    subject    BIGINT NOT NULL,
    change     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    keep_until BIGINT,
    at         BIGINT NOT NULL,
    PRIMARY KEY (reader_id, version)
) WITHOUT ROWID;
INSERT INTO feed_entries_new SELECT reader_id, version, kind, subject, change, reason, keep_until, at FROM feed_entries;
DROP TABLE feed_entries;
ALTER TABLE feed_entries_new RENAME TO feed_entries;

CREATE TABLE coverage_plan_new (
    period       INTEGER NOT NULL,
    point_id     BIGINT NOT NULL REFERENCES service_points (id),
    class        TEXT NOT NULL,
    area_id      BIGINT NOT NULL,
    -- 0: no route, no reader
    route_id     BIGINT NOT NULL,
    reader_id    BIGINT NOT NULL,
    bucket       INTEGER NOT NULL,
    -- bit 0: a proven attempt, bit 1: evidence, bits 2 and 3: early (1), on time (2), late (3)
    marks        INTEGER NOT NULL DEFAULT 0,
    -- days since 1970-01-01 in the company zone
    unseen_since INTEGER NOT NULL DEFAULT 0,
    -- successive periods unseen before this one
    missed       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (period, point_id)
) WITHOUT ROWID;
INSERT INTO coverage_plan_new
    SELECT period, point_id, class, area_id, route_id, reader_id, bucket, marks, unseen_since, missed FROM coverage_plan;
DROP TABLE coverage_plan;
ALTER TABLE coverage_plan_new RENAME TO coverage_plan;
CREATE INDEX coverage_plan_unseen ON coverage_plan (period, class, unseen_since, point_id) WHERE bucket BETWEEN 2 AND 7;
