//! Loading rounds and stops as a phone needs them. Everything here is asked with the reader: what he does not hold now is not
//! loaded, whatever a feed or a path names (I10).

mod meters;
mod promised;

use super::feed::{FeedEntry, Page};
use super::wire::{ChangedRound, ChangedStop, PulledRound, PulledStop, RemovedRound, RemovedStop};
use super::{Asker, Pulled};
use crate::db::schema::{feed_entries, feeds, round_holders, rounds, service_points, stops};
use crate::db::{Conn, among, each};
use crate::http::{Time, from_ms};
use crate::keys::Keys;
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::calendar::Zone;
use meterbook::id::AccountId;
use meterbook::rounds::Away;
use meters::{Shown, load_shown};
use promised::load_promised;
use std::collections::{BTreeMap, HashMap};

/// The states in which a reader holds a round, unless it was put away.
const HELD: [&str; 3] = ["assigned", "in_progress", "done"];

/// Where a feed begins and ends.
#[derive(Clone, Copy, Default, Queryable)]
pub struct FeedEnds {
    /// The last version.
    pub head: i64,
    /// Entries up to here are forgotten.
    pub floor: i64,
}

/// The ends of a reader's feed.
pub fn feed_ends(conn: &mut Conn, reader: AccountId) -> QueryResult<FeedEnds> {
    let ends: Option<FeedEnds> =
        each!(conn, c => feeds::table.find(reader.0).select((feeds::head, feeds::floor)).first(c).optional())?;
    Ok(ends.unwrap_or_default())
}

/// The heads of several feeds, for whoever waits for them.
pub fn feed_heads(conn: &mut Conn, readers: &[i64]) -> QueryResult<Vec<(i64, i64)>> {
    each!(conn, c => feeds::table.filter(among(feeds::reader_id, readers)).select((feeds::reader_id, feeds::head)).load(c))
}

/// Entries of a feed after a position.
pub fn feed_after(conn: &mut Conn, reader: AccountId, position: i64, limit: i64) -> QueryResult<Vec<FeedEntry>> {
    each!(conn, c => feed_entries::table
        .filter(feed_entries::reader_id.eq(reader.0))
        .filter(feed_entries::version.gt(position))
        .order(feed_entries::version)
        .limit(limit)
        .select((
            feed_entries::version,
            feed_entries::kind,
            feed_entries::subject,
            feed_entries::change,
            feed_entries::reason,
            feed_entries::keep_until,
        ))
        .load(c))
}

/// The rounds a reader holds.
pub fn held_rounds(conn: &mut Conn, reader: AccountId) -> QueryResult<Vec<i64>> {
    each!(conn, c => rounds::table
        .filter(rounds::reader_id.eq(reader.0))
        .filter(rounds::state.eq_any(HELD))
        .filter(rounds::put_away_at.is_null())
        .order(rounds::id)
        .select(rounds::id)
        .load(c))
}

/// The rounds a reader has held and holds no more, or that were put away from the phone; each once.
pub fn former_rounds(conn: &mut Conn, reader: AccountId) -> QueryResult<Vec<RemovedRound>> {
    type Row = (i64, String, Option<i64>, Option<i64>);
    let rows: Vec<Row> = each!(conn, c => round_holders::table
        .inner_join(rounds::table.on(rounds::id.eq(round_holders::round_id)))
        .filter(round_holders::reader_id.eq(reader.0))
        .filter(round_holders::held_until.is_not_null().or(rounds::put_away_at.is_not_null()))
        .order((round_holders::round_id, round_holders::id))
        .select((rounds::id, rounds::state, round_holders::held_until, round_holders::keep_until))
        .load(c))?;
    let last: BTreeMap<i64, Row> = rows.into_iter().map(|row| (row.0, row)).collect();
    let removed = |(round_id, state, held_until, keep): Row| RemovedRound {
        round_id,
        reason: match (state.as_str(), held_until) {
            ("cancelled", _) => "cancelled",
            (_, Some(_)) => "reassigned",
            ("done", None) => Away::Done.code(),
            (_, None) => Away::Ended.code(),
        }
        .to_owned(),
        keep_until: keep.map(|at| Time(from_ms(at))),
    };
    Ok(last.into_values().map(removed).collect())
}

