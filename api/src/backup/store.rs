//! Rows of every table as JSON, by the catalogue of either database.
//!
//! The database itself writes and reads the JSON, so that a row costs no type here. Numbers, texts and days stand as
//! themselves, bytes and UUIDs as hex, truths as 0 and 1: the same row is the same line on both stores.

use super::lines::TableHeader;
use super::{BackupError, REOFFER_MARGIN};
use crate::db::schema::{instance, restores};
use crate::db::{Conn, DatabaseUrl, Uuid16, each};
use crate::http::{from_ms, to_ms};
use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use meterbook::calendar::Instant;
use uuid::Uuid;

/// Rows taken from a PostgreSQL cursor at a time; a row may hold a body of some MiB.
const FETCH: i64 = 200;
/// How far numbering leaps at a restore. Numbers given out after the backup are known to phones and desks, and must not be
/// given to other things.
const LEAP: i64 = 10_000_000;

/// A table of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Column {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Bytes,
    Uuid,
    Day,
    Truth,
}

impl Kind {
    fn of(r#type: &str) -> Option<Self> {
        Some(match r#type {
            "integer" | "bigint" | "int2" | "int4" | "int8" => Self::Number,
            "text" => Self::Text,
            "blob" | "bytea" => Self::Bytes,
            "uuid" => Self::Uuid,
            "date" => Self::Day,
            "boolean" | "bool" => Self::Truth,
            _ => return None,
        })
    }

    /// The value of a column, as JSON.
    fn read(self, is_sqlite: bool, name: &str) -> String {
        match (self, is_sqlite) {
            (Self::Bytes | Self::Uuid, true) => {
                format!("CASE WHEN {name} IS NULL THEN NULL ELSE lower(hex({name})) END")
            }
            (Self::Bytes, false) => format!("encode({name}, 'hex')"),
            (Self::Uuid, false) => format!("replace({name}::text, '-', '')"),
            (Self::Day, false) => format!("to_char({name}, 'YYYY-MM-DD')"),
            (Self::Truth, false) => format!("{name}::int"),
            (Self::Number | Self::Text | Self::Day | Self::Truth, _) => name.to_owned(),
        }
    }

    /// The value for a column, out of the JSON array of its row.
    fn write(self, is_sqlite: bool, at: usize) -> String {
        if is_sqlite {
            let value = format!("json_extract(value, '$[{at}]')");
            return if matches!(self, Self::Bytes | Self::Uuid) { format!("unhex({value})") } else { value };
        }
        let value = format!("(value->>{at})");
        match self {
            Self::Number => format!("{value}::bigint"),
            Self::Text => value,
            Self::Bytes => format!("decode({value}, 'hex')"),
            Self::Uuid => format!("{value}::uuid"),
            Self::Day => format!("{value}::date"),
            Self::Truth => format!("{value}::int::boolean"),
        }
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Table {
    /// What stands before its rows.
    #[must_use]
    pub fn header(&self) -> TableHeader {
        let columns = self.columns.iter().map(|column| column.name.clone()).collect();
        TableHeader { table: self.name.clone(), columns }
    }

    /// The same table with its columns in the order of a backup, if it has just those.
    #[must_use]
    pub fn in_order_of(&self, header: &TableHeader) -> Option<Self> {
        let find = |name: &String| self.columns.iter().find(|column| column.name == *name).cloned();
        let columns: Vec<Column> = header.columns.iter().map(find).collect::<Option<_>>()?;
        (columns.len() == self.columns.len()).then(|| Self { name: self.name.clone(), columns })
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

fn lines(conn: &mut Conn, sql: &str) -> QueryResult<Vec<String>> {
    let rows: Vec<Line> = each!(conn, c => diesel::sql_query(sql).load(c))?;
    Ok(rows.into_iter().map(|row| row.value).collect())
}

fn number(conn: &mut Conn, sql: &str) -> QueryResult<i64> {
    let row: Number = each!(conn, c => diesel::sql_query(sql).get_result(c))?;
    Ok(row.value)
}

/// Opens a connection that sees one moment until it is dropped, and holds no writer up.
pub fn open_snapshot(url: &DatabaseUrl) -> Result<Conn, BackupError> {
    let mut conn = Conn::open(url, crate::db::Access::Read)?;
    if conn.is_sqlite() {
        conn.batch("BEGIN")?;
        // The snapshot is taken by the first look.
        number(&mut conn, "SELECT count(*) AS value FROM sqlite_master")?;
    } else {
        conn.batch("SET statement_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    }
    Ok(conn)
}

/// The migrations the data have been through.
pub fn migrations(conn: &mut Conn) -> QueryResult<Vec<String>> {
    lines(conn, "SELECT CAST(version AS TEXT) AS value FROM __diesel_schema_migrations ORDER BY version")
}

/// Epoch and fingerprint of the keys.
pub fn instance(conn: &mut Conn) -> QueryResult<Option<(Uuid, Vec<u8>)>> {
    let found: Option<(Uuid16, Vec<u8>)> = each!(conn, c => instance::table
        .select((instance::epoch, instance::key_fingerprint))
        .first(c)
        .optional())?;
    Ok(found.map(|(epoch, fingerprint)| (epoch.0, fingerprint)))
}

/// Every table there is, by name, but for the one that says which migrations were applied.
pub fn catalogue(conn: &mut Conn) -> Result<Vec<Table>, BackupError> {
    let (tables, columns) = if conn.is_sqlite() {
        (
            "SELECT name AS value FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
             AND name <> '__diesel_schema_migrations' ORDER BY name",
            "SELECT t.name || ' ' || c.name || ' ' || lower(c.type) AS value \
             FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.cid",
        )
    } else {
        (
            "SELECT table_name::text AS value FROM information_schema.tables WHERE table_schema = current_schema() \
             AND table_type = 'BASE TABLE' AND table_name <> '__diesel_schema_migrations' ORDER BY table_name COLLATE \"C\"",
            "SELECT table_name || ' ' || column_name || ' ' || udt_name AS value FROM information_schema.columns \
             WHERE table_schema = current_schema() AND is_generated = 'NEVER' ORDER BY table_name, ordinal_position",
        )
    };
    let columns = lines(conn, columns)?;
    lines(conn, tables)?.into_iter().map(|name| table(name, &columns)).collect()
}

fn table(name: String, columns: &[String]) -> Result<Table, BackupError> {
    let mine = columns.iter().filter_map(|line| {
        let (table, rest) = line.split_once(' ')?;
        (table == name).then_some(rest)
    });
    let columns: Option<Vec<Column>> = mine
        .map(|rest| {
            let (name, r#type) = rest.split_once(' ')?;
            Some(Column { name: name.to_owned(), kind: Kind::of(r#type)? })
        })
        .collect();
    // A type nobody has thought about must not be guessed at: its values might come back changed.
    columns.map(|columns| Table { name: name.clone(), columns }).ok_or(BackupError::OtherTables(name))
}

/// How many rows each table has.
pub fn count(conn: &mut Conn, tables: &[Table]) -> QueryResult<Vec<(String, i64)>> {
    let one = |table: &Table| {
        let rows = number(conn, &format!("SELECT count(*) AS value FROM {}", quoted(&table.name)))?;
        Ok((table.name.clone(), rows))
    };
    tables.iter().map(one).collect()
}

/// Hands out each row of a table as a JSON array, a few at a time.
pub fn dump(
    conn: &mut Conn,
    table: &Table,
    take: &mut dyn FnMut(&str) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let is_sqlite = conn.is_sqlite();
    let values: Vec<String> =
        table.columns.iter().map(|column| column.kind.read(is_sqlite, &quoted(&column.name))).collect();
    let (function, cast) = if is_sqlite { ("json_array", "") } else { ("json_build_array", "::text") };
    let select = format!("SELECT {function}({}){cast} AS value FROM {}", values.join(", "), quoted(&table.name));
    match conn {
        Conn::Sqlite(c) => {
            let rows = diesel::sql_query(select).load_iter::<Line, DefaultLoadingMode>(&mut **c)?;
            for row in rows {
                take(&row?.value)?;
            }
        }
        Conn::Postgres(_) => {
            conn.batch(&format!("DECLARE dump NO SCROLL CURSOR FOR {select}"))?;
            loop {
                let rows = lines(conn, &format!("FETCH {FETCH} FROM dump"))?;
                if rows.is_empty() {
                    break;
                }
                rows.iter().try_for_each(|row| take(row))?;
            }
            conn.batch("CLOSE dump")?;
        }
    }
    Ok(())
}

/// Begins the one transaction of a restore: all tables empty, no reference checked until [`end_load`].
pub fn begin_load(conn: &mut Conn, tables: &[Table]) -> Result<Vec<ForeignKey>, BackupError> {
    if conn.is_sqlite() {
        conn.batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")?;
    } else {
        // Whoever starts the service meanwhile waits at this lock, and finds the data or nothing.
        conn.batch("SET statement_timeout = 0; BEGIN; LOCK TABLE instance IN ACCESS EXCLUSIVE MODE")?;
    }
    if number(conn, "SELECT count(*) AS value FROM instance")? > 0 {
        return Err(BackupError::NotEmpty);
    }
    let keys = if conn.is_sqlite() { Vec::new() } else { take_foreign_keys(conn)? };
    for table in tables {
        // What migrations have put there is in the backup too.
        conn.batch(&format!("DELETE FROM {}", quoted(&table.name)))?;
    }
    Ok(keys)
}

/// A reference taken off for the time of loading.
#[derive(QueryableByName)]
pub struct ForeignKey {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    definition: String,
}

fn take_foreign_keys(conn: &mut Conn) -> QueryResult<Vec<ForeignKey>> {
    let sql = "SELECT conrelid::regclass::text AS table_name, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition \
               FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY 1, 2";
    let keys: Vec<ForeignKey> = each!(conn, c => diesel::sql_query(sql).load(c))?;
    for key in &keys {
        conn.batch(&format!("ALTER TABLE {} DROP CONSTRAINT {}", key.table_name, key.name))?;
    }
    Ok(keys)
}

/// Stores rows: a JSON array of JSON arrays.
pub fn load(conn: &mut Conn, table: &Table, rows: &str) -> QueryResult<usize> {
    let is_sqlite = conn.is_sqlite();
    let names: Vec<String> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    let values: Vec<String> =
        table.columns.iter().enumerate().map(|(at, column)| column.kind.write(is_sqlite, at)).collect();
    let (override_identity, from) =
        if is_sqlite { ("", "json_each(?)") } else { (" OVERRIDING SYSTEM VALUE", "jsonb_array_elements($1::jsonb)") };
    let sql = format!(
        "INSERT INTO {} ({}){override_identity} SELECT {} FROM {from}",
        quoted(&table.name),
        names.join(", "),
        values.join(", ")
    );
    each!(conn, c => diesel::sql_query(sql).bind::<Text, _>(rows).execute(c))
}

/// Lets numbering go on well behind the highest number of each table.
pub fn leap(conn: &mut Conn) -> Result<(), BackupError> {
    if conn.is_sqlite() {
        let tables =
            lines(conn, "SELECT name AS value FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'")?;
        for table in tables {
            let highest = number(conn, &format!("SELECT COALESCE(max(rowid), 0) AS value FROM {}", quoted(&table)))?;
            let text = table.replace('\'', "''");
            conn.batch(&format!(
                "DELETE FROM sqlite_sequence WHERE name = '{text}'; \
                 INSERT INTO sqlite_sequence (name, seq) VALUES ('{text}', {})",
                highest + LEAP
            ))?;
        }
        return Ok(());
    }
    let columns = "SELECT quote_ident(table_name) || ' ' || quote_ident(column_name) AS value FROM information_schema.columns \
                   WHERE table_schema = current_schema() AND is_identity = 'YES'";
    for line in lines(conn, columns)? {
        let (table, column) = line.split_once(' ').ok_or(BackupError::Damaged)?;
        number(
            conn,
            &format!(
                "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), COALESCE(max({column}), 0) + {LEAP}) AS value \
                 FROM {table}"
            ),
        )?;
    }
    Ok(())
}

/// Notes the restore. The epoch is the new one.
pub fn note_restore(conn: &mut Conn, epoch: Uuid, after: Uuid, data_as_of: i64, now: Instant) -> QueryResult<()> {
    let row = (
        restores::epoch.eq(Uuid16(epoch)),
        restores::after_epoch.eq(Uuid16(after)),
        restores::data_as_of.eq(data_as_of),
        restores::restored_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(restores::table).values(row).execute(c)).map(drop)
}

/// Checks every reference and commits.
pub fn end_load(conn: &mut Conn, keys: &[ForeignKey]) -> Result<(), BackupError> {
    if conn.is_sqlite() {
        let broken = "SELECT \"table\" || ' → ' || \"parent\" AS value FROM pragma_foreign_key_check LIMIT 1";
        if let Some(broken) = lines(conn, broken)?.pop() {
            return Err(BackupError::Reference(broken));
        }
    }
    for key in keys {
        let sql = format!("ALTER TABLE {} ADD CONSTRAINT {} {}", key.table_name, key.name, key.definition);
        conn.batch(&sql).map_err(|fault| BackupError::Reference(fault.to_string()))?;
    }
    conn.batch("COMMIT")?;
    Ok(())
}

/// Folds a new SQLite file's log into it, so that the file alone is the database.
pub fn fold(conn: &mut Conn) -> QueryResult<()> {
    conn.batch("PRAGMA journal_mode = DELETE")
}

/// The epoch of the data, and since when phones that come with `known` (none: with no cursor) should offer what they sent:
/// a little before the oldest backup restored since.
pub fn epoch_and_reoffer(conn: &mut Conn, known: Option<[u8; 16]>) -> QueryResult<(Uuid, Option<Instant>)> {
    let epoch: Uuid16 = each!(conn, c => instance::table.select(instance::epoch).first(c))?;
    if known.is_some_and(|known| known == *epoch.0.as_bytes()) {
        return Ok((epoch.0, None));
    }
    let rows: Vec<(Uuid16, i64)> = each!(conn, c => restores::table
        .order((restores::restored_at, restores::epoch))
        .select((restores::after_epoch, restores::data_as_of))
        .load(c))?;
    // An epoch that no restore followed is one the data have forgotten: then all of them count.
    let from = rows.iter().position(|(after, _)| known.is_some_and(|known| known == *after.0.as_bytes())).unwrap_or(0);
    let oldest = rows[from..].iter().map(|(_, data_as_of)| *data_as_of).min();
    Ok((epoch.0, oldest.map(|oldest| from_ms(oldest) - REOFFER_MARGIN)))
}
