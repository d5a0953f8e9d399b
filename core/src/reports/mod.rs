//! Reports: what each one says and how its sums are made.
//!
//! Why separate: a report is only as good as its definitions. They stand here, without rows of a database or cells of a
//! workbook around them, so that every printed figure can be recomputed by hand.
//!
//! [`day`] sums a day of reading (抄表日报表), [`volume`] says how much gas lies between two readings, [`figures`] holds the
//! three figures of a commercial meter against each other over a month, [`purchases`] watches what customers buy, and
//! [`sheet`] is the shape all of it is printed in: columns with headings in both languages and cells with a meaning.

pub mod catalogue;
pub mod day;
pub mod figures;
pub mod purchases;
pub mod sheet;
pub mod volume;
pub mod words;

pub use day::{DayFigure, DaySum, Visit, VisitKind};
pub use figures::{Agreement, MonthOfMeter, Standing, Verdict, agreement};
pub use purchases::{Bought, PurchaseChange, WatchSettings, watch};
pub use sheet::{Cell, Chart, ChartKind, Column, Measure, Sheet, defused};
pub use volume::{Dial, Step, steps};
