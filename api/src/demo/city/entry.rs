//! What the reader enters in the demonstration month, right or wrong. Separate from breakage because here the meter is
//! sound and the entry isn't; and because every planted figure is searched until only one explanation is left.

use super::dice::Dice;
use super::facts::MeterType;
use super::fault::Fault;
use super::identities::Interval;
use super::slips::{new_slip_explains, slip_explains, slips_of};
use super::story::Story;
use meterbook::calendar::Instant;
use meterbook::quantity::Volume;
use meterbook::readings::Figures;

/// How far an initial index may be moved, in m³, until a fault is unmistakable.
const SEARCH: i64 = 1_000;

/// An entry, and what was true.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What the reader enters.
    pub figures: Figures,
    /// What the last reading wrongly said.
    pub last_index: Option<Volume>,
    /// What was done, in words.
    pub note: String,
}

/// Two looks at one meter, in whole m³, with what may be expected.
struct Looks {
    last: i64,
    new: i64,
    hours: i64,
    /// The lowest and the highest a fair method may expect.
    expected: (i64, i64),
    before_last: i64,
    /// Where the index starts again.
    wrap: i64,
    digits: u8,
    qmax: i64,
}

/// Finds an initial index and an entry that show the fault and nothing else; leaves the index moved.
pub fn falsify(story: &mut Story, fault: Fault, now: Instant, dice: &mut Dice) -> Option<Entry> {
    let last = story.last_look()?;
    let base = story.initial;
    if fault == Fault::Rollover {
        story.initial = story.kind.wrap() - (story.gas.at(last) + story.gas.at(now)) / 2;
        let entry = roll_over(story, last, now);
        if entry.is_none() {
            story.initial = base;
        }
        return entry;
    }
    for shift in 0..SEARCH {
        story.initial = base + shift * 1_000;
        let entry =
            if story.kind.card { business(story, fault, last, now, dice) } else { home(story, fault, last, now, dice) };
        if entry.is_some() {
            return entry;
        }
    }
    story.initial = base;
    None
}

fn plain(story: &Story, now: Instant, note: String) -> Entry {
    Entry { figures: story.figures(now), last_index: None, note }
}

fn look(story: &Story, last: Instant, now: Instant) -> Looks {
    let before = story.trail.past.iter().rev().nth(1).map_or(last, |&(at, _)| at);
    let span = (now - last).num_seconds().max(1);
    let fresh = (story.gas.at(now) - story.gas.at(last)) / 1_000;
    let before_span = (last - before).num_seconds().max(1);
    let usual = (story.gas.at(last) - story.gas.at(before)) / 1_000 * span / before_span;
    let year = chrono::TimeDelta::days(365);
    let a_year_ago = (story.gas.at(now - year) - story.gas.at(last - year)) / 1_000;
    let fresh_or_usual = if fresh == 0 { usual } else { fresh };
    Looks {
        last: story.index(last) / 1_000,
        new: story.index(now) / 1_000,
        hours: span / 3_600,
        expected: (fresh_or_usual.min(usual).min(a_year_ago), fresh.max(usual).max(a_year_ago)),
        before_last: story.index(before) / 1_000,
        wrap: story.kind.wrap() / 1_000,
        digits: story.kind.integer,
        qmax: story.kind.qmax,
    }
}

fn roll_over(story: &Story, last: Instant, now: Instant) -> Option<Entry> {
    let looks = look(story, last, now);
    let carried = looks.wrap - looks.last + looks.new;
    let fits = story.initial >= 0 && looks.new < looks.last && carried <= looks.expected.0 + 50;
    fits.then(|| {
        plain(story, now, format!("走字过零: {:05} → {:05}, 用气 {carried} m³, 应接受", looks.last, looks.new))
    })
}

impl Looks {
    /// Whether an increment would pass for a slip's right value, to a generous method.
    fn passes(&self, increment: i64) -> bool {
        (0..=self.expected.1 * 4 + 3).contains(&increment)
    }

    /// Whether it would to a strict one.
    fn surely_passes(&self, increment: i64) -> bool {
        (0..=self.expected.0 * 5 / 2 + 3).contains(&increment)
    }

