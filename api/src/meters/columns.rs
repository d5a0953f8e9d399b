//! Columns found by their headings, in any order; unknown ones are reported, needed ones must be there.

use super::cells::Cell;
use super::faults::{Reason, RowFault};
use super::table::{SheetRow, heading};
use crate::http::{Problem, ProblemCode};

/// A column an import knows.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The heading as the companies write it, and as faults name it.
    pub zh: &'static str,
    /// The code of the field, also a heading.
    pub code: &'static str,
    /// Other headings that mean the same.
    pub aliases: &'static [&'static str],
    /// Whether a file without it is refused.
    pub is_needed: bool,
}

impl Column {
    /// A column every file must have.
    #[must_use]
    pub const fn needed(zh: &'static str, code: &'static str, aliases: &'static [&'static str]) -> Self {
        Self { zh, code, aliases, is_needed: true }
    }

    /// A column a file may leave out: what is stored then stays.
    #[must_use]
    pub const fn optional(zh: &'static str, code: &'static str, aliases: &'static [&'static str]) -> Self {
        Self { zh, code, aliases, is_needed: false }
    }

    fn is_headed(&self, heading: &str) -> bool {
        let bare = |word: &str| word.chars().filter(|c| *c != '_').collect::<String>();
        let heading = bare(heading);
        [self.zh, self.code].iter().chain(self.aliases).any(|word| bare(word) == heading)
    }
}

/// Where a file has which column.
#[derive(Debug)]
pub struct Layout {
    columns: &'static [Column],
    places: Vec<Option<usize>>,
    /// Headings that mean nothing here.
    pub unknown: Vec<String>,
    /// The index of the header among the rows read.
    pub header: usize,
}

impl Layout {
    /// Finds the header among the first ten rows: the one that names the most columns.
    ///
    /// # Errors
    /// `invalid_input` where columns are missing or stand there twice.
    pub fn find(columns: &'static [Column], rows: &[SheetRow]) -> Result<Self, Problem> {
        let (header, cells) = header(columns, rows);
        let mut layout = Self { columns, places: vec![None; columns.len()], unknown: Vec::new(), header };
        let mut problem =
            Problem::new(ProblemCode::InvalidInput).detail("表头不符合要求", "the column headings are not as needed");
        let mut is_good = true;
        for (place, cell) in cells.iter().enumerate() {
            let head = heading(cell);
            match columns.iter().position(|column| column.is_headed(&head)) {
                None if head.is_empty() => {}
                None => layout.unknown.push(head.chars().take(40).collect()),
                Some(known) => {
                    let before = layout.places.get_mut(known).and_then(|slot| slot.replace(place));
                    if before.is_some() {
                        is_good = false;
                        problem = problem.fault(
                            columns[known].zh,
                            "repeated_column",
                            "该列出现两次",
                            "this column stands there twice",
                        );
                    }
                }
            }
        }
        for (column, place) in columns.iter().zip(&layout.places) {
            if column.is_needed && place.is_none() {
                is_good = false;
                let en = format!("this column is missing (or headed {})", column.code);
                problem = problem.fault(column.zh, "missing_column", "缺少该列", en);
            }
        }
        if is_good { Ok(layout) } else { Err(problem) }
    }

    /// Whether the file has a column.
    #[must_use]
    pub fn has(&self, column: usize) -> bool {
        self.places.get(column).is_some_and(Option::is_some)
    }

    /// A row's cells by column.
    #[must_use]
    pub fn row<'a>(&'a self, row: &'a SheetRow) -> Row<'a> {
        Row { layout: self, row, faults: Vec::new() }
    }
}

/// The header's index and cells; no cells where nothing looks like one.
fn header<'a>(columns: &[Column], rows: &'a [SheetRow]) -> (usize, &'a [Cell]) {
    let named = |row: &SheetRow| {
        row.cells.iter().map(heading).filter(|head| columns.iter().any(|column| column.is_headed(head))).count()
    };
    let best = rows.iter().take(10).enumerate().rev().max_by_key(|(_, row)| named(row));
    best.filter(|(_, row)| named(row) > 0).map_or((0, &[]), |(index, row)| (index, row.cells.as_slice()))
}

/// One row being read; what is wrong with it gathers up, so that a person mends it once.
pub struct Row<'a> {
    layout: &'a Layout,
    row: &'a SheetRow,
    /// What is wrong so far.
    pub faults: Vec<RowFault>,
}

impl Row<'_> {
    /// Its number in the sheet.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.row.number
    }

    /// A column's cell.
    #[must_use]
    pub fn cell(&self, column: usize) -> &Cell {
        let place = self.layout.places.get(column).copied().flatten();
        place.and_then(|place| self.row.cells.get(place)).unwrap_or(&Cell::Empty)
    }

    /// Notes what is wrong at a column.
    pub fn refuse(&mut self, column: usize, reason: Reason) {
        let name = self.layout.columns.get(column).map_or("", |column| column.zh);
        self.faults.push(reason.at(self.row.number, name));
    }

    /// Reads a cell; `None` where it is empty or wrong.
    pub fn read<T>(&mut self, column: usize, read: impl Fn(&Cell) -> Result<Option<T>, Reason>) -> Option<T> {
        match read(self.cell(column)) {
            Ok(value) => value,
            Err(reason) => {
                self.refuse(column, reason);
                None
            }
        }
    }

    /// Reads a cell that must not be empty.
    pub fn need<T>(&mut self, column: usize, read: impl Fn(&Cell) -> Result<Option<T>, Reason>) -> Option<T> {
        if self.cell(column).is_empty() {
            self.refuse(column, Reason::missing());
            return None;
        }
        self.read(column, read)
    }
}

/// One of a set of words, each with what it means.
pub fn word<T: Copy>(cell: &Cell, words: &[(&[&str], T)]) -> Result<Option<T>, Reason> {
    let Some(text) = cell.words(40)? else { return Ok(None) };
    let text = text.to_lowercase();
    let found = words.iter().find(|(names, _)| names.contains(&text.as_str()));
    let expected = || words.iter().filter_map(|(names, _)| names.first().copied()).collect::<Vec<_>>().join("、");
    found.map(|(_, value)| Some(*value)).ok_or_else(|| Reason::not_one_of(&expected()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meters::table::rows_of;

    const COLUMNS: &[Column] =
        &[Column::needed("户号", "point_number", &["客户号"]), Column::optional("户名", "customer_name", &[])];

    #[test]
    fn the_header_is_found_below_titles_and_in_any_order() {
        let rows = rows_of("某公司档案表\n制表人：x,2024\n备用,户名,客户号\n,王,001\n".as_bytes()).unwrap();
        let layout = Layout::find(COLUMNS, &rows).unwrap();
        assert_eq!((layout.header, layout.unknown.as_slice()), (2, &["备用".to_owned()][..]));
        let row = layout.row(&rows[3]);
        assert_eq!((row.cell(0), row.cell(1)), (&Cell::Text("001".into()), &Cell::Text("王".into())));
    }

    #[test]
    fn missing_and_doubled_columns_are_refused() {
        for file in ["户名\n王\n", "户号,户号\n1,2\n", "x\n", ""] {
            assert!(Layout::find(COLUMNS, &rows_of(file.as_bytes()).unwrap()).is_err(), "{file}");
        }
    }
}
