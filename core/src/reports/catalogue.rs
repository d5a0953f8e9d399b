//! The figures of reports that a company may set.

crate::settings::settings! {
    /// The settings of the watch over purchases.
    SETTINGS {
        PURCHASE_FALL = "purchase_fall": BasisPoints 0..=10_000, 5_000, "R-31", "购气量骤减界限", "Below this share of what is usual, purchases fell";
        PURCHASE_RISE = "purchase_rise": BasisPoints 10_000..=1_000_000, 20_000, "R-31", "购气量骤增界限", "Above this share of what is usual, purchases rose";
        PURCHASE_LEAST = "purchase_change_least": Litres 0..=1_000_000_000, 50_000, "R-31", "购气量变化最小值", "Changes of less gas are left alone";
    }
}
