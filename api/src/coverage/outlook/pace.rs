//! Pace: whether the targets can still be met with the readers there are.

use super::wire::*;
use crate::App;
use crate::coverage::routes::period_of;
use crate::coverage::store::{group_names, reader_days, tallies};
use crate::coverage::{Grouping, periods_at};
use crate::db::Conn;
use crate::http::{Problem, RequestLanguage, Session, Time};
use crate::settings::store::rulebook;
use actix_web::get;
use actix_web::web::{Data, Json, Query};
use chrono::{Days, NaiveDate};
use diesel::QueryResult;
use meterbook::accounts::Operation;
use meterbook::calendar::{Instant, Period};
use meterbook::coverage::{Bucket, Habit, Pace, Settings, Tally, pace, workdays};
use meterbook::meters::Class;
use meterbook::text::Language;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Of which period.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PaceQuery {
    /// `2026-10` or `2026-Q4`; the running month and quarter unless told.
    period: Option<String>,
}

/// The period asked for, or the running ones.
pub(super) fn periods(app: &App, now: Instant, told: Option<&str>) -> Result<Vec<Period>, Problem> {
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
pub(super) struct Outlook {
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
    /// Loads it.
    pub(super) fn load(conn: &mut Conn, period: Period, today: NaiveDate) -> QueryResult<Self> {
        let settings = rulebook(conn)?.coverage(period);
        let history = Days::new(settings.pace_history_days.into());
        // Today is not over: half a day is no habit.
        let mut days = reader_days(conn, today.checked_sub_days(history).unwrap_or(NaiveDate::MIN), today)?;
        let from = today.max(period.first_day());
        let classes = tallies(conn, period, Grouping::Class)?.into_iter().map(|((class, _), tally)| (class, tally));
        let classes = classes.collect();
        let mut readers: BTreeMap<i64, (BTreeMap<Class, Tally>, Habit)> = BTreeMap::new();
        for ((class, reader), tally) in tallies(conn, period, Grouping::Reader)? {
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

    /// What a class still needs, and its pace.
    pub(super) fn class_pace(&self, class: Class) -> (u64, Pace) {
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
