//! The figures of the checks that a company may set (DOMAIN 4): the rows that [`Settings`](super::Settings) is made of.

crate::settings::settings! {
    /// The settings of the checks.
    SETTINGS {
        CEILING = "ceiling_bp": BasisPoints 10_000..=50_000, 12_000, "GB/T 6968", "流量上限（Qr/Qmax）", "Flow above which a reading is impossible, of Qmax";
        TOLERANCE = "tolerance_bp": BasisPoints 0..=2_000, 100, "DOMAIN 4", "机械与电子气量容差", "Tolerance between mechanical and electronic volume";
        ROLLOVER_FACTOR = "rollover_factor_bp": BasisPoints 10_000..=1_000_000, 50_000, "DOMAIN 4", "走满一圈可解释的预期倍数", "Times the expected use that a rollover explains";
        ROLLOVER_SLACK = "rollover_slack": Litres 0..=10_000_000, 50_000, "DOMAIN 4", "走满一圈可解释的余量", "Use beyond the expected that a rollover explains";
        MISREAD_FACTOR = "misread_factor_bp": BasisPoints 10_000..=1_000_000, 25_000, "DOMAIN 4", "错抄可解释的预期倍数", "Times the expected use that a misread explains";
        MISREAD_SLACK = "misread_slack": Litres 0..=10_000_000, 3_000, "DOMAIN 4", "错抄可解释的余量", "Use beyond the expected that a misread explains";
        ZERO_BELOW = "zero_below": Litres 0..=100_000, 1_000, "DOMAIN 4", "零气量上限", "Use below which it is zero";
        ZERO_DAYS = "zero_days": Days 1..=400, 25, "DOMAIN 4", "判零气量的最少天数", "Days over which zero use is looked at";
        STOPPED_EXPECTED = "stopped_expected": Litres 0..=10_000_000, 6_000, "DOMAIN 4", "判停走的最低预期气量", "Expected use from which a meter is said to have stopped";
        USED_PERIODS = "used_periods": Count 1..=36, 3, "DOMAIN 4", "此前连续有用气的期数", "Periods with use after which a first zero is suspect";
        VACANT_PERIODS = "vacant_periods": Count 1..=36, 2, "DOMAIN 4", "判空置的此前零气量期数", "Earlier zero periods that make a point known to stand empty";
        VACANT_WINDOW = "vacant_window": Count 1..=60, 12, "DOMAIN 4", "判空置回看的期数", "Periods looked back on for that";
        LIFE_NATURAL = "life_natural_years": Years 1..=50, 10, "JJG 577", "天然气表使用年限", "Life of a meter on natural gas";
        CASE_DUE_HARD = "case_due_days_hard": Days 1..=365, 3, "R-10", "硬异常办理期限", "Days until a case by a hard finding is due";
        CASE_DUE = "case_due_days": Days 1..=365, 10, "R-10", "一般异常办理期限", "Days until another case is due";
        LIFE_MANUFACTURED = "life_manufactured_years": Years 1..=50, 6, "JJG 577", "人工煤气表使用年限", "Life of a meter on manufactured gas";
    }
}
