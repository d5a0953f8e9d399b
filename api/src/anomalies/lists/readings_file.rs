//! A plain CSV of readings, for judging the lists on data that nobody imported.
//!
//! Apart from the import of readings because nothing has to be registered for it, and a bad row is named and left out instead
//! of stopping the file: what is judged are the rules, not the bookkeeping.

use crate::meters::cells::Cell;
use chrono::{Datelike, NaiveDate};
use meterbook::anomalies::lists::replay::{Meter, Reading};
use std::collections::{BTreeMap, HashMap};
use std::io::Read;

/// What the file holds, for `--help` and for whoever gets a column wrong.
pub const FORMAT: &str = "\
CSV in UTF-8 with a heading line; columns in any order, others are ignored. One row per reading, in any order.

  meter         text; what tells meters apart
  class         text; meters of one class are compared with one another. Blank: a class of its own
  read_date     YYYY-MM-DD
  index         the figure read, in any one unit (whole or with up to three decimals), as read: a rollover, a misread or an
                exchange stays as it is. Blank: the meter was not read, the row is passed over
  digits        whole digits of the dial: the index runs to 10^digits - 1. Blank: not known, and a dial is then never taken
                to have rolled over
  vacancy_note  blank, 0, no, false or 否: none. Anything else: the reader noted that the place stood empty
  area, type    optional; with class they make the peer group

Two rows of one meter and day: the later in the file counts.";

/// One row that could not be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadRow {
    /// As an editor counts lines.
    pub line: u64,
    /// Which column.
    pub column: &'static str,
    /// What was expected.
    pub expected: &'static str,
    /// 中文.
    pub expected_zh: &'static str,
}

/// A file of readings.
#[derive(Debug, Default)]
pub struct ReadingsFile {
    /// What the file calls each meter, its class, and its readings by day; in the order of their first rows.
    pub meters: Vec<Named>,
    /// Rows left out.
    pub bad: Vec<BadRow>,
    /// Rows that said again, or otherwise, what another said of the same meter and day.
    pub repeated: usize,
    /// Rows without an index.
    pub unread: usize,
}

/// A meter as the file names it.
#[derive(Debug)]
pub struct Named {
    /// Its number.
    pub number: String,
    /// Its class.
    pub class: String,
    /// Its readings.
    pub meter: Meter,
}

/// Why a file could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableFile {
    /// The CSV itself.
    #[error("the file is not CSV in UTF-8 文件不是 UTF-8 的 CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A heading that must be there.
    #[error("the column `{0}` is missing; expected {REQUIRED:?} 缺少列 `{0}`")]
    Column(&'static str),
    /// No row could be used.
    #[error("no row could be used 没有可用的行")]
    Empty,
}

const REQUIRED: [&str; 3] = ["meter", "read_date", "index"];

struct Columns {
    meter: usize,
    day: usize,
    index: usize,
    class: Option<usize>,
    digits: Option<usize>,
    note: Option<usize>,
    area: Option<usize>,
    kind: Option<usize>,
}

impl Columns {
    fn of(headings: &csv::StringRecord) -> Result<Self, UnreadableFile> {
        let find = |name: &str| {
            let is_it = |heading: &str| heading.trim_start_matches('\u{feff}').trim().eq_ignore_ascii_case(name);
            headings.iter().position(is_it)
        };
        let need = |name: &'static str| find(name).ok_or(UnreadableFile::Column(name));
        Ok(Self {
            meter: need(REQUIRED[0])?,
            day: need(REQUIRED[1])?,
            index: need(REQUIRED[2])?,
            class: find("class"),
            digits: find("digits"),
            note: find("vacancy_note"),
            area: find("area"),
            kind: find("type"),
        })
    }
}

struct Row {
    day: i32,
    index: i64,
    wrap: Option<i64>,
    noted: bool,
}

impl ReadingsFile {
    /// Reads a file; rows that cannot be used are named in [`bad`](Self::bad).
    ///
    /// # Errors
    /// [`UnreadableFile`].
    pub fn read(source: impl Read) -> Result<Self, UnreadableFile> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source);
        let columns = Columns::of(reader.headers()?)?;
        let mut file = Self::default();
        let mut by_number: HashMap<String, usize> = HashMap::new();
        let mut groups: HashMap<String, usize> = HashMap::new();
        let mut by_day: Vec<BTreeMap<i32, Reading>> = Vec::new();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record)? {
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |column: Option<usize>| column.and_then(|at| record.get(at)).unwrap_or("").trim();
            let row = match row(&record, &columns) {
                Ok(Some(row)) => row,
                Ok(None) => {
                    file.unread += 1;
                    continue;
                }
                Err((column, expected, expected_zh)) => {
                    file.bad.push(BadRow { line, column, expected, expected_zh });
                    continue;
                }
            };
            let number = cell(Some(columns.meter));
            let at = *by_number.entry(number.to_owned()).or_insert_with(|| {
                let class = cell(columns.class).to_owned();
                let group = format!("{class}\u{1f}{}\u{1f}{}", cell(columns.area), cell(columns.kind));
                let next = groups.len();
                let group = *groups.entry(group).or_insert(next);
                file.meters.push(Named { number: number.to_owned(), class, meter: Meter { group, readings: vec![] } });
                by_day.push(BTreeMap::new());
                by_day.len() - 1
            });
            let Row { day, index, wrap, noted } = row;
            let before = by_day[at].insert(day, Reading { day, index, wrap, noted });
            file.repeated += usize::from(before.is_some());
        }
        for (named, readings) in file.meters.iter_mut().zip(by_day) {
            named.meter.readings = readings.into_values().collect();
        }
        if file.meters.is_empty() { Err(UnreadableFile::Empty) } else { Ok(file) }
    }
}

