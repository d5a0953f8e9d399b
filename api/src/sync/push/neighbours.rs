//! Readings of one landing entered the wrong way round (DOMAIN 4, order 7).
//!
//! Why separate: asked at the end of a batch, and only where a reading is doubted; a sound batch pays nothing.

use super::{Batch, Receipt, verdict_flags};
use crate::anomalies::cases::Judged;
use crate::anomalies::neighbours::{NearReading, near_points, near_readings};
use crate::anomalies::store::{Source, load_meters_whole, settings_on};
use crate::db::Conn;
use crate::http::to_ms;
use chrono::TimeDelta;
use diesel::QueryResult;
use meterbook::anomalies::{Entry, Finding, Observation, Rule, neighbour_swap};
use meterbook::calendar::Instant;
use meterbook::id::{MeterId, PointId, RecordId};
use meterbook::readings::Figures;

/// Readings of one landing are made this close to each other.
const TOGETHER: TimeDelta = TimeDelta::minutes(15);
/// Doubts that a swap would explain.
const DOUBTS: [Rule; 4] = [Rule::MisreadSuspect, Rule::Reverse, Rule::RolloverUnsure, Rule::Impossible];

/// The reading of a neighbour: in this batch, or of an earlier push.
enum Beside {
    Here(usize),
    Stored(NearReading),
}

fn doubt(judged: &Judged) -> Option<Rule> {
    judged.verdict.findings.iter().map(|finding| finding.rule).find(|rule| DOUBTS.contains(rule))
}

fn observation(at: Instant, figures: Figures) -> Observation<'static> {
    Observation { at, figures, seen_number: None, vacancy: false, gas_in_use: false, confirmed: false }
}

impl Batch<'_> {
    /// Asks of every doubted reading whether a neighbour's, made at about the same time, explains it.
    pub(super) fn find_swaps(&mut self, conn: &mut Conn, receipts: &mut [Receipt]) -> QueryResult<()> {
        let doubted: Vec<usize> = (0..self.effects.judged().len())
            .filter(|place| {
                let judged = &self.effects.judged()[*place];
                doubt(judged).is_some() && !judged.confirmed && !judged.number_seen
            })
            .collect();
        for place in doubted {
            // Another pair may have explained it already.
            if doubt(&self.effects.judged()[place]).is_some() {
                self.find_swap(conn, place)?;
            }
        }
        for judged in self.effects.judged() {
            if !judged.verdict.has(Rule::NeighbourSwap) {
                continue;
            }
            let record = judged.source.record.0;
            let said = verdict_flags(&judged.verdict);
            let Some(row) = self.stored.iter_mut().find(|row| row.record() == record) else { continue };
            let Some(at) = self.items.iter().position(|item| item.id == Some(record)) else { continue };
            if let Some(receipt) = receipts.get_mut(at) {
                receipt.flags.retain(|flag| Rule::from_code(flag).is_none() && *flag != super::SET_ASIDE);
                receipt.flags.extend(said);
                row.set_flags(&receipt.flags);
            }
        }
        Ok(())
    }

    fn find_swap(&mut self, conn: &mut Conn, place: usize) -> QueryResult<()> {
        let own = self.effects.judged()[place].clone();
        let at = own.source.observed_at;
        let near = near_points(conn, own.source.point.0)?;
        if near.is_empty() {
            return Ok(());
        }
        let is_together = |other: Instant| (other - at).abs() <= TOGETHER;
        let here = self.effects.judged().iter().enumerate().filter(|(other, judged)| {
            *other != place
                && near.contains(&judged.source.point.0)
                && is_together(judged.source.observed_at)
                && !judged.confirmed
                && !judged.number_seen
        });
        let mut candidates: Vec<Beside> = here.map(|(other, _)| Beside::Here(other)).collect();
        let window = (to_ms(at - TOGETHER), to_ms(at + TOGETHER));
        let stored = near_readings(conn, &near, self.sender.reader, window)?;
        candidates.extend(stored.into_iter().map(Beside::Stored));
        for candidate in candidates {
            if self.try_swap(conn, place, &own, candidate)? {
                break;
            }
        }
        Ok(())
    }

    /// Whether this neighbour explains the doubt; if so, both readings are doubted for that reason and no other.
    fn try_swap(&mut self, conn: &mut Conn, place: usize, own: &Judged, beside: Beside) -> QueryResult<bool> {
        let (point, at, figures) = match &beside {
            Beside::Here(other) => {
                let judged = &self.effects.judged()[*other];
                (judged.source.point.0, judged.source.observed_at, judged.figures)
            }
            Beside::Stored(reading) => (reading.point, reading.at, reading.figures),
        };
        if !self.meters.contains_key(&point) {
            let loaded = load_meters_whole(conn, &[point])?;
            self.meters.extend(loaded);
        }
        let (Some(one), Some(other)) = (self.meters.get(&own.source.point.0), self.meters.get(&point)) else {
            return Ok(false);
        };
        let settings = settings_on(conn, self.sender.zone.day(own.source.observed_at))?;
        let found = one.with_facts(own.source.observed_at, |facts| {
            let mine = Entry { facts: *facts, seen: observation(own.source.observed_at, own.figures) };
            other.with_facts(at, |facts| {
                let theirs = Entry { facts: *facts, seen: observation(at, figures) };
                neighbour_swap(&mine, &theirs, &settings)
            })
        });
        let Some((mine, theirs)) = found.flatten().flatten() else { return Ok(false) };
        explain(&mut self.effects.judged()[place], mine);
        match beside {
            Beside::Here(other) => {
                explain(&mut self.effects.judged()[other], theirs);
                if let Some(meter) = self.meters.get_mut(&point) {
                    meter.forget(at, &figures);
                }
            }
            Beside::Stored(reading) => {
                let source = Source {
                    meter: MeterId(reading.meter),
                    point: PointId(reading.point),
                    record: RecordId(reading.record),
                    observed_at: reading.at,
                };
                self.effects.find_earlier(source, theirs);
            }
        }
        Ok(true)
    }
}

/// The swap in place of what was suspected before: it blames neither meter.
fn explain(judged: &mut Judged, finding: Finding) {
    judged.verdict.findings.retain(|found| !DOUBTS.contains(&found.rule));
    judged.verdict.findings.push(finding);
    judged.verdict.trusted = false;
    judged.verdict.consumption = None;
}
