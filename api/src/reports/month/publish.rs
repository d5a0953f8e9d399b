//! Publishing a month's report once its period is closed.
//!
//! Why separate: it runs beside the service and may be killed at any moment, on any node. What is written is whole or not at
//! all, and the first that wrote it wins; the lists are read in one snapshot, so that they and the figures are of one moment.

use super::lists::{AnomalyRow, CorrectionRow, NotReadRow, PurchaseChangeRow, ReconciliationRow};
use super::source::{AT_ONCE, Live, Source, pack};
use super::store::Scope;
use super::store::published::{self, NewVersion, Piece};
use crate::App;
use crate::db::{Conn, Isolation, StoreError};
use crate::keys::sha256;
use diesel::QueryResult;
use meterbook::calendar::Period;

/// Publishes a closed month; `false`: it was published before.
///
/// # Errors
/// The database's.
pub async fn publish(app: &App, month: Period) -> Result<bool, StoreError> {
    let scope = Scope { month, zone: app.config.zone, cut_off: app.clock.now() };
    let made = app.store.read("make_report", move |conn| {
        if published::find(conn, month)?.is_some() {
            return Ok(None);
        }
        made(conn, &scope).map(Some)
    });
    let Some(new) = made.await? else { return Ok(false) };
    app.store.write("publish_report", Isolation::Serializable, move |conn| published::insert(conn, &new)).await
}

/// Publishes whatever months are closed and not published yet. Several nodes may do it at once.
///
/// # Errors
/// The database's; what was published till then stands.
pub async fn publish_closed(app: &App) -> Result<usize, StoreError> {
    let mut count = 0;
    for month in app.store.read("unpublished_reports", published::unpublished).await? {
        count += usize::from(publish(app, month).await?);
    }
    Ok(count)
}

fn made(conn: &mut Conn, scope: &Scope) -> QueryResult<NewVersion> {
    let mut report = super::load(conn, scope)?;
    "published".clone_into(&mut report.state);
    report.version = 1;
    report.differences.clear();
    let body =
        serde_json::to_string(&report).map_err(|fault| diesel::result::Error::SerializationError(fault.into()))?;
    let mut pieces = Vec::new();
    cut::<NotReadRow>(conn, scope, &mut pieces)?;
    cut::<AnomalyRow>(conn, scope, &mut pieces)?;
    cut::<ReconciliationRow>(conn, scope, &mut pieces)?;
    cut::<CorrectionRow>(conn, scope, &mut pieces)?;
    cut::<PurchaseChangeRow>(conn, scope, &mut pieces)?;
    Ok(NewVersion {
        period: scope.month,
        cut_off: scope.cut_off,
        rules_version: report.rules_version.clone(),
        population_hash: crate::sync::item::unhex(&report.population_hash).unwrap_or_default(),
        body_hash: sha256(body.as_bytes()).to_vec(),
        body,
        pieces,
    })
}

/// Cuts a list into pieces.
fn cut<R: Live>(conn: &mut Conn, scope: &Scope, pieces: &mut Vec<Piece>) -> QueryResult<()> {
    let (mut after, mut position) = (0, 0);
    loop {
        let (rows, next) = Source::Live(*scope).page::<R>(conn, after, AT_ONCE)?;
        if let Some(last) = rows.last() {
            let count = i32::try_from(rows.len()).unwrap_or(i32::MAX);
            pieces.push(Piece { list: R::SHEET.id, position, last_key: last.key(), rows: count, body: pack(&rows)? });
            position += 1;
        }
        match next {
            Some(next) => after = next,
            None => return Ok(()),
        }
    }
}
