-- The round planner: what readers and points need to be planned, and the plans themselves (R-1, R-5, R-6, R-20).

-- Where a reader's day begins and when; one row per reader, made when first told.
CREATE TABLE reader_profiles (
    reader_id    BIGINT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    lat_micro    BIGINT,
    lng_micro    BIGINT,
    datum        TEXT,
    -- minutes after midnight
    from_minute  INTEGER NOT NULL,
    until_minute INTEGER NOT NULL,
    -- bit 0 is Monday
    workdays     INTEGER NOT NULL,
    -- stops of a day
    capacity     INTEGER NOT NULL,
    -- keys and skills, as a JSON array of names
    skills       TEXT NOT NULL,
    version      BIGINT NOT NULL,
    changed_by   BIGINT NOT NULL REFERENCES accounts (id),
    changed_at   BIGINT NOT NULL
);

CREATE TABLE reader_absences (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    reader_id    BIGINT NOT NULL REFERENCES accounts (id),
    from_day     DATE NOT NULL,
    until_day    DATE NOT NULL,
    reason       TEXT NOT NULL,
    created_by   BIGINT NOT NULL REFERENCES accounts (id),
    created_at   BIGINT NOT NULL,
    withdrawn_by BIGINT REFERENCES accounts (id),
    withdrawn_at BIGINT
);
CREATE INDEX reader_absences_days ON reader_absences (until_day);

-- What a visit at a point takes, where it differs from the class's.
CREATE TABLE visit_terms (
    point_id   BIGINT NOT NULL PRIMARY KEY REFERENCES service_points (id),
    -- NULL: as usual for the class
    minutes    INTEGER,
    -- opening hours, as a JSON array of {weekday, from_minute, until_minute}; empty: at any time
    opening    TEXT NOT NULL,
    -- keys and skills, as a JSON array of names
    skills     TEXT NOT NULL,
    version    BIGINT NOT NULL,
    changed_by BIGINT NOT NULL REFERENCES accounts (id),
    changed_at BIGINT NOT NULL
);

-- Times promised to customers (R-1).
CREATE TABLE appointments (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    point_id     BIGINT NOT NULL REFERENCES service_points (id),
    from_at      BIGINT NOT NULL,
    until_at     BIGINT NOT NULL,
    created_by   BIGINT NOT NULL REFERENCES accounts (id),
    created_at   BIGINT NOT NULL,
    withdrawn_by BIGINT REFERENCES accounts (id),
    withdrawn_at BIGINT
);
CREATE INDEX appointments_point ON appointments (point_id);
CREATE INDEX appointments_time ON appointments (until_at);

CREATE TABLE plans (
    id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    class           TEXT NOT NULL,
    from_day        DATE NOT NULL,
    until_day       DATE NOT NULL,
    -- the published plan it changes
    basis_id        BIGINT REFERENCES plans (id),
    -- queued, running, done, cancelled, failed, published
    state           TEXT NOT NULL,
    -- what was asked for, as JSON
    request         TEXT NOT NULL,
    version         BIGINT NOT NULL,
    -- the node that works on it, until when unless it says so again
    lease_holder    TEXT,
    lease_until     BIGINT,
    cancel_asked_at BIGINT,
    steps_done      BIGINT NOT NULL,
    steps_total     BIGINT NOT NULL,
    left_out        BIGINT NOT NULL,
    metres          BIGINT NOT NULL,
    -- why the plan is so, as JSON
    report          TEXT,
    failure         TEXT,
    created_by      BIGINT NOT NULL REFERENCES accounts (id),
    created_at      BIGINT NOT NULL,
    finished_at     BIGINT,
    published_by    BIGINT REFERENCES accounts (id),
    published_at    BIGINT
);
CREATE INDEX plans_state ON plans (state, id);

-- A reader's day in a plan, and the round it became.
CREATE TABLE plan_rounds (
    plan_id   BIGINT NOT NULL REFERENCES plans (id),
    reader_id BIGINT NOT NULL REFERENCES accounts (id),
    day       DATE NOT NULL,
    depart_at BIGINT NOT NULL,
    back_at   BIGINT NOT NULL,
    metres    BIGINT NOT NULL,
    work_s    BIGINT NOT NULL,
    round_id  BIGINT REFERENCES rounds (id),
    PRIMARY KEY (plan_id, reader_id, day)
);

-- A service point in a plan: where it stands, where it stood before, and who changed it by hand when.
CREATE TABLE plan_stops (
    plan_id          BIGINT NOT NULL REFERENCES plans (id),
    point_id         BIGINT NOT NULL REFERENCES service_points (id),
    reader_id        BIGINT REFERENCES accounts (id),
    day              DATE,
    position         INTEGER NOT NULL,
    arrive_at        BIGINT,
    begin_at         BIGINT,
    end_at           BIGINT,
    metres           BIGINT NOT NULL,
    locked           BOOLEAN NOT NULL,
    visited          BOOLEAN NOT NULL,
    -- why nobody carries it
    reason           TEXT,
    -- what a move by hand broke, separated by commas
    warnings         TEXT NOT NULL,
    last_reader_id   BIGINT,
    before_reader_id BIGINT,
    before_day       DATE,
    before_position  INTEGER,
    version          BIGINT NOT NULL,
    changed_by       BIGINT REFERENCES accounts (id),
    changed_at       BIGINT NOT NULL,
    PRIMARY KEY (plan_id, point_id)
);
CREATE INDEX plan_stops_turn ON plan_stops (plan_id, reader_id, day, position);

-- A stop that a plan took to another round; unlike one whose point is gone, it does not return with its point.
ALTER TABLE stops ADD COLUMN moved_out BOOLEAN NOT NULL DEFAULT FALSE;
