//! What a row of the register changes, given what is stored: nothing is read or written here.

use super::{COLUMNS, RegisterRow, col};
use crate::meters::columns::Layout;
use crate::meters::faults::{Reason, RowFault};
use chrono::NaiveDate;
use meterbook::meters::PointState;
use std::collections::HashMap;

/// A stored point as far as a row can change it, personal values opened.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of service_points")]
pub struct KnownPoint {
    pub id: i64,
    pub area: String,
    pub route: Option<String>,
    pub order: i32,
    pub class: String,
    pub state: String,
    pub gas_on: Option<NaiveDate>,
    pub position: Option<(i64, i64, String)>,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
    pub note: Option<String>,
    /// The meter that hangs there, or hung there last.
    pub sitting: Option<Sitting>,
}

/// A meter's latest stay at a point.
#[derive(Clone, Debug)]
pub struct Sitting {
    /// The installation.
    pub installation: i64,
    /// The meter's number.
    pub meter: String,
    /// Whether it still hangs there.
    pub is_open: bool,
    /// Its index when it was put in.
    pub first_index: i64,
}

/// A stored meter as far as a row can change it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of meters")]
pub struct KnownMeter {
    pub id: i64,
    pub meter_type: String,
    pub inlet: Option<String>,
    pub made_on: Option<NaiveDate>,
    pub installed_on: Option<NaiveDate>,
    /// The point it hangs at now.
    pub at_point: Option<(i64, String)>,
}

/// What is stored of the things a file names.
#[derive(Debug, Default)]
pub struct Known {
    /// Points by 户号.
    pub points: HashMap<String, KnownPoint>,
    /// Meters by 表号.
    pub meters: HashMap<String, KnownMeter>,
    /// Types by code.
    pub types: HashMap<String, KnownType>,
}

/// What a row needs of a meter type.
#[derive(Clone, Copy, Debug)]
pub struct KnownType {
    /// Its id.
    pub id: i64,
    /// Digits before the point: the index can't reach 10 to this power.
    pub digits_integer: i32,
}

/// What becomes of the meter at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mounting {
    /// It stays.
    Keep,
    /// It is put in; another that hangs there is taken out.
    PutIn,
    /// It is taken out.
    TakeOut,
    /// It stays, and its first index is put right.
    FirstIndex,
}

/// What a row does.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The row.
    pub row: &'a RegisterRow,
    /// The point it is about; `None`: a new one.
    pub point: Option<&'a KnownPoint>,
    /// The meter it names; `None`: a new one.
    pub meter: Option<&'a KnownMeter>,
    /// The type of that meter.
    pub type_id: i64,
    /// Codes of the fields that differ; empty for a new point.
    pub fields: Vec<&'static str>,
    /// Whether the point's own row changes.
    pub point_changes: bool,
    /// Whether class or state change.
    pub terms_change: bool,
    /// Whether the meter's own row changes.
    pub meter_changes: bool,
    /// What becomes of the meter.
    pub mounting: Mounting,
}

impl Plan<'_> {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.point.is_some() && self.fields.is_empty()
    }
}

/// Decides one row.
///
/// # Errors
/// Where it can't be reconciled with what is stored.
pub fn decide<'a>(layout: &Layout, row: &'a RegisterRow, known: &'a Known) -> Result<Plan<'a>, RowFault> {
    let refuse = |column: usize, reason: Reason| reason.at(row.row, COLUMNS.get(column).map_or("", |column| column.zh));
    let Some(kind) = known.types.get(&row.meter_type) else {
        let mut codes: Vec<&str> = known.types.keys().map(String::as_str).collect();
        codes.sort_unstable();
        return Err(refuse(col::TYPE, Reason::not_one_of(&codes.join("、"))));
    };
    if row.first_index.is_some_and(|index| index >= 1000 * 10_i64.pow(kind.digits_integer.clamp(1, 9).unsigned_abs())) {
        let (zh, en) = ("初始读数超过该表型的位数", "a dial of this type can't show that many digits");
        return Err(refuse(col::FIRST_INDEX, Reason::new("beyond_the_dial", zh, en)));
    }
    let (point, meter) = (known.points.get(&row.number), known.meters.get(&row.meter));
    let elsewhere = meter.and_then(|meter| meter.at_point.as_ref()).filter(|(id, _)| point.is_none_or(|p| p.id != *id));
    if let Some((_, number)) = elsewhere.filter(|_| state_of(layout, row, point) != PointState::Removed) {
        let (zh, en) = (format!("此表正装在户号 {number}"), format!("this meter hangs at point {number}"));
        return Err(refuse(col::METER, Reason::new("meter_elsewhere", zh, en)));
    }
    Ok(plan(layout, row, point, meter, kind.id))
}

