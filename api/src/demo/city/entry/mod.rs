//! What the reader enters in the demonstration month, right or wrong. Separate from breakage because here the meter is
//! sound and the entry isn't; and because every planted figure is searched until only one explanation is left.

mod business;
mod home;
mod looks;

use crate::demo::city::dice::Dice;
use crate::demo::city::fault::Fault;
use crate::demo::city::story::Story;
use looks::Looks;
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
    let offset = dice.between(1, SEARCH);
    // As it is first; then in strides that come by every shift, from anywhere.
    for stride in 0..SEARCH {
        let shift = if stride == 0 { 0 } else { (offset + stride * 373) % SEARCH };
        story.initial = base + shift * 1_000;
        let entry = if story.kind.card {
            business::enter(story, fault, last, now, dice)
        } else {
            home::enter(story, fault, last, now, dice)
        };
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

fn roll_over(story: &Story, last: Instant, now: Instant) -> Option<Entry> {
    let looks = Looks::at(story, last, now);
    let carried = looks.wrap - looks.last + looks.new;
    let fits = story.initial >= 0 && looks.new < looks.last && carried <= looks.expected.0 + 50;
    fits.then(|| {
        plain(story, now, format!("走字过零: {:05} → {:05}, 用气 {carried} m³, 应接受", looks.last, looks.new))
    })
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
