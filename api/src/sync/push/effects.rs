//! What a batch leads to beside its records, stored after them: corrected heads with their cases, hazards, proposals.
//!
//! Why separate: each of these refers to a record, so they all wait until the records of the batch are in.

use super::super::item::{Observed, Record};
use super::super::store::links::store_head;
use super::Sender;
use super::corrections::Settled;
use crate::anomalies::cases::{Judged, correct_cases, open_cases};
use crate::anomalies::store::Source;
use crate::db::Conn;
use crate::photos::store::expect_photos;
use crate::readings::store::{NewReport, insert_found, insert_hazard};
use diesel::QueryResult;
use meterbook::anomalies::Finding;
use meterbook::calendar::Instant;
use meterbook::id::{MeterId, PointId, RecordId};

/// What is to be stored at the end of a batch.
#[derive(Default)]
pub struct Effects {
    judged: Vec<Judged>,
    /// Findings on readings of earlier pushes.
    earlier: Vec<(Source, Finding)>,
    settled: Vec<Settled>,
    reports: Vec<(Record, Option<MeterId>, Instant)>,
    proven: Vec<Record>,
}

impl Effects {
    /// A reading was judged.
    pub fn judge(&mut self, judged: Judged) {
        self.judged.push(judged);
    }

    /// The readings judged so far.
    pub fn judged(&mut self) -> &mut [Judged] {
        &mut self.judged
    }

    /// Hands them over.
    pub fn take_judged(&mut self) -> Vec<Judged> {
        std::mem::take(&mut self.judged)
    }

    /// Something was found about a reading of an earlier push.
    pub fn find_earlier(&mut self, source: Source, finding: Finding) {
        self.earlier.push((source, finding));
    }

    /// A chain has a new head.
    pub fn settle(&mut self, settled: Settled) {
        self.settled.push(settled);
    }

    /// A record that names photos, or that the office works on.
    pub fn report(&mut self, record: &Record, meter: Option<MeterId>, at: Instant) {
        if !record.evidence.is_empty() {
            self.proven.push(record.clone());
        }
        if matches!(record.observed, Observed::Hazard(_) | Observed::Found(_)) {
            self.reports.push((record.clone(), meter, at));
        }
    }

    /// Stores everything but what the judged readings lead to.
    pub fn store(&mut self, conn: &mut Conn, sender: &Sender) -> QueryResult<()> {
        for (source, finding) in self.earlier.drain(..) {
            open_cases(conn, source, &[finding], sender.zone, sender.received_at)?;
        }
        for record in self.proven.drain(..) {
            expect_photos(conn, &record, sender)?;
        }
        for settled in self.settled.drain(..) {
            store_head(conn, &settled.head, sender.received_at)?;
            let findings = settled.findings.as_ref().map_or(&[][..], |(_, findings)| findings.as_slice());
            correct_cases(conn, &settled.chain, findings, sender.received_at)?;
            if let Some((source, findings)) = &settled.findings {
                open_cases(conn, *source, findings, sender.zone, sender.received_at)?;
            }
        }
        for (record, meter, observed_at) in self.reports.drain(..) {
            let report = NewReport {
                record: RecordId(record.id),
                point: PointId(record.point),
                meter,
                reader: sender.reader,
                observed_at,
                received_at: sender.received_at,
            };
            match &record.observed {
                Observed::Hazard(hazard) => {
                    let evidence = hazard.evidence.join(",");
                    insert_hazard(conn, &report, hazard.code, hazard.severity, (&hazard.note, &evidence))?;
                }
                Observed::Found(found) => {
                    let evidence = found.evidence.join(",");
                    let proposal = crate::readings::store::Proposal {
                        kind: found.kind,
                        number: record.seen_number.as_deref(),
                        inlet_side: found.inlet_side,
                        place: found.place.as_ref().map(|(lat, lng, datum)| (*lat, *lng, datum.as_str())),
                    };
                    insert_found(conn, &report, &proposal, (&found.note, &evidence))?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
