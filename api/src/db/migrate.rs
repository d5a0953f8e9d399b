//! Bringing a database to this binary's schema, and refusing one that is not safe or is newer (SECURITY 6).

use super::{Conn, DatabaseUrl, each};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager as _};
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel::{ConnectionError, ConnectionResult, QueryableByName, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// How a database's schema stands to this binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MigrationState {
    /// The same.
    Current,
    /// These are still to be applied.
    Behind(Vec<String>),
    /// The database has these, which this binary does not know: it is older than the database.
    Ahead(Vec<String>),
}

/// Why the schema could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// No connection.
    #[error("the database can't be opened: {0}")]
    Open(#[from] ConnectionError),
    /// A migration failed; what it had done was rolled back.
    #[error("a migration failed: {0}")]
    Migration(Box<dyn std::error::Error + Send + Sync>),
    /// The database is newer than the binary.
    #[error("the database has migrations this version does not know ({0}): install the newer version")]
    Ahead(String),
}

/// Compares the schema with this binary's.
///
/// # Errors
/// Where the database can't be read.
pub fn migration_state(url: &DatabaseUrl) -> Result<MigrationState, MigrationError> {
    state(&mut Conn::open(url, super::conn::Access::Write)?)
}

/// Every migration this binary has for a kind of database, in order.
///
/// # Errors
/// Where what is built in can't be read.
pub fn known_migrations(url: &DatabaseUrl) -> Result<Vec<String>, MigrationError> {
    let known = match url {
        DatabaseUrl::Sqlite(_) => names::<diesel::sqlite::Sqlite>(&SQLITE),
        DatabaseUrl::Postgres(_) => names::<diesel::pg::Pg>(&POSTGRES),
    };
    known.map_err(MigrationError::Migration)
}

/// Brings an empty database to just these migrations, as a backup of an older release needs it. `false`: it has been through
/// others already.
///
/// # Errors
/// Where a migration fails.
pub fn migrate_exactly(url: &DatabaseUrl, versions: &[String]) -> Result<bool, MigrationError> {
    let mut conn = Conn::open(url, super::conn::Access::Write)?;
    if applied(&mut conn)?.iter().any(|version| !versions.contains(version)) {
        return Ok(false);
    }
    match &mut conn {
        Conn::Sqlite(c) => run_those::<diesel::sqlite::Sqlite, _>(&mut **c, SQLITE, versions),
        Conn::Postgres(c) => run_those::<diesel::pg::Pg, _>(&mut **c, POSTGRES, versions),
    }
    .map_err(MigrationError::Migration)?;
    Ok(true)
}

fn run_those<DB: diesel::backend::Backend, C: MigrationHarness<DB>>(
    conn: &mut C,
    source: EmbeddedMigrations,
    versions: &[String],
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    for migration in conn.pending_migrations(source)? {
        if versions.contains(&migration.name().version().to_string()) {
            conn.run_migration(&migration)?;
        }
    }
    Ok(())
}

fn state(conn: &mut Conn) -> Result<MigrationState, MigrationError> {
    let known = match conn {
        Conn::Sqlite(_) => names::<Sqlite>(&SQLITE),
        Conn::Postgres(_) => names::<Pg>(&POSTGRES),
    }
    .map_err(MigrationError::Migration)?;
    let applied = applied(conn)?;
    let ahead: Vec<String> = applied.iter().filter(|version| !known.contains(version)).cloned().collect();
    let behind: Vec<String> = known.into_iter().filter(|version| !applied.contains(version)).collect();
    Ok(match (ahead.is_empty(), behind.is_empty()) {
        (false, _) => MigrationState::Ahead(ahead),
        (true, false) => MigrationState::Behind(behind),
        (true, true) => MigrationState::Current,
    })
}

fn applied(conn: &mut Conn) -> Result<Vec<String>, MigrationError> {
    // Diesel makes its table when asked what is in it; a look must leave nothing behind.
    let mut applied: Vec<String> =
        if has_been_migrated(conn).map_err(|fault| MigrationError::Migration(fault.into()))? {
            each!(conn, c => c.applied_migrations().map(|versions| versions.iter().map(ToString::to_string).collect()))
                .map_err(MigrationError::Migration)?
        } else {
            Vec::new()
        };
    applied.sort();
    Ok(applied)
}

