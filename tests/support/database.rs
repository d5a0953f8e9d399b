//! A database of its own for each test, and SQL past the service.

use super::postgres::{Cluster, cluster};
use super::world::scratch_dir;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{Nullable, Text};
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use meterbook_api::db::{DatabaseUrl, migrate};
use meterbook_api::sync::packed::stored_body;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use uuid::Uuid;

type PgConnection = AsyncConnectionWrapper<AsyncPgConnection>;

/// Which store a test runs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoreKind {
    Sqlite,
    Postgres,
}

/// A database with the service's schema, and the folder of the server that uses it.
pub struct Database {
    pub kind: StoreKind,
    pub url: String,
    pub dir: PathBuf,
}

impl Database {
    /// A new one; `None` where this store is not to be had.
    pub fn fresh(kind: StoreKind) -> Option<Self> {
        let url = match kind {
            StoreKind::Sqlite => None,
            StoreKind::Postgres => Some(copy_of_template()?),
        };
        let dir = scratch_dir();
        let url = url.unwrap_or_else(|| dir.join("meterbook.sqlite").to_str().unwrap().to_owned());
        Some(Self { kind, url, dir })
    }

    /// An empty one in a cluster of one's own.
    pub fn inside(cluster: &Cluster) -> Self {
        let name = format!("t{}", uuid::Uuid::now_v7().simple());
        try_execute(&cluster.url("postgres"), &format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
        Self { kind: StoreKind::Postgres, url: cluster.url(&name), dir: scratch_dir() }
    }

    /// A new one without any table.
    pub fn empty(kind: StoreKind) -> Option<Self> {
        let mut database = match kind {
            StoreKind::Sqlite => return Self::fresh(kind),
            StoreKind::Postgres => Self { kind, url: String::new(), dir: scratch_dir() },
        };
        database.url = new_database("template0")?;
        Some(database)
    }

    /// Another with the same tables and rows. Nobody may be connected to this one.
    pub fn copy(&self) -> Self {
        let (_, name) = self.url.rsplit_once('/').unwrap();
        let dir = scratch_dir();
        let url = match self.kind {
            StoreKind::Postgres => new_database(name).unwrap(),
            StoreKind::Sqlite => {
                let file = dir.join(name);
                std::fs::copy(&self.url, &file).unwrap();
                file.to_str().unwrap().to_owned()
            }
        };
        Self { kind: self.kind, url, dir }
    }

    /// Runs statements as the service's own user would.
    pub fn execute(&self, sql: &str) -> Result<(), String> {
        try_execute(&self.url, sql)
    }

    /// Points whose meter's kept past is not what its records say.
    pub fn wrong_pasts(&self) -> Vec<i64> {
        let url = DatabaseUrl::parse(&self.url);
        off_the_runtime(move || meterbook_api::anomalies::wrong_pasts(&url).unwrap())
    }

    /// The bodies of all records, as they were sent.
    pub fn record_bodies(&self) -> BTreeMap<Uuid, String> {
        self.bodies("FROM records")
    }

    /// The bodies of some records: `FROM records …`.
    pub fn bodies(&self, from: &str) -> BTreeMap<Uuid, String> {
        let (id, packed) = match self.kind {
            StoreKind::Sqlite => ("lower(hex(id))", "lower(hex(packed))"),
            StoreKind::Postgres => ("CAST(id AS TEXT)", "encode(packed, 'hex')"),
        };
        let rows = self.texts(&format!("SELECT {id} || ' ' || COALESCE({packed}, '') || ' ' || body AS value {from}"));
        let body = |row: &String| {
            let mut parts = row.splitn(3, ' ');
            let (id, packed) = (Uuid::parse_str(parts.next().unwrap()).unwrap(), parts.next().unwrap());
            let bytes: Vec<u8> =
                (0..packed.len()).step_by(2).map(|at| u8::from_str_radix(&packed[at..at + 2], 16).unwrap()).collect();
            let packed = (!bytes.is_empty()).then_some(bytes.as_slice());
            (id, stored_body(id, parts.next().unwrap().to_owned(), packed).unwrap())
        };
        rows.iter().map(body).collect()
    }

    /// The column `value` of a query.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        let (url, sql) = (self.url.clone(), sql.to_owned());
        off_the_runtime(move || {
            let rows: Vec<TextRow> = if is_postgres(&url) {
                diesel::sql_query(sql).load(&mut PgConnection::establish(&url).unwrap()).unwrap()
            } else {
                diesel::sql_query(sql).load(&mut SqliteConnection::establish(&url).unwrap()).unwrap()
            };
            rows.into_iter().map(|row| row.value.unwrap_or_default()).collect()
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

/// Runs statements on any database.
pub fn try_execute(url: &str, sql: &str) -> Result<(), String> {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    off_the_runtime(move || {
        let done = if is_postgres(&url) {
            PgConnection::establish(&url).map_err(|fault| fault.to_string())?.batch_execute(&sql)
        } else {
            SqliteConnection::establish(&url).map_err(|fault| fault.to_string())?.batch_execute(&sql)
        };
        done.map_err(|fault| fault.to_string())
    })
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://")
}

/// The PostgreSQL wrapper must not be opened on a thread that drives async tasks, as a test's thread does.
fn off_the_runtime<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

fn new_database(template: &str) -> Option<String> {
    let cluster = cluster()?;
    let name = format!("t{}", uuid::Uuid::now_v7().simple());
    try_execute(&cluster.url("postgres"), &format!("CREATE DATABASE {name} TEMPLATE {template}")).unwrap();
    Some(cluster.url(&name))
}

/// Migrating takes far longer than copying what was migrated.
fn copy_of_template() -> Option<String> {
    static TEMPLATE: OnceLock<()> = OnceLock::new();
    let cluster = cluster()?;
    TEMPLATE.get_or_init(|| {
        try_execute(&cluster.url("postgres"), "CREATE DATABASE meterbook_template TEMPLATE template0").unwrap();
        let url = cluster.url("meterbook_template");
        off_the_runtime(|| migrate(&DatabaseUrl::parse(&url)).unwrap());
    });
    new_database("meterbook_template")
}
