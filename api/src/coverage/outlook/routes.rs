//! Pace, the points to read next, and the longest unseen.

use super::store::{self, UnseenRow, Whose};
use super::wire::*;
use crate::App;
use crate::coverage::routes::{class_of, period_of, wrong};
use crate::coverage::store::{Judges, group_names, lines, reader_days};
use crate::coverage::{Grouping, as_of, periods_at};
use crate::db::Conn;
use crate::http::{Problem, RequestLanguage, Session, Time};
use crate::paging::After;
use crate::settings::store::rulebook;
use actix_web::get;
use actix_web::web::{Data, Json, Query};
use chrono::{Days, NaiveDate};
use diesel::QueryResult;
use meterbook::accounts::Operation;
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::coverage::{
    Bucket, Candidate, Habit, NextStep, Obstacle, Pace, Settings, Tally, is_period_of, next_step, pace, workdays,
};
use meterbook::meters::Class;
use meterbook::text::Language;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Of which period.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PaceQuery {
    /// `2026-10` or `2026-Q4`; the running month and quarter unless told.
    period: Option<String>,
}

fn periods(app: &App, now: Instant, told: Option<&str>) -> Result<Vec<Period>, Problem> {
    told.map_or_else(|| Ok(periods_at(app, now).to_vec()), |text| Ok(vec![period_of(text)?]))
}

/// Whether the targets can still be met: what must still be seen against what the readers can be expected to see.
#[utoipa::path(operation_id = "get_pace", tag = "coverage", params(PaceQuery),
    responses((status = 200, description = "Pace", body = PaceReport)))]
#[get("/v1/coverage/pace")]
pub async fn get_pace(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<PaceQuery>,
) -> Result<Json<PaceReport>, Problem> {
    session.may(Operation::GetPace)?;
    let now = app.clock.now();
    let (periods, today) = (periods(&app, now, query.period.as_deref())?, app.config.zone.day(now));
    let found = app.store.read("get_pace", move |conn| {
        let outlooks =
            periods.iter().map(|period| Outlook::load(conn, *period, today)).collect::<QueryResult<Vec<_>>>()?;
        let names = group_names(conn, Grouping::Reader)?;
        let classes = outlooks.iter().flat_map(|outlook| outlook.class_lines(language.0)).collect::<Vec<_>>();
        let readers = outlooks.iter().flat_map(|outlook| outlook.reader_lines(language.0));
        let readers = readers.map(|line| PaceLine {
            reader_name: line.reader_id.and_then(|reader| names.get(&reader).cloned()),
            ..line
        });
        Ok(classes.into_iter().chain(readers).collect())
    });
    Ok(Json(PaceReport { counted_at: Time(now), lines: found.await? }))
}

/// What the pace of a period is made of.
struct Outlook {
    period: Period,
    settings: Settings,
    workdays: u32,
    classes: BTreeMap<Class, Tally>,
    /// By reader: his classes and his habit.
    readers: BTreeMap<i64, (BTreeMap<Class, Tally>, Habit)>,
}

fn left(tally: &Tally) -> u64 {
    tally.denominator() - tally.count(Bucket::Seen)
}

impl Outlook {
    fn load(conn: &mut Conn, period: Period, today: NaiveDate) -> QueryResult<Self> {
        let settings = rulebook(conn)?.coverage(period);
        let history = Days::new(settings.pace_history_days.into());
        // Today is not over: half a day is no habit.
        let mut days = reader_days(conn, today.checked_sub_days(history).unwrap_or(NaiveDate::MIN), today)?;
        let from = today.max(period.first_day());
        let at = as_of(period, today);
        let classes =
            lines(conn, period, Grouping::Class, at)?.into_iter().map(|((class, _), line)| (class, line.tally));
        let classes = classes.collect();
        let mut readers: BTreeMap<i64, (BTreeMap<Class, Tally>, Habit)> = BTreeMap::new();
        for ((class, reader), tally) in crate::coverage::store::tallies(conn, period, Grouping::Reader)? {
            let mut habit = || Habit::of(&days.remove(&reader).unwrap_or_default(), &settings);
            readers.entry(reader).or_insert_with(|| (BTreeMap::new(), habit())).0.insert(class, tally);
        }
        let workdays = workdays(from, period.end_day(), &settings);
        Ok(Self { period, settings, workdays, classes, readers })
    }

    /// What a reader can be expected to see; nobody sees the points that nobody has.
    fn capacity(&self, reader: i64, habit: &Habit) -> u64 {
        if reader == 0 { 0 } else { habit.capacity(self.workdays) }
    }

    fn class_capacity(&self, class: Class) -> u64 {
        let share = |(reader, (classes, habit)): (&i64, &(BTreeMap<Class, Tally>, Habit))| {
            let own = classes.get(&class).map_or(0, left);
            let all: u64 = classes.values().map(left).sum();
            let exact = u128::from(self.capacity(*reader, habit)) * u128::from(own);
            exact.checked_div(u128::from(all)).and_then(|share| u64::try_from(share).ok()).unwrap_or(0)
        };
        self.readers.iter().map(share).sum()
    }

