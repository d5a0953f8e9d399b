//! What codes read like in a report. Why separate: the codes belong to their capabilities; only paper needs words for them.

use crate::coverage::{Bucket, Punctuality};
use crate::meters::Class;
use crate::text::Text;

/// A class.
#[must_use]
pub const fn class(class: Class) -> Text {
    match class {
        Class::Commercial => Text { zh: "工商业", en: "commercial" },
        Class::ResidentialOutdoor => Text { zh: "居民户外", en: "residential outdoor" },
        Class::ResidentialIndoor => Text { zh: "居民户内", en: "residential indoor" },
    }
}

/// A bucket of coverage.
#[must_use]
pub const fn bucket(bucket: Bucket) -> Text {
    match bucket {
        Bucket::Seen => Text { zh: "已抄见", en: "seen" },
        Bucket::NoAccess => Text { zh: "到访未抄", en: "no access" },
        Bucket::Unattempted => Text { zh: "未到访", en: "not attempted" },
        Bucket::CustomerOnly => Text { zh: "仅用户自报", en: "customer's word only" },
        Bucket::EstimateOnly => Text { zh: "仅估抄", en: "estimate only" },
        Bucket::RejectedOnly => Text { zh: "仅无效读数", en: "rejected only" },
        Bucket::TimeReview => Text { zh: "时间待定", en: "time in review" },
        Bucket::NewNextPeriod => Text { zh: "下期新增", en: "new next period" },
        Bucket::Removed => Text { zh: "已拆除", en: "removed" },
        Bucket::Suspended => Text { zh: "报停", en: "suspended" },
    }
}

/// Where a reading lies against the window.
#[must_use]
pub const fn punctuality(punctuality: Punctuality) -> Text {
    match punctuality {
        Punctuality::Early => Text { zh: "提前", en: "early" },
        Punctuality::OnTime => Text { zh: "按时", en: "on time" },
        Punctuality::Late => Text { zh: "逾期", en: "late" },
    }
}

/// The code of a record: how it was read, why not, why it was corrected. `None` for a code of no report.
#[must_use]
pub fn record_code(code: &str) -> Option<Text> {
    let text = |zh, en| Some(Text { zh, en });
    match code {
        "field" => text("抄表", "reading"),
        "reread" => text("复抄", "re-read"),
        "customer" => text("用户自报", "customer's word"),
        "exchange" => text("换表", "exchange"),
        "removal" => text("拆表", "removal"),
        "initial" => text("初始", "initial"),
        "estimate" => text("估抄", "estimate"),
        "locked" => text("门锁", "locked"),
        "refused" => text("拒绝", "refused"),
        "nobody_home" => text("无人", "nobody home"),
        "unsafe" => text("危险", "unsafe"),
        "meter_not_found" => text("找不到表", "meter not found"),
        "display_dark" => text("无显示", "display dark"),
        "other" => text("其他", "other"),
        "misread" => text("看错", "misread"),
        "mistyped" => text("输错", "mistyped"),
        "swapped" => text("三数错位", "figures swapped"),
        "wrong_code" => text("情况选错", "wrong code"),
        _ => None,
    }
}

/// The list a case is worked from.
#[must_use]
pub fn case_kind(code: &str) -> Option<Text> {
    let text = |zh, en| Some(Text { zh, en });
    match code {
        "failed" => text("失灵", "failed"),
        "slow" => text("慢", "slow"),
        "fast" => text("快", "fast"),
        "reading" => text("读数存疑", "reading in doubt"),
        "register" => text("档案存疑", "register in doubt"),
        "purchase" => text("购气异常", "purchases"),
        "use" => text("用气异常", "use"),
        "zero" => text("零用量", "zero use"),
        _ => None,
    }
}

/// Where a case stands.
#[must_use]
pub fn case_state(code: &str) -> Option<Text> {
    let text = |zh, en| Some(Text { zh, en });
    match code {
        "open" => text("待核", "open"),
        "confirmed" => text("确认", "confirmed"),
        "dismissed" => text("排除", "dismissed"),
        "in_work" => text("处理中", "in work"),
        "resolved" => text("已处理", "resolved"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anomalies::Rule;
    use crate::readings::{CorrectionReason, ReadingKind};
    use crate::reports::day::ATTEMPT_CODES;

    #[test]
    fn every_code_has_words() {
        let codes = ATTEMPT_CODES
            .into_iter()
            .chain(ReadingKind::ALL.map(ReadingKind::code))
            .chain(CorrectionReason::ALL.map(CorrectionReason::code));
        for code in codes {
            assert!(record_code(code).is_some(), "{code}");
        }
        for rule in Rule::ALL {
            assert!(case_kind(rule.entry().kind.code()).is_some(), "{rule:?}");
        }
    }
}
