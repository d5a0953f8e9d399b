//! The figures of the observed time that a company may set (DOMAIN 2).

crate::settings::settings! {
    /// The settings of the observed time.
    SETTINGS {
        AHEAD = "time_ahead_minutes": Minutes 0..=60, 2, "DOMAIN 2", "手机时钟超前容许", "How far after its receipt a time may lie";
        SYNC_REACH = "time_sync_reach_hours": Hours 1..=168, 24, "DOMAIN 2", "对时有效范围", "How far from a reading a clock comparison vouches";
        AGREEMENT = "time_agreement_seconds": Seconds 1..=3_600, 60, "DOMAIN 2", "两次对时允许相差", "How far two clock offsets may differ";
        UNCERTAINTY = "time_uncertainty_hours": Hours 1..=168, 24, "DOMAIN 2", "丙级时间的不确定度", "How far off a grade C time may be";
        OLDEST = "time_oldest_days": Days 31..=1_000, 400, "DOMAIN 2", "上传时抄表时间最早可在", "How long before its receipt a reading may have been made";
    }
}
