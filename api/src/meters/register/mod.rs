//! The register: points, their meters, areas and routes. Reading a row and deciding what it changes are pure; `store.rs`
//! loads what is there and applies the decision.

pub mod decide;
pub mod store;

use super::cells::Cell;
use super::columns::{Column, Layout, Row, word};
use super::faults::{Reason, RowFault};
use super::table::SheetRow;
use chrono::NaiveDate;
use meterbook::meters::{Class, InletSide, PointState};
use std::collections::HashMap;

/// The columns, in the order of the constants below.
pub const COLUMNS: &[Column] = &[
    Column::needed("户号", "point_number", &["客户号", "用户号", "用户编号", "customer_number"]),
    Column::needed("类别", "class", &["用户类别", "用气类别"]),
    Column::needed("片区", "area", &["区域"]),
    Column::optional("册号", "route", &["抄表册", "册"]),
    Column::optional("册内序号", "office_order", &["序号", "册序", "order"]),
    Column::optional("户名", "customer_name", &["姓名", "用户名称", "name"]),
    Column::optional("电话", "customer_phone", &["联系电话", "手机", "手机号", "phone"]),
    Column::optional("地址", "address", &["用气地址"]),
    Column::needed("表号", "meter_number", &["表具编号", "表钢号", "钢号"]),
    Column::needed("表型", "meter_type", &["型号", "表具型号", "type"]),
    Column::optional("进气方向", "inlet_side", &["左右进", "左右表", "inlet"]),
    Column::optional("制造日期", "made_on", &["出厂日期"]),
    Column::optional("安装日期", "installed_on", &["装表日期"]),
    Column::optional("通气日期", "gas_on", &["点火日期"]),
    Column::optional("初始读数", "first_index", &["表底数", "初始底数"]),
    Column::optional("状态", "state", &["用气状态"]),
    Column::optional("经度", "lng", &["longitude"]),
    Column::optional("纬度", "lat", &["latitude"]),
    Column::optional("坐标系", "datum", &[]),
    Column::optional("入户备注", "access_note", &["备注", "note"]),
];

/// Places in [`COLUMNS`].
#[expect(missing_docs, reason = "each is named in COLUMNS")]
pub mod col {
    pub const NUMBER: usize = 0;
    pub const CLASS: usize = 1;
    pub const AREA: usize = 2;
    pub const ROUTE: usize = 3;
    pub const ORDER: usize = 4;
    pub const NAME: usize = 5;
    pub const PHONE: usize = 6;
    pub const ADDRESS: usize = 7;
    pub const METER: usize = 8;
    pub const TYPE: usize = 9;
    pub const INLET: usize = 10;
    pub const MADE: usize = 11;
    pub const INSTALLED: usize = 12;
    pub const GAS_ON: usize = 13;
    pub const FIRST_INDEX: usize = 14;
    pub const STATE: usize = 15;
    pub const LNG: usize = 16;
    pub const LAT: usize = 17;
    pub const DATUM: usize = 18;
    pub const NOTE: usize = 19;
}

const CLASSES: &[(&[&str], Class)] = &[
    (&["工商业", "工商", "公福", "commercial"], Class::Commercial),
    (&["居民户外", "户外", "居民户外挂表", "residential_outdoor"], Class::ResidentialOutdoor),
    (&["居民户内", "户内", "居民户内挂表", "residential_indoor"], Class::ResidentialIndoor),
];
const STATES: &[(&[&str], PointState)] = &[
    (&["在用", "正常", "active"], PointState::Active),
    (&["报停", "停用", "suspended"], PointState::Suspended),
    (&["拆除", "已拆", "removed"], PointState::Removed),
];
const SIDES: &[(&[&str], InletSide)] =
    &[(&["左", "左进", "left"], InletSide::Left), (&["右", "右进", "right"], InletSide::Right)];
const DATUMS: &[(&[&str], &str)] =
    &[(&["wgs-84", "wgs84"], "wgs84"), (&["gcj-02", "gcj02"], "gcj02"), (&["bd-09", "bd09"], "bd09")];

/// Where a point lies, in the datum it was given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Latitude in 1/1,000,000 degree.
    pub lat_micro: i64,
    /// Longitude in 1/1,000,000 degree.
    pub lng_micro: i64,
    /// `wgs84`, `gcj02` or `bd09`.
    pub datum: &'static str,
}

/// One row of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the columns")]
pub struct RegisterRow {
    pub row: u32,
    pub number: String,
    pub class: Class,
    pub area: String,
    pub route: Option<String>,
    pub order: i32,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
    pub meter: String,
    pub meter_type: String,
    pub inlet: Option<InletSide>,
    pub made_on: Option<NaiveDate>,
    pub installed_on: Option<NaiveDate>,
    pub gas_on: Option<NaiveDate>,
    pub first_index: Option<i64>,
    pub state: PointState,
    pub position: Option<Position>,
    pub note: Option<String>,
}

