//! Reading one pushed item, member by member, so that a fault names its place and spoils nothing beside it.

mod kinds;

pub use kinds::{Corrected, Found, HazardSeen, Said, Told};

use super::canonical::{canonical, integral};
use super::packed::pack;
use chrono::format::ParseErrorKind;
use meterbook::calendar::Instant;
use meterbook::photos::PhotoHash;
use meterbook::quantity::Volume;
use meterbook::readings::observed::TimeSource;
use meterbook::readings::{Figures, ReadingKind};
use meterbook::sync::Rejection;
use serde_json::{Map, Value};
use uuid::{Uuid, Version};

/// The reasons a meter could not be read (DOMAIN 1).
const ATTEMPT_CODES: [&str; 7] =
    ["locked", "refused", "nobody_home", "unsafe", "meter_not_found", "display_dark", "other"];
/// What a reader can tell: the office alone estimates, installs and removes.
const READER_KINDS: [ReadingKind; 3] = [ReadingKind::Field, ReadingKind::Reread, ReadingKind::Customer];
const NOTE_LIMIT: usize = 1_000;
const EVIDENCE_LIMIT: usize = 20;

/// An item as it came, with what could be made of it.
pub struct Incoming {
    /// Canonical body.
    pub body: String,
    /// Its SHA-256.
    pub hash: Vec<u8>,
    /// The body as a record keeps it; empty for an item that is none.
    pub packed: Vec<u8>,
    /// The id, where there is one.
    pub id: Option<Uuid>,
    /// The id as sent, for the receipt.
    pub id_text: Option<String>,
    /// The number on the phone, where there is one.
    pub device_seq: Option<i64>,
    /// The hash it names for the record before it; empty where that is no hash.
    pub prev_hash: Option<Vec<u8>>,
    /// The record, or the first fault.
    pub record: Result<Record, Fault>,
}

/// Why an item can't be taken, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Stable code.
    pub code: &'static str,
    /// JSON pointer into the item.
    pub pointer: String,
    /// Of which point it spoke, where that could be read.
    pub point: Option<i64>,
    /// Of which time.
    pub read_at: Option<Instant>,
}

/// What was observed.
#[derive(Clone, Debug)]
pub enum Observed {
    /// The meter was read.
    Reading {
        /// How.
        kind: ReadingKind,
        /// What.
        figures: Figures,
    },
    /// It could not be read.
    Attempt {
        /// Why.
        code: String,
    },
    /// An earlier record says something wrong.
    Correction(Corrected),
    /// Something dangerous was seen.
    Hazard(HazardSeen),
    /// The register is wrong.
    Found(Found),
    /// A notice was handed over, a slip signed.
    Told(Told),
}

impl Observed {
    /// The kind as it is stored.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Reading { .. } => "reading",
            Self::Attempt { .. } => "attempt",
            Self::Correction(_) => "correction",
            Self::Hazard(_) => "hazard",
            Self::Found(_) => "found",
            Self::Told(told) => told.kind,
        }
    }

    /// The code as it is stored.
    pub fn code(&self) -> &str {
        match self {
            Self::Reading { kind, .. } => kind.code(),
            Self::Attempt { code } => code,
            Self::Correction(corrected) => corrected.reason.code(),
            Self::Hazard(hazard) => hazard.code.code(),
            Self::Found(found) => found.kind.code(),
            Self::Told(told) => &told.code,
        }
    }

    /// The figures, where it has any.
    pub fn figures(&self) -> Figures {
        match self {
            Self::Reading { figures, .. } => *figures,
            Self::Correction(Corrected { said: Said::Figures { figures, .. }, .. }) => *figures,
            _ => Figures::default(),
        }
    }

    /// What it names.
    pub fn target(&self) -> Option<Uuid> {
        match self {
            Self::Correction(corrected) => Some(corrected.target.0),
            Self::Told(told) => told.target,
            _ => None,
        }
    }

    /// Whether somebody stood at the meter to read it: what coverage and stops ask.
    pub const fn is_visit(&self) -> bool {
        matches!(self, Self::Reading { .. } | Self::Attempt { .. })
    }
}

/// A well-formed record.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: Uuid,
    /// Its number on the phone.
    pub device_seq: i64,
    /// The phone's clock at the meter.
    pub read_at: Instant,
    /// The phone's monotonic clock at the meter.
    pub read_elapsed_ms: Option<i64>,
    /// The boot it belongs to.
    pub boot: Option<String>,
    /// Where `read_at` is from.
    pub source: TimeSource,
    /// The point.
    pub point: i64,
    /// What was observed.
    pub observed: Observed,
    /// The number seen on the meter.
    pub seen_number: Option<String>,
    /// A vacancy code.
    pub vacancy: bool,
    /// Gas is in use.
    pub gas_in_use: bool,
    /// A display does not work.
    pub display_fault: bool,
    /// Entered twice.
    pub confirmed: bool,
    /// Whether a photo goes with it.
    pub has_evidence: bool,
    /// Which photos.
    pub evidence: Vec<PhotoHash>,
}

impl Incoming {
    /// Reads an item.
    pub fn read(item: &Value) -> Self {
        let (body, hash, ordered) = canonical(item);
        let members = Members(item.as_object());
        let id_text = members.0.and_then(|members| members.get("id")?.as_str()).map(str::to_owned);
        let id = id_text.as_deref().and_then(|text| Uuid::parse_str(text).ok());
        let device_seq = members.integer("device_seq").ok().flatten();
        let record = members.record().map_err(|(rejection, member)| Fault {
            code: rejection.code(),
            pointer: if member.is_empty() { String::new() } else { format!("/{member}") },
            point: members.is_reading().then(|| members.integer("service_point_id").ok().flatten()).flatten(),
            read_at: members.time("read_at").ok(),
        });
        let prev_hash = members.get("prev_hash").map(|value| value.as_str().and_then(unhex).unwrap_or_default());
        let packed = record.as_ref().map(|record| pack(&body, &ordered, record.id)).unwrap_or_default();
        Self { body, hash, packed, id, id_text, device_seq, prev_hash, record }
    }
}

