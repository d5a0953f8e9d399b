//! Closings and the figures they froze.

use super::PeriodGap;
use crate::coverage::Grouping;
use crate::coverage::store::{FigureRow, Lines, column, summed};
use crate::db::schema::{
    coverage_periods, period_ages, period_closings, period_snapshots, period_versions, time_decisions, time_reviews,
};
use crate::db::{Conn, each};
use crate::http::to_ms;
use diesel::prelude::*;
use meterbook::calendar::{Instant, Period};
use meterbook::coverage::{Bucket, Settings, Tally, Unseen};
use meterbook::id::AccountId;
use meterbook::meters::Class;
use meterbook::quantity::BasisPoints;
use std::collections::{BTreeMap, HashSet};

/// A closing as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = period_closings)]
#[expect(missing_docs, reason = "the fields are the columns of period_closings")]
pub struct ClosingRow {
    pub closed_by: i64,
    pub closed_at: i64,
    pub gaps_accepted_by: Option<String>,
    pub reason: Option<String>,
    pub gaps: String,
    pub reviews: i64,
    pub rules_version: String,
}

/// Periods after a key that were ever laid out, with their closing.
pub fn list_periods(conn: &mut Conn, after: i32, limit: i64) -> QueryResult<Vec<(i32, Option<ClosingRow>)>> {
    each!(conn, c => coverage_periods::table
        .left_join(period_closings::table.on(period_closings::period.eq(coverage_periods::period)))
        .filter(coverage_periods::period.gt(after))
        .order(coverage_periods::period)
        .limit(limit)
        .select((coverage_periods::period, Option::<ClosingRow>::as_select()))
        .load(c))
}

/// One period with its closing; `None` if it was never laid out.
pub fn find_period(conn: &mut Conn, period: Period) -> QueryResult<Option<(i32, Option<ClosingRow>)>> {
    each!(conn, c => coverage_periods::table
        .left_join(period_closings::table.on(period_closings::period.eq(coverage_periods::period)))
        .filter(coverage_periods::period.eq(period.key()))
        .select((coverage_periods::period, Option::<ClosingRow>::as_select()))
        .first(c)
        .optional())
}

/// The keys of all closed periods.
pub fn closed_periods(conn: &mut Conn) -> QueryResult<HashSet<i32>> {
    let keys: Vec<i32> = each!(conn, c => period_closings::table.select(period_closings::period).load(c))?;
    Ok(keys.into_iter().collect())
}

/// What is kept of a closing beside its figures.
pub struct NewClosing<'c> {
    /// Who closed it.
    pub by: AccountId,
    /// Who answers for what is missing or undecided, and why.
    pub accepted: Option<(&'c str, &'c str)>,
    /// The missing records.
    pub gaps: &'c [PeriodGap],
    /// How many times were undecided.
    pub reviews: i64,
    /// The rules in force.
    pub rules_version: &'c str,
}

/// Keeps a closing.
pub fn insert_closing(conn: &mut Conn, period: Period, closing: &NewClosing<'_>, now: Instant) -> QueryResult<()> {
    let listed =
        serde_json::to_string(closing.gaps).map_err(|fault| diesel::result::Error::SerializationError(fault.into()))?;
    let row = (
        period_closings::period.eq(period.key()),
        period_closings::closed_by.eq(closing.by.0),
        period_closings::closed_at.eq(to_ms(now)),
        period_closings::gaps_accepted_by.eq(closing.accepted.map(|(person, _)| person)),
        period_closings::reason.eq(closing.accepted.map(|(_, reason)| reason)),
        period_closings::gaps.eq(listed),
        period_closings::reviews.eq(closing.reviews),
        period_closings::rules_version.eq(closing.rules_version),
    );
    each!(conn, c => diesel::insert_into(period_closings::table).values(row).execute(c)).map(drop)
}

/// Keeps the counters of a period as they stand, every area, route and reader.
pub fn freeze_lines(conn: &mut Conn, period: Period, lines: &Lines) -> QueryResult<()> {
    let key = period.key();
    conn.batch(&format!(
        "INSERT INTO period_lines (period, class, area_id, route_id, reader_id, figure, points) \
         SELECT period, class, area_id, route_id, reader_id, figure, points FROM coverage_counters WHERE period = {key} AND points > 0"
    ))?;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    for ((class, _), line) in lines {
        let row = (
            period_ages::period.eq(key),
            period_ages::class.eq(class.code()),
            period_ages::oldest_days.eq(i64::from(line.unseen.oldest_days)),
            period_ages::over_180.eq(number(line.unseen.over_180)),
            period_ages::over_365.eq(number(line.unseen.over_365)),
        );
        each!(conn, c => diesel::insert_into(period_ages::table).values(row).execute(c))?;
    }
    Ok(())
}

