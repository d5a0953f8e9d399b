//! Readings from another system's file: history to begin with, self-reports and estimates. They become records like any
//! other, and a record is never changed.

pub mod store;

use super::cells::Cell;
use super::columns::{Column, Layout, Row, word};
use super::faults::{Reason, RowFault};
use super::table::SheetRow;
use crate::keys::sha256;
use crate::sync::packed::pack;
use meterbook::calendar::{Instant, Zone};
use meterbook::readings::ReadingKind;
use std::collections::HashMap;
use uuid::Uuid;

/// The columns, in the order of the constants below.
pub const COLUMNS: &[Column] = &[
    Column::needed("表号", "meter_number", &["表具编号"]),
    Column::needed("抄表时间", "observed_at", &["抄表日期"]),
    Column::optional("类型", "kind", &["抄表类型"]),
    Column::optional("表读数", "index", &["基表读数", "读数", "本期读数"]),
    Column::optional("累计用气量", "cumulative", &["累计气量"]),
    Column::optional("表内余量", "balance", &["剩余气量", "表内存量"]),
    Column::optional("备注", "note", &[]),
];

const METER: usize = 0;
const OBSERVED_AT: usize = 1;
const KIND: usize = 2;
const INDEX: usize = 3;
const CUMULATIVE: usize = 4;
const BALANCE: usize = 5;
const NOTE: usize = 6;

const KINDS: &[(&[&str], ReadingKind)] = &[
    (&["实抄", "field"], ReadingKind::Field),
    (&["复抄", "reread"], ReadingKind::Reread),
    (&["客户报数", "自报", "customer"], ReadingKind::Customer),
    (&["估抄", "估读", "estimate"], ReadingKind::Estimate),
];

/// One reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastReading {
    /// Its row.
    pub row: u32,
    /// 表号.
    pub meter: String,
    /// When it was observed.
    pub observed_at: Instant,
    /// What kind of observation.
    pub kind: ReadingKind,
    /// M, in 0.001 m³.
    pub index: Option<i64>,
    /// E, in 0.001 m³.
    pub cumulative: Option<i64>,
    /// B as written, in 0.001 of the meter's unit.
    pub balance: Option<i64>,
    /// What else was said.
    pub note: Option<String>,
}

impl PastReading {
    /// The same meter, time and kind give the same id on every import.
    #[must_use]
    pub fn id(&self) -> Uuid {
        let key = format!("{}\n{}\n{}", self.meter, self.observed_at.timestamp_millis(), self.kind.code());
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(sha256(key.as_bytes())).for_each(|(byte, digest)| *byte = digest);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// The row in canonical form: keys in order, nothing absent written. `balance` is as stored.
    #[must_use]
    pub fn body(&self, balance: Option<i64>) -> serde_json::Value {
        let mut body = serde_json::Map::new();
        let mut put = |key: &str, value: serde_json::Value| {
            if !value.is_null() {
                body.insert(key.to_owned(), value);
            }
        };
        put("balance", balance.into());
        put("code", self.kind.code().into());
        put("cumulative", self.cumulative.into());
        put("index", self.index.into());
        put("kind", "reading".into());
        put("meter_number", self.meter.as_str().into());
        put("note", self.note.as_deref().into());
        let at = self.observed_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        put("observed_at", at.into());
        put("source", "import".into());
        serde_json::Value::Object(body)
    }
}

/// Reads every row below the header.
pub fn parse(layout: &Layout, rows: &[SheetRow], zone: Zone, now: Instant) -> (Vec<PastReading>, Vec<RowFault>) {
    let (mut good, mut faults, mut seen) = (Vec::with_capacity(rows.len()), Vec::new(), HashMap::new());
    for sheet_row in rows.iter().skip(layout.header + 1) {
        let mut row = layout.row(sheet_row);
        let parsed = parse_row(&mut row, zone, now);
        if let Some(reading) = &parsed {
            if let Some(first) = seen.get(&reading.id()) {
                row.refuse(OBSERVED_AT, Reason::repeated(*first));
            } else {
                seen.insert(reading.id(), row.number());
            }
        }
        match parsed {
            Some(parsed) if row.faults.is_empty() => good.push(parsed),
            _ => faults.append(&mut row.faults),
        }
    }
    (good, faults)
}

fn parse_row(row: &mut Row<'_>, zone: Zone, now: Instant) -> Option<PastReading> {
    let meter = row.need(METER, Cell::number_name);
    let observed_at = row.need(OBSERVED_AT, |cell| cell.moment(zone));
    if observed_at.is_some_and(|at| at > now) {
        row.refuse(OBSERVED_AT, Reason::in_the_future());
    }
    let kind = row.read(KIND, |cell| word(cell, KINDS)).unwrap_or(ReadingKind::Field);
    let index = row.read(INDEX, positive);
    let cumulative = row.read(CUMULATIVE, positive);
    let balance = row.read(BALANCE, |cell| cell.quantity(3));
    let note = row.read(NOTE, |cell| cell.words(500));
    if [INDEX, CUMULATIVE, BALANCE].iter().all(|column| row.cell(*column).is_empty()) {
        row.refuse(INDEX, Reason::missing());
    }
    Some(PastReading {
        row: row.number(),
        meter: meter?,
        observed_at: observed_at?,
        kind,
        index,
        cumulative,
        balance,
        note,
    })
}

fn positive(cell: &Cell) -> Result<Option<i64>, Reason> {
    match cell.quantity(3)? {
        Some(volume) if volume < 0 => Err(Reason::too_large()),
        volume => Ok(volume),
    }
}

/// A meter's stay at a point: the point, from, until.
pub type Stay = (i64, i64, Option<i64>);

/// A meter as far as readings need it.
#[derive(Clone, Debug)]
pub struct KnownMeter {
    /// Its id.
    pub id: i64,
    /// Digits before the point.
    pub digits_integer: i32,
    /// Whether its balance is money.
    pub is_money: bool,
    /// Where it hung, in order.
    pub stays: Vec<Stay>,
}

/// What is stored of the things a file names.
#[derive(Debug, Default)]
pub struct Known {
    /// Meters by number.
    pub meters: HashMap<String, KnownMeter>,
    /// Bodies of stored records by id.
    pub records: HashMap<Uuid, String>,
}

/// A record to be written.
#[derive(Debug, PartialEq, Eq)]
pub struct NewReading<'a> {
    /// The row.
    pub row: &'a PastReading,
    /// Its id.
    pub id: Uuid,
    /// The meter.
    pub meter_id: i64,
    /// The point it hung at then.
    pub point_id: i64,
    /// 0.001 m³, or fen.
    pub balance: Option<i64>,
    /// Canonical JSON, packed.
    pub packed: Vec<u8>,
}

