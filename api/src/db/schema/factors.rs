//! The tables of second factors and of passwords that were.

diesel::table! {
    account_factors (account_id) {
        account_id -> BigInt,
        secret -> Binary,
        created_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
        last_step -> Nullable<BigInt>,
        failures -> Integer,
        blocked_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    recovery_codes (code_hash) {
        code_hash -> Binary,
        account_id -> BigInt,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    former_passwords (id) {
        id -> BigInt,
        account_id -> BigInt,
        password_hash -> Text,
        replaced_at -> BigInt,
    }
}
