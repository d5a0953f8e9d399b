//! Whether a database may be made a demonstration of, and clearing away one that was broken off.
//!
//! Why separate: nothing else in the product empties a database.

use crate::accounts::store::find_instance;
use crate::db::{Conn, each};
use crate::keys::Keys;
use diesel::sql_types::BigInt;
use diesel::{QueryResult, QueryableByName, RunQueryDsl};

/// Whose a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nobody's yet.
    Nobody,
    /// Its data were made with these keys.
    TheseKeys,
    /// Somebody else's.
    Another,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    tables: i64,
}

fn count(conn: &mut Conn, sql: &str) -> QueryResult<i64> {
    each!(conn, c => diesel::sql_query(sql).get_result::<Count>(c)).map(|count| count.tables)
}

/// Whose the database is; without keys, nobody's or another's.
pub fn owner(conn: &mut Conn, keys: Option<&Keys>) -> QueryResult<Owner> {
    let (all, own) = if conn.is_sqlite() {
        let tables = "SELECT count(*) AS tables FROM sqlite_master WHERE type = 'table'";
        (tables.to_owned(), format!("{tables} AND name = 'instance'"))
    } else {
        let tables = "SELECT count(*) AS tables FROM pg_tables WHERE schemaname = current_schema()";
        (tables.to_owned(), format!("{tables} AND tablename = 'instance'"))
    };
    if count(conn, &own)? == 0 {
        return Ok(if count(conn, &all)? == 0 { Owner::Nobody } else { Owner::Another });
    }
    let Some(instance) = find_instance(conn)? else { return Ok(Owner::Nobody) };
    let is_ours = keys.is_some_and(|keys| keys.fingerprint() == instance.key_fingerprint);
    Ok(if is_ours { Owner::TheseKeys } else { Owner::Another })
}

/// Takes every table out of a PostgreSQL schema, and the functions of their triggers.
pub fn empty(conn: &mut Conn) -> QueryResult<()> {
    conn.batch(
        "DO $$ DECLARE name TEXT; BEGIN
           FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() LOOP
             EXECUTE 'DROP TABLE ' || name || ' CASCADE';
           END LOOP;
           FOR name IN SELECT oid::regprocedure::text FROM pg_proc
             WHERE pronamespace = current_schema()::regnamespace AND prorettype = 'trigger'::regtype LOOP
             EXECUTE 'DROP FUNCTION ' || name;
           END LOOP;
         END $$",
    )
}
