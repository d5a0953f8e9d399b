//! Rows of a month's long lists, a page at a time, as they stand now.

use super::Scope;
use super::sums::load_corrections;
use crate::db::schema::{
    accounts, areas, cases, coverage_plan, installations, meter_types, meters, purchases, records, routes,
    service_points,
};
use crate::db::{Conn, Uuid16, among, each};
use crate::http::{Time, from_ms, to_ms};
use crate::reports::looks::store::load_looks;
use crate::reports::month::lists::{AnomalyRow, CorrectionRow, NotReadRow, PurchaseChangeRow, ReconciliationRow};
use crate::settings::store::rulebook;
use chrono::Months;
use diesel::prelude::*;
use meterbook::calendar::{Instant, Period};
use meterbook::coverage::{Bucket, is_period_of};
use meterbook::meters::{Class, FigureSet};
use meterbook::quantity::Volume;
use meterbook::reports::{Bought, MonthOfMeter, agreement, purchases as watched, watch};
use std::collections::HashMap;

/// A page of a list: the rows, and the key to go on after; `None` at the end. A page may be empty and not the last.
pub type Page<R> = (Vec<R>, Option<i64>);

fn page<R>(rows: Vec<R>, scanned: usize, limit: i64, last: Option<i64>) -> Page<R> {
    let is_full = i64::try_from(scanned).is_ok_and(|scanned| scanned >= limit);
    (rows, last.filter(|_| is_full))
}

