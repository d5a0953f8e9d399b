//! The life of a case: open → confirmed | dismissed → in work → resolved with an outcome (DOMAIN 1, R-10).
//!
//! Apart from the checks, because what a person finds out later is not a reading: a rule suspects, a person decides, and
//! what came of it is what the share of confirmed cases and the rule lab are counted by.

use super::catalogue::{Kind, Rule, Severity};
use super::finding::Verdict;
use super::settings_catalogue::{CASE_DUE, CASE_DUE_HARD};
use crate::coded::coded;
use crate::settings::{Setting, narrow};

coded! {
    /// Where a case stands.
    CaseState {
        /// A rule spoke; nobody has looked yet.
        Open = "open": "待核实", "open";
        /// A person says it is so; nothing has been done yet.
        Confirmed = "confirmed": "已确认", "confirmed";
        /// A person says it is not so.
        Dismissed = "dismissed": "已排除", "dismissed";
        /// Somebody is on it.
        InWork = "in_work": "处理中", "in work";
        /// Done, with an outcome.
        Resolved = "resolved": "已办结", "resolved";
    }
}

coded! {
    /// What came of a case.
    CaseOutcome {
        /// The bench found the meter fast.
        BenchTestFast = "bench_test_fast": "检定偏快", "bench test: fast";
        /// The bench found the meter slow.
        BenchTestSlow = "bench_test_slow": "检定偏慢", "bench test: slow";
        /// The bench found the meter within its limits.
        BenchTestSound = "bench_test_sound": "检定合格", "bench test: sound";
        /// The meter was exchanged.
        Exchanged = "exchanged": "已换表", "exchanged";
        /// The counting module, display or valve was put right; the drift is counted anew from here.
        Repaired = "repaired": "已维修", "repaired";
        /// The premises stand empty.
        Vacant = "vacant": "空置", "vacant";
        /// The figure was wrong and has been corrected.
        ReadingCorrected = "reading_corrected": "读数已更正", "reading corrected";
        /// A later reading answered it.
        LaterReading = "later_reading": "后续读数已说明", "answered by a later reading";
        /// Looked at on the spot: nothing wrong with the meter.
        MeterSound = "meter_sound": "现场核实正常", "meter sound";
        /// The purchase that did not fit was found.
        PurchaseFound = "purchase_found": "购气记录已查明", "purchase found";
        /// The register was wrong and has been put right.
        RegisterCorrected = "register_corrected": "档案已更正", "register corrected";
        /// Use that should not be has ended: a suspended point shut off, a larger meter fitted.
        UseEnded = "use_ended": "违规或超限用气已处理", "use put in order";
        /// Told in words.
        Other = "other": "其他", "other";
        /// Taken together with the older case of the same meter and kind.
        Merged = "merged": "并入同类案件", "merged into the older case";
    }
}

coded! {
    /// Why a rule, not a person, closed a case.
    CaseCause {
        /// A later reading fits the accepted ones: the doubted figure was a slip.
        LaterReading = "later_reading": "后续读数与此前一致,原存疑读数不再采用", "a later reading fits the accepted ones; the doubted figure is not used";
        /// The meter moves.
        UsedAgain = "used_again": "后续读数显示字轮在走", "a later reading shows the meter moving";
        /// All figures can be read again.
        DisplayBack = "display_back": "后续读数三数齐全", "all figures could be read again";
        /// The registered number was seen on the meter.
        NumberSeen = "number_seen": "后续抄表见到登记的表号", "the registered number was seen at a later visit";
        /// The purchase that was missing has been loaded since.
        PurchaseLoaded = "purchase_loaded": "差额已在后续抄表中抵平", "the gap was made good by a later visit";
        /// The figure it rests on was corrected.
        ReadingCorrected = "reading_corrected": "所依据的读数已更正", "the figure it rests on was corrected";
    }
}

/// Whether the rule was right, as far as a case tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CaseVerdict {
    /// It was.
    Upheld,
    /// It was not.
    Refuted,
}

impl CaseVerdict {
    /// The code used in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Upheld => "upheld",
            Self::Refuted => "refuted",
        }
    }

    /// The verdict of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Upheld, Self::Refuted].into_iter().find(|verdict| verdict.code() == code)
    }
}

impl CaseState {
    /// Whether the case is still to be worked: a meter has one such case per kind.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Open | Self::Confirmed | Self::InWork)
    }

    /// Whether a person may move a case from here to `next`. What is dismissed or resolved stays so: a new finding opens a
    /// new case.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Open, Self::Confirmed | Self::Dismissed)
                | (Self::Confirmed, Self::InWork | Self::Dismissed | Self::Resolved)
                | (Self::InWork, Self::Resolved)
        )
    }
}

