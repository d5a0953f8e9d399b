//! A condition in words of the code's own, where a bound value would lead a planner astray or an index would not be used.
//!
//! Diesel's `sql` is for words that may differ from run to run: a statement with it is parsed and planned at every run.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

/// A condition in fixed words; they name tables of the statement they stand in.
#[derive(Clone, Copy, Debug)]
pub struct Fixed(pub &'static str);

impl Expression for Fixed {
    type SqlType = Bool;
}

impl<From> AppearsOnTable<From> for Fixed {}

impl<From> SelectableExpression<From> for Fixed {}

impl ValidGrouping<()> for Fixed {
    type IsAggregate = is_aggregate::No;
}

/// Statements with it are told apart by their text.
impl QueryId for Fixed {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend> QueryFragment<DB> for Fixed {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}
