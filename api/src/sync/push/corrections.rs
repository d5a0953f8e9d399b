//! Corrections within a batch: which record each one names, whether that has arrived, and which of a chain counts.
//!
//! Why separate: a batch without corrections, of a reader who has none waiting, asks nothing here.

use super::super::item::{Corrected, Incoming, Observed, Record, Said};
use super::super::store::links::{self, Head, Link, Recorded};
use super::{Sender, judge_figures, verdict_flags};
use crate::anomalies::store::{MeterAtPoint, Source};
use crate::db::Conn;
use diesel::QueryResult;
use meterbook::anomalies::Finding;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, MeterId, PointId, RecordId};
use meterbook::readings::correction::ALREADY_CORRECTED;
use meterbook::readings::{Correction, Figures, FormFault, Linking, ReadingKind, Subject, Target, form_faults, link};
use meterbook::sync::Rejection;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A correction was stored before the record it names.
pub const WAITING: &str = "waiting";
/// A record whose correction was here first.
pub const CORRECTED: &str = "corrected";

/// What is known of a record that corrects or is corrected.
#[derive(Clone)]
struct Fact {
    reader: Option<AccountId>,
    subject: Subject,
    code: String,
    point: PointId,
    meter: Option<MeterId>,
    observed_at: Instant,
    figures: Figures,
    /// A correction's own content.
    said: Option<Box<Record>>,
}

/// What a record's arrival means for the chains.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// Nothing.
    Plain,
    /// A correction of it had arrived before: that one counts.
    Superseded,
    /// It is a correction; its target is there or not.
    Correction {
        /// Whether the record it names has arrived.
        is_linked: bool,
    },
    /// It is a correction of a record that another one corrects.
    Taken,
}

/// A head whose verdict is to be stored at the end of the batch.
pub struct Settled {
    /// What counts now.
    pub head: Head,
    /// What was found wrong with it, and where.
    pub findings: Option<(Source, Vec<Finding>)>,
    /// Every record of the chain: what cases may rest on.
    pub chain: Vec<Uuid>,
}

/// The chains a batch touches.
pub struct Corrections {
    is_idle: bool,
    links: HashMap<RecordId, Link>,
    /// By the record named: what corrects it.
    successors: HashMap<RecordId, RecordId>,
    facts: HashMap<RecordId, Fact>,
}

impl Corrections {
    /// Loads the chains that a batch touches, whole. `waiting`: the reader's corrections whose target has not arrived.
    pub fn load(conn: &mut Conn, reader: AccountId, items: &[Incoming], waiting: Vec<Link>) -> QueryResult<Self> {
        let corrections = items.iter().filter_map(|item| match &item.record {
            Ok(Record { id, observed: Observed::Correction(corrected), .. }) => Some((RecordId(*id), corrected.target)),
            _ => None,
        });
        let mut ids: HashSet<RecordId> = corrections.flat_map(|(own, target)| [own, target]).collect();
        let is_idle = ids.is_empty() && waiting.is_empty();
        let mut chains = Self { is_idle, links: HashMap::new(), successors: HashMap::new(), facts: HashMap::new() };
        if is_idle {
            return Ok(chains);
        }
        for link in waiting {
            ids.extend([link.record, link.target]);
        }
        let mut frontier: Vec<RecordId> = ids.iter().copied().collect();
        while !frontier.is_empty() {
            let found = links::links_touching(conn, reader, &frontier)?;
            frontier = found.iter().flat_map(|link| [link.record, link.target]).filter(|id| ids.insert(*id)).collect();
            found.into_iter().for_each(|link| chains.note(link));
        }
        let ids: Vec<RecordId> = ids.into_iter().collect();
        let recorded = links::find_recorded(conn, &ids)?;
        chains.facts = recorded.into_iter().map(|recorded| (recorded.id, Fact::of(recorded))).collect();
        Ok(chains)
    }

    /// Whether nothing in the batch corrects or is corrected.
    pub const fn is_idle(&self) -> bool {
        self.is_idle
    }

    fn note(&mut self, link: Link) {
        self.successors.insert(link.target, link.record);
        self.links.insert(link.record, link);
    }

