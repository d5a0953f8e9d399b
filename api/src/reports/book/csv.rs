//! CSV as spreadsheets in China open it: UTF-8 with its mark, CRLF, and no cell that begins a formula (SECURITY 15).
//!
//! The first line names the columns, the last begins with `#` and holds row count, hash and cut-off time.

use super::{BookFault, Kind, Masthead, RowKind, Seal};
use meterbook::reports::{Cell, Sheet, defused};
use meterbook::text::Language;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// A CSV file of one sheet.
pub struct Lines {
    file: BufWriter<File>,
    language: Language,
    cut_off: String,
}

impl Lines {
    pub fn begin(folder: &Path, head: &Masthead, language: Language) -> Result<Self, BookFault> {
        let mut file = BufWriter::new(tempfile::tempfile_in(folder)?);
        file.write_all("\u{feff}".as_bytes())?;
        let cut_off = head.cut_off.format("%Y-%m-%d %H:%M:%S").to_string();
        Ok(Self { file, language, cut_off })
    }
}

impl Kind for Lines {
    fn begin(&mut self, sheet: &Sheet) -> Result<(), BookFault> {
        let mut line = String::new();
        let headings: Vec<Cell> = sheet.columns.iter().map(|column| Cell::Word(column.heading)).collect();
        write_line(&mut line, headings.iter(), self.language);
        Ok(self.file.write_all(line.as_bytes())?)
    }

    fn row(&mut self, _: RowKind, _: &[Cell], line: &str) -> Result<(), BookFault> {
        Ok(self.file.write_all(line.as_bytes())?)
    }

    fn end(&mut self, seal: &Seal) -> Result<(), BookFault> {
        Ok(write!(self.file, "#,rows,{},sha256,{},cut-off,{}\r\n", seal.rows, seal.sha256, self.cut_off)?)
    }

    fn finish(self: Box<Self>) -> Result<File, BookFault> {
        Ok(self.file.into_inner().map_err(std::io::IntoInnerError::into_error)?)
    }
}

/// Writes one line. Texts that were entered are defused; ours and numbers can't begin a formula.
pub fn write_line<'c>(line: &mut String, cells: impl Iterator<Item = &'c Cell>, language: Language) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            line.push(',');
        }
        match cell {
            Cell::Text(text) => write_cell(line, &defused(text)),
            other => write_cell(line, &other.shown(language)),
        }
    }
    line.push_str("\r\n");
}

fn write_cell(line: &mut String, text: &str) {
    if !text.contains(['"', ',', '\r', '\n']) {
        line.push_str(text);
        return;
    }
    line.push('"');
    line.push_str(&text.replace('"', "\"\""));
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use meterbook::quantity::Volume;

    #[test]
    fn a_cell_never_begins_a_formula_and_numbers_stay_numbers() {
        let cells = [
            Cell::Text("=cmd|' /C calc'!A0".into()),
            Cell::Text("a\"b,c".into()),
            Cell::Text("-1+2\r\n=x".into()),
            Cell::Volume(Volume::from_litres(-12_500)),
            Cell::Empty,
        ];
        let mut line = String::new();
        write_line(&mut line, cells.iter(), Language::English);
        assert_eq!(line, "'=cmd|' /C calc'!A0,\"a\"\"b,c\",\"'-1+2\r\n=x\",-12.5,\r\n");
    }
}