/// The state a row asks for: a file without the column changes none.
#[must_use]
pub fn state_of(layout: &Layout, row: &RegisterRow, point: Option<&KnownPoint>) -> PointState {
    let stored = point.and_then(|point| PointState::from_code(&point.state));
    stored.filter(|_| !layout.has(col::STATE)).unwrap_or(row.state)
}

fn plan<'a>(
    layout: &Layout,
    row: &'a RegisterRow,
    point: Option<&'a KnownPoint>,
    meter: Option<&'a KnownMeter>,
    type_id: i64,
) -> Plan<'a> {
    let point_fields = point.map(|point| point_differences(layout, row, point)).unwrap_or_default();
    let meter_fields = meter.map(|meter| meter_differences(layout, row, meter)).unwrap_or_default();
    let mounting = mounting(layout, row, point);
    let mut fields = point_fields.clone();
    match mounting {
        Mounting::PutIn => fields.push("meter_number"),
        Mounting::FirstIndex => fields.push("first_index"),
        Mounting::Keep | Mounting::TakeOut => {}
    }
    fields.extend(&meter_fields);
    if point.is_none() {
        fields.clear();
    }
    let terms = |field: &&str| matches!(*field, "class" | "state");
    Plan {
        row,
        point,
        meter,
        type_id,
        point_changes: !point_fields.is_empty(),
        terms_change: point_fields.iter().any(terms),
        meter_changes: !meter_fields.is_empty(),
        mounting,
        fields,
    }
}

fn mounting(layout: &Layout, row: &RegisterRow, point: Option<&KnownPoint>) -> Mounting {
    let is_removed = state_of(layout, row, point) == PointState::Removed;
    match point.and_then(|point| point.sitting.as_ref()) {
        Some(sitting) if sitting.is_open && is_removed => Mounting::TakeOut,
        _ if is_removed => Mounting::Keep,
        Some(sitting) if sitting.is_open && sitting.meter == row.meter => match row.first_index {
            Some(index) if index != sitting.first_index => Mounting::FirstIndex,
            _ => Mounting::Keep,
        },
        _ => Mounting::PutIn,
    }
}

fn point_differences(layout: &Layout, row: &RegisterRow, point: &KnownPoint) -> Vec<&'static str> {
    let position = row.position.map(|at| (at.lat_micro, at.lng_micro, at.datum.to_owned()));
    let differs = [
        (col::CLASS, row.class.code() != point.class),
        (col::AREA, row.area != point.area),
        (col::ROUTE, row.route != point.route),
        (col::ORDER, row.order != point.order),
        (col::NAME, row.name != point.name),
        (col::PHONE, row.phone != point.phone),
        (col::ADDRESS, row.address != point.address),
        (col::GAS_ON, row.gas_on != point.gas_on),
        (col::STATE, row.state.code() != point.state),
        (col::LAT, position != point.position),
        (col::NOTE, row.note != point.note),
    ];
    changed(layout, &differs)
}

fn meter_differences(layout: &Layout, row: &RegisterRow, meter: &KnownMeter) -> Vec<&'static str> {
    let differs = [
        (col::TYPE, row.meter_type != meter.meter_type),
        (col::INLET, row.inlet.map(|side| side.code()) != meter.inlet.as_deref()),
        (col::MADE, row.made_on != meter.made_on),
        (col::INSTALLED, row.installed_on != meter.installed_on),
    ];
    changed(layout, &differs)
}

fn changed(layout: &Layout, differs: &[(usize, bool)]) -> Vec<&'static str> {
    let in_file = differs.iter().filter(|(column, differs)| *differs && layout.has(*column));
    in_file.filter_map(|(column, _)| COLUMNS.get(*column)).map(|column| column.code).collect()
}
