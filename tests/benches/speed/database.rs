//! SQL past the service, on PostgreSQL.

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;

type Connection = AsyncConnectionWrapper<AsyncPgConnection>;

/// Runs statements on one connection.
pub fn try_execute(url: &str, sql: &str) -> Result<(), String> {
    let mut conn = Connection::establish(url).map_err(|fault| fault.to_string())?;
    conn.batch_execute(sql).map_err(|fault| fault.to_string())
}

/// Runs statements that must not fail.
pub fn execute(url: &str, sql: &str) {
    try_execute(url, sql).unwrap_or_else(|fault| panic!("{fault}: {}", &sql[..sql.len().min(400)]));
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The whole number in the column `value`.
pub fn number(url: &str, sql: &str) -> i64 {
    let mut conn = Connection::establish(url).unwrap();
    diesel::sql_query(sql).get_result::<Number>(&mut conn).unwrap().value
}

/// The text in the column `value`, of each row.
pub fn words(url: &str, sql: &str) -> Vec<String> {
    let mut conn = Connection::establish(url).unwrap();
    diesel::sql_query(sql).load::<Word>(&mut conn).unwrap().into_iter().map(|row| row.value).collect()
}
