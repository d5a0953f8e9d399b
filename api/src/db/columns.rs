//! Many rows as one array per column: on PostgreSQL one prepared statement whatever their number, `… FROM unnest(?, ?, …)`.
//!
//! Why not Diesel's own batch: that writes a bind for each value of each row into a text of its own length, which the server
//! parses and plans anew each time. SQLite has no arrays and needs none, there a statement a row costs no round trip.

use super::Uuid16;
use super::UuidKey;
use super::among::push_array;
use super::statement::Sql;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Nullable, Text, Untyped};
use diesel::{QueryResult, RunQueryDsl};
use std::marker::PhantomData;

/// A column of the rows.
#[derive(Clone, Debug)]
pub enum Column {
    /// `BIGINT`, the same in all rows.
    Same(i64),
    /// `NULL` or `BIGINT`, the same in all rows.
    SameMaybe(Option<i64>),
    /// `TEXT` of the code's own, the same in all rows.
    SameWord(&'static str),
    /// `BIGINT[]`.
    Ints(Vec<i64>),
    /// `BIGINT[]` with nulls.
    Maybe(Vec<Option<i64>>),
    /// `TEXT[]`.
    Texts(Vec<String>),
    /// `TEXT[]` of the code's own words.
    Words(Vec<&'static str>),
    /// `UUID[]`.
    Ids(Vec<Uuid16>),
    /// `UUID[]` with nulls.
    MaybeIds(Vec<Option<Uuid16>>),
    /// `BYTEA[]`.
    Bytes(Vec<Vec<u8>>),
}

/// SQL with columns, known by its place in the code. Made by [`columns!`].
pub struct Columns<S> {
    columns: Vec<Column>,
    text: PhantomData<S>,
}

impl<S: Sql> Columns<S> {
    /// The text with these columns.
    #[must_use]
    pub const fn with(columns: Vec<Column>) -> Self {
        Self { columns, text: PhantomData }
    }
}

impl<S: Sql> QueryId for Columns<S> {
    type QueryId = S;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S, C> RunQueryDsl<C> for Columns<S> {}

/// Rows are read by the names of their columns.
impl<S> Query for Columns<S> {
    type SqlType = Untyped;
}

impl<S: Sql> QueryFragment<Pg> for Columns<S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut parts = S::TEXT.split('?');
        out.push_sql(parts.next().unwrap_or_default());
        for (column, part) in self.columns.iter().zip(parts) {
            match column {
                Column::Same(value) => out.push_bind_param::<BigInt, _>(value)?,
                Column::SameMaybe(value) => out.push_bind_param::<Nullable<BigInt>, _>(value)?,
                Column::SameWord(value) => out.push_bind_param::<Text, _>(*value)?,
                Column::Ints(values) => push_array::<BigInt, _>(values, "bigint[]", out.reborrow())?,
                Column::Maybe(values) => push_array::<Nullable<BigInt>, _>(values, "bigint[]", out.reborrow())?,
                Column::Texts(values) => push_array::<Text, _>(values, "text[]", out.reborrow())?,
                Column::Words(values) => push_array::<Text, _>(values, "text[]", out.reborrow())?,
                Column::Ids(values) => push_array::<UuidKey, _>(values, "uuid[]", out.reborrow())?,
                Column::MaybeIds(values) => push_array::<Nullable<UuidKey>, _>(values, "uuid[]", out.reborrow())?,
                Column::Bytes(values) => push_array::<Binary, _>(values, "bytea[]", out.reborrow())?,
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

/// `columns!("INSERT … SELECT * FROM unnest(?, …)", column, …)`: a statement over many rows, on PostgreSQL.
macro_rules! columns {
    ($text:expr, $($column:expr),+ $(,)?) => {{
        struct Text;
        impl $crate::db::Sql for Text {
            const TEXT: &'static str = $text;
        }
        $crate::db::Columns::<Text>::with(vec![$($column),+])
    }};
}
pub(crate) use columns;
