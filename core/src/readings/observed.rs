//! When a reading was made: the observed time and its grade (DOMAIN 2).
//!
//! Why separate: the observed time decides the period, never the upload time, and a phone's clock is the least trustworthy
//! thing a reader carries. Everything that distrusts it is here; the rest of the crate takes the verdict.

pub mod catalogue;

use crate::calendar::{Instant, Zone};
use crate::coverage::{self, ReadingWindow, period_of};
use crate::meters::Class;
use crate::settings::Setting;
use chrono::TimeDelta;

/// Where the phone had the time of a reading from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TimeSource {
    /// A satellite fix.
    Gps,
    /// The mobile network or a time server.
    Network,
    /// The phone's own clock, which its holder can set.
    Device,
}

impl TimeSource {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Gps, Self::Network, Self::Device];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gps => "gps",
            Self::Network => "network",
            Self::Device => "device",
        }
    }

    /// The source of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.code() == code)
    }
}

/// How sure an observed time is (DOMAIN 2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TimeGrade {
    /// Satellite or network time, or counted back from the receipt by a clock nobody can set.
    A,
    /// The phone's clock, corrected by two syncs around the reading that agree.
    B,
    /// The phone's clock as it was, or a stand-in for it.
    C,
}

impl TimeGrade {
    /// Every grade, best first.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
        }
    }

    /// The grade of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.code() == code)
    }
}

/// The phone's and the server's time at one sync.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockSample {
    /// What the phone's clock said.
    pub device_at: Instant,
    /// What the server's clock said.
    pub server_at: Instant,
}

/// What a phone says about the time of one record, and what the server knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeClaim<'c> {
    /// The time of the reading, as the phone gives it.
    pub read_at: Instant,
    /// Where `read_at` is from.
    pub source: TimeSource,
    /// Milliseconds since the phone was started, at the reading.
    pub read_elapsed_ms: Option<i64>,
    /// Which start of the phone that was.
    pub read_boot: Option<&'c str>,
    /// The phone's clock when the push was sent.
    pub sent_at: Instant,
    /// Milliseconds since the phone was started, at sending.
    pub sent_elapsed_ms: Option<i64>,
    /// Which start of the phone that was.
    pub sent_boot: Option<&'c str>,
    /// The server's clock at the receipt.
    pub received_at: Instant,
    /// The clocks at the phone's last sync before this push, if there was one.
    pub last_sync: Option<ClockSample>,
}

/// The settings of the observed time (DOMAIN 2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeSettings {
    /// How far after the receipt a time may lie before the clock is ahead (DOMAIN 2: 2 min).
    pub ahead: TimeDelta,
    /// How far from the reading a sync may lie and still vouch for the clock (DOMAIN 2: 24 h).
    pub sync_reach: TimeDelta,
    /// How far two clock offsets may differ and still agree (DOMAIN 2: 60 s).
    pub agreement: TimeDelta,
    /// How far off a grade C time may be (DOMAIN 2: 24 h).
    pub uncertainty: TimeDelta,
    /// How long before its receipt a reading may have been made; beyond it the time is absurd (400 days: more than a year of
    /// readings kept on a lost and found phone, less than the 1,024 weeks by which old satellite receivers are wrong).
    pub oldest: TimeDelta,
}

impl Default for TimeSettings {
    fn default() -> Self {
        Self::in_force(|setting| setting.default)
    }
}

impl TimeSettings {
    /// The settings by what holds of each row of the catalogue.
    #[must_use]
    pub fn in_force(value: impl Fn(&Setting) -> i64) -> Self {
        Self {
            ahead: TimeDelta::minutes(value(&catalogue::AHEAD)),
            sync_reach: TimeDelta::hours(value(&catalogue::SYNC_REACH)),
            agreement: TimeDelta::seconds(value(&catalogue::AGREEMENT)),
            uncertainty: TimeDelta::hours(value(&catalogue::UNCERTAINTY)),
            oldest: TimeDelta::days(value(&catalogue::OLDEST)),
        }
    }
}

/// When a reading was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Observed {
    /// The observed time: decides the period.
    pub at: Instant,
    /// How sure it is.
    pub grade: TimeGrade,
    /// The claimed time was later than the receipt + 2 min. With grade A or B a better clock was at hand and the flag only
    /// tells the reader to set the phone right.
    pub clock_ahead: bool,
    /// Grade C, and the clock is known to be wrong by more than the uncertainty, so moving the time by the uncertainty proves
    /// nothing: a person decides, always. Then `at` may be a stand-in.
    pub clock_lost: bool,
}

