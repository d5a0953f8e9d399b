//! Importing a file: read it, decide every row against what is stored, then apply all of it or nothing.
//!
//! It can be called without HTTP: the command line and the demonstration do.

use super::columns::{Column, Layout};
use super::faults::RowFault;
use super::register::store::Applying;
use super::table::{MOST_ROWS, SheetRow, rows_of};
use super::{past_readings, purchases, register};
use crate::App;
use crate::accounts::store::audit;
use crate::coverage::store::retouch_everywhere;
use crate::db::{Conn, Isolation};
use crate::http::{Problem, ProblemCode};
use crate::keys::{Keys, sha256};
use crate::rounds::store::announce_points;
use diesel::QueryResult;
use meterbook::accounts::Actor;
use meterbook::calendar::{Instant, Zone};
use std::sync::Arc;

/// Faults in a report; more are only counted.
const MOST_FAULTS: usize = 1_000;
/// Changes in a report.
const MOST_CHANGES: usize = 100;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportKind {
    /// Points and meters.
    Register,
    /// Prepaid purchases.
    Purchases,
    /// Readings from elsewhere.
    Readings,
}

impl ImportKind {
    const fn action(self) -> &'static str {
        match self {
            Self::Register => "import_register",
            Self::Purchases => "import_purchases",
            Self::Readings => "import_readings",
        }
    }

    const fn columns(self) -> &'static [Column] {
        match self {
            Self::Register => register::COLUMNS,
            Self::Purchases => purchases::COLUMNS,
            Self::Readings => past_readings::COLUMNS,
        }
    }
}

/// How an import treats bad rows, and whether it writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOptions {
    /// Import the good rows although there are bad ones.
    pub keep_good: bool,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// One row that changes what is stored.
#[derive(Clone, Debug)]
pub struct RowChange {
    /// The row in the sheet.
    pub row: u32,
    /// 户号.
    pub key: String,
    /// Codes of the fields that differ.
    pub fields: Vec<&'static str>,
}

/// How an import went.
#[derive(Clone, Debug, Default)]
pub struct ImportReport {
    /// Rows below the header.
    pub rows: usize,
    /// Rows with something new.
    pub added: usize,
    /// Rows that change what is stored.
    pub changed: usize,
    /// Rows that say what is stored.
    pub unchanged: usize,
    /// Rows with faults.
    pub rejected: usize,
    /// Whether it was written.
    pub applied: bool,
    /// Headings that mean nothing here.
    pub unknown_columns: Vec<String>,
    /// The first changes.
    pub changes: Vec<RowChange>,
    /// The first faults, by row.
    pub faults: Vec<RowFault>,
    /// Further faults.
    pub more_faults: usize,
}

/// A file read, before it meets the database.
enum Parsed {
    Register(Vec<register::RegisterRow>),
    Purchases(Vec<purchases::Purchase>),
    Readings(Vec<past_readings::PastReading>),
}

struct Import {
    kind: ImportKind,
    options: ImportOptions,
    layout: Layout,
    parsed: Parsed,
    faults: Vec<RowFault>,
    rows: usize,
    file_hash: String,
    actor: Option<Actor>,
    keys: Arc<Keys>,
    zone: Zone,
    now: Instant,
}

/// Imports a file.
///
/// # Errors
/// A problem where the file can't be read or lacks columns. Bad rows are in the report.
pub async fn import(
    app: &App,
    kind: ImportKind,
    file: &[u8],
    options: ImportOptions,
    actor: Option<Actor>,
) -> Result<ImportReport, Problem> {
    let (keys, zone, now, file) = (Arc::clone(&app.keys), app.config.zone, app.clock.now(), file.to_vec());
    let read = tokio::task::spawn_blocking(move || Import::read(kind, &file, options, actor, keys, zone, now));
    let import = read.await.map_err(|_| Problem::new(ProblemCode::Internal))??;
    let report = if options.dry_run {
        app.store.read(kind.action(), move |conn| import.run(conn)).await?
    } else {
        app.store.write(kind.action(), Isolation::Serializable, move |conn| import.run(conn)).await?
    };
    Ok(report)
}

