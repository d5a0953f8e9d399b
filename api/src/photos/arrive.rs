//! The last steps of every photo, however it came: to its place, then into the database.
//!
//! In that order, so that a photo that is known is there. A cut in between leaves an object that the same photo overwrites.

use super::spool::{Ended, Received};
use super::store::{self, Arrival, Arrived};
use super::vault::VaultFault;
use crate::App;
use crate::db::{Conn, Isolation};
use crate::http::{Problem, ProblemCode};
use actix_web::web::Bytes;
use diesel::QueryResult;
use meterbook::accounts::Actor;
use meterbook::id::DeviceId;
use meterbook::photos::{PhotoFormat, PhotoHash, Settings};

impl From<VaultFault> for Problem {
    /// The place may be full or away: the photo stays on the phone.
    fn from(fault: VaultFault) -> Self {
        tracing::error!(%fault, "photos");
        Self::new(ProblemCode::Unavailable).retry_after(30)
    }
}

impl From<std::io::Error> for Problem {
    fn from(fault: std::io::Error) -> Self {
        VaultFault::from(fault).into()
    }
}

/// Photos come from phones: what one brings is counted against it.
pub fn phone(actor: Actor) -> Result<DeviceId, Problem> {
    actor.device.ok_or_else(|| Problem::new(ProblemCode::DeviceRequired))
}

/// Refuses a phone that has brought too much that no record names, unless a record names this one.
pub fn check_quota(conn: &mut Conn, device: DeviceId, hash: PhotoHash) -> QueryResult<Result<(), Problem>> {
    let is_free = store::is_named(conn, hash, None)? || store::find_photo(conn, hash)?.is_some();
    let fits = is_free || Settings::default().allows_more(store::unnamed_of(conn, device)?);
    Ok(if fits { Ok(()) } else { Err(Problem::new(ProblemCode::PhotoQuota).retry_after(60)) })
}

/// The problem of a body that did not end as it should.
pub fn ended(received: &Received, most: u64) -> Result<(), Problem> {
    match received.ended {
        Ended::Whole => Ok(()),
        Ended::Cut => Err(Problem::new(ProblemCode::MalformedEncoding)),
        Ended::TooLarge => Err(too_large(most)),
        Ended::NotAPhoto => Err(Problem::new(ProblemCode::NotAPhoto)),
    }
}

/// The problem of a photo over the limit.
pub fn too_large(most: u64) -> Problem {
    Problem::new(ProblemCode::BodyTooLarge).detail(format!("最多 {most} 字节"), format!("at most {most} bytes"))
}

/// A whole photo on its way to its place.
pub struct Whole {
    /// Its hash, which was checked.
    pub hash: PhotoHash,
    /// What it is.
    pub format: PhotoFormat,
    /// Its bytes, in order.
    pub parts: Vec<Bytes>,
    /// Who brings it.
    pub device: DeviceId,
}

/// Puts a photo in its place and notes it, together with `also`, in one transaction. `None`: come again in a moment.
pub async fn store_photo<F>(app: &App, whole: Whole, mut also: F) -> Result<Option<Arrived>, Problem>
where
    F: FnMut(&mut Conn) -> QueryResult<()> + Send + 'static,
{
    let Whole { hash, format, parts, device } = whole;
    let bytes = parts.iter().map(|part| part.len() as i64).sum();
    let known = app.store.read("find_photo", move |conn| store::find_photo(conn, hash)).await?;
    if known.is_some_and(|known| known.is_going) {
        return Ok(None);
    }
    let was_put = known.is_none() || !app.vault.holds(hash).await?;
    if was_put {
        app.vault.keep(hash, parts).await?;
    }
    let arrival = Arrival { hash, format, bytes, device, at: app.clock.now(), was_put };
    let noted = app.store.write("note_photo", Isolation::RowLocks, move |conn| {
        let arrived = store::note_arrival(conn, &arrival)?;
        if arrived != Arrived::Going {
            also(conn)?;
        }
        Ok(arrived)
    });
    Ok(Some(noted.await?).filter(|arrived| *arrived != Arrived::Going))
}

/// The problem of a photo that is just being swept away.
pub fn going() -> Problem {
    Problem::new(ProblemCode::Unavailable).retry_after(5)
}
