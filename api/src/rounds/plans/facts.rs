//! From what was gathered to what is planned: places in metres, times in seconds of the window, names as numbers.
//!
//! Why separate: a pure translation between the database's rows and the planner's input, and back.

use super::indoor::{Week, choose};
use super::store::{Gathered, PointRow};
use super::wire::{CreatePlanRequest, PlanCarrier, PlanReportBody, UnassignedCount};
use crate::rounds::readers::store::ProfileRow;
use crate::rounds::visits::OpeningHours;
use chrono::{Datelike, Days, NaiveDate, TimeDelta};
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::id::{AccountId, PointId};
use meterbook::meters::Class;
use meterbook::place::{Coordinates, Datum, Spot};
use meterbook::rounds::plan::{
    Current, Need, PlanInput, PlanReader, PlanReport, PlanStop, Reason, Span, Turn, Visited, Weights,
};
use std::collections::{BTreeMap, HashMap};

/// A road is longer than the straight line by so much, in percent (1.3, as in European and Chinese cities).
const DETOUR_PERCENT: i32 = 130;
const DAY: i32 = 86_400;

/// What is planned, and what must be remembered to read the result.
pub struct Facts {
    /// The planner's input.
    pub input: PlanInput,
    /// Stops whose place was guessed.
    pub guessed: u32,
    /// Indoor points that wait for another window.
    pub later: u32,
    /// Points not planned since they were read in these days.
    pub already_read: u32,
    /// The midnight that begins the window.
    pub midnight: Instant,
    from_day: NaiveDate,
}

impl Facts {
    /// Translates; of indoor points, those the window has room for.
    #[must_use]
    pub fn of(gathered: &Gathered, asked: &CreatePlanRequest, zone: Zone, now: Instant) -> Self {
        Self::translated(gathered, asked, zone, now, false)
    }

    /// Translates what a person has chosen, as it is.
    #[must_use]
    pub fn by_hand(gathered: &Gathered, asked: &CreatePlanRequest, zone: Zone, now: Instant) -> Self {
        Self::translated(gathered, asked, zone, now, true)
    }

    fn translated(gathered: &Gathered, asked: &CreatePlanRequest, zone: Zone, now: Instant, is_by_hand: bool) -> Self {
        let midnight = zone.start_of(asked.from_day);
        let days = (asked.until_day - asked.from_day).num_days().clamp(0, 366) as u16;
        let mut window = Window { midnight, from_day: asked.from_day, days, zone, names: BTreeMap::new() };
        let map = Map::of(&gathered.points);
        let (mut stops, mut guessed, mut already_read) = (Vec::with_capacity(gathered.points.len()), 0, 0);
        for point in &gathered.points {
            let basis = gathered.basis.get(&point.id);
            let is_read = gathered.seen.contains(&point.id) && is_done(asked, gathered, point.id);
            if is_read && basis.is_none() {
                already_read += 1;
                continue;
            }
            let place = map.place(point);
            guessed += u32::from(place.is_some() && map.own(point).is_none());
            stops.push(window.stop(gathered, asked, point, place));
        }
        let homes = Homes::of(&stops);
        let readers: Vec<PlanReader> =
            gathered.readers.iter().map(|(_, row)| window.reader(gathered, row, &map, &homes)).collect();
        let later = if asked.class == Class::ResidentialIndoor.code() && !is_by_hand {
            let quarter = zone.start_of(Period::quarter_of(asked.from_day).first_day());
            let week = Week { from_day: asked.from_day, days, zone, quarter };
            choose(gathered, &mut stops, &readers, &week)
        } else {
            0
        };
        let weights = asked.weights;
        let input = PlanInput {
            days,
            stops,
            readers,
            seconds_per_km: asked.seconds_per_km.unwrap_or(240),
            now: window.seconds(now).max(0),
            weights: Weights {
                distance: weights.distance,
                balance: weights.balance,
                continuity: weights.continuity,
                change: weights.change,
            },
        };
        Self { input, guessed, later, already_read, midnight, from_day: asked.from_day }
    }

    /// The moment of a second of the window.
    #[must_use]
    pub fn at(&self, second: i32) -> Instant {
        self.midnight + TimeDelta::seconds(second.into())
    }

    /// The day of a turn.
    #[must_use]
    pub fn day(&self, turn: Turn) -> NaiveDate {
        self.from_day.checked_add_days(Days::new(turn.day.into())).unwrap_or(self.from_day)
    }

    /// The turn of a reader's day.
    #[must_use]
    pub fn turn(&self, reader: i64, day: NaiveDate) -> Turn {
        Turn { reader: AccountId(reader), day: day_of(self.from_day, day) }
    }
}

fn day_of(from: NaiveDate, day: NaiveDate) -> u16 {
    u16::try_from((day - from).num_days()).unwrap_or(u16::MAX)
}

