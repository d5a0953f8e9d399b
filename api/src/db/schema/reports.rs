//! The tables of published reports and appraisals.

diesel::table! {
    report_versions (id) {
        id -> BigInt,
        kind -> Text,
        period -> Integer,
        version -> Integer,
        cut_off -> BigInt,
        rules_version -> Text,
        population_hash -> Binary,
        body_hash -> Binary,
        body -> Text,
    }
}

diesel::table! {
    report_pieces (report_id, list, position) {
        report_id -> BigInt,
        list -> Text,
        position -> Integer,
        last_key -> BigInt,
        rows -> Integer,
        body -> Binary,
    }
}

diesel::table! {
    appraisals (id) {
        id -> BigInt,
        period -> Integer,
        reader_id -> BigInt,
        marks -> BigInt,
        rules_version -> Text,
        body -> Text,
        published_by -> BigInt,
        published_at -> BigInt,
    }
}

diesel::table! {
    appraisal_objections (appraisal_id) {
        appraisal_id -> BigInt,
        account_id -> BigInt,
        reason -> Text,
        deductions -> Text,
        objected_at -> BigInt,
    }
}

diesel::table! {
    appraisal_answers (appraisal_id) {
        appraisal_id -> BigInt,
        account_id -> BigInt,
        decision -> Text,
        reason -> Text,
        withdrawn -> Text,
        marks -> BigInt,
        answered_at -> BigInt,
    }
}