/// The lines of a closed period as they were frozen. Ages were frozen by class alone.
pub fn frozen_lines(conn: &mut Conn, period: Period, grouping: Grouping) -> QueryResult<Lines> {
    let (group, key) = (column(grouping), period.key());
    let sql = format!(
        "SELECT class, {group} AS group_id, figure, CAST(SUM(points) AS BIGINT) AS points \
         FROM period_lines WHERE period = {key} GROUP BY 1, 2, 3"
    );
    let rows: Vec<FigureRow> = each!(conn, c => diesel::sql_query(sql).load(c))?;
    let mut lines = summed(rows, period);
    if grouping == Grouping::Class {
        let ages: Vec<(String, i64, i64, i64)> = each!(conn, c => period_ages::table
            .filter(period_ages::period.eq(key))
            .select((period_ages::class, period_ages::oldest_days, period_ages::over_180, period_ages::over_365))
            .load(c))?;
        for (class, oldest, over_180, over_365) in ages {
            let number = |count: i64| u64::try_from(count).unwrap_or(0);
            let line = Class::from_code(&class).and_then(|class| lines.get_mut(&(class, 0)));
            if let Some(line) = line {
                let oldest_days = u32::try_from(oldest).unwrap_or(u32::MAX);
                line.unseen = Unseen { oldest_days, over_180: number(over_180), over_365: number(over_365) };
            }
        }
    }
    Ok(lines)
}

/// Gives the frozen figures their version.
pub fn insert_version(conn: &mut Conn, period: Period, points: i64, hash: &[u8], now: Instant) -> QueryResult<()> {
    let rules: String = each!(conn, c => period_closings::table
        .find(period.key())
        .select(period_closings::rules_version)
        .first(c))?;
    let row = (
        period_versions::period.eq(period.key()),
        period_versions::version.eq(1),
        period_versions::rules_version.eq(rules),
        period_versions::points.eq(points),
        period_versions::population_hash.eq(hash),
        period_versions::made_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(period_versions::table).values(row).execute(c)).map(drop)
}

/// Points and population hash of the published version, once it is proved.
pub fn find_version(conn: &mut Conn, period: Period) -> QueryResult<Option<(i64, Vec<u8>)>> {
    each!(conn, c => period_versions::table
        .find((period.key(), 1))
        .select((period_versions::points, period_versions::population_hash))
        .first(c)
        .optional())
}

/// Visits without a decided time: observed, received, lost.
pub fn open_reviews(conn: &mut Conn) -> QueryResult<Vec<(i64, i64, i64, bool)>> {
    each!(conn, c => time_reviews::table
        .left_join(time_decisions::table.on(time_decisions::record_id.eq(time_reviews::record_id)))
        .filter(time_decisions::decision.is_null())
        .order(time_reviews::id)
        .select((time_reviews::id, time_reviews::observed_at, time_reviews::received_at, time_reviews::is_lost))
        .load(c))
}

/// Freezes the figures of one class.
pub fn insert_snapshot(
    conn: &mut Conn,
    period: Period,
    class: Class,
    tally: &Tally,
    settings: &Settings,
) -> QueryResult<()> {
    use period_snapshots as t;
    let count = |bucket| i64::try_from(tally.count(bucket)).unwrap_or(i64::MAX);
    let row = (
        t::period.eq(period.key()),
        t::class.eq(class.code()),
        t::denominator.eq(i64::try_from(tally.denominator()).unwrap_or(i64::MAX)),
        t::population.eq(i64::try_from(tally.population()).unwrap_or(i64::MAX)),
        t::seen.eq(count(Bucket::Seen)),
        t::no_access.eq(count(Bucket::NoAccess)),
        t::unattempted.eq(count(Bucket::Unattempted)),
        t::customer_only.eq(count(Bucket::CustomerOnly)),
        (
            t::estimate_only.eq(count(Bucket::EstimateOnly)),
            t::rejected_only.eq(count(Bucket::RejectedOnly)),
            t::time_review.eq(count(Bucket::TimeReview)),
            t::new_next_period.eq(count(Bucket::NewNextPeriod)),
            t::removed.eq(count(Bucket::Removed)),
            t::suspended.eq(count(Bucket::Suspended)),
            t::target_bp.eq(i64::from(settings.target(class).0)),
        ),
    );
    each!(conn, c => diesel::insert_into(period_snapshots::table).values(row).execute(c)).map(drop)
}

/// The targets that were in force at closing.
pub fn load_targets(conn: &mut Conn, period: Period) -> QueryResult<BTreeMap<Class, BasisPoints>> {
    use period_snapshots as t;
    let rows: Vec<(String, i64)> =
        each!(conn, c => t::table.filter(t::period.eq(period.key())).select((t::class, t::target_bp)).load(c))?;
    let target = |(class, target): (String, i64)| {
        Some((Class::from_code(&class)?, BasisPoints(u32::try_from(target).unwrap_or(0))))
    };
    Ok(rows.into_iter().filter_map(target).collect())
}
