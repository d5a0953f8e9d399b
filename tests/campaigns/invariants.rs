//! The judge: what phones were told against what the store holds (PROTOCOL, "Invariants the campaigns check").

use super::holdings::{Aside, Holdings, StoredRecord};
use super::ledgers::{Books, Line};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use meterbook::sync::Cursor;
use meterbook_client::{Ledger, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use uuid::Uuid;

/// Bytes of a cursor's tag.
const TAG: usize = 16;
/// Violations of one invariant that are written out.
const SHOWN: usize = 10;

/// One violated promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// `I1` …
    pub invariant: &'static str,
    /// Whose.
    pub phone: String,
    /// What was found.
    pub what: String,
}

impl Violation {
    /// A violation.
    pub fn of(invariant: &'static str, phone: &str, what: impl Into<String>) -> Self {
        Self { invariant, phone: phone.to_owned(), what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.invariant, self.phone, self.what)
    }
}

/// Demands that there is no violation.
pub fn assert_kept(violations: &[Violation]) {
    let mut by: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for violation in violations {
        by.entry(violation.invariant).or_default().push(violation.to_string());
    }
    let lists = by.values().map(|all| {
        let more = all.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!("\n  … and {more} more of this") } else { String::new() };
        format!("  {}{rest}", all[..all.len().min(SHOWN)].join("\n  "))
    });
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), lists.collect::<Vec<_>>().join("\n"));
}

/// Judges the store by the ledgers. Nobody must be writing.
pub fn judge(ledgers: &[Ledger], holdings: &Holdings) -> Vec<Violation> {
    let books = Books::of(ledgers);
    let mut found = Vec::new();
    for line in books.lines() {
        found.extend(judge_line(line, holdings));
    }
    found.extend(judge_strangers(&books, holdings));
    found.extend(judge_numbers(&books, holdings));
    found.extend(judge_counters(holdings));
    found.extend(judge_feeds(holdings));
    found.extend(ledgers.iter().flat_map(judge_cursors));
    found.extend(judge_corrections(holdings));
    for stop in &holdings.forgotten_stops {
        found.push(Violation::of(
            "I13",
            "store",
            format!("stop {stop} is open though a reading of its point is stored"),
        ));
    }
    for point in &holdings.wrong_pasts {
        found.push(Violation::of(
            "I13",
            "store",
            format!("what is kept of the past at point {point} is not what its records say"),
        ));
    }
    for ledger in ledgers {
        for (id, before, after) in &ledger.contradictions {
            found.push(Violation::of("I1", &ledger.phone, format!("{id} was {before:?} and then {after:?}")));
        }
    }
    found
}

/// I1, I2 and I3 of one record.
fn judge_line(line: Line<'_>, holdings: &Holdings) -> Option<Violation> {
    let phone = &line.ledger.phone;
    let rows = holdings.records.get(&line.id).map_or(&[][..], Vec::as_slice);
    let is_stored = rows.iter().any(|row| row.body == line.entry.body && row.device == line.ledger.device);
    let is_aside = holdings.quarantine.contains(&aside_of(line));
    let described = || format!("{} (number {})", line.id, line.entry.device_seq);
    match line.settled() {
        Some(outcome) if outcome.is_stored() && rows.len() != 1 => Some(Violation::of(
            "I1",
            phone,
            format!("{} was acknowledged and is stored {} times", described(), rows.len()),
        )),
        Some(outcome) if outcome.is_stored() && !is_stored => Some(Violation::of(
            "I1",
            phone,
            format!("{} was acknowledged as {}, stored is {}", described(), line.entry.body, rows[0].body),
        )),
        Some(Outcome::Conflict | Outcome::Rejected) if !is_aside => {
            Some(Violation::of("I2", phone, format!("{} was refused and is not in quarantine", described())))
        }
        _ if is_stored && is_aside => {
            Some(Violation::of("I3", phone, format!("{} is stored and in quarantine", described())))
        }
        None if line.entry.sent == 0 && (is_stored || is_aside) => {
            Some(Violation::of("I3", phone, format!("{} was never sent and has arrived", described())))
        }
        _ => None,
    }
}

fn aside_of(line: Line<'_>) -> Aside {
    let seq = Some(line.entry.device_seq);
    Aside { device: line.ledger.device, seq, body: line.entry.body.clone() }
}

/// I4: nothing lies there that no phone sent; and nothing lies in quarantine twice (I2).
fn judge_strangers(books: &Books<'_>, holdings: &Holdings) -> Vec<Violation> {
    let mut found = Vec::new();
    for (id, row) in holdings.records.iter().flat_map(|(id, rows)| rows.iter().map(move |row| (id, row))) {
        if !books.has_sent(row.device, &row.body) {
            found.push(Violation::of(
                "I4",
                &format!("device {}", row.device),
                format!("{id} is stored as {}", row.body),
            ));
        }
    }
    for aside in &holdings.quarantine {
        if !books.has_sent(aside.device, &aside.body) {
            let what = format!("in quarantine lies {}", aside.body);
            found.push(Violation::of("I4", &format!("device {}", aside.device), what));
        }
    }
    if holdings.quarantined != holdings.quarantine.len() {
        let twice = holdings.quarantined - holdings.quarantine.len();
        found.push(Violation::of("I2", "store", format!("{twice} items lie in quarantine twice")));
    }
    found
}

