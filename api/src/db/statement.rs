//! A statement that is prepared once, for the hot path.
//!
//! Diesel prepares every UPDATE and every upsert anew, since their text may depend on their values. That costs more than
//! running them: a parse on SQLite, a round trip on PostgreSQL. A push runs the same few each time; their text is written out
//! in the SQL both stores share, with `?` for each value.

use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Integer, Nullable, Text, Untyped};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl};
use std::marker::PhantomData;

use super::among::{Key, json_array, push_any, push_array};
use super::{Uuid16, UuidKey};

/// A value of a [`Statement`].
#[derive(Clone, Debug)]
pub enum Value {
    /// `BIGINT`.
    Int(i64),
    /// `INTEGER`.
    Small(i32),
    /// `TEXT`.
    Text(String),
    /// `TEXT` of the code's own.
    Word(&'static str),
    /// `UUID`, or 16 bytes.
    Id(Uuid16),
    /// `NULL` or the same.
    MaybeId(Option<Uuid16>),
    /// `BLOB` or `BYTEA`.
    Bytes(Vec<u8>),
    /// `NULL` or `BIGINT`.
    Maybe(Option<i64>),
    /// ` IN (…)`: written `column ?`.
    Among(Ids),
    /// A table `numbered` with columns `value` and `place` (from 1): written `FROM ?`.
    Numbered(Ids),
}

/// Ids as each store takes them in one bind.
#[derive(Clone, Debug)]
pub struct Ids {
    /// For PostgreSQL.
    array: Vec<i64>,
    /// For SQLite.
    json: String,
}

impl Ids {
    fn of(ids: &[i64]) -> Self {
        Self { array: ids.to_vec(), json: json_array(ids) }
    }
}

impl Value {
    /// Any of these ids.
    #[must_use]
    pub fn among(ids: &[i64]) -> Self {
        Self::Among(Ids::of(ids))
    }

    /// These ids, in order.
    #[must_use]
    pub fn numbered(ids: &[i64]) -> Self {
        Self::Numbered(Ids::of(ids))
    }
}

/// SQL with its values.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The text, with a `?` for each value.
    pub sql: &'static str,
    /// The values, in order.
    pub values: Vec<Value>,
}

impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> RunQueryDsl<C> for Statement {}

/// The text of one [`Prepared`]: a type of its own, by which its statement is found without writing the text out again.
pub trait Sql: 'static {
    /// The text, with a `?` for each value.
    const TEXT: &'static str;
}

/// SQL known by its place in the code, for what runs once a record. Made by [`statement!`].
pub struct Prepared<S> {
    values: Vec<Value>,
    text: PhantomData<S>,
}

impl<S: Sql> Prepared<S> {
    /// The text with these values.
    #[must_use]
    pub const fn with(values: Vec<Value>) -> Self {
        Self { values, text: PhantomData }
    }
}

impl<S: Sql> QueryId for Prepared<S> {
    type QueryId = S;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S, C> RunQueryDsl<C> for Prepared<S> {}

/// Rows are read by the names of their columns.
impl<S> Query for Prepared<S> {
    type SqlType = Untyped;
}

/// `statement!("UPDATE … ?", value, …)`: a statement whose text is as fixed as its place.
macro_rules! statement {
    ($text:expr, $($value:expr),+ $(,)?) => {{
        struct Text;
        impl $crate::db::Sql for Text {
            const TEXT: &'static str = $text;
        }
        $crate::db::Prepared::<Text>::with(vec![$($value),+])
    }};
}
pub(crate) use statement;

/// The stores' own ways to write some values.
trait Dialect: Backend {
    fn among<'b>(ids: &'b Ids, out: AstPass<'_, 'b, Self>) -> QueryResult<()>;
    fn numbered<'b>(ids: &'b Ids, out: AstPass<'_, 'b, Self>) -> QueryResult<()>;
}

impl Dialect for Sqlite {
    fn among<'b>(ids: &'b Ids, mut out: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        out.push_sql("IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&ids.json)?;
        out.push_sql("))");
        Ok(())
    }

    fn numbered<'b>(ids: &'b Ids, mut out: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        out.push_sql("(SELECT value, key + 1 AS place FROM json_each(");
        out.push_bind_param::<Text, _>(&ids.json)?;
        out.push_sql(")) AS numbered");
        Ok(())
    }
}

impl Dialect for Pg {
    fn among<'b>(ids: &'b Ids, out: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        push_any::<BigInt, _>(&ids.array, <i64 as Key>::ARRAY, out)
    }

    fn numbered<'b>(ids: &'b Ids, mut out: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        out.push_sql("unnest(");
        push_array::<BigInt, _>(&ids.array, <i64 as Key>::ARRAY, out.reborrow())?;
        out.push_sql(") WITH ORDINALITY AS numbered (value, place)");
        Ok(())
    }
}

fn walk<'b, DB>(text: &'static str, values: &'b [Value], mut out: AstPass<'_, 'b, DB>) -> QueryResult<()>
where
    DB: Dialect
        + HasSqlType<BigInt>
        + HasSqlType<Integer>
        + HasSqlType<Text>
        + HasSqlType<Binary>
        + HasSqlType<UuidKey>,
    i64: ToSql<BigInt, DB>,
    Option<i64>: ToSql<Nullable<BigInt>, DB>,
    i32: ToSql<Integer, DB>,
    str: ToSql<Text, DB>,
    String: ToSql<Text, DB>,
    Vec<u8>: ToSql<Binary, DB>,
    Uuid16: ToSql<UuidKey, DB>,
    Option<Uuid16>: ToSql<Nullable<UuidKey>, DB>,
{
    let mut parts = text.split('?');
    out.push_sql(parts.next().unwrap_or_default());
    for (value, part) in values.iter().zip(parts) {
        match value {
            Value::Int(value) => out.push_bind_param::<BigInt, _>(value)?,
            Value::Small(value) => out.push_bind_param::<Integer, _>(value)?,
            Value::Text(value) => out.push_bind_param::<Text, _>(value)?,
            Value::Word(value) => out.push_bind_param::<Text, _>(*value)?,
            Value::Bytes(value) => out.push_bind_param::<Binary, _>(value)?,
            Value::Maybe(value) => out.push_bind_param::<Nullable<BigInt>, _>(value)?,
            Value::Id(value) => out.push_bind_param::<UuidKey, _>(value)?,
            Value::MaybeId(value) => out.push_bind_param::<Nullable<UuidKey>, _>(value)?,
            Value::Among(ids) => DB::among(ids, out.reborrow())?,
            Value::Numbered(ids) => DB::numbered(ids, out.reborrow())?,
        }
        out.push_sql(part);
    }
    Ok(())
}

impl QueryFragment<Sqlite> for Statement {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        walk(self.sql, &self.values, out)
    }
}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        walk(self.sql, &self.values, out)
    }
}

impl<S: Sql> QueryFragment<Sqlite> for Prepared<S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        walk(S::TEXT, &self.values, out)
    }
}

impl<S: Sql> QueryFragment<Pg> for Prepared<S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        walk(S::TEXT, &self.values, out)
    }
}
