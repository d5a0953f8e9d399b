//! The tables of counters, and how a counter moves: by an upsert of its own on SQLite, by one statement a table on PostgreSQL.

use crate::db::{Column, Columns, Conn, Prepared, Sql, Value, each};
use diesel::prelude::*;
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// A counter of a table: its key.
pub trait Cell: Copy + Ord + 'static {
    /// Adds to one counter, whether it is there or not.
    const ADD: &'static str;
    /// The same to many.
    const ADD_ALL: &'static str;

    /// The key.
    fn values(self) -> Vec<Value>;

    /// The keys, column by column.
    fn columns(moved: &[(Self, i64)]) -> Vec<Column>;
}

macro_rules! mark {
    ($column:ident) => {
        ", ?"
    };
}

/// `cell!(Type of "table" by column, …)`: counters by period, class and columns.
macro_rules! cell {
    ($(#[$about:meta])+ $name:ident of $table:literal by $($column:ident),+) => {
        $(#[$about])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name {
            pub period: i64,
            pub class: &'static str,
            $(pub $column: i64),+
        }

        impl Cell for $name {
            const ADD: &'static str = concat!(
                "INSERT INTO ", $table, " (period, class", $(", ", stringify!($column)),+, ", points) VALUES (?, ?", $(mark!($column)),+,
                ", ?) ON CONFLICT (period, class", $(", ", stringify!($column)),+,
                ") DO UPDATE SET points = ", $table, ".points + excluded.points"
            );
            const ADD_ALL: &'static str = concat!(
                "INSERT INTO ", $table, " (period, class", $(", ", stringify!($column)),+, ", points) SELECT * FROM unnest(?, ?",
                $(mark!($column)),+, ", ?) ON CONFLICT (period, class", $(", ", stringify!($column)),+,
                ") DO UPDATE SET points = ", $table, ".points + excluded.points"
            );

            fn values(self) -> Vec<Value> {
                vec![Value::Int(self.period), Value::Word(self.class), $(Value::Int(self.$column)),+]
            }

            fn columns(moved: &[(Self, i64)]) -> Vec<Column> {
                vec![
                    Column::Ints(moved.iter().map(|(cell, _)| cell.period).collect()),
                    Column::Words(moved.iter().map(|(cell, _)| cell.class).collect()),
                    $(Column::Ints(moved.iter().map(|(cell, _)| cell.$column).collect())),+
                ]
            }
        }
    };
}

cell!(
    /// The points of an area, route and reader in a bucket or under a mark.
    Place of "coverage_counters" by area_id, route_id, reader_id, figure
);

cell!(
    /// The same of a reader altogether.
    Total of "coverage_totals" by figure, reader_id
);

cell!(
    /// The points of D that were last seen on a day.
    Age of "coverage_ages" by reader_id, unseen_since, area_id, route_id
);

cell!(
    /// Those of them that are long unseen before the period is over, of all readers. There are few, so pushes hardly ever wait
    /// for each other here.
    Long of "coverage_long_unseen" by unseen_since
);

struct Add<C>(PhantomData<C>);

impl<C: Cell> Sql for Add<C> {
    const TEXT: &'static str = C::ADD;
}

struct AddAll<C>(PhantomData<C>);

impl<C: Cell> Sql for AddAll<C> {
    const TEXT: &'static str = C::ADD_ALL;
}

/// Adds to counters, in their order.
pub fn add_up<C: Cell>(conn: &mut Conn, moved: BTreeMap<C, i64>) -> QueryResult<()> {
    let moved: Vec<(C, i64)> = moved.into_iter().filter(|(_, change)| *change != 0).collect();
    match conn {
        _ if moved.is_empty() => Ok(()),
        Conn::Postgres(c) => {
            let mut columns = C::columns(&moved);
            columns.push(Column::Ints(moved.iter().map(|(_, change)| *change).collect()));
            Columns::<AddAll<C>>::with(columns).execute(&mut **c).map(drop)
        }
        Conn::Sqlite(_) => moved.iter().try_for_each(|(cell, change)| {
            let mut values = cell.values();
            values.push(Value::Int(*change));
            let add = Prepared::<Add<C>>::with(values);
            each!(conn, c => add.execute(c)).map(drop)
        }),
    }
}