type Expected = (&'static str, &'static str, &'static str);

fn row(record: &csv::StringRecord, columns: &Columns) -> Result<Option<Row>, Expected> {
    let cell = |column: usize| Cell::text(record.get(column).unwrap_or(""));
    if cell(columns.meter).is_empty() {
        return Err(("meter", "something that tells the meter apart", "应填表号"));
    }
    // A time of day may follow the day.
    let day = record.get(columns.day).unwrap_or("").trim().split(['T', ' ']).next().unwrap_or("");
    let Ok(Some(day)) = Cell::text(day).day() else {
        return Err(("read_date", "a day as YYYY-MM-DD", "应为 YYYY-MM-DD"));
    };
    let index = match cell(columns.index).quantity(3) {
        Ok(None) => return Ok(None),
        Ok(Some(index)) if (0..=MOST_INDEX).contains(&index) => index,
        _ => {
            return Err(("index", "a number from 0 on, with at most three decimals", "应为不小于 0、至多三位小数的数"));
        }
    };
    let digits = columns.digits.map_or(Cell::Empty, cell);
    let wrap = match digits.quantity(3) {
        Ok(None) => None,
        Ok(Some(digits)) if digits % 1000 == 0 && (1000..=12_000).contains(&digits) => {
            Some(1000 * 10_i64.pow((digits / 1000) as u32))
        }
        _ => return Err(("digits", "a whole number from 1 to 12, or nothing", "应为 1 至 12 的整数或留空")),
    };
    // A figure the dial does not have is a misread, or the digits are wrong: then nothing may be said of a rollover.
    let wrap = wrap.filter(|wrap| index < *wrap);
    let note = columns.note.and_then(|at| record.get(at)).unwrap_or("").trim().to_lowercase();
    let noted = !matches!(note.as_str(), "" | "0" | "no" | "false" | "否" | "n" | "nan" | "none" | "null");
    Ok(Some(Row { day: day_number(day), index, wrap, noted }))
}

/// In 0.001 of the unit: twelve digits before the point.
const MOST_INDEX: i64 = 999_999_999_999_999;

/// Days from an arbitrary day.
#[must_use]
pub fn day_number(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ReadingsFile {
        ReadingsFile::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn columns_are_found_by_name_and_rows_by_day() {
        let file = read(
            "\u{feff}index,meter,read_date,class,digits,vacancy_note\n\
             120,007,2026-03-01,rs,5,\n100,007,2026-01-01,rs,5,空置\n7.5,8,2026-01-02,c,,no\n",
        );
        assert_eq!((file.bad.len(), file.repeated, file.meters.len()), (0, 0, 2));
        let [first, second] = &file.meters[..] else { panic!() };
        assert_eq!((first.number.as_str(), first.class.as_str()), ("007", "rs"));
        let seen: Vec<_> = first.meter.readings.iter().map(|r| (r.index, r.wrap, r.noted)).collect();
        assert_eq!(seen, [(100_000, Some(100_000_000), true), (120_000, Some(100_000_000), false)]);
        assert_eq!(second.meter.readings[0].index, 7_500);
        assert_eq!(second.meter.readings[0].wrap, None);
        assert_ne!(first.meter.group, second.meter.group);
    }

    #[test]
    fn bad_rows_are_named_and_the_others_stay() {
        let file = read(
            "meter,class,read_date,index,digits,vacancy_note\n\
             a,r,2026-02-30,1,5,\na,r,2026-02-01,x,5,\na,r,2026-02-01,-1,5,\n,r,2026-02-01,1,5,\n\
             a,r,2026-02-01,1,99,\na,r,2026-02-01,,5,\na,r,2026-02-01,1,5,\na,r,2026-02-01,2,5,\n",
        );
        let named: Vec<_> = file.bad.iter().map(|bad| (bad.line, bad.column)).collect();
        assert_eq!(named, [(2, "read_date"), (3, "index"), (4, "index"), (5, "meter"), (6, "digits")]);
        assert_eq!((file.unread, file.repeated), (1, 1));
        assert_eq!(file.meters[0].meter.readings[0].index, 2_000);
    }

    #[test]
    fn a_file_without_the_columns_or_without_rows_is_refused_with_what_was_expected() {
        let said = |text: &str| ReadingsFile::read(text.as_bytes()).unwrap_err().to_string();
        assert!(said("meter,index\n1,2\n").contains("read_date"));
        assert!(said("meter,read_date,index\n").contains("no row"));
    }
}
