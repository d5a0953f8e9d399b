//! The figures of coverage that a company may set (R-5, R-6, DOMAIN 3): the rows that [`Settings`](super::Settings) is made of.

crate::settings::settings! {
    /// The settings of coverage.
    SETTINGS {
        TARGET_COMMERCIAL = "target_commercial_bp": BasisPoints 0..=10_000, 10_000, "R-5", "工商业抄见率目标", "Seen-rate target of commercial points";
        TARGET_OUTDOOR = "target_outdoor_bp": BasisPoints 0..=10_000, 9_800, "R-5", "居民户外表抄见率目标", "Seen-rate target of outdoor points";
        TARGET_INDOOR = "target_indoor_bp": BasisPoints 0..=10_000, 7_000, "R-5", "居民户内表抄见率目标", "Seen-rate target of indoor points";
        CUT_IN_COMMERCIAL_DAY = "cut_in_commercial_day": DayOfMonth 1..=31, 20, "DOMAIN 3", "工商业当月新增截止日", "Last day a new commercial point is due in the same month";
        CUT_IN_OUTDOOR_DAY = "cut_in_outdoor_day": DayOfMonth 1..=31, 15, "DOMAIN 3", "居民户外当月新增截止日", "Last day a new outdoor point is due in the same month";
        CUT_IN_INDOOR_MONTH = "cut_in_indoor_month": MonthOfQuarter 1..=3, 2, "DOMAIN 3", "居民户内当季新增截止月（季内第几月）", "Month of the quarter up to which a new indoor point is due in it";
        CUT_IN_INDOOR_DAY = "cut_in_indoor_day": DayOfMonth 1..=31, 31, "DOMAIN 3", "居民户内当季新增截止日", "Last day of that month a new indoor point is due in the same quarter";
        GRACE_DAYS = "grace_days": Days 0..=28, 3, "DOMAIN 3", "期末后定稿宽限天数", "Days after its end until a period is final";
        EXCHANGE_COUNTS = "exchange_counts": YesNo 0..=1, 1, "DOMAIN 3", "换表算抄见", "Whether a complete meter exchange counts as seen";
        CUSTOMER_PHOTO_COUNTS = "customer_photo_counts": YesNo 0..=1, 0, "DOMAIN 3", "用户自报且有照片算抄见", "Whether a customer's reading with photo counts as seen";
        WINDOW_FROM_DAY = "window_from_day": DayOfMonth 1..=28, 22, "R-6", "工商业抄表窗口首日", "First day of the commercial reading window";
        WINDOW_UNTIL_DAY = "window_until_day": DayOfMonth 2..=32, 24, "R-6", "工商业抄表窗口结束次日", "First day after the commercial reading window";
        SUSPENDED_WARNING = "suspended_warning_bp": BasisPoints 0..=10_000, 200, "DOMAIN 3", "报停占比预警线", "Share of suspended points above which a report warns";
        PACE_WORKDAYS = "pace_workdays_a_week": DaysOfWeek 1..=7, 5, "DOMAIN 3", "每周工作日数（从周一起）", "Workdays a week, from Monday on";
        PACE_HISTORY_DAYS = "pace_history_days": Days 7..=366, 60, "DOMAIN 3", "日抄表能力回看天数", "Days looked back on for a reader's daily median";
        PACE_GREEN = "pace_green_bp": BasisPoints 1..=10_000, 8_000, "DOMAIN 3", "进度绿灯上限（需抄/能力）", "Need as share of capacity up to which pace is green";
        PACE_DEFAULT_ACCESS = "pace_default_access_bp": BasisPoints 0..=10_000, 8_000, "DOMAIN 3", "无历史时的预期进户率", "Share of visits expected to succeed of a reader without history";
        PACE_DEFAULT_A_DAY = "pace_default_a_day": Count 1..=1_000, 60, "DOMAIN 3", "无历史时每日户数", "Points a day expected of a reader without history";
    }
}
