//! The tables as Diesel sees them: the same on SQLite and PostgreSQL. Kept in step with `migrations/` by a test.

#![expect(missing_docs, reason = "the columns are described in the migrations")]

mod case_work;
mod derived;
mod evidence;
mod factors;
mod figures;
mod following;
mod lists;
mod planning;
mod pushed;
mod reports;

pub use case_work::*;
pub use derived::*;
pub use evidence::*;
pub use factors::*;
pub use figures::*;
pub use following::*;
pub use lists::*;
pub use planning::*;
pub use pushed::*;
pub use reports::*;

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    instance (id) {
        id -> Integer,
        epoch -> UuidKey,
        created_at -> BigInt,
        key_fingerprint -> Binary,
        setup_token_hash -> Nullable<Binary>,
        claimed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    accounts (id) {
        id -> BigInt,
        login -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Text,
        session_version -> Integer,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        password_set_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    devices (id) {
        id -> BigInt,
        account_id -> BigInt,
        label -> Text,
        platform -> Text,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        last_seen_at -> Nullable<BigInt>,
        clock_device_at -> Nullable<BigInt>,
        clock_server_at -> Nullable<BigInt>,
        highest_contiguous_seq -> BigInt,
        last_seq -> Nullable<BigInt>,
        last_seq_at -> Nullable<BigInt>,
        chained_from -> Nullable<BigInt>,
    }
}

diesel::table! {
    activation_codes (code_hash) {
        code_hash -> Binary,
        account_id -> BigInt,
        created_by -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        device_id -> Nullable<BigInt>,
        renews_device_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        account_id -> BigInt,
        device_id -> Nullable<BigInt>,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        revoke_reason -> Nullable<Text>,
    }
}

diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Binary,
        session_id -> BigInt,
        parent -> Nullable<Binary>,
        issued_at -> BigInt,
        expires_at -> BigInt,
        spent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    idempotency_keys (account_id, key) {
        account_id -> BigInt,
        key -> Text,
        request_hash -> Binary,
        status -> Integer,
        body -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    audit_log (id) {
        id -> BigInt,
        at -> BigInt,
        account_id -> Nullable<BigInt>,
        action -> Text,
        subject -> Text,
        detail -> Text,
    }
}

diesel::table! {
    audit_links (position) {
        position -> BigInt,
        audit_id -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    audit_head (id) {
        id -> Integer,
        position -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    restores (epoch) {
        epoch -> UuidKey,
        after_epoch -> UuidKey,
        data_as_of -> BigInt,
        restored_at -> BigInt,
    }
}

diesel::table! {
    settings (id) {
        id -> BigInt,
        key -> Text,
        value -> Text,
        valid_from -> Date,
        source -> Text,
        account_id -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    areas (id) {
        id -> BigInt,
        parent_id -> Nullable<BigInt>,
        name -> Text,
        path -> Text,
    }
}

diesel::table! {
    routes (id) {
        id -> BigInt,
        code -> Text,
        area_id -> BigInt,
    }
}

diesel::table! {
    meter_types (id) {
        id -> BigInt,
        code -> Text,
        size -> Text,
        qmax_per_hour -> BigInt,
        digits_integer -> Integer,
        digits_decimal -> Integer,
        resolution -> BigInt,
        pulse -> BigInt,
        three_figures -> Bool,
        fen_per_m3 -> Nullable<BigInt>,
        overdraft -> Bool,
    }
}

diesel::table! {
    service_points (id) {
        id -> BigInt,
        number -> Text,
        area_id -> BigInt,
        route_id -> Nullable<BigInt>,
        office_order -> Integer,
        learned_order -> Nullable<Integer>,
        class -> Text,
        state -> Text,
        gas_on -> Nullable<Date>,
        lat_micro -> Nullable<BigInt>,
        lng_micro -> Nullable<BigInt>,
        datum -> Nullable<Text>,
        customer_name -> Nullable<Binary>,
        customer_phone -> Nullable<Binary>,
        address -> Nullable<Binary>,
        access_note -> Nullable<Binary>,
        name_key -> Nullable<Binary>,
        phone_key -> Nullable<Binary>,
        address_key -> Nullable<Binary>,
        created_at -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    point_terms (id) {
        id -> BigInt,
        point_id -> BigInt,
        valid_from -> BigInt,
        class -> Text,
        state -> Text,
        source -> Text,
    }
}

diesel::table! {
    meters (id) {
        id -> BigInt,
        number -> Text,
        type_id -> BigInt,
        inlet_side -> Nullable<Text>,
        made_on -> Nullable<Date>,
        installed_on -> Nullable<Date>,
        digits_integer -> Nullable<Integer>,
        digits_decimal -> Nullable<Integer>,
        qmax_per_hour -> Nullable<BigInt>,
        changed_at -> BigInt,
    }
}

diesel::table! {
    installations (id) {
        id -> BigInt,
        meter_id -> BigInt,
        point_id -> BigInt,
        installed_at -> BigInt,
        removed_at -> Nullable<BigInt>,
        first_index -> BigInt,
        last_index -> Nullable<BigInt>,
    }
}

diesel::table! {
    purchases (id) {
        id -> BigInt,
        reference -> Text,
        meter_id -> BigInt,
        loaded_at -> BigInt,
        volume -> BigInt,
        paid_fen -> BigInt,
    }
}

diesel::table! {
    rounds (id) {
        id -> BigInt,
        name -> Text,
        route_id -> Nullable<BigInt>,
        reader_id -> Nullable<BigInt>,
        from_day -> Date,
        until_day -> Date,
        state -> Text,
        created_by -> BigInt,
        created_at -> BigInt,
        changed_at -> BigInt,
        put_away_at -> Nullable<BigInt>,
        walk_learned_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    round_holders (id) {
        id -> BigInt,
        round_id -> BigInt,
        reader_id -> BigInt,
        held_from -> BigInt,
        held_until -> Nullable<BigInt>,
        keep_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    stops (id) {
        id -> BigInt,
        round_id -> BigInt,
        point_id -> BigInt,
        position -> Integer,
        state -> Text,
        changed_at -> BigInt,
        taken_out_at -> Nullable<BigInt>,
        moved_out -> Bool,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    records (id) {
        id -> UuidKey,
        kind -> Text,
        code -> Text,
        point_id -> BigInt,
        meter_id -> Nullable<BigInt>,
        reader_id -> Nullable<BigInt>,
        device_id -> Nullable<BigInt>,
        device_seq -> Nullable<BigInt>,
        observed_at -> BigInt,
        received_at -> BigInt,
        grade -> Text,
        figure_index -> Nullable<BigInt>,
        cumulative -> Nullable<BigInt>,
        balance -> Nullable<BigInt>,
        flags -> Text,
        target_id -> Nullable<UuidKey>,
        body_hash -> Binary,
        body -> Text,
        packed -> Nullable<Binary>,
    }
}

diesel::table! {
    use crate::db::types::UuidKey;
    use diesel::sql_types::*;

    quarantine (id) {
        id -> BigInt,
        device_id -> BigInt,
        reader_id -> BigInt,
        record_id -> Nullable<UuidKey>,
        device_seq -> Nullable<BigInt>,
        point_id -> Nullable<BigInt>,
        observed_at -> Nullable<BigInt>,
        outcome -> Text,
        code -> Text,
        pointer -> Text,
        body_hash -> Binary,
        body -> Text,
        received_at -> BigInt,
        sent_at -> Nullable<BigInt>,
        sent_elapsed_ms -> Nullable<BigInt>,
        sent_boot -> Nullable<Text>,
        synced_device_at -> Nullable<BigInt>,
        synced_server_at -> Nullable<BigInt>,
    }
}

diesel::joinable!(sessions -> accounts (account_id));
diesel::joinable!(sessions -> devices (device_id));
diesel::joinable!(service_points -> areas (area_id));
diesel::joinable!(service_points -> routes (route_id));
diesel::joinable!(installations -> meters (meter_id));
diesel::joinable!(meter_pasts -> installations (installation_id));
diesel::joinable!(installations -> service_points (point_id));
diesel::joinable!(meters -> meter_types (type_id));
diesel::joinable!(stops -> rounds (round_id));
diesel::joinable!(stops -> service_points (point_id));
diesel::joinable!(audit_links -> audit_log (audit_id));
diesel::joinable!(cases -> meters (meter_id));
diesel::joinable!(cases -> service_points (point_id));
diesel::joinable!(case_findings -> cases (case_id));
diesel::joinable!(case_moves -> cases (case_id));
diesel::joinable!(webhook_messages -> webhook_subscriptions (subscription_id));
diesel::joinable!(reread_items -> reread_lists (list_id));
diesel::joinable!(anomaly_entries -> anomaly_lists (list_id));
diesel::joinable!(anomaly_entries -> meters (meter_id));
diesel::joinable!(anomaly_entries -> service_points (point_id));
diesel::joinable!(anomaly_entry_cases -> anomaly_entries (entry_id));
diesel::joinable!(anomaly_model_terms -> anomaly_models (model_id));
diesel::joinable!(reread_items -> service_points (point_id));
diesel::joinable!(case_findings -> records (record_id));
diesel::joinable!(hazards -> service_points (point_id));
diesel::joinable!(found_changes -> service_points (point_id));
diesel::joinable!(time_reviews -> service_points (point_id));
diesel::joinable!(plan_stops -> service_points (point_id));
diesel::joinable!(quarantine_decisions -> quarantine (quarantine_id));

diesel::allow_tables_to_appear_in_same_query!(
    instance,
    accounts,
    devices,
    activation_codes,
    sessions,
    refresh_tokens,
    idempotency_keys,
    audit_log,
    audit_links,
    audit_head,
    restores,
    settings,
    areas,
    routes,
    meter_types,
    service_points,
    point_terms,
    meters,
    installations,
    meter_pasts,
    purchases,
    rounds,
    round_holders,
    stops,
    records,
    quarantine,
    feeds,
    feed_entries,
    record_verdicts,
    coverage_periods,
    coverage_plan,
    coverage_counters,
    coverage_totals,
    coverage_ages,
    coverage_long_unseen,
    cases,
    case_findings,
    case_moves,
    webhook_subscriptions,
    webhook_messages,
    lab_runs,
    anomaly_models,
    anomaly_model_terms,
    anomaly_lists,
    anomaly_list_chunks,
    anomaly_list_peers,
    anomaly_entries,
    anomaly_entry_cases,
    reread_lists,
    reread_items,
    record_links,
    corrected_records,
    hazards,
    hazard_moves,
    found_changes,
    quarantine_decisions,
    gap_explanations,
    chain_breaks,
    period_closings,
    period_snapshots,
    reader_days,
    window_exceptions,
    time_reviews,
    time_decisions,
    period_lines,
    period_ages,
    restated_points,
    period_versions,
    jobs,
    photos,
    record_photos,
    photo_uploads,
    photo_upload_pieces,
    report_versions,
    report_pieces,
    appraisals,
    appraisal_objections,
    appraisal_answers,
    reader_profiles,
    reader_absences,
    visit_terms,
    appointments,
    plans,
    plan_rounds,
    plan_stops,
);
