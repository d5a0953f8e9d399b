//! The tables of evidence photos: what is kept, what is owed, what is on its way.

diesel::table! {
    photos (sha256) {
        sha256 -> Binary,
        media_type -> Text,
        bytes -> BigInt,
        device_id -> BigInt,
        stored_at -> BigInt,
        named_at -> Nullable<BigInt>,
        swept_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    record_photos (id) {
        id -> BigInt,
        record_id -> UuidKey,
        sha256 -> Binary,
        point_id -> BigInt,
        reader_id -> BigInt,
        device_id -> BigInt,
        received_at -> BigInt,
        arrived_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    photo_uploads (id) {
        id -> UuidKey,
        device_id -> BigInt,
        sha256 -> Binary,
        bytes -> BigInt,
        received -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    photo_upload_pieces (id) {
        id -> UuidKey,
        upload_id -> UuidKey,
        position -> BigInt,
        bytes -> BigInt,
    }
}