    fn class_pace(&self, class: Class) -> (u64, Pace) {
        let tally = self.classes.get(&class).copied().unwrap_or_default();
        let need = tally.still_needed(self.settings.target(class));
        (need, pace(need, left(&tally), self.class_capacity(class), &self.settings))
    }

    fn class_lines(&self, language: Language) -> Vec<PaceLine> {
        let line = |(class, tally): (&Class, &Tally)| {
            let (need, pace) = self.class_pace(*class);
            let capacity = self.class_capacity(*class);
            PaceLine { class: Some(class.code().to_owned()), ..self.line(need, left(tally), capacity, pace, language) }
        };
        self.classes.iter().map(line).collect()
    }

    fn reader_lines(&self, language: Language) -> Vec<PaceLine> {
        let line = |(reader, (classes, habit)): (&i64, &(BTreeMap<Class, Tally>, Habit))| {
            let need = classes.iter().map(|(class, tally)| tally.still_needed(self.settings.target(*class))).sum();
            let (left, capacity) = (classes.values().map(left).sum(), self.capacity(*reader, habit));
            PaceLine {
                reader_id: Some(*reader),
                a_day: (*reader != 0).then_some(habit.a_day),
                access_bp: (*reader != 0).then_some(habit.access.0),
                ..self.line(need, left, capacity, pace(need, left, capacity, &self.settings), language)
            }
        };
        self.readers.iter().map(line).collect()
    }

    fn line(&self, need: u64, left: u64, capacity: u64, pace: Pace, language: Language) -> PaceLine {
        PaceLine {
            period: self.period.to_string(),
            class: None,
            reader_id: None,
            reader_name: None,
            need,
            left,
            capacity,
            workdays: self.workdays,
            a_day: None,
            access_bp: None,
            pace: pace.code().to_owned(),
            pace_text: pace.text().in_language(language).to_owned(),
        }
    }
}

/// Whose points, and how many.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NextQuery {
    /// Those on this reader's rounds; either this or `route`.
    reader: Option<i64>,
    /// Those of this route.
    route: Option<i64>,
    /// `2026-10` or `2026-Q4`; the running month and quarter unless told.
    period: Option<String>,
    /// How many; 50 unless told.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

/// The points to read next, the most valuable for the targets first.
#[utoipa::path(operation_id = "list_next_points", tag = "coverage", params(NextQuery),
    responses((status = 200, description = "Points", body = NextPoints)))]
#[get("/v1/coverage/next")]
pub async fn list_next_points(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<NextQuery>,
) -> Result<Json<NextPoints>, Problem> {
    session.may(Operation::ListNextPoints)?;
    let (_, limit) = After::first(query.limit.or(Some(50))).window(&app.config.limits)?;
    let whose = match (query.reader, query.route) {
        (Some(reader), None) => Whose::Reader(reader),
        (None, Some(route)) => Whose::Route(route),
        _ => return Err(wrong("reader", "reader / route")),
    };
    let now = app.clock.now();
    let (periods, zone) = (periods(&app, now, query.period.as_deref())?, app.config.zone);
    let found = app.store.read("list_next_points", move |conn| {
        let mut found = Vec::new();
        for period in &periods {
            found.extend(candidates(conn, *period, whose, (zone, now), language.0)?);
        }
        Ok(found)
    });
    let mut found = found.await?;
    found.sort_by(|(one, point), (other, another)| {
        let place = |point: &NextPoint| (point.route_id, point.office_order, point.service_point_id);
        one.rank().cmp(&other.rank()).then_with(|| place(point).cmp(&place(another)))
    });
    let (left, limit) = (found.len() as u64, usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Json(NextPoints { items: found.into_iter().take(limit).map(|(_, point)| point).collect(), left }))
}

