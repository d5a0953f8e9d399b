//! The tables of what phones tell beyond readings, what the office decides about it, and closed periods.

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    record_links (record_id) {
        record_id -> UuidKey,
        target_id -> UuidKey,
        reader_id -> BigInt,
        state -> Text,
        code -> Nullable<Text>,
        noted_at -> BigInt,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    corrected_records (record_id) {
        record_id -> UuidKey,
        head_id -> UuidKey,
        code -> Text,
        figure_index -> Nullable<BigInt>,
        cumulative -> Nullable<BigInt>,
        balance -> Nullable<BigInt>,
        flags -> Text,
        changed_at -> BigInt,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    hazards (id) {
        id -> BigInt,
        record_id -> UuidKey,
        point_id -> BigInt,
        reader_id -> BigInt,
        code -> Text,
        severity -> Text,
        note -> Text,
        evidence -> Text,
        observed_at -> BigInt,
        received_at -> BigInt,
        state -> Text,
        changed_at -> BigInt,
    }
}

diesel::table! {
    hazard_moves (id) {
        id -> BigInt,
        hazard_id -> BigInt,
        from_state -> Text,
        to_state -> Text,
        account_id -> BigInt,
        reason -> Text,
        moved_at -> BigInt,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    found_changes (id) {
        id -> BigInt,
        record_id -> UuidKey,
        point_id -> BigInt,
        meter_id -> Nullable<BigInt>,
        reader_id -> BigInt,
        what -> Text,
        number -> Nullable<Text>,
        inlet_side -> Nullable<Text>,
        lat_micro -> Nullable<BigInt>,
        lng_micro -> Nullable<BigInt>,
        datum -> Nullable<Text>,
        note -> Text,
        evidence -> Text,
        observed_at -> BigInt,
        received_at -> BigInt,
        state -> Text,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<BigInt>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    quarantine_decisions (quarantine_id) {
        quarantine_id -> BigInt,
        decision -> Text,
        account_id -> BigInt,
        reason -> Text,
        record_id -> Nullable<UuidKey>,
        body -> Nullable<Text>,
        decided_at -> BigInt,
    }
}

diesel::table! {
    gap_explanations (device_id, device_seq) {
        device_id -> BigInt,
        device_seq -> BigInt,
        account_id -> BigInt,
        reason -> Text,
        explained_at -> BigInt,
    }
}

diesel::table! {
    chain_breaks (device_id, device_seq) {
        device_id -> BigInt,
        device_seq -> BigInt,
        named -> Binary,
        expected -> Binary,
        noticed_at -> BigInt,
    }
}

diesel::table! {
    period_closings (period) {
        period -> Integer,
        closed_by -> BigInt,
        closed_at -> BigInt,
        gaps_accepted_by -> Nullable<Text>,
        reason -> Nullable<Text>,
        gaps -> Text,
        reviews -> BigInt,
        rules_version -> Text,
    }
}

diesel::table! {
    period_snapshots (period, class) {
        period -> Integer,
        class -> Text,
        denominator -> BigInt,
        population -> BigInt,
        seen -> BigInt,
        no_access -> BigInt,
        unattempted -> BigInt,
        customer_only -> BigInt,
        estimate_only -> BigInt,
        rejected_only -> BigInt,
        time_review -> BigInt,
        new_next_period -> BigInt,
        removed -> BigInt,
        suspended -> BigInt,
        target_bp -> BigInt,
    }
}
