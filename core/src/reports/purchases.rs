//! Changes in what customers buy: who stopped, who buys far less or far more than is usual for him.
//!
//! Why separate: purchases are watched on the books alone, without a reading, so a customer nobody could visit is watched
//! too. A change is a reason to look, never an accusation: the list says both figures and leaves the judgement to a person.

use super::catalogue as keys;
use crate::quantity::{BasisPoints, Volume};
use crate::settings::{Setting, narrow};
use crate::text::Text;

/// What one meter bought.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bought {
    /// In the month.
    pub this: Volume,
    /// In each of the three months before, the nearest first.
    pub before: [Volume; 3],
    /// In the same month last year; `None` where the books do not reach back that far.
    pub last_year: Option<Volume>,
}

/// The settings of the watch; none is in the regulation, all are the company's to set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WatchSettings {
    /// Below this share of what is usual it is a fall: 50 %.
    pub fall: BasisPoints,
    /// Above this share it is a rise: 200 %.
    pub rise: BasisPoints,
    /// Changes of less gas than this are left alone: 50 m³.
    pub least: Volume,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self::in_force(|setting| setting.default)
    }
}

impl WatchSettings {
    /// The settings by what holds of each row of the catalogue.
    #[must_use]
    pub fn in_force(value: impl Fn(&Setting) -> i64) -> Self {
        let points = |setting| BasisPoints(narrow(value(setting), u32::MAX));
        Self {
            fall: points(&keys::PURCHASE_FALL),
            rise: points(&keys::PURCHASE_RISE),
            least: Volume::from_litres(value(&keys::PURCHASE_LEAST)),
        }
    }
}

/// What changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PurchaseChange {
    /// 停购: bought in each of the three months before, and nothing now.
    Stopped,
    /// 骤减.
    Fell,
    /// 骤增.
    Rose,
}

impl PurchaseChange {
    /// Every change.
    pub const ALL: [Self; 3] = [Self::Stopped, Self::Fell, Self::Rose];

    /// The code used in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Fell => "fell",
            Self::Rose => "rose",
        }
    }

    /// The change of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|change| change.code() == code)
    }

    /// What a person reads.
    #[must_use]
    pub const fn text(self) -> Text {
        match self {
            Self::Stopped => Text { zh: "停购", en: "stopped buying" },
            Self::Fell => Text { zh: "骤减", en: "buys far less" },
            Self::Rose => Text { zh: "骤增", en: "buys far more" },
        }
    }
}

/// What was usual: the mean of the three months before, rounded down.
#[must_use]
pub fn usual(bought: &Bought) -> Volume {
    bought.before.iter().copied().sum::<Volume>().scaled(1, 3)
}

/// Whether a change is worth a look. It must show against the months before *and*, where the books reach back, against the
/// same month last year: the first cold month doubles everybody's purchases.
#[must_use]
pub fn watch(bought: &Bought, settings: &WatchSettings) -> Option<PurchaseChange> {
    let usual = usual(bought);
    if bought.this == Volume::ZERO && bought.before.iter().all(|month| *month > Volume::ZERO) {
        let was_idle_then = bought.last_year == Some(Volume::ZERO);
        return (usual >= settings.least && !was_idle_then).then_some(PurchaseChange::Stopped);
    }
    let against = |base: Volume| {
        if base == Volume::ZERO || (bought.this - base).abs() < settings.least {
            return None;
        }
        let share = |limit: BasisPoints| base.scaled(i64::from(limit.0), i64::from(BasisPoints::WHOLE.0));
        if bought.this < share(settings.fall) {
            Some(PurchaseChange::Fell)
        } else {
            (bought.this > share(settings.rise)).then_some(PurchaseChange::Rose)
        }
    };
    let change = against(usual)?;
    match bought.last_year {
        Some(last_year) if last_year > Volume::ZERO => against(last_year).filter(|other| *other == change),
        _ => Some(change),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(this: i64, before: [i64; 3], last_year: Option<i64>) -> Option<PurchaseChange> {
        let bought = Bought {
            this: Volume::from_m3(this),
            before: before.map(Volume::from_m3),
            last_year: last_year.map(Volume::from_m3),
        };
        watch(&bought, &WatchSettings::default())
    }

    #[test]
    fn a_change_must_show_both_ways() {
        assert_eq!(change(100, [400, 420, 380], None), Some(PurchaseChange::Fell));
        assert_eq!(change(100, [400, 420, 380], Some(390)), Some(PurchaseChange::Fell));
        assert_eq!(change(100, [400, 420, 380], Some(120)), None);
        assert_eq!(change(900, [400, 420, 380], None), Some(PurchaseChange::Rose));
        assert_eq!(change(900, [400, 420, 380], Some(880)), None);
        assert_eq!(change(390, [400, 420, 380], None), None);
    }

    #[test]
    fn whoever_stops_is_noticed_and_a_trifle_is_not() {
        assert_eq!(change(0, [400, 420, 380], None), Some(PurchaseChange::Stopped));
        assert_eq!(change(0, [400, 420, 380], Some(0)), None);
        assert_eq!(change(0, [10, 12, 9], None), None);
        assert_eq!(change(0, [400, 0, 380], None), Some(PurchaseChange::Fell));
        assert_eq!(change(20, [30, 30, 30], None), None);
        assert_eq!(change(50, [0, 0, 0], None), None);
    }

    #[test]
    fn exactly_half_and_exactly_double_are_usual_enough() {
        assert_eq!(change(200, [400, 400, 400], None), None);
        assert_eq!(change(800, [400, 400, 400], None), None);
        assert_eq!(change(199, [400, 400, 400], None), Some(PurchaseChange::Fell));
        assert_eq!(change(801, [400, 400, 400], None), Some(PurchaseChange::Rose));
    }
}