    /// The most that a meter can pass, as a part of Qmax in percent.
    const fn at_percent(&self, percent: i64) -> i64 {
        self.qmax * self.hours * percent / 100_000
    }

    fn looks_like_rollover(&self, last: i64, new: i64) -> bool {
        self.wrap - last + new <= (self.expected.1 * 20).max(500)
    }
}

fn home(story: &Story, fault: Fault, last: Instant, now: Instant, dice: &mut Dice) -> Option<Entry> {
    let looks = look(story, last, now);
    let (new, note) = match fault {
        Fault::MisreadSuspect => {
            let wrong = misread(&looks, dice)?;
            (wrong, format!("错抄: 实为 {}, 录入 {wrong}", looks.new))
        }
        Fault::PreviousMisreadSuspect => return misread_before(story, &looks, now),
        Fault::Reverse => {
            let wrong = looks.last - dice.between(12, 60);
            let unclear =
                wrong < 0 || slip_explains(looks.last, wrong, looks.digits, |increment| looks.passes(increment));
            (!unclear).then(|| (wrong, format!("倒走: {} → {wrong}", looks.last)))?
        }
        Fault::Impossible => {
            let wrong = looks.last + looks.at_percent(dice.between(150, 420));
            over(&looks, wrong).then(|| (wrong, format!("超过物理上限: {} → {wrong}", looks.last)))?
        }
        Fault::Overload => {
            let wrong = looks.last + looks.at_percent(dice.between(103, 117));
            over(&looks, wrong).then(|| (wrong, format!("超过最大流量: {} → {wrong}", looks.last)))?
        }
        Fault::ExchangeUnreported => {
            let fresh = dice.between(4, 24);
            let clear = looks.last > 200 && !looks.looks_like_rollover(looks.last, fresh);
            clear.then(|| (fresh, format!("换表未报: 原表 {}, 新表 {fresh}", looks.last)))?
        }
        Fault::Stopped if looks.expected.0 < 7 => return None,
        _ => return Some(plain(story, now, describe(fault).to_owned())),
    };
    let figures = Figures { index: Some(Volume::from_m3(new)), ..Figures::default() };
    Some(Entry { figures, last_index: None, note })
}

fn over(looks: &Looks, wrong: i64) -> bool {
    wrong < looks.wrap && !slip_explains(looks.last, wrong, looks.digits, |increment| looks.passes(increment))
}

fn misread(looks: &Looks, dice: &mut Dice) -> Option<i64> {
    if !looks.surely_passes(looks.new - looks.last) {
        return None;
    }
    let mut wrong: Vec<i64> = slips_of(looks.new, looks.digits)
        .into_iter()
        .filter(|&wrong| wrong < looks.last && wrong > 100 && !looks.looks_like_rollover(looks.last, wrong))
        .collect();
    dice.shuffle(&mut wrong);
    wrong.first().copied()
}

fn misread_before(story: &Story, looks: &Looks, now: Instant) -> Option<Entry> {
    if !looks.surely_passes(looks.new - looks.last) {
        return None;
    }
    let wrong = slips_of(looks.last, looks.digits).into_iter().find(|&wrong| {
        // The last increment was too large as well: a method that expects it again must still see no slip.
        let expected = (looks.expected.0, looks.expected.1.max(wrong - looks.before_last));
        let fooled = Looks { expected, ..*looks };
        wrong > looks.new
            && wrong - looks.last < 1_000
            && !fooled.looks_like_rollover(wrong, looks.new)
            && !new_slip_explains(wrong, looks.new, looks.digits, |increment| {
                (0..=fooled.expected.1 * 5 / 2 + 10).contains(&increment)
            })
    })?;
    let note = format!("上次错抄: 实为 {}, 录入 {wrong}; 本次 {}", looks.last, looks.new);
    Some(Entry { last_index: Some(Volume::from_m3(wrong)), ..plain(story, now, note) })
}

