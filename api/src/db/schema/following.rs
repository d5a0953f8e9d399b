//! The tables of the feeds that phones follow, and of what was decided of their records later.

diesel::table! {
    feeds (reader_id) {
        reader_id -> BigInt,
        head -> BigInt,
        floor -> BigInt,
    }
}

diesel::table! {
    feed_entries (reader_id, version) {
        reader_id -> BigInt,
        version -> BigInt,
        kind -> Text,
        subject -> BigInt,
        change -> Text,
        reason -> Text,
        keep_until -> Nullable<BigInt>,
        at -> BigInt,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    record_verdicts (id) {
        id -> BigInt,
        reader_id -> BigInt,
        device_id -> BigInt,
        record_id -> UuidKey,
        state -> Text,
        flags -> Text,
        cases -> Text,
        decided_at -> BigInt,
    }
}