/// Points not seen, by id.
pub fn not_read(conn: &mut Conn, scope: &Scope, after: i64, limit: i64) -> QueryResult<Page<NotReadRow>> {
    let mut planned = planned(conn, scope.month, after, limit)?;
    if scope.ends_quarter() {
        planned.extend(self::planned(conn, scope.quarter(), after, limit)?);
        planned.sort_unstable_by_key(|(_, point, ..)| *point);
        planned.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    let ids: Vec<i64> = planned.iter().map(|(_, point, ..)| *point).collect();
    let mut described = describe_points(conn, &ids)?;
    let tried = attempts(conn, &ids, scope)?;
    let seen = last_seen(conn, &ids, scope.cut_off)?;
    let readers: Vec<i64> = planned.iter().map(|(.., reader)| *reader).collect();
    let names: Vec<(i64, String)> = each!(conn, c => accounts::table
        .filter(among(accounts::id, &readers)).select((accounts::id, accounts::name)).load(c))?;
    let names: HashMap<i64, String> = names.into_iter().collect();
    let rows = planned.iter().filter_map(|(period, point, class, bucket, reader)| {
        let described = described.remove(point)?;
        let span = (scope.zone.start_of(period.first_day()), scope.zone.start_of(period.end_day()));
        let of_period = |at: &i64| (span.0..span.1).contains(&from_ms(*at));
        let tries: Vec<&(i64, String)> =
            tried.get(point).into_iter().flatten().filter(|(at, _)| of_period(at)).collect();
        let last_seen_at = seen.get(point).copied();
        Some(NotReadRow {
            service_point_id: *point,
            class: class.clone(),
            reader: names.get(reader).cloned().unwrap_or_default(),
            bucket: bucket.code().to_owned(),
            attempts: u64::try_from(tries.len()).unwrap_or(0),
            last_attempt: tries.last().map(|(_, code)| code.clone()).unwrap_or_default(),
            last_attempt_at: tries.last().map(|(at, _)| Time(from_ms(*at))),
            last_seen_at: last_seen_at.map(|at| Time(from_ms(at))),
            unseen_days: last_seen_at
                .map(|at| (scope.zone.day(scope.cut_off) - scope.zone.day(from_ms(at))).num_days()),
            ..described
        })
    });
    Ok(page(rows.collect(), ids.len(), limit, ids.last().copied()))
}

type Planned = (Period, i64, String, Bucket, i64);

fn planned(conn: &mut Conn, period: Period, after: i64, limit: i64) -> QueryResult<Vec<Planned>> {
    use coverage_plan as plan;
    let missed: Vec<i32> = Bucket::ALL
        .into_iter()
        .filter(|bucket| bucket.in_denominator() && *bucket != Bucket::Seen)
        .map(|bucket| bucket.number().into())
        .collect();
    let rows: Vec<(i64, String, i32, i64)> = each!(conn, c => plan::table
        .filter(plan::period.eq(period.key()))
        .filter(plan::point_id.gt(after))
        .filter(plan::bucket.eq_any(&missed))
        .order(plan::point_id)
        .limit(limit)
        .select((plan::point_id, plan::class, plan::bucket, plan::reader_id))
        .load(c))?;
    let of_period = |class: &str| Class::from_code(class).is_some_and(|class| is_period_of(class, period));
    let planned =
        rows.into_iter().filter(|(_, class, ..)| of_period(class)).filter_map(|(point, class, bucket, reader)| {
            let bucket = i16::try_from(bucket).ok().and_then(Bucket::from_number)?;
            Some((period, point, class, bucket, reader))
        });
    Ok(planned.collect())
}

fn describe_points(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashMap<i64, NotReadRow>> {
    type Row = ((i64, String, i32), String, Option<String>, Option<String>);
    let rows: Vec<Row> = each!(conn, c => service_points::table
        .inner_join(areas::table)
        .left_join(routes::table.on(routes::id.nullable().eq(service_points::route_id)))
        .left_join(installations::table
            .on(installations::point_id.eq(service_points::id).and(installations::removed_at.is_null())))
        .left_join(meters::table.on(meters::id.nullable().eq(installations::meter_id.nullable())))
        .filter(among(service_points::id, ids))
        .select((
            (service_points::id, service_points::number, service_points::office_order),
            areas::path,
            routes::code.nullable(),
            meters::number.nullable(),
        ))
        .load(c))?;
    let described = rows.into_iter().map(|((id, number, order), area, route, meter)| {
        let row = NotReadRow {
            service_point_id: id,
            service_point_number: number,
            meter_number: meter.unwrap_or_default(),
            class: String::new(),
            area,
            route: route.unwrap_or_default(),
            office_order: order,
            reader: String::new(),
            bucket: String::new(),
            attempts: 0,
            last_attempt: String::new(),
            last_attempt_at: None,
            last_seen_at: None,
            unseen_days: None,
        };
        (id, row)
    });
    Ok(described.collect())
}

/// Attempts by point, by time, over the quarter the month lies in.
fn attempts(conn: &mut Conn, ids: &[i64], scope: &Scope) -> QueryResult<HashMap<i64, Vec<(i64, String)>>> {
    let from = scope.zone.start_of(scope.quarter().first_day());
    let (_, until) = scope.span();
    let rows: Vec<(i64, i64, String)> = each!(conn, c => records::table
        .filter(among(records::point_id, ids))
        .filter(records::observed_at.ge(to_ms(from)))
        .filter(records::observed_at.lt(to_ms(until)))
        .filter(records::kind.eq("attempt"))
        .order((records::point_id, records::observed_at, records::id))
        .select((records::point_id, records::observed_at, records::code))
        .load(c))?;
    let mut tried: HashMap<i64, Vec<(i64, String)>> = HashMap::new();
    rows.into_iter().for_each(|(point, at, code)| tried.entry(point).or_default().push((at, code)));
    Ok(tried)
}

fn last_seen(conn: &mut Conn, ids: &[i64], until: Instant) -> QueryResult<HashMap<i64, i64>> {
    let rows: Vec<(i64, Option<i64>)> = each!(conn, c => records::table
        .filter(among(records::point_id, ids))
        .filter(records::observed_at.le(to_ms(until)))
        .filter(records::kind.eq("reading"))
        .filter(records::code.eq_any(["field", "reread", "exchange"]))
        .group_by(records::point_id)
        .select((records::point_id, diesel::dsl::max(records::observed_at)))
        .load(c))?;
    Ok(rows.into_iter().filter_map(|(point, at)| Some((point, at?))).collect())
}

/// Cases of readings made in the month, by id.
pub fn anomalies(conn: &mut Conn, scope: &Scope, after: i64, limit: i64) -> QueryResult<Page<AnomalyRow>> {
    type Row = ((i64, String, String, String), (Option<i64>, i64, String), String, String);
    let (from, until) = scope.span();
    let rows: Vec<Row> = each!(conn, c => cases::table
        .inner_join(meters::table)
        .inner_join(service_points::table)
        .filter(cases::observed_at.ge(to_ms(from)))
        .filter(cases::observed_at.lt(to_ms(until)))
        .filter(cases::id.gt(after))
        .order(cases::id)
        .limit(limit)
        .select((
            (cases::id, cases::kind, cases::rule, cases::state),
            (cases::stake, cases::observed_at, cases::evidence),
            meters::number,
            service_points::number,
        ))
        .load(c))?;
    let (scanned, last) = (rows.len(), rows.last().map(|((id, ..), ..)| *id));
    let row = |((case_id, kind, rule, state), (stake, at, evidence), meter, point): Row| AnomalyRow {
        case_id,
        service_point_number: point,
        meter_number: meter,
        kind,
        rule,
        state,
        stake,
        observed_at: Time(from_ms(at)),
        evidence: serde_json::from_str(&evidence).unwrap_or_default(),
    };
    Ok(page(rows.into_iter().map(row).collect(), scanned, limit, last))
}

/// The meters with three figures that hang somewhere, by id.
pub fn reconciliation(conn: &mut Conn, scope: &Scope, after: i64, limit: i64) -> QueryResult<Page<ReconciliationRow>> {
    let (from, until) = scope.span();
    let rows: Vec<(i64, String, i64, String, String)> = each!(conn, c => installations::table
        .inner_join(meters::table.inner_join(meter_types::table))
        .inner_join(service_points::table.inner_join(areas::table))
        .filter(meter_types::three_figures)
        .filter(installations::removed_at.is_null())
        .filter(installations::installed_at.lt(to_ms(until)))
        .filter(meters::id.gt(after))
        .order(meters::id)
        .limit(limit)
        .select((meters::id, meters::number, service_points::id, service_points::number, areas::path))
        .load(c))?;
    let points: Vec<i64> = rows.iter().map(|(_, _, point, ..)| *point).collect();
    let ids: Vec<i64> = rows.iter().map(|(meter, ..)| *meter).collect();
    let looked: HashMap<i64, _> =
        load_looks(conn, &points, from, until)?.into_iter().map(|looked| (looked.meter, looked)).collect();
    let bought = load_purchases(conn, &ids, Instant::UNIX_EPOCH, until)?;
    let tolerance = rulebook(conn)?.anomalies(scope.month.first_day()).tolerance;
    let reconciled = rows.iter().map(|(meter, meter_number, _, point_number, area)| {
        let looked = looked.get(meter);
        let opening = looked.and_then(|looked| looked.looks.first()).filter(|look| look.at < from).copied();
        let closing = looked.and_then(|looked| looked.looks.last()).filter(|look| look.at >= from).copied();
        let spent = bought.get(meter).zip(opening.zip(closing)).map(|(bought, (opening, closing))| {
            let between = bought.iter().filter(|(at, ..)| *at > to_ms(opening.at) && *at <= to_ms(closing.at));
            between.fold((Volume::ZERO, 0_i64), |sum, (_, volume, paid)| {
                (sum.0 + Volume::from_litres(*volume), sum.1.saturating_add(*paid))
            })
        });
        let facts = looked.and_then(|looked| match looked.traits.figures {
            FigureSet::Three { balance, .. } => Some((looked.traits, balance)),
            FigureSet::Index => None,
        });
        let agreed = facts.map(|(traits, balance)| {
            agreement(&MonthOfMeter {
                opening,
                closing,
                bought: spent,
                digits: traits.digits,
                resolution: traits.resolution,
                pulse: traits.pulse,
                balance,
                tolerance,
            })
        });
        let litres = |volume: Option<Volume>| volume.map(Volume::litres);
        ReconciliationRow {
            meter_id: *meter,
            meter_number: meter_number.clone(),
            service_point_number: point_number.clone(),
            area: area.clone(),
            verdict: agreed.map_or("incomplete", |agreed| agreed.verdict.code()).to_owned(),
            opening_at: opening.map(|look| Time(look.at)),
            closing_at: closing.map(|look| Time(look.at)),
            index_use: litres(agreed.and_then(|agreed| agreed.index_use)),
            cumulative_use: litres(agreed.and_then(|agreed| agreed.cumulative_use)),
            gap: litres(agreed.and_then(|agreed| agreed.gap)),
            tolerance: litres(agreed.and_then(|agreed| agreed.tolerance)),
            bought: spent.map(|(volume, _)| volume.litres()),
            missing: agreed.and_then(|agreed| agreed.missing),
            in_money: facts.is_some_and(|(_, balance)| matches!(balance, meterbook::meters::BalanceUnit::Money { .. })),
        }
    });
    Ok(page(reconciled.collect(), ids.len(), limit, ids.last().copied()))
}

/// Loaded at, volume, fen.
type Purchase = (i64, i64, i64);

fn load_purchases(
    conn: &mut Conn,
    ids: &[i64],
    from: Instant,
    until: Instant,
) -> QueryResult<HashMap<i64, Vec<Purchase>>> {
    let rows: Vec<(i64, i64, i64, i64)> = each!(conn, c => purchases::table
        .filter(among(purchases::meter_id, ids))
        .filter(purchases::loaded_at.ge(to_ms(from)))
        .filter(purchases::loaded_at.lt(to_ms(until)))
        .order((purchases::meter_id, purchases::loaded_at))
        .select((purchases::meter_id, purchases::loaded_at, purchases::volume, purchases::paid_fen))
        .load(c))?;
    let mut bought: HashMap<i64, Vec<Purchase>> = HashMap::new();
    rows.into_iter().for_each(|(meter, at, volume, paid)| bought.entry(meter).or_default().push((at, volume, paid)));
    Ok(bought)
}

/// Customers whose purchases changed, by meter.
pub fn purchase_changes(
    conn: &mut Conn,
    scope: &Scope,
    after: i64,
    limit: i64,
) -> QueryResult<Page<PurchaseChangeRow>> {
    type Row = (i64, String, Option<String>, Option<String>);
    let (_, until) = scope.span();
    let rows: Vec<Row> = each!(conn, c => meters::table
        .inner_join(meter_types::table)
        .left_join(installations::table
            .on(installations::meter_id.eq(meters::id).and(installations::removed_at.is_null())))
        .left_join(service_points::table.on(service_points::id.nullable().eq(installations::point_id.nullable())))
        .left_join(areas::table.on(areas::id.nullable().eq(service_points::area_id.nullable())))
        .filter(meter_types::three_figures)
        .filter(meters::id.gt(after))
        .order(meters::id)
        .limit(limit)
        .select((meters::id, meters::number, service_points::number.nullable(), areas::path.nullable()))
        .load(c))?;
    let ids: Vec<i64> = rows.iter().map(|(meter, ..)| *meter).collect();
    let bought = load_purchases(conn, &ids, Instant::UNIX_EPOCH, until)?;
    let (months, settings) = (watched_months(scope), rulebook(conn)?.purchases(scope.month));
    let mut changed = Vec::new();
    for (meter, meter_number, point, area) in rows {
        let Some(purchases) = bought.get(&meter) else { continue };
        let known = bought_in(purchases, &months);
        let Some(change) = watch(&known, &settings) else { continue };
        changed.push(PurchaseChangeRow {
            meter_id: meter,
            meter_number,
            service_point_number: point.unwrap_or_default(),
            area: area.unwrap_or_default(),
            change: change.code().to_owned(),
            this: known.this.litres(),
            usual: watched::usual(&known).litres(),
            last_year: known.last_year.map(Volume::litres),
        });
    }
    Ok(page(changed, ids.len(), limit, ids.last().copied()))
}

/// This month, the three before, the same one last year: from and until.
fn watched_months(scope: &Scope) -> [(i64, i64); 5] {
    [0, 1, 2, 3, 12].map(|back| {
        let first = scope.month.first_day();
        let month = Period::month_of(first.checked_sub_months(Months::new(back)).unwrap_or(first));
        let (from, until) = scope.of(month).span();
        (to_ms(from), to_ms(until))
    })
}

fn bought_in(purchases: &[Purchase], months: &[(i64, i64); 5]) -> Bought {
    let [this, one, two, three, year] = months.map(|(from, until)| {
        let within = purchases.iter().filter(|(at, ..)| (from..until).contains(at));
        within.map(|(_, volume, _)| Volume::from_litres(*volume)).sum::<Volume>()
    });
    // The books reach back that far where they know of anything before that month's end.
    let reaches_back = purchases.first().is_some_and(|(at, ..)| *at < months[4].1);
    Bought { this, before: [one, two, three], last_year: reaches_back.then_some(year) }
}

/// Corrections made in the month, by time.
pub fn corrections(conn: &mut Conn, scope: &Scope, after: i64, limit: i64) -> QueryResult<Page<CorrectionRow>> {
    let found = load_corrections(conn, scope)?;
    let targets: Vec<uuid::Uuid> = found.iter().filter_map(|((.., target, _), _)| Some((*target)?.0)).collect();
    let mut known: HashMap<Uuid16, (i64, Option<i64>)> = HashMap::new();
    for chunk in targets.chunks(500) {
        let rows: Vec<(Uuid16, i64, Option<i64>)> = each!(conn, c => records::table
            .filter(among(records::id, chunk))
            .select((records::id, records::observed_at, records::figure_index))
            .load(c))?;
        known.extend(rows.into_iter().map(|(id, at, index)| (id, (at, index))));
    }
    let settings = rulebook(conn)?.appraisal(scope.month);
    let row = |(position, ((id, reason, reader, at, target, index), (number, name, state))): (
        i64,
        super::sums::CorrectionFacts,
    )| {
        let corrected = target.and_then(|target| known.get(&target));
        CorrectionRow {
            position,
            record_id: id.0.to_string(),
            target_id: target.map(|target| target.0.to_string()).unwrap_or_default(),
            reader_id: reader.unwrap_or(0),
            reader: name.unwrap_or_default(),
            service_point_number: number,
            reason,
            read_at: corrected.map(|(at, _)| Time(from_ms(*at))),
            corrected_at: Time(from_ms(at)),
            before: corrected.and_then(|(_, index)| *index),
            after: index,
            state: state.unwrap_or_else(|| "refused".to_owned()),
            late: corrected.is_some_and(|(read, _)| settings.is_late(from_ms(*read), from_ms(at))),
        }
    };
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let rows: Vec<CorrectionRow> =
        (1_i64..).zip(found).skip_while(|(position, _)| *position <= after).take(wanted).map(row).collect();
    let (scanned, last) = (rows.len(), rows.last().map(|row| row.position));
    Ok(page(rows, scanned, limit, last))
}
