//! Reads the instances that research measures itself with: Solomon's and Gehring and Homberger's, as text or in VRPLIB's form.
//!
//! They are public and not ours, so they are not in this repository: see the head of `main.rs` for where they are.

use meterbook::id::{AccountId, PointId};
use meterbook::place::Spot;
use meterbook::rounds::plan::{PlanInput, PlanReader, PlanStop, Span, Weights};
use std::collections::BTreeMap;

/// One customer, or the depot.
#[derive(Clone, Copy, Default)]
struct Row {
    east: i32,
    north: i32,
    demand: u32,
    from: i32,
    until: i32,
    service: i32,
}

/// A VRP with time windows: distances and times are tenths, rounded down, as the DIMACS challenge counts them.
pub fn read(text: &str) -> Option<PlanInput> {
    let (vehicles, capacity, rows) = if text.contains("NODE_COORD_SECTION") { vrplib(text)? } else { solomon(text)? };
    let (depot, customers) = rows.split_first()?;
    let spot = |row: &Row| Spot { east: row.east * 10, north: row.north * 10 };
    let stop = |(number, row): (i64, &Row)| PlanStop {
        service: row.service * 10,
        load: row.demand,
        agreed: vec![Span { from: row.from * 10, until: row.until * 10 + 1 }],
        ..PlanStop::simple(PointId(number), spot(row))
    };
    let reader = |number: i64| PlanReader {
        reader: AccountId(number),
        home: spot(depot),
        has: Vec::new(),
        hours: vec![Some(Span { from: depot.from * 10, until: depot.until * 10 })],
        capacity,
    };
    Some(PlanInput {
        days: 1,
        stops: (1..).zip(customers).map(stop).collect(),
        readers: (1..=vehicles).map(reader).collect(),
        seconds_per_km: 1_000,
        now: 0,
        weights: Weights { distance: 1, balance: 0, continuity: 0, change: 0 },
    })
}

fn numbers(line: &str) -> Option<Vec<i32>> {
    let words: Option<Vec<i32>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
    words.filter(|numbers| !numbers.is_empty())
}

/// Number, x, y, demand, ready, due, service; above them the fleet.
fn solomon(text: &str) -> Option<(i64, u32, Vec<Row>)> {
    let lines: Vec<Vec<i32>> = text.lines().filter_map(numbers).collect();
    let fleet = lines.iter().find(|line| line.len() == 2)?;
    let row = |line: &Vec<i32>| match line[..] {
        [_, east, north, demand, from, until, service] => {
            Some(Row { east, north, demand: demand.unsigned_abs(), from, until, service })
        }
        _ => None,
    };
    Some((fleet[0].into(), fleet[1].unsigned_abs(), lines.iter().filter_map(row).collect()))
}

fn vrplib(text: &str) -> Option<(i64, u32, Vec<Row>)> {
    let mut heads: BTreeMap<&str, i32> = BTreeMap::new();
    let mut rows: BTreeMap<i32, Row> = BTreeMap::new();
    let mut section = "";
    for line in text.lines() {
        if let Some((name, value)) = line.split_once(':') {
            heads.extend(value.trim().parse().ok().map(|value| (name.trim(), value)));
        } else if let Some(numbers) = numbers(line) {
            let row = rows.entry(numbers[0]).or_default();
            match (section, &numbers[1..]) {
                ("NODE_COORD_SECTION", [east, north]) => (row.east, row.north) = (*east, *north),
                ("DEMAND_SECTION", [demand]) => row.demand = demand.unsigned_abs(),
                ("TIME_WINDOW_SECTION", [from, until]) => (row.from, row.until) = (*from, *until),
                ("SERVICE_TIME_SECTION", [service]) => row.service = *service,
                _ => {}
            }
        } else {
            section = line.trim();
        }
    }
    rows.retain(|number, _| *number > 0);
    let service = heads.get("SERVICE_TIME").copied().unwrap_or(0);
    rows.values_mut().filter(|row| row.service == 0).for_each(|row| row.service = service);
    let vehicles = heads.get("VEHICLES").copied().unwrap_or(rows.len() as i32);
    Some((vehicles.into(), heads.get("CAPACITY")?.unsigned_abs(), rows.into_values().collect()))
}
