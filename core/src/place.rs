//! Places on the ground: coordinates with their datum, and metres for distances (DOMAIN 9).
//!
//! Why separate: a phone gives WGS-84 or GCJ-02, which lie 350–560 m apart in China. What was given is stored with its datum;
//! whoever measures a distance or draws a map comes here first. Nothing here is counted or billed, so floating point may be used.

use std::f64::consts::PI;

/// Which grid of coordinates.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Datum {
    /// What satellites give.
    Wgs84,
    /// 火星坐标: what Chinese web maps use.
    Gcj02,
    /// 百度坐标: GCJ-02, moved once more by Baidu.
    Bd09,
}

impl Datum {
    /// Every datum.
    pub const ALL: [Self; 3] = [Self::Wgs84, Self::Gcj02, Self::Bd09];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Wgs84 => "wgs84",
            Self::Gcj02 => "gcj02",
            Self::Bd09 => "bd09",
        }
    }

    /// The datum of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|datum| datum.code() == code)
    }
}

/// Coordinates in millionths of a degree: a step of 0.11 m.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Coordinates {
    /// North is positive.
    pub lat_micro: i64,
    /// East is positive.
    pub lng_micro: i64,
    /// Of which grid.
    pub datum: Datum,
}

/// A point of a flat map: metres east and north of some origin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Spot {
    /// Metres east.
    pub east: i32,
    /// Metres north.
    pub north: i32,
}

/// GCJ-02 is defined on the Krasovsky 1940 ellipsoid: its half axis in metres, and its eccentricity squared.
const HALF_AXIS: f64 = 6_378_245.0;
const ECCENTRICITY_SQUARED: f64 = 0.006_693_421_622_965_943;

impl Coordinates {
    /// These coordinates on a grid. Outside China, where GCJ-02 is not defined, it is one with WGS-84.
    #[must_use]
    pub fn on(self, datum: Datum) -> Self {
        if self.datum == datum {
            return self;
        }
        let (lat, lng) = (self.lat_micro as f64 / 1e6, self.lng_micro as f64 / 1e6);
        let (lat, lng) = match self.datum {
            Datum::Wgs84 => to_gcj02(lat, lng),
            Datum::Gcj02 => (lat, lng),
            Datum::Bd09 => from_bd09(lat, lng),
        };
        let (lat, lng) = match datum {
            Datum::Wgs84 => to_wgs84(lat, lng),
            Datum::Gcj02 => (lat, lng),
            Datum::Bd09 => to_bd09(lat, lng),
        };
        Self { lat_micro: (lat * 1e6).round() as i64, lng_micro: (lng * 1e6).round() as i64, datum }
    }

    /// Metres east and north of an origin: exact to a thousandth within a city.
    #[must_use]
    pub fn metres_from(self, origin: Self) -> Spot {
        let (here, origin) = (self.on(Datum::Wgs84), origin.on(Datum::Wgs84));
        let metres_per_micro = HALF_AXIS * PI / 180.0 / 1e6;
        let narrowing = (origin.lat_micro as f64 / 1e6).to_radians().cos();
        let east = (here.lng_micro - origin.lng_micro) as f64 * metres_per_micro * narrowing;
        let north = (here.lat_micro - origin.lat_micro) as f64 * metres_per_micro;
        Spot { east: east.round() as i32, north: north.round() as i32 }
    }
}

fn is_in_china(lat: f64, lng: f64) -> bool {
    (0.829_3..=55.827_1).contains(&lat) && (72.004..=137.834_7).contains(&lng)
}

fn to_gcj02(lat: f64, lng: f64) -> (f64, f64) {
    if !is_in_china(lat, lng) {
        return (lat, lng);
    }
    let (north, east) = shift(lng - 105.0, lat - 35.0);
    let radians = lat.to_radians();
    let magic = 1.0 - ECCENTRICITY_SQUARED * radians.sin() * radians.sin();
    let root = magic.sqrt();
    let lat_shift = north * 180.0 / (HALF_AXIS * (1.0 - ECCENTRICITY_SQUARED) / (magic * root) * PI);
    let lng_shift = east * 180.0 / (HALF_AXIS / root * radians.cos() * PI);
    (lat + lat_shift, lng + lng_shift)
}

/// The way back has no formula; each step comes ten thousand times nearer.
fn to_wgs84(lat: f64, lng: f64) -> (f64, f64) {
    let (mut found_lat, mut found_lng) = (lat, lng);
    for _ in 0..4 {
        let (there_lat, there_lng) = to_gcj02(found_lat, found_lng);
        found_lat += lat - there_lat;
        found_lng += lng - there_lng;
    }
    (found_lat, found_lng)
}

const BAIDU_WAVE: f64 = PI * 3_000.0 / 180.0;

