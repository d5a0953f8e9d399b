//! What a phone is told: its rounds whole at first, then what changed since its cursor (PROTOCOL, "Pull").
//!
//! `feed.rs` decides what a page of the feed comes to, `store.rs` loads it as it stands, `wire.rs` says it. An entry names what
//! changed and not how: a page shows the present, and a later entry shows it again, so no page can be too old.

mod catalogue;
mod feed;
mod routes;
mod store;
mod wire;

pub use feed::FeedEntry;
pub use routes::*;
pub use store::feed_heads;
pub use wire::*;

use self::catalogue::CatalogueOfDay;
use super::store::kept_verdicts;
use crate::db::Conn;
use crate::http::{Time, from_ms};
use crate::keys::Keys;
use chrono::TimeDelta;
use diesel::QueryResult;
use feed::Page;
use meterbook::calendar::{Instant, Zone};
use meterbook::id::{AccountId, DeviceId};
use meterbook::settings::Rulebook;
use meterbook::sync::{Cursor, refetch_after_s};
use std::sync::Arc;

/// How long a verdict is told to a phone that starts over.
const VERDICT_KEEP: TimeDelta = TimeDelta::days(60);

/// Who asks, and where the phone stands.
#[derive(Clone)]
pub struct Asker {
    /// The reader.
    pub reader: AccountId,
    /// The phone.
    pub device: DeviceId,
    /// The cursor of the last answer, if it is of this epoch.
    pub known: Option<Cursor>,
    /// Feed entries at most.
    pub limit: i64,
    /// To open sealed values with.
    pub keys: Arc<Keys>,
    /// The company's zone.
    pub zone: Zone,
    /// Now.
    pub now: Instant,
}

impl Asker {
    /// Whether this phone may go on from a cursor: it was given to it, or to no phone in particular.
    fn may_follow(&self, known: &Cursor) -> bool {
        known.device.is_none_or(|device| device == self.device.0)
    }

    /// The catalogue by the settings in force.
    fn catalogue(&self, book: &Rulebook) -> CatalogueOfDay {
        CatalogueOfDay::of(book, self.zone.day(self.now))
    }
}

/// What a phone is told.
#[derive(Default)]
pub struct Pulled {
    /// The feed position it has then.
    pub position: i64,
    /// Whether there is more.
    pub more: bool,
    /// Whether it forgets its rounds first.
    pub reset: bool,
    /// Rounds that are new, whole.
    pub rounds: Vec<PulledRound>,
    /// Rounds whose own members changed.
    pub changed_rounds: Vec<ChangedRound>,
    /// Rounds to put away.
    pub removed: Vec<RemovedRound>,
    /// Stops that are new or changed.
    pub stops: Vec<ChangedStop>,
    /// Stops to put away.
    pub removed_stops: Vec<RemovedStop>,
    /// Later words on the phone's records.
    pub verdicts: Vec<PulledVerdict>,
    /// The catalogue, where it has another.
    pub catalogue: Option<Catalogue>,
    /// Rounds to fetch anew.
    pub refetch: Vec<RefetchRound>,
}

/// What there is for a phone; `None`: nothing new, which costs one look at the head of the feed.
pub fn pull(conn: &mut Conn, asker: &Asker, catalogue: &CatalogueOfDay) -> QueryResult<Option<Pulled>> {
    let ends = store::feed_ends(conn, asker.reader)?;
    let catalogue = catalogue.unless_known(asker.known.map(|known| known.catalogue));
    // A cursor beyond the head is of a history that is gone.
    let followed = asker.known.filter(|known| known.position <= ends.head && asker.may_follow(known));
    let Some(Cursor { position, .. }) = followed else {
        return Ok(Some(Pulled { catalogue, ..start_over(conn, asker, ends.head)? }));
    };
    if position == ends.head {
        return Ok(catalogue.map(|catalogue| Pulled { position, catalogue: Some(catalogue), ..Pulled::default() }));
    }
    let pulled =
        if position < ends.floor { name_refetches(conn, asker, ends.head)? } else { follow(conn, asker, position)? };
    Ok(Some(Pulled { catalogue, ..pulled }))
}

/// Everything the reader holds now.
fn start_over(conn: &mut Conn, asker: &Asker, head: i64) -> QueryResult<Pulled> {
    let rounds = store::load_rounds(conn, &asker.keys, asker.reader, None, asker.zone)?;
    Ok(Pulled { position: head, reset: true, rounds, verdicts: told(kept(conn, asker)?), ..Pulled::default() })
}

/// The single changes are forgotten: which rounds to fetch anew, and which the reader held and holds no more.
fn name_refetches(conn: &mut Conn, asker: &Asker, head: i64) -> QueryResult<Pulled> {
    let held = store::held_rounds(conn, asker.reader)?;
    let refetch = |round: &i64| RefetchRound { round_id: *round, after_s: refetch_after_s(asker.device.0, *round) };
    let former = store::former_rounds(conn, asker.reader)?;
    Ok(Pulled {
        position: head,
        refetch: held.iter().map(refetch).collect(),
        removed: former.into_iter().filter(|former| !held.contains(&former.round_id)).collect(),
        verdicts: told(kept(conn, asker)?),
        ..Pulled::default()
    })
}

/// The next page of the feed.
fn follow(conn: &mut Conn, asker: &Asker, position: i64) -> QueryResult<Pulled> {
    let limit = usize::try_from(asker.limit).unwrap_or(0);
    let mut entries = store::feed_after(conn, asker.reader, position, asker.limit + 1)?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let position = entries.last().map_or(position, |entry| entry.version);
    let page = Page::of(&entries);
    let whole: Vec<i64> = page.whole().collect();
    let removed = page.removed().map(|entry| RemovedRound {
        round_id: entry.subject,
        reason: entry.reason.clone(),
        keep_until: entry.keep_until.map(|at| Time(from_ms(at))),
    });
    let verdicts: Vec<i64> = page.verdicts().collect();
    let mut pulled = Pulled {
        position,
        more,
        removed: removed.collect(),
        rounds: store::load_rounds(conn, &asker.keys, asker.reader, Some(&whole), asker.zone)?,
        changed_rounds: store::load_changed_rounds(conn, asker.reader, &page)?,
        verdicts: told(super::store::verdicts_by_id(conn, asker.device, &verdicts)?),
        ..Pulled::default()
    };
    store::load_changed_stops(conn, asker, &page, &mut pulled)?;
    Ok(pulled)
}

fn kept(conn: &mut Conn, asker: &Asker) -> QueryResult<Vec<super::store::VerdictRow>> {
    kept_verdicts(conn, asker.device, asker.now - VERDICT_KEEP)
}

fn told(rows: Vec<super::store::VerdictRow>) -> Vec<PulledVerdict> {
    let list = |text: &str| text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let verdict = |row: super::store::VerdictRow| PulledVerdict {
        record_id: row.record_id.0.to_string(),
        flags: list(&row.flags),
        cases: list(&row.cases),
        state: row.state,
        decided_at: Time(from_ms(row.decided_at)),
        keep_until: Time(from_ms(row.decided_at) + VERDICT_KEEP),
    };
    rows.into_iter().map(verdict).collect()
}
