//! `column IN (…)` as one statement for any number of values, so that it is prepared once and not once per length.
//!
//! Diesel writes a bind for each value on SQLite; parsing that text again for every push was most of a push's cost. Here the
//! values travel as one bind: an array on PostgreSQL, a JSON array on SQLite.

use diesel::expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, Bool, HasSqlType, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, SelectableExpression};
use std::fmt::Write as _;
use uuid::Uuid;

use super::{Uuid16, UuidKey};

/// What a column can be compared with.
pub trait Key: Copy {
    /// Its type on PostgreSQL.
    type Sql: diesel::sql_types::SqlType + diesel::query_builder::QueryId + 'static;
    /// Its value there.
    type Bound: Clone;
    /// The type of their array on PostgreSQL.
    const ARRAY: &'static str;
    /// How SQLite reads it from a JSON array.
    const READ: &'static str;
    /// The value to bind on PostgreSQL.
    fn bound(self) -> Self::Bound;
    /// Appends the value as JSON.
    fn write_json(self, out: &mut String);
}

/// Binds an array behind a sub-select, which hides its length from PostgreSQL's planner: a plan for the length at hand looks
/// cheaper than the one for any, so that a statement with few values would be planned anew each time it runs.
pub(super) fn push_array<'b, T, A>(values: &'b A, cast: &'static str, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()>
where
    A: ToSql<Array<T>, Pg>,
    Array<T>: 'static,
    Pg: HasSqlType<Array<T>>,
{
    out.push_sql("(SELECT ");
    out.push_bind_param::<Array<T>, _>(values)?;
    out.push_sql(")::");
    out.push_sql(cast);
    Ok(())
}

/// ` IN (…)` with an array's elements as rows. `= ANY(array)` would be held against them one by one where it is not looked up in an
/// index.
pub(super) fn push_any<'b, T, A>(values: &'b A, cast: &'static str, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()>
where
    A: ToSql<Array<T>, Pg>,
    Array<T>: 'static,
    Pg: HasSqlType<Array<T>>,
{
    out.push_sql(" IN (SELECT unnest(");
    push_array::<T, A>(values, cast, out.reborrow())?;
    out.push_sql("))");
    Ok(())
}

/// The keys as a JSON array: written as they come, since a push names its points many times over.
pub(super) fn json_array<K: Key>(keys: &[K]) -> String {
    let mut json = String::with_capacity(2 + keys.len() * 9);
    json.push('[');
    for (place, key) in keys.iter().enumerate() {
        if place > 0 {
            json.push(',');
        }
        key.write_json(&mut json);
    }
    json.push(']');
    json
}

impl Key for i64 {
    type Sql = BigInt;
    type Bound = Self;
    const ARRAY: &'static str = "bigint[]";
    const READ: &'static str = "value";

    fn bound(self) -> Self {
        self
    }

    fn write_json(self, out: &mut String) {
        // Writing to a string can't fail.
        let _ = write!(out, "{self}");
    }
}

impl Key for Uuid {
    type Sql = UuidKey;
    type Bound = Uuid16;
    const ARRAY: &'static str = "uuid[]";
    const READ: &'static str = "unhex(value)";

    fn bound(self) -> Uuid16 {
        Uuid16(self)
    }

    fn write_json(self, out: &mut String) {
        out.push('"');
        out.push_str(self.simple().encode_lower(&mut Uuid::encode_buffer()));
        out.push('"');
    }
}

/// A comparison made by [`among`].
#[derive(Clone, Debug)]
pub struct Among<C, K: Key> {
    column: C,
    bound: Vec<K::Bound>,
    json: String,
}

/// Whether a column holds one of the keys.
pub fn among<C: Expression, K: Key>(column: C, keys: &[K]) -> Among<C, K> {
    Among { column, bound: keys.iter().map(|key| key.bound()).collect(), json: json_array(keys) }
}

impl<C: Expression, K: Key> Expression for Among<C, K> {
    type SqlType = Bool;
}

impl<C, K: Key, From> AppearsOnTable<From> for Among<C, K> where C: AppearsOnTable<From> {}

impl<C, K: Key, From> SelectableExpression<From> for Among<C, K> where C: SelectableExpression<From> {}

impl<C, K: Key> ValidGrouping<()> for Among<C, K> {
    type IsAggregate = is_aggregate::No;
}

impl<C: QueryId, K: Key + 'static> QueryId for Among<C, K> {
    type QueryId = Among<C::QueryId, K>;
    const HAS_STATIC_QUERY_ID: bool = C::HAS_STATIC_QUERY_ID;
}

impl<C: QueryFragment<Sqlite>, K: Key> QueryFragment<Sqlite> for Among<C, K> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (SELECT ");
        out.push_sql(K::READ);
        out.push_sql(" FROM json_each(");
        out.push_bind_param::<Text, _>(&self.json)?;
        out.push_sql("))");
        Ok(())
    }
}

impl<C: QueryFragment<Pg>, K: Key> QueryFragment<Pg> for Among<C, K>
where
    Vec<K::Bound>: ToSql<Array<K::Sql>, Pg>,
    Pg: HasSqlType<Array<K::Sql>>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        push_any::<K::Sql, _>(&self.bound, K::ARRAY, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_one_json_array() {
        assert_eq!(
            (json_array::<i64>(&[]), json_array(&[-1, 0, i64::MAX])),
            ("[]".into(), format!("[-1,0,{}]", i64::MAX))
        );
        let id = Uuid::from_u128(0x0193_a1b2_0000_7000_8000_0000_0000_000f);
        assert_eq!(json_array(&[id]), "[\"0193a1b200007000800000000000000f\"]");
    }
}
