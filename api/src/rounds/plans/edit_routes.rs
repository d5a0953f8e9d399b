//! Changing a plan by hand: lock a stop, move it, take it out.
//!
//! Why separate: several dispatchers do this at once without any lock on editing. Each row has a version; who is second is told
//! and looks again. People decide: a move may break a promise or a day, which is said beside it and not refused.

use super::facts::Facts;
use super::routes::not_found;
use super::store::{self, PlanRow, StopFilter};
use super::wire::*;
use crate::App;
use crate::db::{Conn, Isolation};
use crate::http::{Input, Problem, ProblemCode, RequestLanguage, Session};
use crate::rounds::readers::store::profile;
use crate::rounds::store::not_a_reader;
use crate::rounds::visits::changed_meanwhile;
use actix_web::post;
use actix_web::web::{Data, Json, Path};
use chrono::NaiveDate;
use diesel::QueryResult;
use meterbook::accounts::{Actor, Operation};
use meterbook::calendar::{Instant, Zone};
use meterbook::id::{AccountId, PointId};
use meterbook::rounds::plan::{PlannedTurn, Turn, check_turn, lay_out};
use meterbook::text::Language;
use std::collections::BTreeSet;

type Day = (i64, NaiveDate);

/// Lock a stop to its reader and day, move it to another place, or take it out. Ask with the version of the row that was
/// looked at: if somebody changed it meanwhile, nothing is done.
#[utoipa::path(operation_id = "change_plan_stop", tag = "plans", request_body = ChangePlanStopRequest,
    params(("id" = i64, Path, description = "The plan"), ("point" = i64, Path, description = "The service point")),
    responses((status = 200, description = "The stop, and the days whose times moved", body = ChangedPlanStop)))]
#[post("/v1/plans/{id}/stops/{point}")]
pub async fn change_plan_stop(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    path: Path<(i64, i64)>,
    input: Input<ChangePlanStopRequest>,
) -> Result<Json<ChangedPlanStop>, Problem> {
    let actor = session.may(Operation::ChangePlanStop)?;
    let ((id, point), wanted) = (path.into_inner(), input.0);
    if wanted.reader_id.is_some() != wanted.day.is_some() || wanted.take_out && wanted.reader_id.is_some() {
        let (zh, en) = (
            "reader_id 与 day 须同时给出，且不能与 take_out 同用",
            "expected reader_id together with day, and neither with take_out",
        );
        return Err(Problem::new(ProblemCode::InvalidInput).fault("/reader_id", "incomplete", zh, en));
    }
    let edit = Edit { actor, point, wanted, zone: app.config.zone, now: app.clock.now(), language: language.0 };
    let changed = app.store.write("change_plan_stop", Isolation::Serializable, move |conn| {
        let Some(plan) = store::find_plan(conn, id)? else { return Ok(Err(not_found())) };
        edit.apply(conn, &plan)
    });
    changed.await?.map(Json)
}

struct Edit {
    actor: Actor,
    point: i64,
    wanted: ChangePlanStopRequest,
    zone: Zone,
    now: Instant,
    language: Language,
}

impl Edit {
    fn apply(&self, conn: &mut Conn, plan: &PlanRow) -> QueryResult<Result<ChangedPlanStop, Problem>> {
        if plan.state != "done" {
            let (zh, en) =
                ("只能修改已完成且未发布的方案", "only a plan that is done and not published can be changed");
            return Ok(Err(Problem::new(ProblemCode::Conflict).detail(zh, en)));
        }
        let Some(stop) = store::find_stop(conn, plan.id, self.point, self.language)? else {
            return Ok(Err(not_found()));
        };
        if stop.visited {
            let (zh, en) = ("该点已抄，不能移动", "the stop has been visited and stays where it is");
            return Ok(Err(Problem::new(ProblemCode::Conflict).detail(zh, en)));
        }
        let before = stop.reader_id.zip(stop.day);
        let after = match self.wanted.reader_id.zip(self.wanted.day) {
            _ if self.wanted.take_out => None,
            Some(day) => Some(day),
            None => before,
        };
        if let Err(problem) = self.check_target(conn, plan, after)? {
            return Ok(Err(problem));
        }
        let locked = self.wanted.locked.unwrap_or(stop.locked) && after.is_some();
        let row = (self.point, self.wanted.version);
        if !store::set_stop(conn, self.actor, plan.id, row, after, locked, self.now)? {
            return Ok(Err(changed_meanwhile(stop.version)));
        }
        let mut touched = Vec::new();
        if before != after || self.wanted.position.is_some() {
            touched = self.lay_out_anew(conn, plan, before, after)?;
        }
        store::bump_version(conn, plan.id)?;
        let stop = store::find_stop(conn, plan.id, self.point, self.language)?;
        Ok(stop.map(|stop| ChangedPlanStop { stop, touched }).ok_or_else(not_found))
    }