    /// Whether a correction may be taken, and if not, its code and place.
    pub fn examine(
        &self,
        reader: AccountId,
        record: &Record,
        corrected: &Corrected,
        at_point: &MeterAtPoint,
    ) -> Result<Linking, (&'static str, String)> {
        let refuse = |code, member: &str| Err((code, format!("/{member}")));
        let linking = self.decide(reader, record, corrected);
        match linking {
            Linking::Conflict => return refuse(ALREADY_CORRECTED, "corrects"),
            Linking::Refused(rejection) => return refuse(rejection.code(), "corrects"),
            Linking::Linked | Linking::Waiting => {}
        }
        let root = self.root_of(corrected.target).and_then(|root| self.facts.get(&root));
        if let Said::Figures { figures, kind } = &corrected.said {
            let recorded = root.and_then(|root| ReadingKind::from_code(&root.code));
            if kind.zip(recorded).is_some_and(|(said, recorded)| said != recorded) {
                return refuse(Rejection::CorrectionKindMismatch.code(), "reading_kind");
            }
            let excused = record.display_fault && record.has_evidence;
            let fault = match (root, &at_point.meter) {
                (Some(root), installed) if root.meter != installed.as_ref().map(|installed| installed.meter) => {
                    unlike(&root.figures, figures)
                }
                (_, Some(installed)) => form_faults(&installed.traits, figures, excused).into_iter().next(),
                (_, None) => return refuse(Rejection::UnknownMeter.code(), "service_point_id"),
            };
            if let Some(fault) = fault {
                return refuse(fault.code(), fault.figure().code());
            }
        }
        Ok(linking)
    }

    fn decide(&self, reader: AccountId, record: &Record, corrected: &Corrected) -> Linking {
        let asked = Correction {
            id: RecordId(record.id),
            reader,
            point: PointId(record.point),
            subject: corrected.said.subject(),
            target: corrected.target,
        };
        let target = self.facts.get(&corrected.target).map(Fact::target);
        let successor = self.successors.get(&corrected.target).copied();
        let (trail, heads) = (self.trail(corrected.target), self.heads(asked.id));
        link(&asked, target.as_ref(), successor, &trail, heads.len())
    }

    /// Where a record leads: what it corrects, what that corrects, and so on.
    fn trail(&self, from: RecordId) -> Vec<RecordId> {
        let step = |at: &RecordId| self.links.get(at).map(|link| link.target);
        std::iter::successors(step(&from), step).take(self.links.len()).collect()
    }

    /// What corrects a record, what corrects that, and so on, as far as it is linked.
    fn heads(&self, from: RecordId) -> Vec<RecordId> {
        let step = |at: &RecordId| {
            let by = self.successors.get(at)?;
            self.links.get(by).filter(|link| link.is_linked).map(|link| link.record)
        };
        std::iter::successors(step(&from), step).take(self.links.len()).collect()
    }

    /// The record a chain began with, where all between have arrived.
    fn root_of(&self, from: RecordId) -> Option<RecordId> {
        let mut at = from;
        for _ in 0..=self.links.len() {
            match self.links.get(&at) {
                None => return self.facts.get(&at).filter(|fact| fact.said.is_none()).map(|_| at),
                Some(link) if link.is_linked => at = link.target,
                Some(_) => return None,
            }
        }
        None
    }

    /// Notes a record that is being stored: links it where it corrects, and what waited for it.
    pub fn arrive(
        &mut self,
        conn: &mut Conn,
        sender: &Sender,
        record: &Record,
        meter: Option<MeterId>,
        at: Instant,
    ) -> QueryResult<Arrival> {
        if self.is_idle {
            return Ok(Arrival::Plain);
        }
        let id = RecordId(record.id);
        let mut arrival = Arrival::Plain;
        if let Observed::Correction(corrected) = &record.observed {
            let is_linked = self.facts.contains_key(&corrected.target);
            let link = Link { record: id, target: corrected.target, is_linked };
            if !links::insert_link(conn, link, sender.reader, sender.received_at)? {
                return Ok(Arrival::Taken);
            }
            self.note(link);
            arrival = Arrival::Correction { is_linked };
        }
        self.facts.insert(id, Fact::new(sender.reader, record, meter, at));
        let waiting = self.successors.get(&id).and_then(|by| self.links.get(by)).filter(|link| !link.is_linked);
        if let Some(waiting) = waiting.copied() {
            let is_linked = self.end_wait(conn, waiting, sender.received_at)?;
            if is_linked && arrival == Arrival::Plain {
                arrival = Arrival::Superseded;
            }
        }
        Ok(arrival)
    }

    /// The target of a waiting correction has arrived: it is linked now, or refused for good.
    fn end_wait(&mut self, conn: &mut Conn, waiting: Link, now: Instant) -> QueryResult<bool> {
        let own = self.facts.get(&waiting.record).and_then(|fact| Some((fact.reader?, fact.said.as_deref()?)));
        let linking = match own {
            Some((reader, record)) => match &record.observed {
                Observed::Correction(corrected) => self.decide(reader, record, corrected),
                _ => Linking::Refused(Rejection::CorrectionKindMismatch),
            },
            None => Linking::Refused(Rejection::Malformed),
        };
        if let Linking::Refused(rejection) = linking {
            links::settle_link(conn, waiting.record, Some(rejection.code()), now)?;
            self.links.remove(&waiting.record);
            self.successors.remove(&waiting.target);
            return Ok(false);
        }
        links::settle_link(conn, waiting.record, None, now)?;
        self.note(Link { is_linked: true, ..waiting });
        Ok(true)
    }

