//! Taking away what nobody wants: photos no record names, uploads nobody finished.
//!
//! A photo is marked first, then its object goes, then its row: whoever brings the same photo meanwhile is told to come again,
//! so nothing that was acknowledged disappears.

use super::store;
use super::uploads::store::{end_upload, expired_uploads};
use super::vault::VaultFault;
use crate::App;
use crate::db::{Isolation, StoreError};
use chrono::TimeDelta;
use meterbook::photos::Settings;

/// After this long another sweep takes over what one had marked.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::hours(1);

/// Why a sweep ended early; the next goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepFault {
    /// The database's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The place's.
    #[error(transparent)]
    Vault(#[from] VaultFault),
}

/// Sweeps once. Several nodes may. How many photos went.
///
/// # Errors
/// The database's or the place's.
pub async fn sweep(app: &App) -> Result<usize, SweepFault> {
    let now = app.clock.now();
    app.store.write("match_photo_names", Isolation::RowLocks, move |conn| store::match_names(conn, now)).await?;
    let mut swept = 0;
    let stored_before = now - TimeDelta::days(i64::from(app.config.photo_keep_unnamed_days));
    loop {
        let going = app.store.write("mark_going_photos", Isolation::Serializable, move |conn| {
            store::mark_going(conn, stored_before, now - GIVEN_UP_AFTER, now)
        });
        let going = going.await?;
        if going.is_empty() {
            break;
        }
        for hash in going {
            app.vault.remove(hash).await?;
            app.store.write("forget_photo", Isolation::RowLocks, move |conn| store::forget_photo(conn, hash)).await?;
            swept += 1;
        }
    }
    for id in app.store.read("expired_uploads", move |conn| expired_uploads(conn, now)).await? {
        let ended = app.store.write("end_expired_upload", Isolation::RowLocks, move |conn| end_upload(conn, id));
        app.vault.remove_pieces(&ended.await?).await;
    }
    app.vault.remove_pieces_before(now - Settings::default().upload_life - TimeDelta::days(1)).await?;
    Ok(swept)
}
