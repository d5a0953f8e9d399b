//! Prepaid purchases, from the charging system's file. A purchase that is stored is never changed: it is money.

pub mod store;

use super::cells::Cell;
use super::columns::{Column, Layout, Row};
use super::faults::{Reason, RowFault};
use super::table::SheetRow;
use meterbook::calendar::{Instant, Zone};
use std::collections::HashMap;

/// The columns, in the order of the constants below.
pub const COLUMNS: &[Column] = &[
    Column::needed("流水号", "reference", &["交易流水号", "单号"]),
    Column::needed("表号", "meter_number", &["表具编号"]),
    Column::needed("充值时间", "loaded_at", &["购气时间"]),
    Column::needed("气量", "volume", &["购气量", "充值气量"]),
    Column::needed("金额", "paid", &["购气金额", "充值金额"]),
];

const REFERENCE: usize = 0;
/// The place of 表号.
pub const METER: usize = 1;
const LOADED_AT: usize = 2;
const VOLUME: usize = 3;
const PAID: usize = 4;

/// One purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// Its row.
    pub row: u32,
    /// 流水号.
    pub reference: String,
    /// 表号.
    pub meter: String,
    /// When it was loaded.
    pub loaded_at: Instant,
    /// 0.001 m³; less than nothing for a refund.
    pub volume: i64,
    /// Fen.
    pub paid_fen: i64,
}

/// Reads every row below the header.
pub fn parse(layout: &Layout, rows: &[SheetRow], zone: Zone, now: Instant) -> (Vec<Purchase>, Vec<RowFault>) {
    let (mut good, mut faults, mut seen) = (Vec::with_capacity(rows.len()), Vec::new(), HashMap::new());
    for sheet_row in rows.iter().skip(layout.header + 1) {
        let mut row = layout.row(sheet_row);
        let parsed = parse_row(&mut row, zone, now);
        if let Ok(Some(reference)) = row.cell(REFERENCE).number_name() {
            if let Some(first) = seen.get(&reference) {
                row.refuse(REFERENCE, Reason::repeated(*first));
            } else {
                seen.insert(reference, row.number());
            }
        }
        match parsed {
            Some(parsed) if row.faults.is_empty() => good.push(parsed),
            _ => faults.append(&mut row.faults),
        }
    }
    (good, faults)
}

fn parse_row(row: &mut Row<'_>, zone: Zone, now: Instant) -> Option<Purchase> {
    let reference = row.need(REFERENCE, Cell::number_name);
    let meter = row.need(METER, Cell::number_name);
    let loaded_at = row.need(LOADED_AT, |cell| cell.moment(zone));
    if loaded_at.is_some_and(|at| at > now) {
        row.refuse(LOADED_AT, Reason::in_the_future());
    }
    let volume = row.need(VOLUME, |cell| cell.quantity(3));
    let paid_fen = row.need(PAID, |cell| cell.quantity(2));
    Some(Purchase {
        row: row.number(),
        reference: reference?,
        meter: meter?,
        loaded_at: loaded_at?,
        volume: volume?,
        paid_fen: paid_fen?,
    })
}

/// What is stored of the things a file names.
#[derive(Debug, Default)]
pub struct Known {
    /// Meters by number.
    pub meters: HashMap<String, i64>,
    /// Purchases by reference: meter, time in ms, volume, fen.
    pub purchases: HashMap<String, (i64, i64, i64, i64)>,
}

/// Decides one row: the meter to add it to, or `None` where it is stored already.
///
/// # Errors
/// An unknown meter, or another purchase under the same reference.
pub fn decide(row: &Purchase, known: &Known) -> Result<Option<i64>, RowFault> {
    let column = |place: usize| COLUMNS.get(place).map_or("", |column| column.zh);
    let meter = known.meters.get(&row.meter).copied();
    let meter = meter.ok_or_else(|| Reason::unknown_meter().at(row.row, column(METER)))?;
    match known.purchases.get(&row.reference) {
        None => Ok(Some(meter)),
        Some(stored) if *stored == (meter, row.loaded_at.timestamp_millis(), row.volume, row.paid_fen) => Ok(None),
        Some(_) => {
            let zh = "系统中已有此流水号，但内容不同；已入账的充值不能改写";
            let en = "this reference is stored with other values; a stored purchase is never rewritten";
            Err(Reason::new("stored_differently", zh, en).at(row.row, column(REFERENCE)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meters::table::rows_of;

    #[test]
    fn a_purchase_is_added_once_and_never_rewritten() {
        let file =
            "流水号,表号,充值时间,气量,金额\nT1,009,2024-03-01 08:00,500,\"1,275.50\"\nT1,009,2024-03-01 08:00,1,1\n";
        let rows = rows_of(file.as_bytes()).unwrap();
        let layout = Layout::find(COLUMNS, &rows).unwrap();
        let now = "2024-06-01T00:00:00Z".parse().unwrap();
        let (good, faults) = parse(&layout, &rows, Zone::default(), now);
        assert_eq!((good.len(), faults.len(), faults[0].reason.code), (1, 1, "repeated"));
        assert_eq!((good[0].volume, good[0].paid_fen), (500_000, 127_550));
        let mut known = Known { meters: HashMap::from([("009".to_owned(), 7)]), ..Known::default() };
        assert_eq!(decide(&good[0], &known), Ok(Some(7)));
        let at = good[0].loaded_at.timestamp_millis();
        known.purchases.insert("T1".into(), (7, at, 500_000, 127_550));
        assert_eq!(decide(&good[0], &known), Ok(None));
        known.purchases.insert("T1".into(), (7, at, 500_001, 127_550));
        assert_eq!(decide(&good[0], &known).unwrap_err().reason.code, "stored_differently");
    }
}