    /// What counts now in the chain a record belongs to, judged anew; `None` while its beginning is missing.
    pub fn settle(
        &self,
        sender: &Sender,
        record: RecordId,
        meters: &mut HashMap<i64, MeterAtPoint>,
    ) -> Option<Settled> {
        let root_id = self.root_of(record)?;
        let root = self.facts.get(&root_id)?;
        let heads = self.heads(root_id);
        let head_id = *heads.last()?;
        let chain: Vec<Uuid> = std::iter::once(root_id).chain(heads).map(|record| record.0).collect();
        let head = self.facts.get(&head_id)?;
        let said = head.said.as_deref()?;
        if let Observed::Correction(Corrected { said: Said::Attempt(code), .. }) = &said.observed {
            let (code, figures) = (code.clone(), Figures::default());
            let head = Head { record: root_id, head: head_id, code, figures, flags: Vec::new() };
            return Some(Settled { head, findings: None, chain });
        }
        let kind = ReadingKind::from_code(&root.code)?;
        let at_point = meters.get_mut(&root.point.0)?;
        let is_here = root.meter.is_some() && root.meter == at_point.meter.as_ref().map(|installed| installed.meter);
        let verdict = is_here.then(|| {
            // What counted until now: what the newly linked record corrects.
            let before = self.links.get(&record).and_then(|link| self.facts.get(&link.target));
            if let Some(before) = before {
                at_point.forget(root.observed_at, &before.figures);
            }
            judge_figures(at_point, said, kind, head.figures, root.observed_at, sender.zone)
        });
        let verdict = verdict.flatten();
        let flags = verdict.as_ref().map(verdict_flags).unwrap_or_default();
        let source =
            root.meter.map(|meter| Source { meter, point: root.point, record: head_id, observed_at: root.observed_at });
        let findings = source.zip(verdict.map(|verdict| verdict.findings));
        let head = Head { record: root_id, head: head_id, code: root.code.clone(), figures: head.figures, flags };
        Some(Settled { head, findings, chain })
    }
}

impl Fact {
    fn new(reader: AccountId, record: &Record, meter: Option<MeterId>, observed_at: Instant) -> Self {
        Self {
            reader: Some(reader),
            subject: subject_of(&record.observed),
            code: record.observed.code().to_owned(),
            point: PointId(record.point),
            meter,
            observed_at,
            figures: record.observed.figures(),
            said: matches!(record.observed, Observed::Correction(_)).then(|| Box::new(record.clone())),
        }
    }

    fn of(recorded: Recorded) -> Self {
        let read = |body: &str| serde_json::from_str(body).ok().and_then(|body| Incoming::read(&body).record.ok());
        let said = (recorded.kind == "correction").then(|| read(&recorded.body)).flatten();
        let subject = match recorded.kind.as_str() {
            "reading" => Subject::Reading,
            "attempt" => Subject::Attempt,
            _ => said.as_ref().map_or(Subject::Other, |record| subject_of(&record.observed)),
        };
        Self {
            reader: recorded.reader,
            subject,
            code: recorded.code,
            point: recorded.point,
            meter: recorded.meter,
            observed_at: recorded.observed_at,
            figures: recorded.figures,
            said: said.map(Box::new),
        }
    }

    const fn target(&self) -> Target {
        Target { reader: self.reader, point: self.point, subject: self.subject }
    }
}

const fn subject_of(observed: &Observed) -> Subject {
    match observed {
        Observed::Reading { .. } => Subject::Reading,
        Observed::Attempt { .. } => Subject::Attempt,
        Observed::Correction(corrected) => corrected.said.subject(),
        Observed::Hazard(_) | Observed::Found(_) | Observed::Told(_) => Subject::Other,
    }
}

/// Of a meter that hangs there no more: the same figures as were recorded, and none that no dial shows.
fn unlike(recorded: &Figures, said: &Figures) -> Option<FormFault> {
    use meterbook::quantity::Volume;
    use meterbook::readings::Figure;
    let pairs =
        [(Figure::Index, recorded.index, said.index), (Figure::Cumulative, recorded.cumulative, said.cumulative)];
    let balance = (recorded.balance.is_some(), said.balance.is_some());
    let of_volume = pairs.into_iter().find_map(|(figure, recorded, said)| match (recorded, said) {
        (Some(_), None) => Some(FormFault::Missing(figure)),
        (None, Some(_)) => Some(FormFault::Unexpected(figure)),
        (_, Some(said)) if said < Volume::ZERO => Some(FormFault::Negative(figure)),
        _ => None,
    });
    of_volume.or(match balance {
        (true, false) => Some(FormFault::Missing(Figure::Balance)),
        (false, true) => Some(FormFault::Unexpected(Figure::Balance)),
        _ => None,
    })
}
