//! Integrity evidence: do entries look as if somebody had stood at the meters? (R-3, DOMAIN 4 order 8, DOMAIN 5)
//!
//! Apart from the checks, because nothing here is about a meter and nothing here is a verdict: each sign is a reason with its
//! numbers to look again at a random sample, never an accusation and never a block. Time and place come first; patterns of
//! numbers find little and are said last.

pub mod catalogue;
mod numbers;
mod pace;
mod photos;
mod place;
pub mod sample;
#[cfg(test)]
mod tests;

pub use place::Place;

use self::catalogue as keys;
use crate::calendar::Instant;
use crate::coded::coded;
use crate::id::{PointId, RecordId};
use crate::quantity::Volume;
use crate::settings::{Setting, narrow};
use crate::text::{Language, fill};

coded! {
    /// What may be noticed about a reader's entries. The text is its reason, with `{numbers}` in place.
    SignKind {
        /// Entries at different places came faster than honest entries at one landing.
        FastEntries = "fast_entries":
            "{of} 次相邻录入中有 {count} 次在不同位置且间隔短于 {seconds} 秒;同一楼道两块表的录入也有 95 % 慢于此。建议抽查复抄。",
            "{count} of {of} successive entries at different places came within {seconds} s; 95 % of entries at one landing take longer. Worth a blind re-read of a sample.";
        /// The way between two points takes longer than the time between their entries.
        TooFarTooSoon = "too_far_too_soon":
            "{of} 次相邻录入中有 {count} 次间隔短于路上所需时间(最远 {metres} 米,仅 {seconds} 秒)。请核对档案坐标,再抽查复抄。",
            "{count} of {of} successive entries left less time than the way takes (the farthest {metres} m in {seconds} s). Check the registered places, then re-read a sample.";
        /// Many points were entered from one place, away from them.
        OnePlace = "one_place":
            "{day} 有 {count} 个点在同一位置 25 米内录入,距各点登记位置均超过 100 米(最远 {metres} 米)。可能是定位或档案有误,建议抽查。",
            "On {day}, {count} points were entered within 25 m of one place, each more than 100 m from where it is registered (the farthest {metres} m). Place or register may be wrong; worth a sample.";
        /// One photo stands for several points.
        PhotoTwice = "photo_twice":
            "{count} 张照片被用于不止一个用气点,共涉及 {of} 条记录。请看照片。",
            "{count} photos stand for more than one service point, on {of} records. Look at the photos.";
        /// Photos are missing more often than elsewhere.
        PhotoMissing = "photo_missing":
            "{of} 条读数中 {count} 条没有照片({share}),全公司为 {fleet}。",
            "{count} of {of} readings have no photo ({share}); in the whole company it is {fleet}.";
        /// Last digits are not evenly spread.
        LastDigit = "last_digit":
            "{of} 条读数的末位数字分布不均:{digit} 出现 {count} 次(均匀时约 {even} 次)。仅供参考。",
            "The last digits of {of} readings are uneven: {digit} appears {count} times (about {even} if even). A weak sign by itself.";
        /// The same use as last time, again and again.
        EqualIncrements = "equal_increments":
            "{of} 条读数中 {count} 条用气量与上期完全相同({share}),全公司为 {fleet}。",
            "{count} of {of} readings show exactly the use of the period before ({share}); in the whole company it is {fleet}.";
        /// After a change of reader, use jumps.
        CatchUp = "catch_up":
            "换人后首次抄表 {of} 块表,用气量中位数为预期的 {ratio},前任期间可能少计。建议看照片。",
            "At the first reading by another reader, {of} meters showed a median of {ratio} of the expected use: earlier readings may have been low. Look at the photos.";
    }
}

/// One accepted entry of a reader.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The record.
    pub record: RecordId,
    /// The point.
    pub point: PointId,
    /// When it was observed.
    pub at: Instant,
    /// Its day in the company zone.
    pub day: chrono::NaiveDate,
    /// Its route and the office order of its stop: neighbours in order share a landing.
    pub stop: Option<(i64, i32)>,
    /// Where the phone was.
    pub fix: Option<Place>,
    /// Where the register says the point is, by the same datum.
    pub registered: Option<Place>,
    /// The index, and the last digit entered (0.001 m³).
    pub index: Option<(Volume, Volume)>,
    /// Use since the accepted reading before, and the use before that.
    pub uses: Option<(Volume, Volume)>,
    /// Hashes of its photos.
    pub photos: Vec<String>,
}

/// A sign, with the numbers it rests on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sign {
    /// Which.
    pub kind: SignKind,
    /// How often.
    pub count: u64,
    /// … of how many.
    pub of: u64,
    /// The numbers of its reason.
    pub values: Vec<(&'static str, String)>,
    /// Some of the records, to look at.
    pub records: Vec<RecordId>,
}

/// Records named per sign.
const EXAMPLES: usize = 20;

