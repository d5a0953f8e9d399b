//! The tables of the round planner: readers' days, what visits take, appointments, and the plans.

diesel::table! {
    reader_profiles (reader_id) {
        reader_id -> BigInt,
        lat_micro -> Nullable<BigInt>,
        lng_micro -> Nullable<BigInt>,
        datum -> Nullable<Text>,
        from_minute -> Integer,
        until_minute -> Integer,
        workdays -> Integer,
        capacity -> Integer,
        skills -> Text,
        version -> BigInt,
        changed_by -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    reader_absences (id) {
        id -> BigInt,
        reader_id -> BigInt,
        from_day -> Date,
        until_day -> Date,
        reason -> Text,
        created_by -> BigInt,
        created_at -> BigInt,
        withdrawn_by -> Nullable<BigInt>,
        withdrawn_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    visit_terms (point_id) {
        point_id -> BigInt,
        minutes -> Nullable<Integer>,
        opening -> Text,
        skills -> Text,
        version -> BigInt,
        changed_by -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    appointments (id) {
        id -> BigInt,
        point_id -> BigInt,
        from_at -> BigInt,
        until_at -> BigInt,
        created_by -> BigInt,
        created_at -> BigInt,
        withdrawn_by -> Nullable<BigInt>,
        withdrawn_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    plans (id) {
        id -> BigInt,
        class -> Text,
        from_day -> Date,
        until_day -> Date,
        basis_id -> Nullable<BigInt>,
        state -> Text,
        request -> Text,
        version -> BigInt,
        lease_holder -> Nullable<Text>,
        lease_until -> Nullable<BigInt>,
        cancel_asked_at -> Nullable<BigInt>,
        steps_done -> BigInt,
        steps_total -> BigInt,
        left_out -> BigInt,
        metres -> BigInt,
        report -> Nullable<Text>,
        failure -> Nullable<Text>,
        created_by -> BigInt,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
        published_by -> Nullable<BigInt>,
        published_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    plan_rounds (plan_id, reader_id, day) {
        plan_id -> BigInt,
        reader_id -> BigInt,
        day -> Date,
        depart_at -> BigInt,
        back_at -> BigInt,
        metres -> BigInt,
        work_s -> BigInt,
        round_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    plan_stops (plan_id, point_id) {
        plan_id -> BigInt,
        point_id -> BigInt,
        reader_id -> Nullable<BigInt>,
        day -> Nullable<Date>,
        position -> Integer,
        arrive_at -> Nullable<BigInt>,
        begin_at -> Nullable<BigInt>,
        end_at -> Nullable<BigInt>,
        metres -> BigInt,
        locked -> Bool,
        visited -> Bool,
        reason -> Nullable<Text>,
        warnings -> Text,
        last_reader_id -> Nullable<BigInt>,
        before_reader_id -> Nullable<BigInt>,
        before_day -> Nullable<Date>,
        before_position -> Nullable<Integer>,
        version -> BigInt,
        changed_by -> Nullable<BigInt>,
        changed_at -> BigInt,
    }
}
