//! The two schemas are one, and what is written once stays (PROTOCOL "Stores", SECURITY 13).

use crate::support::{Database, StoreKind};
use std::fmt::Write as _;

/// `table.column`, whether it may be absent, and its type's name.
const SQLITE_COLUMNS: &str = "SELECT t.name || ' ' || c.name || ' ' || (c.\"notnull\" OR c.pk > 0) || ' ' || lower(c.type) AS value \
     FROM sqlite_master t, pragma_table_info(t.name) c \
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '__diesel%' ORDER BY 1";
const POSTGRES_COLUMNS: &str = "SELECT table_name || ' ' || column_name || ' ' || (is_nullable = 'NO')::int || ' ' || udt_name AS value \
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%' ORDER BY 1";
pub const APPEND_ONLY: [&str; 31] = [
    "settings",
    "window_exceptions",
    "time_reviews",
    "time_decisions",
    "period_lines",
    "period_ages",
    "restated_points",
    "period_versions",
    "records",
    "audit_log",
    "audit_links",
    "point_terms",
    "hazard_moves",
    "quarantine_decisions",
    "gap_explanations",
    "chain_breaks",
    "period_closings",
    "period_snapshots",
    "report_versions",
    "report_pieces",
    "appraisals",
    "appraisal_objections",
    "appraisal_answers",
    "case_findings",
    "case_moves",
    "reread_lists",
    "reread_items",
    "anomaly_model_terms",
    "anomaly_list_peers",
    "anomaly_entries",
    "anomaly_entry_cases",
];

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    pub table: String,
    pub name: String,
    pub is_required: bool,
    pub r#type: String,
}

pub fn columns(database: &Database) -> Vec<Column> {
    let sql = if database.kind == StoreKind::Sqlite { SQLITE_COLUMNS } else { POSTGRES_COLUMNS };
    let mut columns: Vec<Column> = database.texts(sql).iter().map(|line| column(line)).collect();
    columns.sort();
    columns
}

fn column(line: &str) -> Column {
    let mut words = line.splitn(4, ' ').map(str::to_owned);
    let mut next = || words.next().unwrap();
    Column { table: next(), name: next(), is_required: next() == "1", r#type: next() }
}

/// What a column holds, in words of neither store.
pub fn kind(column: &Column) -> &'static str {
    match column.r#type.as_str() {
        "text" => "text",
        "integer" | "bigint" | "int4" | "int8" => "number",
        "boolean" | "bool" => "truth",
        "date" => "date",
        // A UUID is native on one store and bytes on the other.
        "blob" | "bytea" | "uuid" => "bytes",
        other => panic!("{column:?}: a type of neither store: {other}"),
    }
}

/// A row with something in every column that needs it, past all references.
fn insert(database: &Database, table: &str) {
    let required: Vec<Column> =
        columns(database).into_iter().filter(|column| column.table == table && column.is_required).collect();
    let value = |column: &Column| match column.r#type.as_str() {
        "text" => "'{}'",
        "boolean" | "bool" => "TRUE",
        "date" => "'2026-03-02'",
        "blob" => "x'00112233445566778899aabbccddeeff'",
        "bytea" => "'\\x00'",
        "uuid" => "'00112233-4455-6677-8899-aabbccddeeff'",
        _ => "1",
    };
    let names: Vec<&str> = required.iter().map(|column| column.name.as_str()).collect();
    let values: Vec<&str> = required.iter().map(value).collect();
    let unbound = match database.kind {
        StoreKind::Sqlite => "PRAGMA foreign_keys = OFF; ",
        StoreKind::Postgres => "SET session_replication_role = replica; ",
    };
    let mut sql = unbound.to_owned();
    write!(sql, "INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", ")).unwrap();
    database.execute(&sql).unwrap();
}

fn migrated(kind: StoreKind) -> Option<Database> {
    let database = Database::fresh(kind)?;
    if kind == StoreKind::Sqlite {
        meterbook_api::db::migrate(&meterbook_api::db::DatabaseUrl::parse(&database.url)).unwrap();
    }
    Some(database)
}

#[test]
fn both_stores_have_the_same_tables_and_columns() {
    let (Some(sqlite), Some(postgres)) = (migrated(StoreKind::Sqlite), migrated(StoreKind::Postgres)) else { return };
    let shape = |database: &Database| -> Vec<String> {
        let line = |column: &Column| {
            format!("{}.{} {} required={}", column.table, column.name, kind(column), column.is_required)
        };
        columns(database).iter().map(line).collect()
    };
    let (sqlite, postgres) = (shape(&sqlite), shape(&postgres));
    assert!(sqlite.len() > 50);
    let only = |mine: &[String], other: &[String]| {
        mine.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        (only(&sqlite, &postgres), only(&postgres, &sqlite)),
        (vec![], vec![]),
        "only on SQLite, only on PostgreSQL"
    );
}

/// `schema.rs` names every table, and no other.
#[test]
fn diesels_tables_are_those_of_the_migrations() {
    let database = migrated(StoreKind::Sqlite).unwrap();
    let source = concat!(
        include_str!("../api/src/db/schema.rs"),
        include_str!("../api/src/db/schema/case_work.rs"),
        include_str!("../api/src/db/schema/derived.rs"),
        include_str!("../api/src/db/schema/evidence.rs"),
        include_str!("../api/src/db/schema/factors.rs"),
        include_str!("../api/src/db/schema/figures.rs"),
        include_str!("../api/src/db/schema/following.rs"),
        include_str!("../api/src/db/schema/lists.rs"),
        include_str!("../api/src/db/schema/planning.rs"),
        include_str!("../api/src/db/schema/pushed.rs"),
        include_str!("../api/src/db/schema/reports.rs"),
    );
    let mut wanted: Vec<String> =
        columns(&database).into_iter().map(|column| format!("{}.{}", column.table, column.name)).collect();
    let mut named = Vec::new();
    let mut table = "";
    for line in source.lines().map(str::trim) {
        if let Some((name, _)) = line.strip_suffix('{').and_then(|line| line.split_once(" (")) {
            table = name;
        } else if let Some((name, _)) = line.split_once(" -> ").filter(|_| !line.contains('!')) {
            named.push(format!("{table}.{name}"));
        }
    }
    wanted.sort();
    named.sort();
    assert_eq!(named, wanted);
}

fn append_only_tables_refuse_every_change(kind: StoreKind) {
    let Some(database) = migrated(kind) else { return };
    for table in APPEND_ONLY {
        insert(&database, table);
        let column = columns(&database).into_iter().find(|column| column.table == table).unwrap().name;
        let mut changes = vec![format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")];
        if kind == StoreKind::Postgres {
            changes.push(format!("TRUNCATE {table} CASCADE"));
        } else {
            let columns: Vec<String> = columns(&database)
                .into_iter()
                .filter(|column| column.table == table)
                .map(|column| column.name)
                .collect();
            let columns = columns.join(", ");
            // As the service's own connections are set; the row refers to nothing here.
            let pragmas = "PRAGMA recursive_triggers = ON; PRAGMA foreign_keys = OFF;";
            changes.push(format!("{pragmas} INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table}"));
        }
        for change in changes {
            let refused = database.execute(&change).expect_err(&change);
            assert!(refused.contains("append-only"), "{change}: {refused}");
        }
    }
}

#[test]
fn append_only_tables_refuse_every_change_on_sqlite() {
    append_only_tables_refuse_every_change(StoreKind::Sqlite);
}

#[test]
fn append_only_tables_refuse_every_change_on_postgres() {
    append_only_tables_refuse_every_change(StoreKind::Postgres);
}
