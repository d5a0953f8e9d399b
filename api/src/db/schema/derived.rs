//! Tables that only save work: what is in them follows from others.

diesel::table! {
    meter_pasts (installation_id) {
        installation_id -> BigInt,
        digest -> Binary,
    }
}