/// A commercial point is read again on the 22nd and 23rd though it was seen early in the month (DOMAIN 3); others are not.
fn is_done(asked: &CreatePlanRequest, gathered: &Gathered, point: i64) -> bool {
    let is_commercial = asked.class == Class::Commercial.code();
    !is_commercial || gathered.read.contains_key(&point)
}

/// Places of points on one flat map; where a point has none, the middle of its route.
struct Map {
    origin: Option<Coordinates>,
    routes: HashMap<i64, Spot>,
}

impl Map {
    fn of(points: &[PointRow]) -> Self {
        let mut map = Self { origin: points.iter().find_map(coordinates), routes: HashMap::new() };
        let mut members: HashMap<i64, Vec<Spot>> = HashMap::new();
        for point in points {
            if let (Some(route), Some(spot)) = (point.route_id, map.own(point)) {
                members.entry(route).or_default().push(spot);
            }
        }
        map.routes = members.into_iter().filter_map(|(route, spots)| Some((route, middle(&spots)?))).collect();
        map
    }

    fn own(&self, point: &PointRow) -> Option<Spot> {
        Some(self.spot(coordinates(point)?))
    }

    fn place(&self, point: &PointRow) -> Option<Spot> {
        self.own(point).or_else(|| self.routes.get(&point.route_id?).copied())
    }

    fn spot(&self, coordinates: Coordinates) -> Spot {
        let spot = coordinates.metres_from(self.origin.unwrap_or(coordinates));
        let longer = |metres: i32| (i64::from(metres) * i64::from(DETOUR_PERCENT) / 100) as i32;
        Spot { east: longer(spot.east), north: longer(spot.north) }
    }
}

fn coordinates(point: &PointRow) -> Option<Coordinates> {
    let datum = Datum::from_code(point.datum.as_deref()?)?;
    Some(Coordinates { lat_micro: point.lat_micro?, lng_micro: point.lng_micro?, datum })
}

fn middle(spots: &[Spot]) -> Option<Spot> {
    let count = i64::try_from(spots.len()).ok().filter(|count| *count > 0)?;
    let mean = |of: fn(&Spot) -> i32| (spots.iter().map(|spot| i64::from(of(spot))).sum::<i64>() / count) as i32;
    Some(Spot { east: mean(|spot| spot.east), north: mean(|spot| spot.north) })
}

/// Where readers begin who have not said: amid last month's stops, or amid all.
struct Homes {
    readers: HashMap<AccountId, Spot>,
    all: Spot,
}

impl Homes {
    fn of(stops: &[PlanStop]) -> Self {
        let mut members: HashMap<AccountId, Vec<Spot>> = HashMap::new();
        for stop in stops {
            if let (Some(reader), Some(place)) = (stop.last_reader, stop.place) {
                members.entry(reader).or_default().push(place);
            }
        }
        let readers = members.into_iter().filter_map(|(reader, spots)| Some((reader, middle(&spots)?))).collect();
        let all: Vec<Spot> = stops.iter().filter_map(|stop| stop.place).collect();
        Self { readers, all: middle(&all).unwrap_or(Spot { east: 0, north: 0 }) }
    }
}

/// The days, and the numbers of keys and skills.
struct Window {
    midnight: Instant,
    from_day: NaiveDate,
    days: u16,
    zone: Zone,
    names: BTreeMap<String, u32>,
}

impl Window {
    fn seconds(&self, at: Instant) -> i32 {
        i32::try_from((at - self.midnight).num_seconds()).unwrap_or(if at < self.midnight {
            i32::MIN
        } else {
            i32::MAX
        })
    }

    fn needs(&mut self, names: &[String]) -> Vec<Need> {
        let mut needs: Vec<Need> = Vec::with_capacity(names.len());
        for name in names {
            let next = self.names.len() as u32;
            needs.push(Need(*self.names.entry(name.clone()).or_insert(next)));
        }
        needs.sort_unstable();
        needs
    }

    fn weekday(&self, day: u16) -> u8 {
        let date = self.from_day.checked_add_days(Days::new(day.into())).unwrap_or(self.from_day);
        date.weekday().number_from_monday() as u8
    }

    /// Opening hours of the window. A point that opens, but on none of these days, never does.
    fn opening(&self, hours: &[OpeningHours]) -> Vec<Span> {
        let of_day = |day: u16| {
            let (weekday, midnight) = (self.weekday(day), i32::from(day) * DAY);
            let today = hours.iter().filter(move |hours| hours.weekday == weekday);
            today.map(move |hours| Span {
                from: midnight + hours.from_minute * 60,
                until: midnight + hours.until_minute * 60,
            })
        };
        let spans: Vec<Span> = (0..self.days).flat_map(of_day).collect();
        if spans.is_empty() && !hours.is_empty() { vec![Span { from: 0, until: 0 }] } else { spans }
    }

