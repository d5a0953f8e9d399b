//! The tables of coverage: plan and counters, companions, closed figures, time reviews; and the jobs.

diesel::table! {
    coverage_periods (period) {
        period -> Integer,
        opened_at -> BigInt,
        laid_out_at -> Nullable<BigInt>,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    coverage_plan (period, point_id) {
        period -> Integer,
        point_id -> BigInt,
        class -> Text,
        area_id -> BigInt,
        route_id -> BigInt,
        reader_id -> BigInt,
        bucket -> Integer,
        marks -> Integer,
        unseen_since -> Integer,
        missed -> Integer,
    }
}

diesel::table! {
    coverage_counters (period, class, area_id, route_id, reader_id, figure) {
        period -> Integer,
        class -> Text,
        area_id -> BigInt,
        route_id -> BigInt,
        reader_id -> BigInt,
        figure -> Integer,
        points -> BigInt,
    }
}

diesel::table! {
    coverage_totals (period, class, figure, reader_id) {
        period -> Integer,
        class -> Text,
        figure -> Integer,
        reader_id -> BigInt,
        points -> BigInt,
    }
}

diesel::table! {
    coverage_ages (period, class, reader_id, unseen_since, area_id, route_id) {
        period -> Integer,
        class -> Text,
        reader_id -> BigInt,
        unseen_since -> Integer,
        area_id -> BigInt,
        route_id -> BigInt,
        points -> BigInt,
    }
}

diesel::table! {
    coverage_long_unseen (period, class, unseen_since) {
        period -> Integer,
        class -> Text,
        unseen_since -> Integer,
        points -> BigInt,
    }
}

diesel::table! {
    reader_days (reader_id, day) {
        reader_id -> BigInt,
        day -> Integer,
        readings -> BigInt,
        attempts -> BigInt,
    }
}

diesel::table! {
    window_exceptions (id) {
        id -> BigInt,
        period -> Integer,
        from_day -> Date,
        until_day -> Date,
        account_id -> BigInt,
        reason -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    time_reviews (id) {
        id -> BigInt,
        record_id -> UuidKey,
        point_id -> BigInt,
        reader_id -> Nullable<BigInt>,
        observed_at -> BigInt,
        received_at -> BigInt,
        is_lost -> Bool,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    time_decisions (record_id) {
        record_id -> UuidKey,
        decision -> Text,
        observed_at -> Nullable<BigInt>,
        account_id -> BigInt,
        reason -> Text,
        decided_at -> BigInt,
    }
}

diesel::table! {
    period_lines (period, class, area_id, route_id, reader_id, figure) {
        period -> Integer,
        class -> Text,
        area_id -> BigInt,
        route_id -> BigInt,
        reader_id -> BigInt,
        figure -> Integer,
        points -> BigInt,
    }
}

diesel::table! {
    period_ages (period, class) {
        period -> Integer,
        class -> Text,
        oldest_days -> BigInt,
        over_180 -> BigInt,
        over_365 -> BigInt,
    }
}

diesel::table! {
    restated_points (period, point_id) {
        period -> Integer,
        point_id -> BigInt,
        class -> Text,
        area_id -> BigInt,
        route_id -> BigInt,
        reader_id -> BigInt,
        bucket -> Integer,
        marks -> Integer,
        unseen_since -> Integer,
        missed -> Integer,
    }
}

diesel::table! {
    period_versions (period, version) {
        period -> Integer,
        version -> Integer,
        rules_version -> Text,
        points -> BigInt,
        population_hash -> Binary,
        made_at -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        kind -> Text,
        subject -> Text,
        state -> Text,
        progress -> Text,
        steps -> BigInt,
        lease_by -> Text,
        lease_until -> BigInt,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
        changed_at -> BigInt,
        fault -> Nullable<Text>,
    }
}