fn to_bd09(lat: f64, lng: f64) -> (f64, f64) {
    let far = lng.hypot(lat) + 0.000_02 * (lat * BAIDU_WAVE).sin();
    let angle = lat.atan2(lng) + 0.000_003 * (lng * BAIDU_WAVE).cos();
    (far * angle.sin() + 0.006, far * angle.cos() + 0.006_5)
}

fn from_bd09(lat: f64, lng: f64) -> (f64, f64) {
    let (lat, lng) = (lat - 0.006, lng - 0.006_5);
    let far = lng.hypot(lat) - 0.000_02 * (lat * BAIDU_WAVE).sin();
    let angle = lat.atan2(lng) - 0.000_003 * (lng * BAIDU_WAVE).cos();
    (far * angle.sin(), far * angle.cos())
}

/// Metres north and east that GCJ-02 lies off, at x and y degrees from 105° E 35° N.
fn shift(x: f64, y: f64) -> (f64, f64) {
    let common = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let waves = |v: f64, a: f64, b: f64| (a * (v * PI).sin() + b * (v / 3.0 * PI).sin()) * 2.0 / 3.0;
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + common
        + waves(y, 20.0, 40.0)
        + (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + common
        + waves(x, 20.0, 40.0)
        + (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
    (north, east)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wgs84(lat_micro: i64, lng_micro: i64) -> Coordinates {
        Coordinates { lat_micro, lng_micro, datum: Datum::Wgs84 }
    }

    /// The vectors the open converters share: Shanghai, Shenzhen, Beijing.
    #[test]
    fn the_known_vectors_hold() {
        let vectors = [
            ((31_177_428, 121_527_211), (31_175_304, 121_531_542)),
            ((22_543_847, 113_912_316), (22_540_796, 113_917_176)),
            ((39_911_954, 116_377_817), (39_913_345, 116_384_047)),
        ];
        for ((lat, lng), (gcj_lat, gcj_lng)) in vectors {
            let there = wgs84(lat, lng).on(Datum::Gcj02);
            assert!((there.lat_micro - gcj_lat).abs() <= 1 && (there.lng_micro - gcj_lng).abs() <= 1, "{there:?}");
        }
    }

    /// Baidu's own converter: 39.915, 116.404 (GCJ-02) is 39.92133699, 116.41036949.
    #[test]
    fn baidus_grid_is_known_too() {
        let here = Coordinates { lat_micro: 39_915_000, lng_micro: 116_404_000, datum: Datum::Gcj02 };
        let there = here.on(Datum::Bd09);
        assert_eq!((there.lat_micro, there.lng_micro), (39_921_337, 116_410_369));
        let back = there.on(Datum::Gcj02);
        assert!(
            (back.lat_micro - here.lat_micro).abs() <= 6 && (back.lng_micro - here.lng_micro).abs() <= 6,
            "{back:?}"
        );
    }

    #[test]
    fn outside_china_nothing_moves() {
        let paris = wgs84(48_856_600, 2_352_200);
        assert_eq!(paris.on(Datum::Gcj02), Coordinates { datum: Datum::Gcj02, ..paris });
    }

    #[test]
    fn a_degree_of_latitude_is_111_km_and_the_datums_meet() {
        let origin = wgs84(31_000_000, 121_000_000);
        let spot = wgs84(32_000_000, 121_000_000).metres_from(origin);
        assert_eq!((spot.east, spot.north), (0, 111_321));
        let same_place = origin.on(Datum::Gcj02).metres_from(origin);
        assert!(same_place.east.abs() <= 1 && same_place.north.abs() <= 1, "{same_place:?}");
        let wrongly = Coordinates { datum: Datum::Wgs84, ..origin.on(Datum::Gcj02) }.metres_from(origin);
        let off = f64::from(wrongly.east).hypot(f64::from(wrongly.north));
        assert!((350.0..560.0).contains(&off), "DOMAIN 9: {off} m");
    }

    proptest! {
        #[test]
        fn there_and_back_is_where_it_was(lat in 20_000_000..50_000_000_i64, lng in 75_000_000..130_000_000_i64) {
            let here = wgs84(lat, lng);
            let back = here.on(Datum::Gcj02).on(Datum::Wgs84);
            prop_assert!((back.lat_micro - lat).abs() <= 1 && (back.lng_micro - lng).abs() <= 1, "{back:?}");
        }

        #[test]
        fn any_coordinates_are_answered(lat: i32, lng: i32) {
            let here = wgs84(lat.into(), lng.into());
            let spot = here.on(Datum::Gcj02).metres_from(here);
            prop_assert!(spot.east.abs() < 2_000 && spot.north.abs() < 2_000, "{spot:?}");
        }
    }
}