/// Reads every row below the header. Faults come in the order of the rows.
pub fn parse(layout: &Layout, rows: &[SheetRow], today: NaiveDate) -> (Vec<RegisterRow>, Vec<RowFault>) {
    let (mut good, mut faults) = (Vec::with_capacity(rows.len()), Vec::new());
    let (mut points, mut meters) = (HashMap::new(), HashMap::new());
    for sheet_row in rows.iter().skip(layout.header + 1) {
        let mut row = layout.row(sheet_row);
        let parsed = parse_row(&mut row, today);
        for (column, seen) in [(col::NUMBER, &mut points), (col::METER, &mut meters)] {
            // Counted among refused rows too: whichever stays, the second must be looked at.
            let Ok(Some(key)) = row.cell(column).number_name() else { continue };
            if let Some(first) = seen.get(&key) {
                row.refuse(column, Reason::repeated(*first));
            } else {
                seen.insert(key, row.number());
            }
        }
        match parsed {
            Some(parsed) if row.faults.is_empty() => good.push(parsed),
            _ => faults.append(&mut row.faults),
        }
    }
    (good, faults)
}

fn parse_row(row: &mut Row<'_>, today: NaiveDate) -> Option<RegisterRow> {
    let number = row.need(col::NUMBER, Cell::number_name);
    let class = row.need(col::CLASS, |cell| word(cell, CLASSES));
    let area = row.need(col::AREA, area_path);
    let route = row.read(col::ROUTE, Cell::number_name);
    let order = row.read(col::ORDER, order);
    let (name, phone) = (row.read(col::NAME, |cell| cell.words(200)), row.read(col::PHONE, phone));
    let address = row.read(col::ADDRESS, |cell| cell.words(500));
    let (meter, meter_type) = (row.need(col::METER, Cell::number_name), row.need(col::TYPE, |cell| cell.words(64)));
    let inlet = row.read(col::INLET, |cell| word(cell, SIDES));
    let day = |cell: &Cell| past_day(cell, today);
    let (made_on, installed_on) = (row.read(col::MADE, day), row.read(col::INSTALLED, day));
    let gas_on = row.read(col::GAS_ON, day);
    let first_index = row.read(col::FIRST_INDEX, first_index);
    let state = row.read(col::STATE, |cell| word(cell, STATES)).unwrap_or(PointState::Active);
    let position = position(row);
    let note = row.read(col::NOTE, |cell| cell.words(500));
    check_days(row, made_on, installed_on);
    Some(RegisterRow {
        row: row.number(),
        number: number?,
        class: class?,
        area: area?,
        route,
        order: order.unwrap_or(0),
        name,
        phone,
        address,
        meter: meter?,
        meter_type: meter_type?,
        inlet,
        made_on,
        installed_on,
        gas_on,
        first_index,
        state,
        position,
        note,
    })
}

fn check_days(row: &mut Row<'_>, made_on: Option<NaiveDate>, installed_on: Option<NaiveDate>) {
    if made_on.zip(installed_on).is_some_and(|(made, installed)| made > installed) {
        let (zh, en) = ("安装日期早于制造日期", "it was installed before it was made");
        row.refuse(col::INSTALLED, Reason::new("installed_before_made", zh, en));
    }
}

/// `东城区/锦绣小区`, its parts trimmed.
fn area_path(cell: &Cell) -> Result<Option<String>, Reason> {
    let Some(text) = cell.words(300)? else { return Ok(None) };
    let parts: Vec<&str> = text.split('/').map(str::trim).collect();
    if parts.len() > 8 || parts.iter().any(|part| part.is_empty() || part.chars().count() > 60) {
        let (zh, en) =
            ("应为用 / 分隔的片区，例如 东城区/锦绣小区", "expected areas from the root down, separated by /");
        return Err(Reason::new("not_an_area", zh, en));
    }
    Ok(Some(parts.join("/")))
}

fn order(cell: &Cell) -> Result<Option<i32>, Reason> {
    let order = cell.quantity(0)?;
    let in_range = |order| i32::try_from(order).ok().filter(|order| (0..=1_000_000).contains(order));
    order.map(|order| in_range(order).ok_or_else(Reason::too_large)).transpose()
}

/// A telephone number: one a spreadsheet took for a quantity is whole as long as it is not negative or broken.
fn phone(cell: &Cell) -> Result<Option<String>, Reason> {
    match cell {
        Cell::Number(_) | Cell::Moment(_) => cell.number_name(),
        other => match other.words(60)? {
            Some(text) if Cell::Text(text.clone()).number_name().is_err_and(|why| why.code == "digits_lost") => {
                Err(Reason::digits_lost())
            }
            text => Ok(text),
        },
    }
}

fn past_day(cell: &Cell, today: NaiveDate) -> Result<Option<NaiveDate>, Reason> {
    match cell.day()? {
        Some(day) if day > today => Err(Reason::in_the_future()),
        day => Ok(day),
    }
}