    fn check_target(&self, conn: &mut Conn, plan: &PlanRow, after: Option<Day>) -> QueryResult<Result<(), Problem>> {
        let Some((reader, day)) = after else { return Ok(Ok(())) };
        if !(plan.from_day <= day && day < plan.until_day) {
            let (zh, en) = ("应在方案的日期之内", "expected a day of the plan");
            return Ok(Err(Problem::new(ProblemCode::InvalidInput).fault("/day", "out_of_range", zh, en)));
        }
        let is_reader = profile(conn, AccountId(reader))?.is_some();
        Ok(if is_reader { Ok(()) } else { Err(not_a_reader()) })
    }

    /// Works out the times of the days that changed.
    fn lay_out_anew(
        &self,
        conn: &mut Conn,
        plan: &PlanRow,
        before: Option<Day>,
        after: Option<Day>,
    ) -> QueryResult<Vec<PlanStopEntry>> {
        let Some(mut asked) = plan.asked() else { return Ok(Vec::new()) };
        let days: BTreeSet<Day> = before.into_iter().chain(after).collect();
        let mut orders = Vec::new();
        for (reader, day) in days {
            let mut order = store::points_of_turn(conn, plan.id, reader, day)?;
            order.retain(|point| *point != self.point);
            orders.push(((reader, day), order));
        }
        let mut points: Vec<i64> = orders.iter().flat_map(|(_, order)| order).copied().collect();
        points.push(self.point);
        asked.reader_ids = orders.iter().map(|((reader, _), _)| *reader).collect();
        let gathered = store::gather(conn, &asked, self.zone, Some(&points))?;
        let facts = Facts::by_hand(&gathered, &asked, self.zone, self.now);
        let mut touched = Vec::new();
        for ((reader, day), order) in orders {
            let turn = facts.turn(reader, day);
            let laid = if Some((reader, day)) == after {
                self.placed(&facts, turn, order)
            } else {
                lay_out(&facts.input, turn, &ids(&order))
            };
            let Some(laid) = laid else { continue };
            store::write_turn(conn, plan.id, &facts, &laid, &check_turn(&facts.input, &laid))?;
            let filter = StopFilter { reader: Some(reader), day: Some(day), ..StopFilter::default() };
            touched.extend(store::list_stops(conn, plan.id, filter, 0, 0, self.language)?);
        }
        Ok(touched)
    }

    /// The day with the stop at the place asked for, or where it breaks least and costs the shortest way.
    fn placed(&self, facts: &Facts, turn: Turn, order: Vec<i64>) -> Option<PlannedTurn> {
        let with = |at: usize| {
            let mut order = ids(&order);
            order.insert(at.min(order.len()), PointId(self.point));
            lay_out(&facts.input, turn, &order)
        };
        if let Some(position) = self.wanted.position {
            return with((position as usize).saturating_sub(1));
        }
        let all = (0..=order.len()).filter_map(with);
        all.min_by_key(|laid| (check_turn(&facts.input, laid).len(), laid.metres))
    }
}

fn ids(points: &[i64]) -> Vec<PointId> {
    points.iter().copied().map(PointId).collect()
}
