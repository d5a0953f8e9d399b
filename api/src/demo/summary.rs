//! What the demonstration says at its end: what was synced, covered, flagged, and how that compares with what was planted.

use super::city::City;
use super::office::Office;
use super::phone::Ledger;
use super::score::{Score, needs_months, score};
use meterbook::accounts::Role;
use meterbook::calendar::Period;
use meterbook::quantity::{BasisPoints, Volume};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;

type Scores = BTreeMap<&'static str, Score>;

/// All of it, as text.
///
/// # Errors
/// What the server answered that it should not have.
pub async fn summarise(
    city: &City,
    office: &Office,
    ledger: &Ledger,
    (month, quarter): (Period, Period),
) -> Result<String, Box<dyn Error>> {
    let cases = office.list(Role::Analyst, "/v1/cases").await?;
    let points = office.list(Role::Analyst, "/v1/service-points").await?;
    let mut text = String::new();
    write_sync(&mut text, ledger)?;
    write_coverage(&mut text, &office.coverage(&[month.to_string(), quarter.to_string()]).await?)?;
    write_cases(&mut text, &cases)?;
    let numbers: BTreeMap<i64, &str> =
        points.iter().filter_map(|point| Some((point["id"].as_i64()?, point["number"].as_str()?))).collect();
    let meters: BTreeMap<&str, &str> =
        city.points.iter().map(|point| (point.account.as_str(), point.meter.number.as_str())).collect();
    let meter_of = |id: &i64| numbers.get(id).and_then(|number| meters.get(number)).map(|meter| (*meter).to_owned());
    let flagged = ledger
        .flags
        .iter()
        .flat_map(|(id, flags)| flags.iter().filter_map(move |flag| Some((meter_of(id)?, flag.clone()))));
    let visited = ledger.flags.keys().filter_map(meter_of).collect();
    let (by_month, at_one_visit) =
        score(city, &flagged.collect(), &visited).into_iter().partition(|(rule, _)| needs_months(rule));
    write_score(&mut text, &at_one_visit)?;
    let entries = office.list(Role::Analyst, &format!("/v1/anomaly-lists/{month}/entries")).await?;
    write_lists(&mut text, city, &entries, &by_month)?;
    Ok(text)
}

fn write_sync(text: &mut String, ledger: &Ledger) -> std::fmt::Result {
    let aside: usize = ledger.aside.values().sum();
    writeln!(text, "\nSync 同步")?;
    writeln!(
        text,
        "  {} records made, {} stored once, {aside} in quarantine {:?}",
        ledger.made, ledger.accepted, ledger.aside
    )?;
    writeln!(
        text,
        "  {} answers were lost on the way; {} records were sent again and recognised",
        ledger.lost_answers, ledger.duplicates
    )?;
    let verdict = if ledger.is_whole() {
        "nothing lost, nothing doubled 无丢失、无重复"
    } else {
        "RECORDS ARE MISSING 有记录缺失"
    };
    writeln!(text, "  {verdict}")
}

fn write_coverage(text: &mut String, lines: &[Value]) -> std::fmt::Result {
    writeln!(text, "\nCoverage against R-5 抄见率")?;
    for line in lines {
        let number = |name: &str| line[name].as_u64().unwrap_or_default();
        let percent = |name: &str| {
            line[name]
                .as_u64()
                .map_or("n/a".into(), |bp| BasisPoints(u32::try_from(bp).unwrap_or_default()).to_string())
        };
        let met = match line["met"].as_bool() {
            Some(true) => "met 达标",
            Some(false) => "NOT met 未达标",
            None => "n/a",
        };
        writeln!(
            text,
            "  {:8} {:20} {:>6} of {:>6} seen  {:>9} (target {:>8}) {met}; no access {}, unattempted {}, new {}, removed {}, suspended {}",
            line["period"].as_str().unwrap_or_default(),
            line["class"].as_str().unwrap_or_default(),
            number("seen"),
            number("denominator"),
            percent("rate_bp"),
            percent("target_bp"),
            number("no_access"),
            number("unattempted"),
            number("new_next_period"),
            number("removed"),
            number("suspended"),
        )?;
    }
    Ok(())
}

fn write_cases(text: &mut String, cases: &[Value]) -> std::fmt::Result {
    const SHOWN_PER_RULE: usize = 1;
    writeln!(text, "\nFlagged meters 异常 ({} cases; one of each rule)", cases.len())?;
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases {
        let rule = case["rule"].as_str().unwrap_or_default();
        let count = shown.entry(rule).or_default();
        *count += 1;
        if *count > SHOWN_PER_RULE {
            continue;
        }
        let stake =
            case["stake"].as_i64().map(|stake| format!(" [{} m³]", Volume::from_litres(stake))).unwrap_or_default();
        writeln!(text, "  {} {rule}{stake}", case["meter_number"].as_str().unwrap_or_default())?;
        writeln!(text, "      {}", case["reason_zh"].as_str().unwrap_or_default())?;
        writeln!(text, "      {}", case["reason_en"].as_str().unwrap_or_default())?;
    }
    Ok(())
}

fn write_score(text: &mut String, table: &Scores) -> std::fmt::Result {
    writeln!(text, "\nAgainst the planted truth (truth.csv), meters read this month 与植入故障对照")?;
    writeln!(text, "  {:28} {:>7} {:>6} {:>7} {:>6}", "rule", "planted", "found", "missed", "false")?;
    for (rule, line) in table {
        let missed = line.planted - line.found;
        writeln!(text, "  {rule:28} {:>7} {:>6} {missed:>7} {:>6}", line.planted, line.found, line.false_alarms)?;
    }
    Ok(())
}

/// What shows over months and not at one visit: places to look at, best first, of which so many were planted.
fn write_lists(text: &mut String, city: &City, entries: &[Value], planted: &Scores) -> std::fmt::Result {
    writeln!(
        text,
        "\nThe month's lists of places to look at, against what shows only over months 疑表名单与跨月故障对照"
    )?;
    writeln!(text, "  {:28} {:>7} {:>7} {:>6}", "rule", "places", "planted", "found")?;
    for (rule, line) in planted {
        let places = entries.iter().filter(|entry| entry["rule"] == *rule);
        let listed: BTreeSet<&str> = places.filter_map(|entry| entry["meter_number"].as_str()).collect();
        let truth = city.truth.iter().filter(|fault| fault.rule.code() == *rule);
        let found = truth.filter(|fault| listed.contains(fault.meter_number.as_str())).count();
        writeln!(text, "  {rule:28} {:>7} {:>7} {found:>6}", listed.len(), line.planted)?;
    }
    Ok(())
}
