//! The alarms of a file of readings, as a CSV.

use super::readings_file::Named;
use chrono::NaiveDate;
use meterbook::anomalies::lists::Grid;
use meterbook::anomalies::lists::replay::{Alarm, Raised};
use meterbook::anomalies::{Finding, Rule};
use meterbook::quantity::Volume;
use meterbook::text::Language;
use std::collections::BTreeMap;
use std::io::Write;

/// What the columns hold.
pub const FORMAT: &str = "\
One row per alarm, by period, list and place.

  period     YYYY-MM-DD, the middle day on which meters were read in the period; rising
  list       exception: a reading that cannot be (hard check); failed, slow, fast, jump: the lists. An exception takes a
             place of the jump list; where there are more of them than such places, all are shown
  place      1 for the first to be looked at
  meter, class, read_date   of the reading that raised it. Nothing read later was used
  score      exception: how many times the expected use the index went back; lists: log odds of a fault by the trees.
             Comparable within a list only
  check      hard or statistical
  rule       the code, as in GET /v1/rules
  stake      volume at stake, in the file's unit; blank where none can be named
  reason_zh, reason_en      the reason in words, with its numbers";

const COLUMNS: [&str; 12] = [
    "period",
    "list",
    "place",
    "meter",
    "class",
    "read_date",
    "score",
    "check",
    "rule",
    "stake",
    "reason_zh",
    "reason_en",
];

/// Writes the alarms. `order` is exceptions first, then the lists as they come.
///
/// # Errors
/// The writer's.
pub fn write(out: impl Write, meters: &[Named], grid: &Grid, raised: &[Raised]) -> Result<(), csv::Error> {
    let labels = labels(meters, grid);
    let mut out = csv::Writer::from_writer(out);
    out.write_record(COLUMNS)?;
    for alarm in raised {
        let named = &meters[alarm.meter];
        let (list, score, check, finding) = match &alarm.alarm {
            Alarm::Exception(doubted) => ("exception", doubted.times_expected(), "hard", doubted.finding()),
            Alarm::Place { list, score, grounds } => (list.code(), *score, "statistical", grounds.finding()),
        };
        let Finding { rule, stake, .. } = &finding;
        out.write_record([
            labels.get(&alarm.period).map_or("", String::as_str),
            list,
            &alarm.place.to_string(),
            &named.number,
            &named.class,
            &day(alarm.day),
            &format!("{score:.4}"),
            check,
            Rule::code(*rule),
            &stake.map_or_else(String::new, |stake: Volume| stake.to_string()),
            &finding.reason(Language::Chinese),
            &finding.reason(Language::English),
        ])?;
    }
    out.flush()?;
    Ok(())
}

fn day(number: i32) -> String {
    NaiveDate::from_num_days_from_ce_opt(number).map_or_else(String::new, |day| day.to_string())
}

/// The middle day on which meters were read in each period with alarms.
fn labels(meters: &[Named], grid: &Grid) -> BTreeMap<usize, String> {
    let mut days: BTreeMap<usize, Vec<i32>> = BTreeMap::new();
    for reading in meters.iter().flat_map(|named| &named.meter.readings) {
        days.entry(grid.period(reading.day)).or_default().push(reading.day);
    }
    let middle = |days: &mut Vec<i32>| {
        days.sort_unstable();
        day(days[days.len() / 2])
    };
    days.iter_mut().map(|(period, days)| (*period, middle(days))).collect()
}