impl CaseOutcome {
    /// Whether a bench measured an error.
    #[must_use]
    pub const fn has_error(self) -> bool {
        matches!(self, Self::BenchTestFast | Self::BenchTestSlow | Self::BenchTestSound)
    }

    /// Whether a person may name it.
    #[must_use]
    pub const fn is_by_person(self) -> bool {
        !matches!(self, Self::LaterReading | Self::Merged)
    }

    /// What it says of the rule that opened a case of this kind. `None`: nothing beyond what was said before.
    #[must_use]
    pub const fn verdict(self, kind: Kind) -> Option<CaseVerdict> {
        use CaseVerdict::{Refuted, Upheld};
        match (self, kind) {
            (Self::BenchTestFast, Kind::Slow | Kind::Zero) | (Self::BenchTestSlow, Kind::Fast) => Some(Refuted),
            (Self::BenchTestFast | Self::BenchTestSlow | Self::Exchanged | Self::Repaired, _)
            | (Self::PurchaseFound | Self::RegisterCorrected | Self::UseEnded, _)
            | (Self::ReadingCorrected | Self::LaterReading, Kind::Reading | Kind::Register | Kind::Purchase) => {
                Some(Upheld)
            }
            (Self::BenchTestSound | Self::Vacant | Self::MeterSound, _)
            | (Self::ReadingCorrected | Self::LaterReading, _) => Some(Refuted),
            (Self::Other | Self::Merged, _) => None,
        }
    }
}

/// What a person asks of a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CaseMove {
    /// Where to.
    pub to: CaseState,
    /// What came of it; for `resolved`.
    pub outcome: Option<CaseOutcome>,
    /// The error the bench found, in 1/100 %: +350 is 3.5 % fast.
    pub error_bp: Option<i32>,
}

coded! {
    /// Why a move is refused.
    MoveFault {
        /// The state does not lead there.
        NotFromHere = "not_from_here": "当前状态不能这样变更", "the present state does not lead there";
        /// Resolved needs an outcome.
        OutcomeMissing = "outcome_missing": "办结须填写结果", "a resolved case needs an outcome";
        /// Only resolved has an outcome.
        OutcomeUnexpected = "outcome_unexpected": "只有办结才填写结果", "only a resolved case has an outcome";
        /// That outcome is for the rules to say.
        OutcomeByRule = "outcome_by_rule": "该结果只由系统规则给出", "only the rules give that outcome";
        /// A bench test has a measured error.
        ErrorMissing = "error_missing": "检定结果须填写示值误差", "a bench test needs the error it found";
        /// Nothing was measured.
        ErrorUnexpected = "error_unexpected": "只有检定结果才填写示值误差", "only a bench test has an error";
        /// Fast is above zero, slow below.
        ErrorSign = "error_sign": "偏快误差应为正,偏慢应为负", "the error of a fast meter is above zero, of a slow one below";
        /// Beyond −100 % to +1000 %.
        ErrorRange = "error_range": "示值误差应在 −100 % 至 +1000 % 之间", "the error lies between -100 % and +1000 %";
    }
}

/// Decides a move: what the case says of its rule from then on, where the move tells.
///
/// # Errors
/// Why it is refused.
pub fn decide_move(from: CaseState, kind: Kind, asked: &CaseMove) -> Result<Option<CaseVerdict>, MoveFault> {
    if !from.may_become(asked.to) {
        return Err(MoveFault::NotFromHere);
    }
    let verdict = match (asked.to, asked.outcome) {
        (CaseState::Resolved, None) => return Err(MoveFault::OutcomeMissing),
        (CaseState::Resolved, Some(outcome)) if !outcome.is_by_person() => return Err(MoveFault::OutcomeByRule),
        (CaseState::Resolved, Some(outcome)) => outcome.verdict(kind),
        (_, Some(_)) => return Err(MoveFault::OutcomeUnexpected),
        (CaseState::Confirmed, None) => Some(CaseVerdict::Upheld),
        (CaseState::Dismissed, None) => Some(CaseVerdict::Refuted),
        (CaseState::Open | CaseState::InWork, None) => None,
    };
    check_error(asked)?;
    Ok(verdict)
}