/// I3 and I13: made = stored + in quarantine + owed, and each phone's gap-free number is what its records say.
fn judge_numbers(books: &Books<'_>, holdings: &Holdings) -> Vec<Violation> {
    let mut arrived: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for row in holdings.records.values().flatten() {
        arrived.entry(row.device).or_default().insert(row.seq);
    }
    for aside in &holdings.quarantine {
        arrived.entry(aside.device).or_default().extend(aside.seq);
    }
    let mut found = Vec::new();
    for (device, contiguous) in &holdings.contiguous {
        let numbers = arrived.remove(device).unwrap_or_default();
        let gap_free = (1..).take_while(|number| numbers.contains(number)).last().unwrap_or(0);
        if gap_free != *contiguous {
            let what = format!("its gap-free number is kept as {contiguous}, its records say {gap_free}");
            found.push(Violation::of("I13", &format!("device {device}"), what));
        }
        for ledger in books.ledgers.iter().filter(|ledger| ledger.device == *device) {
            let owed =
                ledger.entries.values().filter(|entry| entry.told.as_ref().is_none_or(|told| !told.outcome.settles()));
            let owed: BTreeSet<i64> = owed.map(|entry| entry.device_seq).collect();
            let lost = ledger.entries.values().map(|entry| entry.device_seq);
            let lost: Vec<i64> = lost.filter(|seq| !owed.contains(seq) && !numbers.contains(seq)).collect();
            if !lost.is_empty() {
                found.push(Violation::of(
                    "I3",
                    &ledger.phone,
                    format!("numbers {lost:?} are neither stored, aside nor owed"),
                ));
            }
        }
    }
    found
}

/// I5.
fn judge_counters(holdings: &Holdings) -> Vec<Violation> {
    let differing = holdings.counters.symmetric_difference(&holdings.recounted);
    let described = differing.map(|line| {
        let where_from = if holdings.counters.contains(line) { "kept" } else { "recounted" };
        Violation::of(
            "I5",
            "store",
            format!("period class area route reader bucket points = {line} is only {where_from}"),
        )
    });
    described.collect()
}

/// I6.
fn judge_feeds(holdings: &Holdings) -> Vec<Violation> {
    let mut found = Vec::new();
    for (reader, (head, versions)) in &holdings.feeds {
        let gaps: Vec<&[i64]> = versions.windows(2).filter(|pair| pair[1] != pair[0] + 1).collect();
        let last = versions.last().copied().unwrap_or(*head);
        if !gaps.is_empty() || last != *head {
            let what = format!("the feed's head is {head}, its last entry {last}, gaps {gaps:?}");
            found.push(Violation::of("I6", &format!("reader {reader}"), what));
        }
    }
    found
}

/// I8.
fn judge_cursors(ledger: &Ledger) -> Option<Violation> {
    let mut last: Option<Cursor> = None;
    for seen in &ledger.cursors {
        let bytes = URL_SAFE_NO_PAD.decode(&seen.cursor).ok();
        let cursor = bytes.and_then(|bytes| Cursor::decode(&bytes[..bytes.len().checked_sub(TAG)?]).ok());
        let Some(cursor) = cursor else {
            return Some(Violation::of("I8", &ledger.phone, format!("{} is no cursor", seen.cursor)));
        };
        if let Some(before) = last.filter(|before| before.epoch == cursor.epoch && cursor.position < before.position) {
            let what = format!("its cursor went back from {} to {}", before.position, cursor.position);
            return Some(Violation::of("I8", &ledger.phone, what));
        }
        last = Some(cursor);
    }
    None
}

/// I9: correction chains are acyclic and have one head.
fn judge_corrections(holdings: &Holdings) -> Vec<Violation> {
    let target = |id: &Uuid| holdings.records.get(id).and_then(|rows| rows.first()?.target);
    let mut corrected: BTreeSet<Uuid> = BTreeSet::new();
    let mut found = Vec::new();
    for id in holdings.records.keys() {
        let Some(mut at) = target(id) else { continue };
        if !corrected.insert(at) {
            found.push(Violation::of("I9", "store", format!("{at} has two corrections")));
        }
        let mut seen = BTreeSet::from([*id]);
        while seen.insert(at) {
            match target(&at) {
                Some(next) => at = next,
                None => break,
            }
        }
        if target(&at).is_some() {
            found.push(Violation::of("I9", "store", format!("the corrections from {id} go round in a circle")));
        }
    }
    found
}

/// I9: what was stored once stays as it was.
pub fn judge_unchanged(before: &Holdings, after: &Holdings) -> Vec<Violation> {
    let changed = |(id, rows): (&Uuid, &Vec<StoredRecord>)| {
        let now = after.records.get(id);
        (now != Some(rows)).then(|| Violation::of("I9", "store", format!("{id} was {rows:?} and is {now:?}")))
    };
    before.records.iter().filter_map(changed).collect()
}