#[derive(Queryable)]
struct RoundRow {
    id: i64,
    name: String,
    from_day: NaiveDate,
    until_day: NaiveDate,
    state: String,
}

fn round_rows(conn: &mut Conn, reader: AccountId, only: Option<&[i64]>) -> QueryResult<Vec<RoundRow>> {
    each!(conn, c => {
        let mut query = rounds::table
            .filter(rounds::reader_id.eq(reader.0))
            .filter(rounds::state.eq_any(HELD))
            .filter(rounds::put_away_at.is_null())
            .into_boxed();
        if let Some(only) = only {
            query = query.filter(rounds::id.eq_any(only));
        }
        query
            .order((rounds::from_day, rounds::id))
            .select((rounds::id, rounds::name, rounds::from_day, rounds::until_day, rounds::state))
            .load(c)
    })
}

/// Rounds a reader holds, whole; only some of them where `only` says so.
pub fn load_rounds(
    conn: &mut Conn,
    keys: &Keys,
    reader: AccountId,
    only: Option<&[i64]>,
    zone: Zone,
) -> QueryResult<Vec<PulledRound>> {
    if only.is_some_and(<[i64]>::is_empty) {
        return Ok(Vec::new());
    }
    let rows = round_rows(conn, reader, only)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut by_round: HashMap<i64, Vec<PulledStop>> = HashMap::new();
    for (round, stop) in load_stops(conn, keys, reader, Wanted::OfRounds(&ids), zone)? {
        by_round.entry(round).or_default().push(stop);
    }
    let round = |row: RoundRow| PulledRound {
        stops: by_round.remove(&row.id).unwrap_or_default(),
        from_day: row.from_day.to_string(),
        until_day: row.until_day.to_string(),
        id: row.id,
        name: row.name,
        state: row.state,
    };
    Ok(rows.into_iter().map(round).collect())
}

/// The own members of the rounds a page says changed.
pub fn load_changed_rounds(conn: &mut Conn, reader: AccountId, page: &Page<'_>) -> QueryResult<Vec<ChangedRound>> {
    let reasons: HashMap<i64, &str> = page.changed().map(|entry| (entry.subject, entry.reason.as_str())).collect();
    if reasons.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = reasons.keys().copied().collect();
    let round = |row: RoundRow| ChangedRound {
        reason: reasons.get(&row.id).map(|reason| (*reason).to_owned()).unwrap_or_default(),
        from_day: row.from_day.to_string(),
        until_day: row.until_day.to_string(),
        id: row.id,
        name: row.name,
        state: row.state,
    };
    Ok(round_rows(conn, reader, Some(&ids))?.into_iter().map(round).collect())
}

/// The single stops a page tells of, beside rounds that are told whole or gone.
pub fn load_changed_stops(conn: &mut Conn, asker: &Asker, page: &Page<'_>, pulled: &mut Pulled) -> QueryResult<()> {
    let (gone, changed): (Vec<&FeedEntry>, Vec<&FeedEntry>) =
        page.stops().values().copied().partition(|entry| entry.change == "removed");
    let ids: Vec<i64> = changed.iter().map(|entry| entry.subject).collect();
    for (round_id, stop) in load_stops(conn, &asker.keys, asker.reader, Wanted::Single(&ids), asker.zone)? {
        let entry = page.stops().get(&stop.id).filter(|_| !page.covers(round_id));
        if let Some(entry) = entry {
            let (change, reason) = (entry.change.clone(), entry.reason.clone());
            pulled.stops.push(ChangedStop { round_id, change, reason, stop });
        }
    }
    let ids: Vec<i64> = gone.iter().map(|entry| entry.subject).collect();
    for (stop_id, round_id) in rounds_of_stops(conn, asker.reader, &ids)? {
        let entry = page.stops().get(&stop_id).filter(|_| !page.covers(round_id));
        if let Some(entry) = entry {
            pulled.removed_stops.push(RemovedStop { round_id, stop_id, reason: entry.reason.clone() });
        }
    }
    Ok(())
}