fn check_error(asked: &CaseMove) -> Result<(), MoveFault> {
    let measured = asked.outcome.filter(|outcome| outcome.has_error());
    let (Some(outcome), Some(error)) = (measured, asked.error_bp) else {
        return match (measured, asked.error_bp) {
            (Some(_), None) => Err(MoveFault::ErrorMissing),
            (None, Some(_)) => Err(MoveFault::ErrorUnexpected),
            _ => Ok(()),
        };
    };
    match outcome {
        _ if !(-10_000..=100_000).contains(&error) => Err(MoveFault::ErrorRange),
        CaseOutcome::BenchTestFast if error <= 0 => Err(MoveFault::ErrorSign),
        CaseOutcome::BenchTestSlow if error >= 0 => Err(MoveFault::ErrorSign),
        _ => Ok(()),
    }
}

/// What a later visit showed beside its verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LaterVisit<'a> {
    /// Its verdict.
    pub verdict: &'a Verdict,
    /// Every figure the meter has could be read.
    pub is_complete: bool,
    /// A number was taken from the meter (and is the registered one, or the verdict would say so).
    pub number_seen: bool,
    /// Below this a use is zero.
    pub zero_below: crate::quantity::Volume,
}

/// Whether a later visit answers what a rule suspected, and how. `gap` is what the open case had at stake.
///
/// A doubted figure was set aside, so the later verdict compares with the last accepted reading: if that fits, the doubt was
/// about the figure alone. What only a workshop can answer (a lost pulse, a stopped meter, a drift) no reading resolves.
#[must_use]
pub fn answered_by(rule: Rule, gap: Option<crate::quantity::Volume>, later: &LaterVisit) -> Option<CaseCause> {
    let verdict = later.verdict;
    let is_clean = verdict.trusted && verdict.severity().is_none_or(|severity| severity == Severity::Note);
    let answers = |is: bool, cause| is.then_some(cause);
    match rule {
        Rule::MisreadSuspect
        | Rule::RolloverUnsure
        | Rule::Impossible
        | Rule::SwappedFigures
        | Rule::NeighbourSwap
        | Rule::Reverse => answers(is_clean && verdict.consumption.is_some(), CaseCause::LaterReading),
        Rule::StoppedSuspect => {
            let moved = verdict.consumption.is_some_and(|used| used >= later.zero_below);
            answers(verdict.trusted && moved, CaseCause::UsedAgain)
        }
        Rule::FailedDisplay => answers(is_clean && later.is_complete, CaseCause::DisplayBack),
        Rule::WrongMeter => answers(is_clean && later.number_seen, CaseCause::NumberSeen),
        Rule::PurchaseNotLoaded => answers(makes_good(verdict, Rule::TopupUnknown, gap), CaseCause::PurchaseLoaded),
        Rule::TopupUnknown => answers(makes_good(verdict, Rule::PurchaseNotLoaded, gap), CaseCause::PurchaseLoaded),
        _ => None,
    }
}

/// The opposite finding of the same size: what was missing then is there now.
fn makes_good(verdict: &Verdict, opposite: Rule, gap: Option<crate::quantity::Volume>) -> bool {
    let back = verdict.findings.iter().find(|finding| finding.rule == opposite).and_then(|finding| finding.stake);
    gap.zip(back).is_some_and(|(gap, back)| (gap - back).abs().litres() * 50 <= gap.litres())
}

/// The outcome and the word on the rule when a rule closes a case.
#[must_use]
pub const fn closing(cause: CaseCause, kind: Kind) -> (CaseOutcome, Option<CaseVerdict>) {
    let outcome = match cause {
        CaseCause::ReadingCorrected => CaseOutcome::ReadingCorrected,
        CaseCause::PurchaseLoaded => CaseOutcome::PurchaseFound,
        _ => CaseOutcome::LaterReading,
    };
    let verdict = match cause {
        CaseCause::DisplayBack => Some(CaseVerdict::Upheld),
        _ => outcome.verdict(kind),
    };
    (outcome, verdict)
}

/// The dated settings of case work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CaseSettings {
    /// Days until a case by a hard finding is due: 3.
    pub due_days_hard: u16,
    /// Days until another case is due: 10.
    pub due_days_case: u16,
}

impl Default for CaseSettings {
    fn default() -> Self {
        Self::in_force(|setting| setting.default)
    }
}

impl CaseSettings {
    /// The settings by what holds of each row of the catalogue.
    #[must_use]
    pub fn in_force(value: impl Fn(&Setting) -> i64) -> Self {
        let days = |setting| narrow(value(setting), u16::MAX);
        Self { due_days_hard: days(&CASE_DUE_HARD), due_days_case: days(&CASE_DUE) }
    }

    /// How long a case may wait.
    #[must_use]
    pub const fn due_days(&self, severity: Severity) -> u16 {
        match severity {
            Severity::Hard => self.due_days_hard,
            Severity::Case | Severity::Note => self.due_days_case,
        }
    }
}