    fn stop(
        &mut self,
        gathered: &Gathered,
        asked: &CreatePlanRequest,
        point: &PointRow,
        place: Option<Spot>,
    ) -> PlanStop {
        let terms = gathered.terms.get(&point.id);
        let minutes = terms.and_then(|terms| terms.minutes).unwrap_or_else(|| usual_minutes(asked));
        let agreed = gathered.promises.get(&point.id).map_or(&[][..], Vec::as_slice);
        let basis = gathered.basis.get(&point.id);
        let turn = |reader: i64, day: NaiveDate| Turn { reader: AccountId(reader), day: day_of(self.from_day, day) };
        let current = basis.map(|basis| Current {
            turn: turn(basis.reader, basis.day),
            position: u32::try_from(basis.position).unwrap_or(0),
        });
        let visited = basis.filter(|basis| basis.is_read).map(|basis| match gathered.read.get(&point.id) {
            Some((reader, at)) => Visited { turn: turn(*reader, self.zone.day(*at)), end: self.seconds(*at) },
            None => Visited { turn: turn(basis.reader, basis.day), end: 0 },
        });
        PlanStop {
            point: PointId(point.id),
            place,
            service: minutes * 60,
            load: 1,
            opening: terms.map(|terms| self.opening(&terms.opening)).unwrap_or_default(),
            agreed: agreed
                .iter()
                .map(|(from, until)| Span { from: self.seconds(*from), until: self.seconds(*until) })
                .collect(),
            needs: terms.map(|terms| terms.skills.clone()).map(|names| self.needs(&names)).unwrap_or_default(),
            last_reader: gathered.last.get(&point.id).copied().map(AccountId),
            current,
            locked: basis.is_some_and(|basis| basis.locked),
            visited,
        }
    }

    fn reader(&mut self, gathered: &Gathered, row: &ProfileRow, map: &Map, homes: &Homes) -> PlanReader {
        let reader = AccountId(row.reader_id);
        let away = |date: NaiveDate| {
            let mut mine = gathered.absences.iter().filter(|(who, ..)| *who == row.reader_id);
            mine.any(|(_, from, until)| *from <= date && date < *until)
        };
        let hours = |day: u16| {
            let date = self.from_day.checked_add_days(Days::new(day.into()))?;
            let works = (row.workdays >> (self.weekday(day) - 1)) & 1 == 1 && !away(date);
            let midnight = i32::from(day) * DAY;
            works.then(|| Span { from: midnight + row.from_minute * 60, until: midnight + row.until_minute * 60 })
        };
        let hours = (0..self.days).map(hours).collect();
        let datum = row.datum.as_deref().and_then(Datum::from_code);
        let told =
            datum.and_then(|datum| Some(Coordinates { lat_micro: row.lat_micro?, lng_micro: row.lng_micro?, datum }));
        let home = told.map(|told| map.spot(told)).or_else(|| homes.readers.get(&reader).copied());
        PlanReader {
            reader,
            home: home.unwrap_or(homes.all),
            has: self.needs(&row.skill_names()),
            hours,
            capacity: u32::try_from(row.capacity).unwrap_or(0),
        }
    }
}

fn usual_minutes(asked: &CreatePlanRequest) -> i32 {
    let usual = match Class::from_code(&asked.class) {
        Some(Class::ResidentialOutdoor) => 2,
        Some(Class::ResidentialIndoor) => 5,
        Some(Class::Commercial) | None => 8,
    };
    asked.visit_minutes.map_or(usual, |minutes| i32::try_from(minutes).unwrap_or(usual))
}

/// The planner's report as it is shown.
#[must_use]
pub fn report_of(report: &PlanReport, facts: &Facts) -> PlanReportBody {
    let unassigned = Reason::ALL.iter().filter_map(|reason| {
        let stops = report.unassigned.iter().filter(|left| left.reason == *reason).count() as u32;
        (stops > 0).then(|| UnassignedCount { reason: reason.code().to_owned(), stops })
    });
    let carrier = |(reader, carrier): &(AccountId, meterbook::rounds::plan::Carrier)| PlanCarrier {
        reader_id: reader.0,
        stops: carrier.stops,
        visited: carrier.visited,
        metres: carrier.metres,
        work_minutes: carrier.work / 60,
        last_month: carrier.last_month,
        kept: carrier.kept,
    };
    PlanReportBody {
        given: report.given,
        visited: report.visited,
        already_read: facts.already_read,
        later: facts.later,
        guessed_places: facts.guessed,
        planned: report.planned,
        unassigned: unassigned.collect(),
        metres: report.metres,
        nearest_metres: report.nearest_metres,
        work_minutes: report.work / 60,
        busiest_minutes: report.busiest / 60,
        idlest_minutes: report.idlest / 60,
        known_last: report.known_last,
        same_reader: report.same_reader,
        moves: report.moves.len() as u32,
        readers: report.carriers.iter().map(carrier).collect(),
    }
}
