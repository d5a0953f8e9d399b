//! Printing a report: the same sheets as a workbook, a CSV file or a page, with their row counts and hashes.
//!
//! Why separate: what a report says is decided before; here it only becomes a file. A file is written to a temporary file
//! row by row, so a list of a million rows costs no memory.

mod csv;
mod html;
mod xlsx;

pub use html::style;

use crate::keys::sha256;
use aws_lc_rs::digest::{Context, SHA256};
use chrono::NaiveDateTime;
use diesel::QueryResult;
use meterbook::reports::{Cell, Sheet};
use meterbook::text::{Language, Text};
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

/// The files a report can become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// A workbook.
    Xlsx,
    /// One sheet as comma-separated values.
    Csv,
    /// A page to print.
    Html,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Xlsx, Self::Csv, Self::Html];

    /// As in `?format=`, and what a file's name ends with.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }

    /// The format of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

/// What stands at the head of a report, and on every sheet of its workbook.
#[derive(Clone, Debug)]
pub struct Masthead {
    /// 抄表日报表.
    pub title: Text,
    /// The day, the month, the reader.
    pub subject: String,
    /// Version, rules, population: names and values.
    pub facts: Vec<(Text, Cell)>,
    /// What came later is not in it.
    pub cut_off: NaiveDateTime,
}

/// How a file is to be.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Which kind.
    pub format: Format,
    /// In which language.
    pub language: Language,
    /// The one sheet wanted; a CSV file has no room for more.
    pub sheet: Option<String>,
    /// Whether a page brings its style with it, for want of a server to fetch it from.
    pub standalone: bool,
}

/// The end of a sheet: how many rows, and the hash of their lines as CSV holds them, line ends included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seal {
    /// Rows, totals not counted.
    pub rows: u64,
    /// Of all lines, totals too.
    pub sha256: String,
}

/// A row as a kind of file takes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowKind {
    /// One of many.
    Plain,
    /// A sum of those above.
    Total,
}

/// Why a file could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BookFault {
    /// The disk.
    #[error("the file can't be written: {0}")]
    Disk(#[from] std::io::Error),
    /// The workbook.
    #[error("the workbook can't be made: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The data.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl BookFault {
    /// As the store's closures pass it on: a file that can't be written is as passing a fault as a full disk of the database.
    #[must_use]
    pub fn into_query(self) -> diesel::result::Error {
        match self {
            Self::Database(fault) => fault,
            other => diesel::result::Error::QueryBuilderError(other.to_string().into()),
        }
    }
}

/// One kind of file.
trait Kind {
    fn begin(&mut self, sheet: &Sheet) -> Result<(), BookFault>;
    fn row(&mut self, kind: RowKind, cells: &[Cell], line: &str) -> Result<(), BookFault>;
    fn end(&mut self, seal: &Seal) -> Result<(), BookFault>;
    fn finish(self: Box<Self>) -> Result<File, BookFault>;
}

/// A report that is being printed.
pub struct Book {
    kind: Box<dyn Kind>,
    language: Language,
    only: Option<String>,
    open: Option<Open>,
    seals: Vec<(Sheet, Seal)>,
    line: String,
}

struct Open {
    sheet: Sheet,
    rows: u64,
    hash: Context,
}

const CERTIFICATE: Sheet = {
    use meterbook::reports::{Column, Measure};
    Sheet {
        id: "certificate",
        title: Text { zh: "校验", en: "Certificate" },
        about: Text {
            zh: "哈希为各表同语言 CSV 数据行（不含表头与末行，行尾 CRLF）的 SHA-256。",
            en: "The hash is the SHA-256 of the sheet's lines in the CSV file of the same language (heading and last line left out, CRLF).",
        },
        columns: &[
            Column::new("工作表", "Sheet", Measure::Text, 26),
            Column::new("行数", "Rows", Measure::Count, 10),
            Column::new("SHA-256", "SHA-256", Measure::Text, 70),
        ],
        chart: None,
    }
};

