//! The tables of cases and their work, of webhooks, the rule lab and blind re-reads.

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    cases (id) {
        id -> BigInt,
        meter_id -> BigInt,
        point_id -> BigInt,
        rule -> Text,
        kind -> Text,
        state -> Text,
        record_id -> UuidKey,
        observed_at -> BigInt,
        opened_at -> BigInt,
        stake -> Nullable<BigInt>,
        evidence -> Text,
        reader_id -> Nullable<BigInt>,
        assignee_id -> Nullable<BigInt>,
        due_at -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        error_bp -> Nullable<Integer>,
        verdict -> Nullable<Text>,
        closed_at -> Nullable<BigInt>,
        changed_at -> BigInt,
        stake_rank -> BigInt,
        drift_at_close -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    case_findings (id) {
        id -> BigInt,
        case_id -> BigInt,
        rule -> Text,
        record_id -> UuidKey,
        observed_at -> BigInt,
        found_at -> BigInt,
        stake -> Nullable<BigInt>,
        evidence -> Text,
    }
}

diesel::table! {
    case_moves (id) {
        id -> BigInt,
        case_id -> BigInt,
        from_state -> Text,
        to_state -> Text,
        outcome -> Nullable<Text>,
        error_bp -> Nullable<Integer>,
        assignee_id -> Nullable<BigInt>,
        due_at -> Nullable<BigInt>,
        account_id -> Nullable<BigInt>,
        cause -> Nullable<Text>,
        reason -> Text,
        moved_at -> BigInt,
    }
}

diesel::table! {
    webhook_subscriptions (id) {
        id -> BigInt,
        url -> Text,
        secret -> Binary,
        events -> Text,
        note -> Text,
        created_by -> BigInt,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    webhook_messages (id) {
        id -> BigInt,
        subscription_id -> BigInt,
        message_id -> UuidKey,
        event -> Text,
        subject_id -> BigInt,
        body -> Text,
        created_at -> BigInt,
        attempts -> Integer,
        next_try_at -> Nullable<BigInt>,
        leased_until -> Nullable<BigInt>,
        delivered_at -> Nullable<BigInt>,
        dead_at -> Nullable<BigInt>,
        last_status -> Nullable<Integer>,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    lab_runs (id) {
        id -> BigInt,
        asked_by -> BigInt,
        asked_at -> BigInt,
        changes -> Text,
        state -> Text,
        meters -> BigInt,
        readings -> BigInt,
        result -> Nullable<Text>,
        finished_at -> Nullable<BigInt>,
        adopted_by -> Nullable<BigInt>,
        adopted_at -> Nullable<BigInt>,
        adopted_from -> Nullable<Date>,
    }
}

diesel::table! {
    reread_lists (id) {
        id -> BigInt,
        reader_id -> BigInt,
        from_day -> Date,
        until_day -> Date,
        population -> BigInt,
        assumed_faulty -> BigInt,
        detection_bp -> Integer,
        seed -> BigInt,
        reason -> Text,
        made_by -> BigInt,
        made_at -> BigInt,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    reread_items (list_id, position) {
        list_id -> BigInt,
        position -> Integer,
        record_id -> UuidKey,
        point_id -> BigInt,
    }
}
