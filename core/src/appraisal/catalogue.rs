//! The figures of appraisals that a company may set (R-13, R-40, R-41, DOMAIN 8).

crate::settings::settings! {
    /// The settings of appraisals.
    SETTINGS {
        FULL_MARKS = "appraisal_full_marks": TenthMarks 10..=10_000, 1_000, "DOMAIN 8", "每月满分", "Marks of a month without deductions";
        HISTORY_PERIODS = "appraisal_history_periods": Count 1..=60, 12, "DOMAIN 8", "册的历史期数", "Earlier periods of a route that say what can be expected";
        PRIOR_POINTS = "appraisal_prior_points": Count 0..=10_000, 30, "DOMAIN 8", "同类抄见率折合户数", "How many points the peers' rate counts for beside a route's history";
        CORRECTION_IN_TIME = "appraisal_correction_in_time_hours": Hours 1..=744, 24, "R-40", "更正时限", "A correction later than this is late";
        PER_PERCENT_SHORT = "appraisal_per_percent_short": TenthMarks 0..=1_000, 10, "R-13", "低于预期每 1% 扣分", "For each whole per cent below the expectation";
        PER_OFF_SCHEDULE = "appraisal_per_off_schedule": TenthMarks 0..=1_000, 2, "R-6", "工商业不在窗口抄表每户扣分", "For each commercial point read outside the window only";
        PER_UNPROVEN = "appraisal_per_unproven": TenthMarks 0..=1_000, 2, "R-13", "未见表无照片每次扣分", "For each attempt without a photo";
        PER_MISENTRY = "appraisal_per_misentry": TenthMarks 0..=1_000, 5, "R-40", "录入差错每次扣分", "For each entry error corrected";
        PER_LATE_CORRECTION = "appraisal_per_late_correction": TenthMarks 0..=1_000, 10, "R-40", "逾期更正每次扣分", "For each late correction, beside the error";
        PER_MISSING_RECORD = "appraisal_per_missing_record": TenthMarks 0..=1_000, 20, "R-11", "缺失记录每条扣分", "For each record missing";
        MOST_FOR_COVERAGE = "appraisal_most_for_coverage": TenthMarks 0..=10_000, 400, "DOMAIN 8", "抄见率最多扣分", "At most for coverage";
        MOST_FOR_OTHERS = "appraisal_most_for_others": TenthMarks 0..=10_000, 200, "DOMAIN 8", "其他每类最多扣分", "At most for each other kind";
        OBJECTION_DAYS = "appraisal_objection_days": Days 1..=60, 3, "R-41", "申诉期限", "Days to object in";
        ANSWER_DAYS = "appraisal_answer_days": Days 1..=60, 7, "R-41", "答复期限", "Days to answer an objection in";
    }
}