impl Import {
    fn read(
        kind: ImportKind,
        file: &[u8],
        options: ImportOptions,
        actor: Option<Actor>,
        keys: Arc<Keys>,
        zone: Zone,
        now: Instant,
    ) -> Result<Self, Problem> {
        let rows = rows_of(file)?;
        let layout = Layout::find(kind.columns(), &rows)?;
        let count = rows.len().saturating_sub(layout.header + 1);
        if count > MOST_ROWS {
            return Err(Problem::new(ProblemCode::BodyTooLarge));
        }
        let (parsed, faults) = parse(kind, &layout, &rows, zone, now);
        let file_hash = sha256(file).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { kind, options, layout, parsed, faults, rows: count, file_hash, actor, keys, zone, now })
    }

    /// Decides and, unless it is only asked what would happen, applies. May be run again: it uses nothing up.
    fn run(&self, conn: &mut Conn) -> QueryResult<ImportReport> {
        let mut report = ImportReport {
            rows: self.rows,
            unknown_columns: self.layout.unknown.clone(),
            faults: self.faults.clone(),
            ..ImportReport::default()
        };
        match &self.parsed {
            Parsed::Register(rows) => self.register(conn, rows, &mut report)?,
            Parsed::Purchases(rows) => self.purchases(conn, rows, &mut report)?,
            Parsed::Readings(rows) => self.readings(conn, rows, &mut report)?,
        }
        if report.applied {
            let detail = format!(
                "added={} changed={} unchanged={} rejected={}",
                report.added, report.changed, report.unchanged, report.rejected
            );
            let account = self.actor.map(|actor| actor.account);
            audit(conn, self.now, account, self.kind.action(), &format!("file/{}", self.file_hash), &detail)?;
        }
        report.more_faults = report.faults.len().saturating_sub(MOST_FAULTS);
        report.faults.truncate(MOST_FAULTS);
        Ok(report)
    }

    fn register(&self, conn: &mut Conn, rows: &[register::RegisterRow], report: &mut ImportReport) -> QueryResult<()> {
        let known = register::store::load(conn, &self.keys, rows)?;
        let mut plans = Vec::with_capacity(rows.len());
        for row in rows {
            match register::decide::decide(&self.layout, row, &known) {
                Ok(plan) => plans.push(plan),
                Err(fault) => report.faults.push(fault),
            }
        }
        for plan in &plans {
            match (plan.point.is_none(), plan.is_unchanged()) {
                (true, _) => report.added += 1,
                (_, true) => report.unchanged += 1,
                _ => report.note_change(RowChange {
                    row: plan.row.row,
                    key: plan.row.number.clone(),
                    fields: plan.fields.clone(),
                }),
            }
        }
        if report.settle(self.options) {
            let with = Applying { layout: &self.layout, keys: &self.keys, zone: self.zone, now: self.now };
            let touched = register::store::apply(conn, &with, &plans)?;
            retouch_everywhere(conn, self.zone, &touched)?;
        }
        Ok(())
    }

    fn purchases(&self, conn: &mut Conn, rows: &[purchases::Purchase], report: &mut ImportReport) -> QueryResult<()> {
        let known = purchases::store::load(conn, rows)?;
        let mut new = Vec::new();
        for row in rows {
            match purchases::decide(row, &known) {
                Ok(Some(meter)) => new.push((row, meter)),
                Ok(None) => report.unchanged += 1,
                Err(fault) => report.faults.push(fault),
            }
        }
        report.added = new.len();
        if report.settle(self.options) {
            purchases::store::insert(conn, &new)?;
            let meters: Vec<i64> = new.iter().map(|(_, meter)| *meter).collect();
            let points = purchases::store::points_of(conn, &meters)?;
            // The check of the three figures at the door stands on what was bought.
            announce_points(conn, &points, "purchases", self.now)?;
        }
        Ok(())
    }

    fn readings(
        &self,
        conn: &mut Conn,
        rows: &[past_readings::PastReading],
        report: &mut ImportReport,
    ) -> QueryResult<()> {
        let known = past_readings::store::load(conn, rows)?;
        let mut new = Vec::new();
        for row in rows {
            match past_readings::decide(row, &known) {
                Ok(Some(reading)) => new.push(reading),
                Ok(None) => report.unchanged += 1,
                Err(fault) => report.faults.push(fault),
            }
        }
        report.added = new.len();
        if report.settle(self.options) {
            past_readings::store::insert(conn, &new, self.now)?;
            let mut points: Vec<i64> = new.iter().map(|reading| reading.point_id).collect();
            points.sort_unstable();
            points.dedup();
            // The band of the entry check stands on the last reading.
            announce_points(conn, &points, "readings", self.now)?;
            retouch_everywhere(conn, self.zone, &points)?;
        }
        Ok(())
    }
}

impl ImportReport {
    fn note_change(&mut self, change: RowChange) {
        self.changed += 1;
        if self.changes.len() < MOST_CHANGES {
            self.changes.push(change);
        }
    }

    /// Puts the faults in order and says whether to write.
    fn settle(&mut self, options: ImportOptions) -> bool {
        self.faults.sort_by_key(|fault| fault.row);
        let mut bad: Vec<u32> = self.faults.iter().map(|fault| fault.row).collect();
        bad.dedup();
        self.rejected = bad.len();
        self.applied = !options.dry_run && (options.keep_good || bad.is_empty());
        self.applied
    }
}

fn parse(kind: ImportKind, layout: &Layout, rows: &[SheetRow], zone: Zone, now: Instant) -> (Parsed, Vec<RowFault>) {
    match kind {
        ImportKind::Register => {
            let (good, faults) = register::parse(layout, rows, zone.day(now));
            (Parsed::Register(good), faults)
        }
        ImportKind::Purchases => {
            let (good, faults) = purchases::parse(layout, rows, zone, now);
            (Parsed::Purchases(good), faults)
        }
        ImportKind::Readings => {
            let (good, faults) = past_readings::parse(layout, rows, zone, now);
            (Parsed::Readings(good), faults)
        }
    }
}
