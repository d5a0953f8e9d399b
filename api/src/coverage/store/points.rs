//! The points behind a figure, from the plan.

use super::plan::{PlanRow, UNSEEN, load_rows, rows_under, to_day};
use crate::coverage::points::{Behind, Figure};
use crate::db::schema::coverage_plan;
use crate::db::{Conn, each};
use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use meterbook::coverage::Unseen;
use meterbook::meters::Class;

/// Points that are asked for, after one of them, in order: at most so many, each with its row.
pub fn points_behind(conn: &mut Conn, asked: &Behind, after: i64, limit: i64) -> QueryResult<Vec<(i64, PlanRow)>> {
    use coverage_plan as plan;
    let classes: Vec<&str> = asked.classes.iter().copied().map(Class::code).collect();
    let counted = counted(asked.figure, asked.as_of);
    let ids: Vec<i64> = each!(conn, c => {
        let mut query = plan::table
            .filter(plan::period.eq(asked.period.key()))
            .filter(plan::point_id.gt(after))
            .filter(plan::class.eq_any(classes.clone()))
            .filter(sql::<Bool>(&counted))
            .order(plan::point_id)
            .limit(limit)
            .select(plan::point_id)
            .into_boxed();
        if let Some(area) = asked.area_id {
            query = query.filter(plan::area_id.eq(area));
        }
        if let Some(route) = asked.route_id {
            query = query.filter(plan::route_id.eq(route));
        }
        if let Some(reader) = asked.reader_id {
            query = query.filter(plan::reader_id.eq(reader));
        }
        query.load(c)
    })?;
    let mut rows = load_rows(conn, &ids, asked.period)?;
    Ok(ids.into_iter().filter_map(|point| Some((point, rows.remove(&point)?))).collect())
}

/// What a row is counted by; nothing in it comes from outside.
fn counted(figure: Figure, as_of: NaiveDate) -> String {
    match figure {
        Figure::Population => "bucket BETWEEN 1 AND 10".into(),
        Figure::Denominator => "bucket BETWEEN 1 AND 7".into(),
        Figure::Unseen => UNSEEN.into(),
        Figure::In(bucket) => format!("bucket = {}", bucket.number()),
        Figure::Under(mark) => rows_under(mark).into(),
        Figure::UnseenOver(days) => {
            format!("{UNSEEN} AND unseen_since < {}", to_day(Unseen::last_seen_before(days, as_of)))
        }
    }
}