/// The observed time of a claim (DOMAIN 2). A claim that cannot be true falls to the next grade instead of failing: the
/// reading itself is still a true observation.
///
/// Elapsed milliseconds cannot run ahead, but in a browser they can stand still while the phone sleeps; the reading then
/// seems later than it was. A clock that agreed with the server before and after says so. Which of the two is wrong cannot
/// be told from here (the clock may have been set back and forth), so the time is grade C: a person decides where it matters.
#[must_use]
pub fn observe(claim: &TimeClaim<'_>, settings: &TimeSettings) -> Observed {
    let clock_ahead = is_after(claim.read_at, claim.received_at, settings.ahead);
    // Within the tolerance a time may lie after its receipt; nothing was read after it had arrived, least of all next month.
    let graded = |at: Instant, grade| Observed { at: at.min(claim.received_at), grade, clock_ahead, clock_lost: false };
    if claim.source != TimeSource::Device && is_possible(claim.read_at, claim, settings) {
        return graded(claim.read_at, TimeGrade::A);
    }
    let counted = counted_back(claim).filter(|at| is_possible(*at, claim, settings));
    let synced = between_syncs(claim, settings).filter(|at| is_possible(*at, claim, settings));
    match (counted, synced) {
        (Some(counted), Some(synced)) if is_after(counted, synced, settings.agreement) => graded(synced, TimeGrade::C),
        (Some(counted), _) => graded(counted, TimeGrade::A),
        (None, Some(synced)) => graded(synced, TimeGrade::B),
        (None, None) => raw(claim, settings, clock_ahead),
    }
}

/// Whether a grade C reading needs a person to decide its time: moving it by ± `uncertainty` would change its period or, for
/// a commercial point, the verdict of the 22nd and 23rd (DOMAIN 2, R-6). Grades A and B never do.
///
/// DOMAIN moves the time by its uncertainty and asks no more. That fails for a clock known to be wrong by more: 1970 ± 24 h
/// stays in one month, and the reading would count for 1970 without anybody being told. So a lost clock is always reviewed.
#[must_use]
pub fn needs_time_review(
    observed: &Observed,
    class: Class,
    uncertainty: TimeDelta,
    zone: Zone,
    settings: &coverage::Settings,
) -> bool {
    if observed.grade != TimeGrade::C {
        return false;
    }
    let verdict = |at: Instant| {
        let on_time = || ReadingWindow::around(at, zone, settings).punctuality(at, zone);
        (period_of(class, zone.day(at)), (class == Class::Commercial).then(on_time))
    };
    let here = verdict(observed.at);
    let moved = |by: TimeDelta| observed.at.checked_add_signed(by).is_none_or(|at| verdict(at) != here);
    observed.clock_lost || moved(uncertainty) || moved(-uncertainty)
}

/// Counts back from the receipt by the milliseconds between reading and sending, if the phone ran through (grade A).
/// The time the push was under way is in it, seconds as a rule: a push stamps `sent_elapsed_ms` anew each time it is sent.
fn counted_back(claim: &TimeClaim<'_>) -> Option<Instant> {
    let boot = claim.read_boot.filter(|boot| !boot.is_empty())?;
    let (read, sent) = (claim.read_elapsed_ms?, claim.sent_elapsed_ms?);
    if claim.sent_boot != Some(boot) || read < 0 || sent < read {
        return None;
    }
    claim.received_at.checked_sub_signed(TimeDelta::try_milliseconds(sent.checked_sub(read)?)?)
}

/// The phone's clock corrected by the offsets of the syncs before and after, if both are near and agree (grade B). The mean
/// of the two is taken: they differ by a minute at most.
fn between_syncs(claim: &TimeClaim<'_>, settings: &TimeSettings) -> Option<Instant> {
    let before = claim.last_sync?;
    let (since, until) = (claim.read_at - before.device_at, claim.sent_at - claim.read_at);
    let near = TimeDelta::zero()..=settings.sync_reach;
    let offset = before.server_at - before.device_at;
    let drift = (claim.received_at - claim.sent_at) - offset;
    if !near.contains(&since) || !near.contains(&until) || drift.abs() > settings.agreement {
        return None;
    }
    claim.read_at.checked_add_signed(offset)?.checked_add_signed(drift / 2)
}

/// Grade C: the phone's clock as it was. Where that is impossible, the same clock set right by its error at sending; where
/// even that is, the receipt, the one moment by which the reading had surely been made.
fn raw(claim: &TimeClaim<'_>, settings: &TimeSettings, clock_ahead: bool) -> Observed {
    let error = claim.received_at - claim.sent_at;
    let corrected = claim.read_at.checked_add_signed(error).map(|at| at.min(claim.received_at));
    let candidates = [Some(claim.read_at), corrected].into_iter().flatten();
    let at = candidates.into_iter().find(|at| is_possible(*at, claim, settings)).unwrap_or(claim.received_at);
    let off = (at - claim.read_at).abs().max(error.abs());
    Observed { at, grade: TimeGrade::C, clock_ahead, clock_lost: off > settings.uncertainty }
}

/// Whether a reading can have been made at `at`: not after its receipt, not absurdly long before.
fn is_possible(at: Instant, claim: &TimeClaim<'_>, settings: &TimeSettings) -> bool {
    !is_after(at, claim.received_at, settings.ahead) && claim.received_at - at <= settings.oldest
}

/// Whether `at` lies more than `tolerance` after `reference`.
fn is_after(at: Instant, reference: Instant, tolerance: TimeDelta) -> bool {
    at - reference > tolerance
}

#[cfg(test)]
mod tests;
