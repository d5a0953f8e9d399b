//! The shape every report is printed in: sheets of columns and cells that say what they hold.
//!
//! Why separate: the same rows become a workbook, a CSV file and a printed page. What a cell means, how it reads in either
//! language and when it is dangerous to a spreadsheet is decided once.

use crate::quantity::Volume;
use crate::text::{Language, Text};
use chrono::{NaiveDate, NaiveDateTime};
use std::fmt::Write as _;

/// What the cells of a column hold; decides number format, alignment and whether a total makes sense.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// Names and numbers that are names: 户号, 表号. Never treated as a number.
    Text,
    /// How many.
    Count,
    /// Gas in 0.001 m³, shown in m³.
    Volume,
    /// A rate in 1/10,000, shown as a percentage.
    Rate,
    /// A difference of two rates in 1/10,000, shown in percentage points.
    Points,
    /// Money in fen, shown in yuan.
    Money,
    /// Marks of an appraisal in tenths, shown with one decimal.
    Marks,
    /// A day.
    Day,
    /// A moment in the company's zone.
    Time,
}

/// A column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Column {
    /// Its heading.
    pub heading: Text,
    /// What its cells hold.
    pub measure: Measure,
    /// Its width in characters of a spreadsheet; a Chinese character takes two.
    pub width: u16,
}

impl Column {
    /// A column.
    #[must_use]
    pub const fn new(zh: &'static str, en: &'static str, measure: Measure, width: u16) -> Self {
        Self { heading: Text { zh, en }, measure, width }
    }
}

/// How a sheet is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChartKind {
    /// Bars that lie: long names.
    Bar,
    /// Bars that stand.
    Column,
}

/// A chart of a sheet's own rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chart {
    /// How it is drawn.
    pub kind: ChartKind,
    /// What it shows.
    pub title: Text,
    /// The column with the names.
    pub names: usize,
    /// The columns with the values.
    pub values: &'static [usize],
    /// At most so many rows are drawn: a chart of a thousand routes says nothing.
    pub most: usize,
}

/// A sheet of a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sheet {
    /// Its stable name, as in `?sheet=`.
    pub id: &'static str,
    /// Its title.
    pub title: Text,
    /// How to read it, in a sentence; empty where the headings say all.
    pub about: Text,
    /// Its columns.
    pub columns: &'static [Column],
    /// Its chart.
    pub chart: Option<Chart>,
}

/// One cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell {
    /// Nothing to say.
    Empty,
    /// A text as it was entered. Whatever it begins with, it is never a formula.
    Text(String),
    /// A text of ours, in either language.
    Word(Text),
    /// How many.
    Count(i64),
    /// Gas.
    Volume(Volume),
    /// A rate, 1/10,000.
    Rate(i64),
    /// A difference of rates, 1/10,000.
    Points(i64),
    /// Fen.
    Money(i64),
    /// Tenths of a mark.
    Marks(i64),
    /// A day.
    Day(NaiveDate),
    /// Local time.
    Time(NaiveDateTime),
}

impl Cell {
    /// A count of any width; beyond what a file can hold it stays at the limit.
    #[must_use]
    pub fn count(count: u64) -> Self {
        Self::Count(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The cell of something that may be absent.
    #[must_use]
    pub fn or_empty<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Empty, cell)
    }

    /// What it holds, where it holds anything: a column may mix measures, its cells never do.
    #[must_use]
    pub const fn measure(&self) -> Option<Measure> {
        match self {
            Self::Empty => None,
            Self::Text(_) | Self::Word(_) => Some(Measure::Text),
            Self::Count(_) => Some(Measure::Count),
            Self::Volume(_) => Some(Measure::Volume),
            Self::Rate(_) => Some(Measure::Rate),
            Self::Points(_) => Some(Measure::Points),
            Self::Money(_) => Some(Measure::Money),
            Self::Marks(_) => Some(Measure::Marks),
            Self::Day(_) => Some(Measure::Day),
            Self::Time(_) => Some(Measure::Time),
        }
    }

    /// As a person reads it, and as CSV holds it (before [`defused`]). Rates carry their per-cent sign, volumes are in m³.
    #[must_use]
    pub fn shown(&self, language: Language) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Word(text) => text.in_language(language).to_owned(),
            Self::Count(count) => count.to_string(),
            Self::Volume(volume) => volume.to_string(),
            Self::Rate(rate) => format!("{}%", hundredths(*rate)),
            Self::Points(points) => format!("{}{}", if *points > 0 { "+" } else { "" }, hundredths(*points)),
            Self::Money(fen) => hundredths(*fen),
            Self::Marks(tenths) => {
                let sign = if *tenths < 0 { "-" } else { "" };
                format!("{sign}{}.{}", tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10)
            }
            Self::Day(day) => day.format("%Y-%m-%d").to_string(),
            Self::Time(at) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }
}

fn hundredths(value: i64) -> String {
    let mut text = String::new();
    let sign = if value < 0 { "-" } else { "" };
    // Writing to a String can't fail.
    let _ = write!(text, "{sign}{}.{:02}", value.unsigned_abs() / 100, value.unsigned_abs() % 100);
    text
}

/// A text that a spreadsheet would take for a formula, made harmless with a leading apostrophe (SECURITY 15): what begins
/// with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line break, also behind blanks and other signs that a
/// spreadsheet skips.
#[must_use]
pub fn defused(text: &str) -> std::borrow::Cow<'_, str> {
    let is_skipped = |c: char| c == ' ' || c == '\u{a0}' || c == '\u{3000}' || c == '\u{feff}' || c == '\u{200b}';
    let begins_formula =
        |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '\t' | '\r' | '\n' | '|' | '%');
    if text.trim_start_matches(is_skipped).starts_with(begins_formula) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_begins_a_formula_is_defused() {
        for text in ["=cmd|' /C calc'!A0", "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "  =1", "\u{feff}=1", "|x"] {
            assert_eq!(defused(text), format!("'{text}"));
        }
        for text in ["", "张伟", "12-3", "a=b", "00177", "'=1"] {
            assert_eq!(defused(text), text);
        }
    }

    #[test]
    fn cells_read_as_their_measure_says() {
        let shown = |cell: Cell| cell.shown(Language::English);
        assert_eq!(shown(Cell::Rate(9_989)), "99.89%");
        assert_eq!(shown(Cell::Points(-5)), "-0.05");
        assert_eq!(shown(Cell::Points(120)), "+1.20");
        assert_eq!(shown(Cell::Money(123_405)), "1234.05");
        assert_eq!(shown(Cell::Marks(-15)), "-1.5");
        assert_eq!(shown(Cell::Volume(Volume::from_litres(12_300))), "12.3");
        assert_eq!(shown(Cell::or_empty(None::<i64>, Cell::Count)), "");
        assert_eq!(Cell::Word(Text { zh: "门锁", en: "locked" }).shown(Language::Chinese), "门锁");
    }
}
