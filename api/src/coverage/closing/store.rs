//! Closings and the figures they froze.

use super::PeriodGap;
use crate::db::schema::{coverage_periods, period_closings, period_snapshots};
use crate::db::{Conn, each};
use crate::http::to_ms;
use diesel::prelude::*;
use meterbook::calendar::{Instant, Period};
use meterbook::coverage::{Bucket, Settings, Tally};
use meterbook::id::AccountId;
use meterbook::meters::Class;
use meterbook::quantity::BasisPoints;
use std::collections::HashSet;

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

/// Keeps a closing.
pub fn insert_closing(
    conn: &mut Conn,
    period: Period,
    by: AccountId,
    accepted: Option<(&str, &str)>,
    gaps: &[PeriodGap],
    now: Instant,
) -> QueryResult<()> {
    let listed =
        serde_json::to_string(gaps).map_err(|fault| diesel::result::Error::SerializationError(fault.into()))?;
    let row = (
        period_closings::period.eq(period.key()),
        period_closings::closed_by.eq(by.0),
        period_closings::closed_at.eq(to_ms(now)),
        period_closings::gaps_accepted_by.eq(accepted.map(|(person, _)| person)),
        period_closings::reason.eq(accepted.map(|(_, reason)| reason)),
        period_closings::gaps.eq(listed),
    );
    each!(conn, c => diesel::insert_into(period_closings::table).values(row).execute(c)).map(drop)
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

/// The frozen figures of a period: class, buckets, target.
pub fn load_snapshot(conn: &mut Conn, period: Period) -> QueryResult<Vec<(Class, Tally, BasisPoints)>> {
    use period_snapshots as t;
    type Row = (String, (i64, i64, i64, i64, i64), (i64, i64, i64, i64, i64), i64);
    let rows: Vec<Row> = each!(conn, c => t::table
        .filter(t::period.eq(period.key()))
        .order(t::class)
        .select((
            t::class,
            (t::seen, t::no_access, t::unattempted, t::customer_only, t::estimate_only),
            (t::rejected_only, t::time_review, t::new_next_period, t::removed, t::suspended),
            t::target_bp,
        ))
        .load(c))?;
    let frozen = rows.into_iter().filter_map(|(class, first, second, target)| {
        let mut tally = Tally::default();
        let counts = [
            (Bucket::Seen, first.0),
            (Bucket::NoAccess, first.1),
            (Bucket::Unattempted, first.2),
            (Bucket::CustomerOnly, first.3),
            (Bucket::EstimateOnly, first.4),
            (Bucket::RejectedOnly, second.0),
            (Bucket::TimeReview, second.1),
            (Bucket::NewNextPeriod, second.2),
            (Bucket::Removed, second.3),
            (Bucket::Suspended, second.4),
        ];
        for (bucket, points) in counts {
            tally.put(bucket, u64::try_from(points).unwrap_or(0));
        }
        Some((Class::from_code(&class)?, tally, BasisPoints(u32::try_from(target).unwrap_or(0))))
    });
    Ok(frozen.collect())
}