/// The bytes of 64 hex digits.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..64).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

type Read<T> = Result<T, (Rejection, &'static str)>;

struct Members<'j>(Option<&'j Map<String, Value>>);

impl<'j> Members<'j> {
    fn record(&self) -> Read<Record> {
        if self.0.is_none() {
            return Err((Rejection::Malformed, ""));
        }
        let id =
            Uuid::parse_str(self.required("id", self.text("id", 64)?)?).map_err(|_| (Rejection::InvalidId, "id"))?;
        if id.get_version() != Some(Version::SortRand) {
            return Err((Rejection::InvalidId, "id"));
        }
        let kind = self.required("kind", self.text("kind", 64)?)?;
        let device_seq = self.required("device_seq", self.integer("device_seq")?)?;
        if device_seq < 1 {
            return Err((Rejection::NumberOutOfRange, "device_seq"));
        }
        let source = self
            .text("time_source", 64)?
            .map(|code| TimeSource::from_code(code).ok_or((Rejection::UnknownMemberValue, "time_source")));
        let evidence = self.evidence()?;
        self.text("note", NOTE_LIMIT)?;
        Ok(Record {
            id,
            device_seq,
            read_at: self.time("read_at")?,
            read_elapsed_ms: self.integer("read_elapsed_ms")?,
            boot: self.text("boot_id", 100)?.map(str::to_owned),
            source: source.transpose()?.unwrap_or(TimeSource::Device),
            point: self.required("service_point_id", self.integer("service_point_id")?)?,
            observed: self.observed(kind)?,
            seen_number: self
                .text("seen_number", 64)?
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            vacancy: self.flag("vacancy")?,
            gas_in_use: self.flag("gas_in_use")?,
            display_fault: self.flag("display_fault")?,
            confirmed: self.flag("confirmed")?,
            has_evidence: !evidence.is_empty(),
            evidence,
        })
    }

    fn observed(&self, kind: &str) -> Read<Observed> {
        match kind {
            "reading" => {
                let code = self.text("reading_kind", 64)?.unwrap_or(ReadingKind::Field.code());
                let kind = ReadingKind::from_code(code).ok_or((Rejection::UnknownMemberValue, "reading_kind"))?;
                if kind == ReadingKind::Estimate {
                    return Err((Rejection::EstimateNotAllowed, "reading_kind"));
                }
                if !READER_KINDS.contains(&kind) {
                    return Err((Rejection::UnknownMemberValue, "reading_kind"));
                }
                Ok(Observed::Reading { kind, figures: self.figures()? })
            }
            "attempt" => {
                let code = self.required("attempt_code", self.text("attempt_code", 64)?)?;
                if !ATTEMPT_CODES.contains(&code) {
                    return Err((Rejection::UnknownMemberValue, "attempt_code"));
                }
                Ok(Observed::Attempt { code: code.to_owned() })
            }
            _ => self.other_kind(kind),
        }
    }

    /// Only a reading that was rejected shows in coverage; an attempt never proves that somebody looked.
    fn is_reading(&self) -> bool {
        self.get("kind").and_then(Value::as_str) == Some("reading")
    }

    /// A member that is there and not null: clients differ in which they send.
    fn get(&self, name: &str) -> Option<&'j Value> {
        self.0?.get(name).filter(|value| !value.is_null())
    }

    fn required<T>(&self, name: &'static str, value: Option<T>) -> Read<T> {
        value.ok_or((Rejection::MissingMember, name))
    }

    fn integer(&self, name: &'static str) -> Read<Option<i64>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let Value::Number(number) = value else { return Err((Rejection::WrongType, name)) };
        let integer = integral(number).ok_or((Rejection::NumberOutOfRange, name))?;
        if integer.unsigned_abs() > Volume::WIRE_LIMIT.unsigned_abs() {
            Err((Rejection::NumberOutOfRange, name))
        } else {
            Ok(Some(integer))
        }
    }

    fn text(&self, name: &'static str, limit: usize) -> Read<Option<&'j str>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = value.as_str().ok_or((Rejection::WrongType, name))?;
        if text.chars().count() > limit { Err((Rejection::TextTooLong, name)) } else { Ok(Some(text)) }
    }

    fn flag(&self, name: &'static str) -> Read<bool> {
        self.get(name).map_or(Ok(false), |value| value.as_bool().ok_or((Rejection::WrongType, name)))
    }

    fn time(&self, name: &'static str) -> Read<Instant> {
        let text = self.required(name, self.text(name, 64)?)?;
        let at = chrono::DateTime::parse_from_rfc3339(text).map_err(|fault| match fault.kind() {
            // Written as a time, of a day no calendar has.
            ParseErrorKind::OutOfRange | ParseErrorKind::Impossible => (Rejection::TimeOutOfRange, name),
            _ => (Rejection::WrongType, name),
        })?;
        Ok(at.to_utc())
    }

    fn evidence(&self) -> Read<Vec<PhotoHash>> {
        let Some(value) = self.get("evidence") else { return Ok(Vec::new()) };
        let hashes = value.as_array().ok_or((Rejection::WrongType, "evidence"))?;
        let read: Option<Vec<PhotoHash>> = hashes.iter().map(|hash| PhotoHash::parse(hash.as_str()?)).collect();
        read.filter(|read| read.len() <= EVIDENCE_LIMIT).ok_or((Rejection::UnknownMemberValue, "evidence"))
    }
}
