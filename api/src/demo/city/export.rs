//! The city as the product's importers want it: CSV in UTF-8 with a header row. Separate because these columns are the
//! importers' and change with them.

use super::{City, Outcome};
use chrono::{DateTime, FixedOffset};
use meterbook::calendar::{Instant, Zone};
use meterbook::meters::{Class, InletSide, PointState};
use meterbook::quantity::Volume;
use meterbook::readings::ReadingKind;

const REGISTER: &str = "户号,类别,片区,册号,册内序号,户名,电话,地址,表号,表型,进气方向,制造日期,安装日期,通气日期,初始读数,状态,经度,纬度,坐标系,入户备注";
const PURCHASES: &str = "流水号,表号,充值时间,气量,金额";
const READINGS: &str = "表号,抄表时间,类型,表读数,累计用气量,表内余量,备注";
const TRUTH: &str = "表号,规则,说明";

/// Rows of fields, quoted where they must be.
struct Table(String);

impl Table {
    fn new(header: &str) -> Self {
        Self(format!("{header}\n"))
    }

    fn row<const N: usize>(&mut self, fields: [&str; N]) {
        for (number, field) in fields.into_iter().enumerate() {
            if number > 0 {
                self.0.push(',');
            }
            if field.contains([',', '"', '\n']) {
                self.0.extend(["\"", &field.replace('"', "\"\""), "\""]);
            } else {
                self.0.push_str(field);
            }
        }
        self.0.push('\n');
    }
}

fn local(at: Instant) -> String {
    let local: DateTime<FixedOffset> = Zone::default().local(at);
    local.format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn degrees(millionths: i64) -> String {
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}

fn optional(volume: Option<Volume>) -> String {
    volume.map_or_else(String::new, |volume| volume.to_string())
}

/// Points with customers, meters and places.
#[must_use]
pub fn register(city: &City) -> String {
    let mut table = Table::new(REGISTER);
    for point in &city.points {
        let route = &city.routes[point.route];
        let meter = &point.meter;
        table.row([
            &point.account,
            match point.class {
                Class::Commercial => "工商业",
                Class::ResidentialOutdoor => "居民户外",
                Class::ResidentialIndoor => "居民户内",
            },
            &city.area_path(route.area),
            &route.code,
            &point.position.to_string(),
            &point.customer,
            &point.phone,
            &point.address,
            &meter.number,
            meter.kind.code,
            match meter.inlet {
                InletSide::Left => "左",
                InletSide::Right => "右",
            },
            &meter.made_on.to_string(),
            &meter.installed_on.to_string(),
            &point.gas_on.to_string(),
            &meter.initial.to_string(),
            match point.state {
                PointState::Active => "在用",
                PointState::Suspended => "报停",
                PointState::Removed => "拆除",
            },
            &degrees(point.place.longitude),
            &degrees(point.place.latitude),
            "WGS-84",
            point.access_note.unwrap_or_default(),
        ]);
    }
    table.0
}

/// What the sales system has sold.
#[must_use]
pub fn purchases(city: &City) -> String {
    let mut table = Table::new(PURCHASES);
    for (number, purchase) in city.purchases.iter().enumerate() {
        table.row([
            &format!("GQ{:07}", number + 1),
            &city.points[purchase.point].meter.number,
            &local(purchase.at),
            &purchase.volume.to_string(),
            &format!("{}.{:02}", purchase.fen / 100, purchase.fen % 100),
        ]);
    }
    table.0
}

/// Readings before the demonstration month.
#[must_use]
pub fn history(city: &City) -> String {
    let mut table = Table::new(READINGS);
    for reading in &city.history {
        table.row([
            &city.points[reading.point].meter.number,
            &local(reading.at),
            match reading.kind {
                ReadingKind::Reread => "复抄",
                ReadingKind::Customer => "客户报数",
                ReadingKind::Estimate => "估抄",
                _ => "实抄",
            },
            &optional(reading.figures.index),
            &optional(reading.figures.cumulative),
            &optional(reading.figures.balance.map(Volume::from_litres)),
            reading.note,
        ]);
    }
    table.0
}

/// What was planted.
#[must_use]
pub fn truth(city: &City) -> String {
    let mut table = Table::new(TRUTH);
    for truth in &city.truth {
        table.row([&truth.meter_number, truth.rule.code(), &truth.note]);
    }
    table.0
}

/// The visits, for eyes and for comparing two cities; no importer reads it.
#[must_use]
pub fn plan(city: &City) -> String {
    let mut table = Table::new("抄表员,户号,时间,结果,表读数,累计用气量,表内余量,所见表号,空置,在用气");
    for visit in &city.plan {
        let (login, account) = (city.readers[visit.reader].login, &city.points[visit.point].account);
        let time = local(visit.at);
        match &visit.what {
            Outcome::NoAccess { code, proof } => {
                let proof = if *proof { "有照片" } else { "" };
                table.row([login, account, &time, code.code(), "", "", "", proof, "", ""]);
            }
            Outcome::Reading { figures, seen_number, vacancy, gas_in_use } => table.row([
                login,
                account,
                &time,
                "field",
                &optional(figures.index),
                &optional(figures.cumulative),
                &optional(figures.balance.map(Volume::from_litres)),
                seen_number.as_deref().unwrap_or_default(),
                if *vacancy { "是" } else { "" },
                if *gas_in_use { "是" } else { "" },
            ]),
        }
    }
    table.0
}
