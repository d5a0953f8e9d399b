//! The kinds beside readings and attempts, member by member: corrections, hazards, what was found, notices, signed slips.
//!
//! Why separate: a new kind is added here and touches no old one; what old phones send is read as it always was.

use super::{ATTEMPT_CODES, EVIDENCE_LIMIT, Members, NOTE_LIMIT, Observed, READER_KINDS, Read};
use meterbook::id::RecordId;
use meterbook::meters::InletSide;
use meterbook::quantity::Volume;
use meterbook::readings::{CorrectionReason, Figures, FoundKind, HazardCode, HazardSeverity, ReadingKind, Subject};
use meterbook::sync::Rejection;
use serde_json::Value;
use uuid::Uuid;

/// What a notice handed over was.
const NOTICE_CODES: [&str; 6] = ["payment", "dunning", "suspension", "appointment", "safety", "other"];
/// How a settlement slip came back.
const SLIP_CODES: [&str; 3] = ["signed", "signed_by_other", "refused"];
const DATUMS: [&str; 3] = ["wgs84", "gcj02", "bd09"];
const REASON_LIMIT: usize = 1_000;

/// What a correction says in place of what was recorded.
#[derive(Clone, Debug)]
pub struct Corrected {
    /// The record it names.
    pub target: RecordId,
    /// Why.
    pub reason: CorrectionReason,
    /// The figures, or why the meter could not be read.
    pub said: Said,
}

/// The corrected content.
#[derive(Clone, Debug)]
pub enum Said {
    /// A reading's figures.
    Figures {
        /// What.
        figures: Figures,
        /// The kind of reading, where the phone repeats it.
        kind: Option<ReadingKind>,
    },
    /// An attempt's code.
    Attempt(String),
}

impl Said {
    /// What it is about.
    pub const fn subject(&self) -> Subject {
        match self {
            Self::Figures { .. } => Subject::Reading,
            Self::Attempt(_) => Subject::Attempt,
        }
    }
}

/// A hidden hazard.
#[derive(Clone, Debug)]
pub struct HazardSeen {
    /// What is dangerous.
    pub code: HazardCode,
    /// How bad.
    pub severity: HazardSeverity,
    /// In words.
    pub note: String,
    /// Photos.
    pub evidence: Vec<String>,
}

/// What differs from the register.
#[derive(Clone, Debug)]
pub struct Found {
    /// What.
    pub kind: FoundKind,
    /// The inlet side seen.
    pub inlet_side: Option<InletSide>,
    /// Latitude and longitude in 0.000001°, and their datum.
    pub place: Option<(i64, i64, String)>,
    /// In words.
    pub note: String,
    /// Photos.
    pub evidence: Vec<String>,
}

/// Something that is only kept: a notice handed over, a slip signed.
#[derive(Clone, Debug)]
pub struct Told {
    /// `notice` or `slip_signed`.
    pub kind: &'static str,
    /// What exactly.
    pub code: String,
    /// What it is about, where that has an id.
    pub target: Option<Uuid>,
}