fn first_index(cell: &Cell) -> Result<Option<i64>, Reason> {
    match cell.quantity(3)? {
        Some(index) if index < 0 => Err(Reason::too_large()),
        index => Ok(index),
    }
}

fn position(row: &mut Row<'_>) -> Option<Position> {
    let degrees = |most: i64| move |cell: &Cell| degrees(cell, most);
    let (lng, lat) = (row.read(col::LNG, degrees(180)), row.read(col::LAT, degrees(90)));
    let datum = row.read(col::DATUM, |cell| word(cell, DATUMS));
    if row.cell(col::LNG).is_empty() != row.cell(col::LAT).is_empty() {
        let missing = if row.cell(col::LNG).is_empty() { col::LNG } else { col::LAT };
        row.refuse(
            missing,
            Reason::new("half_a_position", "经度、纬度须同时填写", "longitude and latitude go together"),
        );
    } else if lng.is_some() && row.cell(col::DATUM).is_empty() {
        let (zh, en) = ("有经纬度时须注明坐标系", "a position needs its datum");
        row.refuse(col::DATUM, Reason::new("datum_missing", zh, en));
    }
    Some(Position { lat_micro: lat?, lng_micro: lng?, datum: datum? })
}

/// Degrees as 1/1,000,000, what is finer (a tenth of a metre) left off.
fn degrees(cell: &Cell, most: i64) -> Result<Option<i64>, Reason> {
    let fine = cell.quantity(9).or_else(|why| if why.code == "too_precise" { shortened(cell) } else { Err(why) })?;
    let micro = fine.map(|fine| (fine + 500 * fine.signum()) / 1000);
    match micro {
        Some(micro) if micro.abs() > most * 1_000_000 => Err(Reason::too_large()),
        micro => Ok(micro),
    }
}

/// Maps print fifteen decimals of a degree; nine are more than enough.
fn shortened(cell: &Cell) -> Result<Option<i64>, Reason> {
    let text = match cell {
        Cell::Number(number) => format!("{number}"),
        other => other.words(40)?.unwrap_or_default(),
    };
    let cut = text.find('.').map_or(text.as_str(), |point| text.get(..point + 10).unwrap_or(&text));
    Cell::text(cut).quantity(9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meters::table::rows_of;

    fn read(file: &str) -> (Vec<RegisterRow>, Vec<(u32, &'static str, &'static str)>) {
        let rows = rows_of(file.as_bytes()).unwrap();
        let layout = Layout::find(COLUMNS, &rows).unwrap();
        let (good, faults) = parse(&layout, &rows, NaiveDate::from_ymd_opt(2024, 6, 1).unwrap());
        (good, faults.into_iter().map(|fault| (fault.row, fault.column, fault.reason.code)).collect())
    }

    const HEAD: &str = "户号,类别,片区,表号,表型,初始读数,经度,纬度,坐标系,安装日期,状态\n";

    #[test]
    fn a_good_row_is_read_whole() {
        let line = "００1,居民户内,东城区 / 锦绣小区,0099,G2.5,12.5,116.3912345,39.9,GCJ-02,2020/1/2,报停\n";
        let (good, faults) = read(&format!("{HEAD}{line}"));
        assert!(faults.is_empty(), "{faults:?}");
        let row = &good[0];
        assert_eq!((row.number.as_str(), row.meter.as_str(), row.area.as_str()), ("001", "0099", "东城区/锦绣小区"));
        assert_eq!(
            (row.class, row.state, row.first_index),
            (Class::ResidentialIndoor, PointState::Suspended, Some(12_500))
        );
        let place = Position { lat_micro: 39_900_000, lng_micro: 116_391_235, datum: "gcj02" };
        assert_eq!(row.position, Some(place));
    }

    #[test]
    fn every_fault_of_a_row_is_named_with_its_place() {
        let lines = "1,居民,东城,2,G4,1.2345,200,,,2030-1-1,\n,工商业,a//b,1.2E+10,,,,,,,坏\n";
        let (good, faults) = read(&format!("{HEAD}{lines}"));
        assert!(good.is_empty());
        let expected = [
            (2, "类别", "not_one_of"),
            (2, "安装日期", "in_the_future"),
            (2, "初始读数", "too_precise"),
            (2, "经度", "out_of_range"),
            (2, "纬度", "half_a_position"),
            (3, "户号", "missing"),
            (3, "片区", "not_an_area"),
            (3, "表号", "digits_lost"),
            (3, "表型", "missing"),
            (3, "状态", "not_one_of"),
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn a_number_that_comes_twice_names_its_first_row() {
        let lines = "1,户内,东城,5,G4\n1,户内,东城,6,G4\n2,户内,东城,5,G4\n";
        let (good, faults) = read(&format!("{HEAD}{lines}"));
        assert_eq!(good.len(), 1);
        assert_eq!(faults, [(3, "户号", "repeated"), (4, "表号", "repeated")]);
    }
}
