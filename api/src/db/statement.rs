//! A statement that is prepared once, for the hot path.
//!
//! Diesel prepares every UPDATE and every upsert anew, since their text may depend on their values. That costs more than
//! running them: a parse on SQLite, a round trip on PostgreSQL. A push runs the same few each time; their text is written out
//! in the SQL both stores share, with `?` for each value.

use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, HasSqlType, Integer, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl};

/// A value of a [`Statement`].
#[derive(Clone, Debug)]
pub enum Value {
    /// `BIGINT`.
    Int(i64),
    /// `INTEGER`.
    Small(i32),
    /// `TEXT`.
    Text(String),
    /// ` IN (…)`: written `column ?`.
    Among {
        /// For PostgreSQL.
        ids: Vec<i64>,
        /// For SQLite.
        json: String,
    },
}

impl Value {
    /// Any of these ids.
    #[must_use]
    pub fn among(ids: &[i64]) -> Self {
        Self::Among { ids: ids.to_vec(), json: serde_json::Value::from(ids).to_string() }
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

impl Statement {
    fn walk<'b, DB>(
        &'b self,
        mut out: AstPass<'_, 'b, DB>,
        among: impl Fn(&'b [i64], &'b String, AstPass<'_, 'b, DB>) -> QueryResult<()>,
    ) -> QueryResult<()>
    where
        DB: Backend + HasSqlType<BigInt> + HasSqlType<Integer> + HasSqlType<Text>,
        i64: ToSql<BigInt, DB>,
        i32: ToSql<Integer, DB>,
        String: ToSql<Text, DB>,
    {
        let mut parts = self.sql.split('?');
        out.push_sql(parts.next().unwrap_or_default());
        for (value, part) in self.values.iter().zip(parts) {
            match value {
                Value::Int(value) => out.push_bind_param::<BigInt, _>(value)?,
                Value::Small(value) => out.push_bind_param::<Integer, _>(value)?,
                Value::Text(value) => out.push_bind_param::<Text, _>(value)?,
                Value::Among { ids, json } => among(ids, json, out.reborrow())?,
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

impl QueryFragment<Sqlite> for Statement {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.walk(out, |_, json, mut out| {
            out.push_sql("IN (SELECT value FROM json_each(");
            out.push_bind_param::<Text, _>(json)?;
            out.push_sql("))");
            Ok(())
        })
    }
}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.walk(out, |ids, _, mut out| {
            out.push_sql("= ANY(");
            out.push_bind_param::<Array<BigInt>, _>(ids)?;
            out.push_sql(")");
            Ok(())
        })
    }
}