impl Members<'_> {
    /// An observation of one of these kinds.
    pub(super) fn other_kind(&self, kind: &str) -> Read<Observed> {
        match kind {
            "correction" => self.correction(),
            "hazard" => self.hazard(),
            "found" => self.found(),
            "notice" => self.told("notice", "notice_code", &NOTICE_CODES),
            "slip_signed" => self.told("slip_signed", "slip_code", &SLIP_CODES),
            _ => Err((Rejection::UnknownKind, "kind")),
        }
    }

    fn correction(&self) -> Read<Observed> {
        let target = self.required("corrects", self.uuid("corrects")?)?;
        let code = self.required("reason_code", self.text("reason_code", 64)?)?;
        let reason = CorrectionReason::from_code(code).ok_or((Rejection::UnknownMemberValue, "reason_code"))?;
        let words = self.text("reason", REASON_LIMIT)?.filter(|words| !words.trim().is_empty());
        if reason == CorrectionReason::Other {
            self.required("reason", words)?;
        }
        let said = match self.text("attempt_code", 64)? {
            Some(code) if ATTEMPT_CODES.contains(&code) => Said::Attempt(code.to_owned()),
            Some(_) => return Err((Rejection::UnknownMemberValue, "attempt_code")),
            None => Said::Figures { figures: self.figures()?, kind: self.repeated_kind()? },
        };
        Ok(Observed::Correction(Corrected { target: RecordId(target), reason, said }))
    }

    fn repeated_kind(&self) -> Read<Option<ReadingKind>> {
        let Some(code) = self.text("reading_kind", 64)? else { return Ok(None) };
        let kind = ReadingKind::from_code(code).filter(|kind| READER_KINDS.contains(kind));
        kind.map(Some).ok_or((Rejection::UnknownMemberValue, "reading_kind"))
    }

    /// The figures a reading or its correction may have.
    pub(super) fn figures(&self) -> Read<Figures> {
        let volume = |name| self.integer(name).map(|figure| figure.map(Volume::from_litres));
        Ok(Figures { index: volume("index")?, cumulative: volume("cumulative")?, balance: self.integer("balance")? })
    }

    fn hazard(&self) -> Read<Observed> {
        let code = self.required("hazard_code", self.text("hazard_code", 64)?)?;
        let code = HazardCode::from_code(code).ok_or((Rejection::UnknownMemberValue, "hazard_code"))?;
        let severity = self.required("severity", self.text("severity", 64)?)?;
        let severity = HazardSeverity::from_code(severity).ok_or((Rejection::UnknownMemberValue, "severity"))?;
        let note = self.words()?;
        if code == HazardCode::Other && note.is_empty() {
            return Err((Rejection::MissingMember, "note"));
        }
        Ok(Observed::Hazard(HazardSeen { code, severity, note, evidence: self.hashes() }))
    }

    fn found(&self) -> Read<Observed> {
        let code = self.required("found_code", self.text("found_code", 64)?)?;
        let kind = FoundKind::from_code(code).ok_or((Rejection::UnknownMemberValue, "found_code"))?;
        let inlet_side = self
            .text("inlet_side", 64)?
            .map(|side| InletSide::from_code(side).ok_or((Rejection::UnknownMemberValue, "inlet_side")));
        let inlet_side = inlet_side.transpose()?;
        let place = self.place()?;
        let note = self.words()?;
        match kind {
            FoundKind::WrongNumber => {
                let number = self.text("seen_number", 64)?.filter(|number| !number.trim().is_empty());
                self.required("seen_number", number).map(drop)?;
            }
            FoundKind::InletSide => self.required("inlet_side", inlet_side).map(drop)?,
            FoundKind::Moved => self.required("lat_micro", place.as_ref()).map(drop)?,
            FoundKind::Other if note.is_empty() => return Err((Rejection::MissingMember, "note")),
            FoundKind::Obstructed | FoundKind::Other => {}
        }
        Ok(Observed::Found(Found { kind, inlet_side, place, note, evidence: self.hashes() }))
    }

    /// A place is all three of its members or none.
    fn place(&self) -> Read<Option<(i64, i64, String)>> {
        let (lat, lng) = (self.integer("lat_micro")?, self.integer("lng_micro")?);
        let datum = self.text("datum", 16)?.map(|datum| datum.to_ascii_lowercase().replace('-', ""));
        if lat.is_none() && lng.is_none() && datum.is_none() {
            return Ok(None);
        }
        let lat = self.required("lat_micro", lat)?;
        let lng = self.required("lng_micro", lng)?;
        let datum = self.required("datum", datum)?;
        if !(-90_000_000..=90_000_000).contains(&lat) {
            return Err((Rejection::NumberOutOfRange, "lat_micro"));
        }
        if !(-180_000_000..=180_000_000).contains(&lng) {
            return Err((Rejection::NumberOutOfRange, "lng_micro"));
        }
        if !DATUMS.contains(&datum.as_str()) {
            return Err((Rejection::UnknownMemberValue, "datum"));
        }
        Ok(Some((lat, lng, datum)))
    }

    fn told(&self, kind: &'static str, member: &'static str, codes: &[&str]) -> Read<Observed> {
        let code = self.required(member, self.text(member, 64)?)?;
        if !codes.contains(&code) {
            return Err((Rejection::UnknownMemberValue, member));
        }
        let target = self.uuid("about_id")?;
        Ok(Observed::Told(Told { kind, code: code.to_owned(), target }))
    }

    fn uuid(&self, name: &'static str) -> Read<Option<Uuid>> {
        let text = self.text(name, 64)?;
        text.map(|text| Uuid::parse_str(text).map_err(|_| (Rejection::InvalidId, name))).transpose()
    }

    fn words(&self) -> Read<String> {
        self.text("note", NOTE_LIMIT).map(|note| note.unwrap_or_default().trim().to_owned())
    }

    /// The photos' hashes, checked before.
    fn hashes(&self) -> Vec<String> {
        let hashes = self.get("evidence").and_then(Value::as_array).into_iter().flatten();
        hashes.filter_map(Value::as_str).take(EVIDENCE_LIMIT).map(str::to_ascii_lowercase).collect()
    }
}
