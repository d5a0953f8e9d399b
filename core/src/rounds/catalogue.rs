//! The figures of rounds and their feeds that a company may set (DOMAIN 1).

crate::settings::settings! {
    /// The settings of rounds.
    SETTINGS {
        GRACE = "round_grace_days": Days 0..=60, 7, "DOMAIN 1", "任务收回后仍收其记录的天数", "Days a former reader's records are still taken";
        FEED_KEEP = "feed_keep_days": Days 7..=3_650, 60, "DOMAIN 1", "同步变更保留天数", "Days the changes phones follow are kept";
        KEEP = "round_keep_days": Days 1..=3_650, 31, "DOMAIN 1", "任务结束后在手机上保留的天数", "Days a round stays on its phone after it is over";
    }
}
