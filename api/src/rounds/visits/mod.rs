//! What a visit at a point takes: how long, when somebody is there, which keys, and what was promised to the customer.
//!
//! Why separate: the register says what a point is; this says how to get in. The planner and the dispatcher read it.

pub mod routes;
pub mod store;
mod wire;

pub use wire::*;

use crate::http::{Problem, ProblemCode};
use meterbook::place::Datum;

const MOST_NAMES: usize = 20;

/// The row is another than the one that was looked at.
pub(super) fn changed_meanwhile(version: i64) -> Problem {
    Problem::new(ProblemCode::Conflict).detail(
        format!("他人已修改，当前版本为 {version}；请刷新后重试"),
        format!("somebody changed it meanwhile: it is at version {version}; look again"),
    )
}

/// Names of keys and skills: short, none empty, none twice.
pub(super) fn check_names(names: &[String]) -> Result<Vec<String>, Problem> {
    let mut kept: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    kept.sort();
    kept.dedup();
    let is_good = kept.len() <= MOST_NAMES && kept.iter().all(|name| (1..=50).contains(&name.chars().count()));
    if is_good {
        return Ok(kept);
    }
    let (zh, en) = ("最多 20 项，每项 1 至 50 字", "expected at most 20 names of 1 to 50 characters");
    Err(Problem::new(ProblemCode::InvalidInput).fault("/skills", "invalid_names", zh, en))
}

/// A place is whole or absent, and on the earth.
pub(super) fn check_place(lat: Option<i64>, lng: Option<i64>, datum: Option<&str>) -> Result<(), Problem> {
    let is_good = match (lat, lng, datum) {
        (None, None, None) => true,
        (Some(lat), Some(lng), Some(datum)) => {
            lat.abs() <= 90_000_000 && lng.abs() <= 180_000_000 && Datum::from_code(datum).is_some()
        }
        _ => false,
    };
    if is_good {
        return Ok(());
    }
    let (zh, en) = (
        "经纬度（百万分之一度）与坐标系（wgs84、gcj02、bd09）须同时给出",
        "expected lat_micro and lng_micro in millionths of a degree, with datum wgs84, gcj02 or bd09, or none of them",
    );
    Err(Problem::new(ProblemCode::InvalidInput).fault("/lat_micro", "invalid_place", zh, en))
}
