-- Photos: what is stored under which hash, which record names which hash, and uploads that are under way.
-- The photos themselves lie in a folder or a bucket; see `--photos`.

CREATE TABLE photos (
    sha256     BLOB NOT NULL PRIMARY KEY,
    media_type TEXT NOT NULL,
    bytes      BIGINT NOT NULL,
    -- the phone that brought it first
    device_id  BIGINT NOT NULL REFERENCES devices (id),
    stored_at  BIGINT NOT NULL,
    -- NULL while no record is known to name it; the sweep sets right what two transactions at once missed
    named_at   BIGINT,
    -- set while the sweep takes it away: whoever brings it now is asked to come again
    swept_at   BIGINT
);
CREATE INDEX photos_unnamed ON photos (device_id, stored_at) WHERE named_at IS NULL;

CREATE TABLE record_photos (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    record_id   BLOB NOT NULL REFERENCES records (id),
    sha256      BLOB NOT NULL,
    point_id    BIGINT NOT NULL REFERENCES service_points (id),
    reader_id   BIGINT NOT NULL REFERENCES accounts (id),
    device_id   BIGINT NOT NULL REFERENCES devices (id),
    received_at BIGINT NOT NULL,
    -- NULL while the photo is not known to be there
    arrived_at  BIGINT,
    UNIQUE (record_id, sha256)
);
CREATE INDEX record_photos_sha256 ON record_photos (sha256);
CREATE INDEX record_photos_missing ON record_photos (id) WHERE arrived_at IS NULL;

CREATE TABLE photo_uploads (
    id          BLOB NOT NULL PRIMARY KEY,
    device_id   BIGINT NOT NULL REFERENCES devices (id),
    sha256      BLOB NOT NULL,
    bytes       BIGINT NOT NULL,
    received    BIGINT NOT NULL DEFAULT 0,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX photo_uploads_device ON photo_uploads (device_id);
CREATE INDEX photo_uploads_expiry ON photo_uploads (expires_at);

-- What an unfinished upload has brought; each piece is an object of its own, so that any node may take the next.
CREATE TABLE photo_upload_pieces (
    id        BLOB NOT NULL PRIMARY KEY,
    upload_id BLOB NOT NULL REFERENCES photo_uploads (id),
    position  BIGINT NOT NULL,
    bytes     BIGINT NOT NULL
);
CREATE INDEX photo_upload_pieces_upload ON photo_upload_pieces (upload_id, position);

-- What records named before this migration.
INSERT INTO record_photos (record_id, sha256, point_id, reader_id, device_id, received_at)
SELECT DISTINCT r.id, unhex(e.value), r.point_id, r.reader_id, r.device_id, r.received_at
FROM records r,
    json_each(CASE WHEN r.body LIKE '%"evidence"%' THEN r.body ELSE '{}' END, '$.evidence') e
WHERE r.device_id IS NOT NULL AND r.reader_id IS NOT NULL AND e.type = 'text';