fn rounds_of_stops(conn: &mut Conn, reader: AccountId, ids: &[i64]) -> QueryResult<Vec<(i64, i64)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    each!(conn, c => stops::table
        .inner_join(rounds::table)
        .filter(stops::id.eq_any(ids))
        .filter(rounds::reader_id.eq(reader.0))
        .filter(rounds::state.eq_any(HELD))
        .filter(rounds::put_away_at.is_null())
        .order(stops::id)
        .select((stops::id, stops::round_id))
        .load(c))
}

/// Which stops.
#[derive(Clone, Copy)]
enum Wanted<'i> {
    OfRounds(&'i [i64]),
    Single(&'i [i64]),
}

/// Stop, round, position, state, point.
type StopColumns = (i64, i64, i32, String, i64);
/// Number, class, learned order, latitude, longitude, datum.
type PointColumns = (String, String, Option<i32>, Option<i64>, Option<i64>, Option<String>);
/// Address, name, access note.
type SealedColumns = (Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>);

/// Stops in rounds a reader holds, each with its round.
fn load_stops(
    conn: &mut Conn,
    keys: &Keys,
    reader: AccountId,
    wanted: Wanted<'_>,
    zone: Zone,
) -> QueryResult<Vec<(i64, PulledStop)>> {
    let (Wanted::OfRounds(ids) | Wanted::Single(ids)) = wanted;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let of_stop = (stops::id, stops::round_id, stops::position, stops::state, stops::point_id);
    let of_point = (
        service_points::number,
        service_points::class,
        service_points::learned_order,
        service_points::lat_micro,
        service_points::lng_micro,
        service_points::datum,
    );
    let sealed = (service_points::address, service_points::customer_name, service_points::access_note);
    type Row = (StopColumns, PointColumns, SealedColumns, (NaiveDate, NaiveDate));
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = stops::table
            .inner_join(rounds::table)
            .inner_join(service_points::table)
            .filter(rounds::reader_id.eq(reader.0))
            .filter(rounds::state.eq_any(HELD))
            .filter(rounds::put_away_at.is_null())
            .filter(stops::taken_out_at.is_null())
            .into_boxed();
        query = match wanted {
            Wanted::OfRounds(rounds) => query.filter(stops::round_id.eq_any(rounds)),
            Wanted::Single(stops) => query.filter(stops::id.eq_any(stops)),
        };
        query
            .order((stops::round_id, stops::position, stops::id))
            .select((of_stop, of_point, sealed, (rounds::from_day, rounds::until_day)))
            .load(c)
    })?;
    let shown: Vec<Shown> =
        rows.iter().map(|((stop, .., point), _, _, days)| Shown { stop: *stop, point: *point, days: *days }).collect();
    let mut meters = load_shown(conn, &shown, zone)?;
    let mut promised = load_promised(conn, &shown, zone)?;
    let stop = |(of_stop, of_point, sealed, _): Row| {
        let (id, round, position, state, service_point_id) = of_stop;
        let (service_point_number, class, learned_position, lat_micro, lng_micro, datum) = of_point;
        let open = |column, sealed: Option<Vec<u8>>| sealed.and_then(|sealed| keys.open(column, &sealed));
        let stop = PulledStop {
            id,
            service_point_id,
            service_point_number,
            class,
            position,
            learned_position,
            state,
            address: open("address", sealed.0),
            customer_name: open("customer_name", sealed.1),
            access_note: open("access_note", sealed.2),
            appointments: promised.remove(&id),
            lat_micro,
            lng_micro,
            datum,
            meter: meters.remove(&id),
        };
        (round, stop)
    };
    Ok(rows.into_iter().map(stop).collect())
}