impl Book {
    /// Begins a file in a folder; it has no name there and goes with its handle.
    ///
    /// # Errors
    /// The disk's.
    pub fn begin(folder: &Path, wish: &Wish, head: &Masthead) -> Result<Self, BookFault> {
        let (head, language) = (head.clone(), wish.language);
        let kind: Box<dyn Kind> = match wish.format {
            Format::Xlsx => Box::new(xlsx::Workbook::begin(folder, head, language)?),
            Format::Csv => Box::new(csv::Lines::begin(folder, &head, language)?),
            Format::Html => Box::new(html::Page::begin(folder, head, language, wish.standalone)?),
        };
        Ok(Self { kind, language, only: wish.sheet.clone(), open: None, seals: Vec::new(), line: String::new() })
    }

    /// Whether a sheet is asked for at all: rows nobody wants are not even loaded.
    #[must_use]
    pub fn wants(&self, sheet: &Sheet) -> bool {
        self.only.as_deref().is_none_or(|only| only == sheet.id)
    }

    /// Prints a sheet whole, where it is asked for.
    ///
    /// # Errors
    /// The disk's, or what `fill` met.
    pub fn sheet(
        &mut self,
        sheet: &Sheet,
        fill: impl FnOnce(&mut Self) -> Result<(), BookFault>,
    ) -> Result<(), BookFault> {
        if !self.wants(sheet) {
            return Ok(());
        }
        self.kind.begin(sheet)?;
        self.open = Some(Open { sheet: *sheet, rows: 0, hash: Context::new(&SHA256) });
        fill(self)?;
        if let Some(open) = self.open.take() {
            let seal = Seal { rows: open.rows, sha256: hex(open.hash.finish().as_ref()) };
            self.kind.end(&seal)?;
            self.seals.push((open.sheet, seal));
        }
        Ok(())
    }

    /// Prints a row.
    ///
    /// # Errors
    /// The disk's.
    pub fn row(&mut self, cells: &[Cell]) -> Result<(), BookFault> {
        self.print(RowKind::Plain, cells)
    }

    /// Prints a sum of the rows above.
    ///
    /// # Errors
    /// The disk's.
    pub fn total(&mut self, cells: &[Cell]) -> Result<(), BookFault> {
        self.print(RowKind::Total, cells)
    }

    fn print(&mut self, kind: RowKind, cells: &[Cell]) -> Result<(), BookFault> {
        self.line.clear();
        csv::write_line(&mut self.line, cells.iter(), self.language);
        if let Some(open) = &mut self.open {
            open.hash.update(self.line.as_bytes());
            open.rows += u64::from(kind == RowKind::Plain);
        }
        self.kind.row(kind, cells, &self.line)
    }

    /// Ends the file; a workbook and a page of several sheets get a last one with the hashes of all.
    ///
    /// # Errors
    /// The disk's.
    pub fn finish(mut self) -> Result<File, BookFault> {
        if self.only.is_none() {
            let rows: Vec<[Cell; 3]> = self
                .seals
                .iter()
                .map(|(sheet, seal)| [Cell::Word(sheet.title), Cell::count(seal.rows), Cell::Text(seal.sha256.clone())])
                .collect();
            self.sheet(&CERTIFICATE, |book| rows.iter().try_for_each(|row| book.row(row)))?;
        }
        self.kind.finish()
    }
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The hash of a text, in hex.
#[must_use]
pub fn hash_of(text: &str) -> String {
    hex(&sha256(text.as_bytes()))
}

/// How a sheet ends, in words.
fn ending(seal: &Seal, language: Language) -> String {
    match language {
        Language::Chinese => format!("共 {} 行 · SHA-256 {}", seal.rows, seal.sha256),
        Language::English => format!("{} rows · SHA-256 {}", seal.rows, seal.sha256),
    }
}

/// The facts of a masthead in one line.
fn facts_line(head: &Masthead, language: Language) -> String {
    let colon = if language == Language::Chinese { "：" } else { ": " };
    let facts = head
        .facts
        .iter()
        .map(|(name, value)| format!("{}{colon}{}", name.in_language(language), value.shown(language)));
    facts.collect::<Vec<_>>().join("  ·  ")
}

/// Runs a printer's closure as a store's closure wants it.
///
/// # Errors
/// The closure's.
pub fn as_query<T>(result: Result<T, BookFault>) -> QueryResult<T> {
    result.map_err(BookFault::into_query)
}