fn candidates(
    conn: &mut Conn,
    period: Period,
    whose: Whose,
    (zone, now): (Zone, Instant),
    language: Language,
) -> QueryResult<Vec<(Candidate, NextPoint)>> {
    let today = zone.day(now);
    let outlook = Outlook::load(conn, period, today)?;
    let judges = Judges::load(conn, zone, &[period])?;
    let window = judges.iter().next().map(|judge| judge.judge().window);
    let in_window = window.is_some_and(|window| window.from_day <= today && today < window.until_day);
    let paces: BTreeMap<Class, (u64, Pace)> = Class::ALL
        .into_iter()
        .filter(|class| is_period_of(*class, period))
        .map(|class| (class, outlook.class_pace(class)))
        .collect();
    let rows = store::unseen_of(conn, period, whose)?;
    let tries = store::tries_since(conn, &rows, zone)?;
    let candidate = |row: UnseenRow| {
        let entry = row.row.entry;
        let (need, pace) = paces.get(&entry.class).copied().unwrap_or((0, Pace::Green));
        let (days, step, _) = ladder(tries.get(&row.point), zone);
        let candidate = Candidate {
            class: entry.class,
            bucket: entry.bucket,
            pace,
            is_short: need > 0,
            tries: days,
            missed: entry.missed,
            unseen_days: days_between(entry.unseen_since, as_of(period, today)),
            in_window,
        };
        let because = candidate.because();
        let point = NextPoint {
            service_point_id: row.point,
            number: row.number,
            class: entry.class.code().to_owned(),
            period: period.to_string(),
            bucket: entry.bucket.code().to_owned(),
            route_id: row.row.route_id,
            office_order: row.office_order,
            unseen_days: candidate.unseen_days,
            tries: days,
            because: because.code().to_owned(),
            because_text: because.text().in_language(language).to_owned(),
            next_step: step.code().to_owned(),
            next_step_text: step.text().in_language(language).to_owned(),
        };
        (candidate, point)
    };
    Ok(rows.into_iter().map(candidate).collect())
}

fn days_between(since: NaiveDate, day: NaiveDate) -> u32 {
    u32::try_from((day - since).num_days()).unwrap_or(0)
}

/// Days tried in vain, the next step, and the last try.
fn ladder(tries: Option<&Vec<(Instant, String)>>, zone: Zone) -> (u32, NextStep, Option<&(Instant, String)>) {
    let tries = tries.map_or(&[][..], Vec::as_slice);
    let days: BTreeSet<NaiveDate> = tries.iter().map(|(at, _)| zone.day(*at)).collect();
    let (days, last) = (u32::try_from(days.len()).unwrap_or(u32::MAX), tries.last());
    (days, next_step(days, last.map(|(_, code)| Obstacle::of(code))), last)
}

/// Which points, from where on.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UnseenQuery {
    /// `commercial`, `residential_outdoor` or `residential_indoor`.
    class: String,
    /// `2026-10` or `2026-Q4`; the running one of the class unless told.
    period: Option<String>,
    /// `next_after` of the page before.
    after: Option<String>,
    /// Rows wanted, 1 to 500; 100 unless told.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

/// The points of a class that are not seen, the longest unseen first, each with the next step: a card, a call, an appointment,
/// a visit out of hours, a written notice.
#[utoipa::path(operation_id = "list_unseen_points", tag = "coverage", params(UnseenQuery),
    responses((status = 200, description = "Points", body = UnseenPage)))]
#[get("/v1/coverage/unseen")]
pub async fn list_unseen_points(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<UnseenQuery>,
) -> Result<Json<UnseenPage>, Problem> {
    session.may(Operation::ListUnseenPoints)?;
    let (_, limit) = After::first(query.limit).window(&app.config.limits)?;
    let class = class_of(&query.class)?;
    let (now, zone) = (app.clock.now(), app.config.zone);
    let today = zone.day(now);
    let period = match query.period.as_deref() {
        None => meterbook::coverage::period_of(class, today),
        Some(text) => period_of(text)?,
    };
    if !is_period_of(class, period) {
        return Err(wrong("period", "YYYY-MM / YYYY-Qn"));
    }
    let after = query.after.as_deref().map_or(Ok((NaiveDate::MIN, 0)), cursor)?;
    let found = app.store.read("list_unseen_points", move |conn| {
        let rows = store::longest_unseen(conn, (period, class), after, limit)?;
        let tries = store::tries_since(conn, &rows, zone)?;
        Ok((rows, tries))
    });
    let (rows, tries) = found.await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
    let last = rows.last().filter(|_| is_full);
    let next_after = last.map(|row| format!("{}.{}", row.row.entry.unseen_since, row.point));
    let item = |row: UnseenRow| {
        let (days, step, last) = ladder(tries.get(&row.point), zone);
        let entry = row.row.entry;
        UnseenPoint {
            service_point_id: row.point,
            number: row.number,
            bucket: entry.bucket.code().to_owned(),
            area_id: row.row.area_id,
            route_id: row.row.route_id,
            reader_id: row.row.reader_id,
            unseen_since: entry.unseen_since,
            unseen_days: days_between(entry.unseen_since, as_of(period, today)),
            periods_missed: entry.missed.into(),
            tries: days,
            last_try: last.map(|(_, code)| code.clone()),
            last_tried_at: last.map(|(at, _)| Time(*at)),
            next_step: step.code().to_owned(),
            next_step_text: step.text().in_language(language.0).to_owned(),
        }
    };
    Ok(Json(UnseenPage { items: rows.into_iter().map(item).collect(), next_after }))
}

fn cursor(text: &str) -> Result<(NaiveDate, i64), Problem> {
    let parts = text.split_once('.').and_then(|(day, point)| Some((day.parse().ok()?, point.parse().ok()?)));
    parts.ok_or_else(|| wrong("after", "next_after"))
}
