//! The month's lists of suspect meters and the models they are ranked by.

diesel::table! {
    anomaly_models (id) {
        id -> BigInt,
        state -> Text,
        seed -> BigInt,
        until_month -> Integer,
        asked_by -> BigInt,
        asked_at -> BigInt,
        meters -> BigInt,
        lessons -> BigInt,
        version -> Nullable<Text>,
        inputs_hash -> Nullable<Binary>,
        body -> Nullable<Text>,
        fault -> Nullable<Text>,
        made_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    anomaly_model_terms (id) {
        id -> BigInt,
        model_id -> Nullable<BigInt>,
        valid_from -> Date,
        source -> Text,
        account_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    anomaly_lists (id) {
        id -> BigInt,
        period -> Integer,
        version -> Integer,
        state -> Text,
        asked_by -> Nullable<BigInt>,
        asked_at -> BigInt,
        rules_version -> Text,
        model_id -> Nullable<BigInt>,
        model_version -> Text,
        meters_read -> BigInt,
        by_model -> BigInt,
        by_rules -> BigInt,
        inputs_hash -> Nullable<Binary>,
        entries_hash -> Nullable<Binary>,
        made_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    anomaly_list_chunks (list_id, position) {
        list_id -> BigInt,
        position -> Integer,
        meters -> BigInt,
        body -> Binary,
        suspects -> Nullable<Binary>,
    }
}

diesel::table! {
    anomaly_list_peers (list_id, group_key) {
        list_id -> BigInt,
        group_key -> Text,
        members -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    anomaly_entries (id) {
        id -> BigInt,
        list_id -> BigInt,
        list -> Text,
        rank -> Integer,
        meter_id -> BigInt,
        point_id -> BigInt,
        observed_at -> BigInt,
        method -> Text,
        score_micro -> BigInt,
        rule -> Text,
        figures -> Text,
        stake -> BigInt,
        floor_percent -> BigInt,
        is_above_floor -> Bool,
        group_key -> Text,
        member -> Binary,
    }
}

diesel::table! {
    anomaly_entry_cases (entry_id) {
        entry_id -> BigInt,
        case_id -> BigInt,
        account_id -> BigInt,
        created_at -> BigInt,
    }
}
