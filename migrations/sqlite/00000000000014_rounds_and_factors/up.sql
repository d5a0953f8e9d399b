-- Rounds that are over for their phones, walks that were learned, phones that go on after a restore; second factors of desks and
-- passwords that expire.

-- when the round was put away from its reader's phone; its reader holds it as before
ALTER TABLE rounds ADD COLUMN put_away_at BIGINT;
-- when the order of the walk was taken from it
ALTER TABLE rounds ADD COLUMN walk_learned_at BIGINT;

-- the phone that goes on under the code; NULL: a new one
ALTER TABLE activation_codes ADD COLUMN renews_device_id BIGINT REFERENCES devices (id);

-- when the password was set; NULL: with the account
ALTER TABLE accounts ADD COLUMN password_set_at BIGINT;

-- Hashes of the passwords an account had before.
CREATE TABLE former_passwords (
    id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id    BIGINT NOT NULL REFERENCES accounts (id),
    password_hash TEXT NOT NULL,
    replaced_at   BIGINT NOT NULL
);
CREATE INDEX former_passwords_account ON former_passwords (account_id, id);

-- The second factor of an account (RFC 6238); it counts once it is confirmed.
CREATE TABLE account_factors (
    account_id    BIGINT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    -- sealed
    secret        BLOB NOT NULL,
    created_at    BIGINT NOT NULL,
    confirmed_at  BIGINT,
    -- the last time step whose code was used
    last_step     BIGINT,
    -- wrong codes in a row
    failures      INTEGER NOT NULL DEFAULT 0,
    blocked_until BIGINT
);

CREATE TABLE recovery_codes (
    code_hash  BLOB NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX recovery_codes_account ON recovery_codes (account_id);