/// Decides one row: the record to write, or `None` where it is stored already.
///
/// # Errors
/// Where the meter is unknown, hung nowhere, or can't show that; or where another reading is stored for that moment.
pub fn decide<'a>(row: &'a PastReading, known: &Known) -> Result<Option<NewReading<'a>>, RowFault> {
    let refuse = |place: usize, reason: Reason| reason.at(row.row, COLUMNS.get(place).map_or("", |column| column.zh));
    let meter = known.meters.get(&row.meter).ok_or_else(|| refuse(METER, Reason::unknown_meter()))?;
    let wrap = 1000 * 10_i64.pow(meter.digits_integer.clamp(1, 9).unsigned_abs());
    if row.index.is_some_and(|index| index >= wrap) {
        let (zh, en) = ("读数超过该表的位数", "the dial of this meter can't show that many digits");
        return Err(refuse(INDEX, Reason::new("beyond_the_dial", zh, en)));
    }
    let at = row.observed_at.timestamp_millis();
    let covers = |(_, from, until): &&Stay| *from <= at && until.is_none_or(|until| at <= until);
    let Some((point_id, ..)) = meter.stays.iter().rev().find(covers) else {
        let (zh, en) = ("抄表时此表未装在任何户上", "the meter hung at no point at that time");
        return Err(refuse(OBSERVED_AT, Reason::new("not_installed", zh, en)));
    };
    let balance = match row.balance {
        Some(milli) if meter.is_money && milli % 10 != 0 => {
            return Err(refuse(BALANCE, Reason::new("too_precise", "最多 2 位小数", "at most 2 decimals are kept")));
        }
        Some(milli) if meter.is_money => Some(milli / 10),
        balance => balance,
    };
    let (id, body) = (row.id(), row.body(balance));
    let text = body.to_string();
    match known.records.get(&id) {
        None => {
            let packed = pack(&text, &body, id);
            Ok(Some(NewReading { row, id, meter_id: meter.id, point_id: *point_id, balance, packed }))
        }
        Some(stored) if *stored == text => Ok(None),
        Some(_) => {
            let zh = "该表此时刻的读数已导入过，但内容不同；已有记录不能改写";
            let en = "a reading of this meter and moment is stored with other values; a record is never rewritten";
            Err(refuse(OBSERVED_AT, Reason::new("stored_differently", zh, en)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meters::table::rows_of;
    use crate::sync::packed::unpack;

    fn read(lines: &str) -> (Vec<PastReading>, Vec<&'static str>) {
        let file = format!("表号,抄表时间,类型,表读数,累计用气量,表内余量,备注\n{lines}");
        let rows = rows_of(file.as_bytes()).unwrap();
        let layout = Layout::find(COLUMNS, &rows).unwrap();
        let (good, faults) = parse(&layout, &rows, Zone::default(), "2024-06-01T00:00:00Z".parse().unwrap());
        (good, faults.iter().map(|fault| fault.reason.code).collect())
    }

    #[test]
    fn readings_keep_their_id_from_import_to_import() {
        let (first, faults) = read("01,2024-03-01 08:00,实抄,12,,,\n");
        assert!(faults.is_empty());
        let (again, _) = read("０１,2024-03-01T00:00:00Z,field,12.000,,,\n");
        assert_eq!(first[0].id(), again[0].id());
        assert_eq!(first[0].id().get_version_num(), 8);
        assert_eq!(first[0].body(None), again[0].body(None));
    }

    #[test]
    fn impossible_readings_are_refused() {
        let (_, faults) = read("01,2024-03-01,实抄,1,,,\n02,2099-01-01 08:00,猜,-1,,,\n03,2024-03-01 08:00,,,,,\n");
        assert_eq!(faults, ["not_a_time", "in_the_future", "not_one_of", "out_of_range", "missing"]);
    }

    #[test]
    fn a_reading_belongs_to_the_point_its_meter_hung_at_then() {
        let (rows, _) = read("01,2024-03-01 08:00,估抄,12,,,\n");
        let at = rows[0].observed_at.timestamp_millis();
        let stays = vec![(1, 0, Some(at - 1)), (2, at - 1, None)];
        let meter = KnownMeter { id: 9, digits_integer: 5, is_money: false, stays };
        let mut known = Known { meters: HashMap::from([("01".to_owned(), meter)]), ..Known::default() };
        let new = decide(&rows[0], &known).unwrap().unwrap();
        assert_eq!((new.point_id, new.meter_id), (2, 9));
        known.records.insert(new.id, unpack(&new.packed, new.id).unwrap());
        assert_eq!(decide(&rows[0], &known), Ok(None));
        known.records.insert(rows[0].id(), "{}".into());
        assert_eq!(decide(&rows[0], &known).unwrap_err().reason.code, "stored_differently");
    }
}