fn has_been_migrated(conn: &mut Conn) -> diesel::QueryResult<bool> {
    let sql = if conn.is_sqlite() {
        "SELECT CAST(count(*) AS TEXT) AS value FROM sqlite_master WHERE name = '__diesel_schema_migrations'"
    } else {
        "SELECT CAST(count(to_regclass('__diesel_schema_migrations')) AS TEXT) AS value"
    };
    let found: Setting = each!(conn, c => diesel::sql_query(sql).get_result(c))?;
    Ok(found.value != "0")
}

fn names<DB: diesel::backend::Backend>(
    source: &EmbeddedMigrations,
) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    use diesel::migration::{Migration, MigrationSource};
    let migrations: Vec<Box<dyn Migration<DB>>> = source.migrations()?;
    let mut versions: Vec<String> = migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}

/// Applies what is missing and names it. Several nodes may call it at once, and it may be cut off anywhere.
///
/// # Errors
/// Where a migration fails or the database is newer than this binary.
pub fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, MigrationError> {
    migrate_with(url, SQLITE, POSTGRES)
}

/// [`migrate`] with the statements from elsewhere, so that a test can end it between any two of them.
///
/// # Errors
/// As of [`migrate`].
pub fn migrate_with(
    url: &DatabaseUrl,
    sqlite: impl MigrationSource<Sqlite>,
    postgres: impl MigrationSource<Pg>,
) -> Result<Vec<String>, MigrationError> {
    let mut conn = Conn::open(url, super::conn::Access::Write)?;
    let fault = |fault: diesel::result::Error| MigrationError::Migration(fault.into());
    // One node migrates, the others wait and then find nothing to do: what is missing is read under the lock.
    if let Conn::Sqlite(c) = &mut conn {
        AnsiTransactionManager::begin_transaction_sql(&mut **c, "BEGIN IMMEDIATE").map_err(fault)?;
        let applied = run_missing(&mut conn, sqlite, postgres);
        if let Conn::Sqlite(c) = &mut conn {
            let ended = if applied.is_ok() {
                AnsiTransactionManager::commit_transaction(&mut **c)
            } else {
                AnsiTransactionManager::rollback_transaction(&mut **c)
            };
            ended.map_err(fault)?;
        }
        return applied;
    }
    // The lock goes with the connection. Neither waiting for another node's upgrade nor the upgrade itself is bound by the
    // patience of a request.
    conn.batch("SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock(727270011)").map_err(fault)?;
    conn.batch("SET lock_timeout = '60s'").map_err(fault)?;
    run_missing(&mut conn, sqlite, postgres)
}

fn run_missing(
    conn: &mut Conn,
    sqlite: impl MigrationSource<Sqlite>,
    postgres: impl MigrationSource<Pg>,
) -> Result<Vec<String>, MigrationError> {
    match state(conn)? {
        MigrationState::Ahead(versions) => return Err(MigrationError::Ahead(versions.join(", "))),
        MigrationState::Current => return Ok(Vec::new()),
        MigrationState::Behind(_) => {}
    }
    let applied = match conn {
        Conn::Sqlite(c) => c.run_pending_migrations(sqlite).map(|done| done.iter().map(ToString::to_string).collect()),
        Conn::Postgres(c) => {
            c.run_pending_migrations(postgres).map(|done| done.iter().map(ToString::to_string).collect())
        }
    };
    applied.map_err(MigrationError::Migration)
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

/// Opens PostgreSQL, refusing a server that would acknowledge what it has not written (PROTOCOL, "Stores").
pub(super) fn open_postgres(url: &str) -> ConnectionResult<Conn> {
    let mut conn = super::tls::open(url)?;
    let configured = conn.batch_execute(
        "SET synchronous_commit = on; SET lock_timeout = '20s'; SET statement_timeout = '120s'; SET timezone = 'UTC'",
    );
    configured.map_err(ConnectionError::CouldntSetupConfiguration)?;
    let fsync: Setting = diesel::sql_query("SELECT current_setting('fsync') AS value")
        .get_result(&mut conn)
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    if fsync.value != "on" {
        let text = "PostgreSQL runs with fsync=off, so an acknowledged record could be lost: turn it on";
        return Err(ConnectionError::BadConnection(text.into()));
    }
    Ok(Conn::Postgres(conn.into()))
}