impl Sign {
    fn new(kind: SignKind, count: usize, of: usize) -> Self {
        let values = vec![("count", count.to_string()), ("of", of.to_string())];
        Self { kind, count: count as u64, of: of as u64, values, records: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.push((name, value.to_string()));
        self
    }

    fn naming(mut self, records: impl IntoIterator<Item = RecordId>) -> Self {
        self.records = records.into_iter().take(EXAMPLES).collect();
        self
    }

    /// Its reason in words.
    #[must_use]
    pub fn reason(&self, language: Language) -> String {
        let value = |name: &str| self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        fill(self.kind.text().in_language(language), value)
    }
}

/// From where on something is worth saying. All of it is dated configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IntegritySettings {
    /// Where too few honest pairs are known, entries closer than this are fast: 15 s (ANOMALY).
    pub fast_ms: i64,
    /// Pairs at one landing that a reader needs to have a say in the threshold: 30.
    pub honest_pairs: usize,
    /// On foot, up to `ride_from_m`: 2 m/s.
    pub walk_mm_s: i64,
    /// Beyond, on wheels: 10 m/s.
    pub ride_mm_s: i64,
    /// From where on a reader may ride: 300 m.
    pub ride_from_m: i64,
    /// How often something must happen to be said: 5 times.
    pub least_count: usize,
    /// How many entries a share needs: 50.
    pub least_entries: usize,
    /// How far above the company's share a share must lie, in basis points: 2,000.
    pub above_fleet_bp: usize,
    /// Meters a change of reader must touch: 20.
    pub handed_over: usize,
    /// A median use above this after a change of reader is said, in basis points of the expected: 15,000.
    pub catch_up_bp: i64,
}

impl Default for IntegritySettings {
    fn default() -> Self {
        Self::in_force(|setting| setting.default)
    }
}

impl IntegritySettings {
    /// The settings by what holds of each row of the catalogue.
    #[must_use]
    pub fn in_force(value: impl Fn(&Setting) -> i64) -> Self {
        let count = |setting| narrow(value(setting), usize::MAX);
        Self {
            fast_ms: value(&keys::FAST) * 1_000,
            honest_pairs: count(&keys::HONEST_PAIRS),
            walk_mm_s: value(&keys::WALK),
            ride_mm_s: value(&keys::RIDE),
            ride_from_m: value(&keys::RIDE_FROM),
            least_count: count(&keys::LEAST_COUNT),
            least_entries: count(&keys::LEAST_ENTRIES),
            above_fleet_bp: count(&keys::ABOVE_FLEET),
            handed_over: count(&keys::HANDED_OVER),
            catch_up_bp: value(&keys::CATCH_UP),
        }
    }
}

/// What is usual in the whole company: a reader is compared with it, not with an ideal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fleet {
    /// Entries at different places closer than this are fast.
    pub fast_ms: i64,
    /// Readings without a photo, of how many.
    pub without_photo: (usize, usize),
    /// Uses equal to the one before, of how many.
    pub equal_uses: (usize, usize),
}

impl Fleet {
    /// From every reader's entries, each in the order they were made.
    #[must_use]
    pub fn of(readers: &[&[Entry]], settings: &IntegritySettings) -> Self {
        let sum = |count: fn(&[Entry]) -> (usize, usize)| {
            readers.iter().map(|entries| count(entries)).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
        };
        Self {
            fast_ms: pace::honest_ms(readers, settings),
            without_photo: sum(photos::without),
            equal_uses: sum(numbers::equal),
        }
    }
}

/// Every sign in a reader's entries, in the order they were made; the strongest kinds first. `after` are the uses at the
/// first reading by somebody else, with what was expected then.
#[must_use]
pub fn signs(entries: &[Entry], after: &[(Volume, Volume)], fleet: &Fleet, settings: &IntegritySettings) -> Vec<Sign> {
    let found = [
        pace::fast(entries, fleet, settings),
        pace::too_far(entries, settings),
        place::one_place(entries, settings),
        photos::twice(entries),
        photos::missing(entries, fleet, settings),
        numbers::catch_up(after, settings),
        numbers::equal_uses(entries, fleet, settings),
        numbers::last_digits(entries),
    ];
    found.into_iter().flatten().collect()
}

/// A share of the entries well above the company's.
fn stands_out(own: (usize, usize), fleet: (usize, usize), settings: &IntegritySettings) -> bool {
    let bp = |(count, of): (usize, usize)| (count * 10_000).checked_div(of).unwrap_or(0);
    own.1 >= settings.least_entries && bp(own) >= bp(fleet) + settings.above_fleet_bp
}

/// `12.34 %`.
fn percent((count, of): (usize, usize)) -> String {
    let bp = (count * 10_000).checked_div(of).unwrap_or(0);
    format!("{}.{:02} %", bp / 100, bp % 100)
}