fn business(story: &Story, fault: Fault, last: Instant, now: Instant, dice: &mut Dice) -> Option<Entry> {
    let looks = look(story, last, now);
    let triple = |at| [story.index(at), story.cumulative(at), story.balance(at)];
    let between = story.loads.iter().filter(|load| load.in_ledger && load.at >= last && load.at < now);
    let bought = between.map(|load| load.litres).sum();
    let mut interval = Interval { last: triple(last), new: triple(now), bought };
    let mut note = describe(fault).to_owned();
    match fault {
        Fault::MisreadSuspect => {
            let [right, ..] = interval.new;
            interval.new[0] = misread_card(&looks, interval, dice)?;
            note = format!("错抄: 实为 {}, 录入 {}", right / 1_000, interval.new[0] / 1_000);
        }
        Fault::SwappedFigures => interval.new.swap(1, 2),
        _ => {}
    }
    shows(fault, &interval, &looks).then(|| {
        let [index, cumulative, balance] = interval.new;
        let figures = Figures {
            index: Some(Volume::from_litres(index)),
            cumulative: Some(Volume::from_litres(cumulative)),
            balance: Some(balance),
        };
        Entry { figures, last_index: None, note }
    })
}

fn misread_card(looks: &Looks, interval: Interval, dice: &mut Dice) -> Option<i64> {
    let mut wrong: Vec<i64> = slips_of(looks.new, looks.digits)
        .into_iter()
        .filter(|&wrong| wrong > looks.last && wrong - looks.last < looks.at_percent(90))
        .map(|wrong| wrong * 1_000)
        .filter(|&wrong| !Interval { new: [wrong, interval.new[1], interval.new[2]], ..interval }.counts_agree())
        .collect();
    dice.shuffle(&mut wrong);
    wrong.first().copied()
}

/// Whether the figures show this fault and no other.
fn shows(fault: Fault, interval: &Interval, looks: &Looks) -> bool {
    let (index, cumulative) = interval.increments();
    let pulses = 2 * MeterType::PULSE;
    let disagree = !interval.counts_agree() && !interval.slip_explains(looks.digits) && interval.other_orders() == 0;
    let agree = interval.counts_agree() && interval.other_orders() == 0;
    match fault {
        Fault::FailedElectronic => disagree && index > 20_000 && cumulative == 0,
        Fault::FailedIndex => disagree && index == 0 && cumulative > 20_000,
        Fault::SlowElectronic => disagree && index > cumulative && cumulative > 0,
        Fault::FastElectronic => disagree && index < cumulative && index > 0,
        Fault::PurchaseNotLoaded => agree && interval.missing() > pulses,
        Fault::TopupUnknown => agree && interval.missing() < -pulses,
        Fault::SwappedFigures => {
            !interval.counts_agree() && !interval.slip_explains(looks.digits) && interval.other_orders() == 1
        }
        Fault::MisreadSuspect => interval.slip_explains(looks.digits) && interval.other_orders() == 0,
        Fault::StoppedSuspect => index == 0 && cumulative == 0,
        Fault::Overload => interval.holds() && (101..=119).contains(&(index / looks.at_percent(1).max(1) / 1_000)),
        _ => interval.holds(),
    }
}

const fn describe(fault: Fault) -> &'static str {
    match fault {
        Fault::FailedElectronic => "电子计数停走, 机械走字",
        Fault::FailedIndex => "机械走字停走, 电子计数正常",
        Fault::SlowElectronic => "电子计数丢脉冲",
        Fault::FastElectronic => "电子计数偏多",
        Fault::PurchaseNotLoaded => "已购气未写入表内",
        Fault::TopupUnknown => "表内多出无购气记录的气量",
        Fault::SwappedFigures => "累计用气量与表内余量填反",
        Fault::StoppedSuspect => "工商户零用气",
        Fault::Stopped => "在用气而走字不动",
        Fault::Vacant => "空置",
        Fault::UseWhileSuspended => "报停期间用气",
        Fault::OverAge => "超过使用年限",
        Fault::SlowSuspect => "数月来走慢, 约为一半",
        Fault::FastSuspect => "数月来走快, 约为一倍七",
        Fault::WrongMeter => "抄了邻近的表",
        Fault::Overload => "超过最大流量",
        _ => "",
    }
}
