//! A file as rows of cells: CSV in the encodings and separators that office software writes, or the first sheet of an XLSX.

use super::cells::{Cell, fold};
use super::xlsx;
use crate::http::{Problem, ProblemCode};
use std::borrow::Cow;

/// Rows an import reads; more are a mistake or an attack.
pub const MOST_ROWS: usize = 200_000;
/// Columns that are looked at.
pub const MOST_COLUMNS: usize = 100;

/// One row with its number as the sheet counts it.
#[derive(Debug)]
pub struct SheetRow {
    /// From 1.
    pub number: u32,
    /// Its cells, the last ones possibly missing.
    pub cells: Vec<Cell>,
}

/// Reads a file; its first bytes say what it is, for media types are often wrong.
///
/// # Errors
/// A problem where it can't be read at all.
pub fn rows_of(file: &[u8]) -> Result<Vec<SheetRow>, Problem> {
    if file.starts_with(b"PK\x03\x04") {
        return xlsx::rows_of(file);
    }
    if file.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(Problem::new(ProblemCode::UnsupportedMediaType).detail(
            "这是旧版 Excel 文件（.xls）或加密文件，请另存为 .xlsx 或 CSV",
            "this is an old Excel file (.xls) or an encrypted one: save it as .xlsx or CSV",
        ));
    }
    csv_rows(&decoded(file)?)
}

/// UTF-8, or GB18030 where it is not.
fn decoded(file: &[u8]) -> Result<Cow<'_, str>, Problem> {
    let bytes = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return without_nul(text.into());
    }
    if let Some((utf16, _)) = encoding_rs::Encoding::for_bom(file) {
        let (text, _, is_damaged) = utf16.decode(file);
        return if is_damaged { Err(unreadable()) } else { without_nul(text) };
    }
    match encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => without_nul(text),
        None => Err(unreadable()),
    }
}

fn without_nul(text: Cow<'_, str>) -> Result<Cow<'_, str>, Problem> {
    if text.contains('\0') { Err(unreadable()) } else { Ok(text) }
}

fn unreadable() -> Problem {
    Problem::new(ProblemCode::UnsupportedMediaType)
        .detail("既不是 XLSX，也不是 UTF-8 或 GB18030 编码的 CSV", "this is neither XLSX nor CSV in UTF-8 or GB18030")
}

/// Comma, semicolon or tab: whichever stands most often outside quotes in the first lines.
fn separator(text: &str) -> u8 {
    let mut is_quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in text.lines().take(10).flat_map(str::bytes) {
        is_quoted ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(each, _)| *each == byte && !is_quoted) {
            *count += 1;
        }
    }
    // On a tie the first stands: a comma.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(byte, _)| byte)
}

fn csv_rows(text: &str) -> Result<Vec<SheetRow>, Problem> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(text))
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    // People open CSV in a spreadsheet, which counts records and empty lines, not the lines inside quotes.
    let (mut record, mut number) = (csv::StringRecord::new(), 0_u32);
    loop {
        number += 1 + empty_lines(text, reader.position().byte());
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(rows),
            Ok(true) => {}
            Err(_) => return Err(unreadable()),
        }
        let cells: Vec<Cell> = record.iter().take(MOST_COLUMNS).map(Cell::text).collect();
        push(&mut rows, SheetRow { number, cells })?;
    }
}

/// Empty lines from a place on: the reader passes over them in silence.
fn empty_lines(text: &str, from: u64) -> u32 {
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let (before, rest) = text.as_bytes().split_at_checked(from).unwrap_or_default();
    // The second half of the line end before does not count.
    let rest = if before.ends_with(b"\r") { rest.strip_prefix(b"\n").unwrap_or(rest) } else { rest };
    let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    ends.fold(
        (0, 0),
        |(count, last), byte| if last == b'\r' && *byte == b'\n' { (count, 0) } else { (count + 1, *byte) },
    )
    .0
}

/// Keeps a row unless it is empty.
pub(super) fn push(rows: &mut Vec<SheetRow>, row: SheetRow) -> Result<(), Problem> {
    if row.cells.iter().all(Cell::is_empty) {
        return Ok(());
    }
    // Ten rows may stand above the data: titles and the header.
    if rows.len() >= MOST_ROWS + 10 {
        return Err(Problem::new(ProblemCode::BodyTooLarge).detail(
            format!("一次最多导入 {MOST_ROWS} 行，请分成几个文件"),
            format!("at most {MOST_ROWS} rows are imported at once: split the file"),
        ));
    }
    rows.push(row);
    Ok(())
}

/// A column heading without what varies: width, spaces, case, a unit in brackets, a mark for required fields.
#[must_use]
pub fn heading(cell: &Cell) -> String {
    let Cell::Text(text) = cell else { return String::new() };
    let text = fold(text);
    let bare = text.split(['(', '[', '【']).next().unwrap_or_default();
    bare.chars().filter(|c| !c.is_whitespace() && !matches!(c, '*' | ':')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(file: &[u8]) -> Vec<(u32, Vec<String>)> {
        let text = |cell: &Cell| if let Cell::Text(text) = cell { text.clone() } else { String::new() };
        rows_of(file).unwrap().iter().map(|row| (row.number, row.cells.iter().map(text).collect())).collect()
    }

    fn row(number: u32, cells: [&str; 2]) -> (u32, Vec<String>) {
        (number, cells.map(str::to_owned).to_vec())
    }

    #[test]
    fn every_usual_encoding_and_separator_is_read() {
        let plain = "户号,姓名\r\n001,王，芳\r\n";
        let expected_folded = [row(1, ["户号", "姓名"]), row(2, ["001", "王,芳"])].to_vec();
        assert_eq!(words(plain.as_bytes()), expected_folded);
        assert_eq!(words(format!("\u{feff}{plain}").as_bytes()), expected_folded);
        assert_eq!(words(&encoding_rs::GB18030.encode(plain).0), expected_folded);
        assert_eq!(words("户号;姓名\n001;王，芳".as_bytes()), expected_folded);
        assert_eq!(words("户号\t姓名\n001\t王，芳".as_bytes()), expected_folded);
    }

    #[test]
    fn rows_are_counted_as_the_sheet_counts_them() {
        for file in ["a,b\n\n1,\"x\ny\"\n2,z\n", "a,b\r\n\r\n1,\"x\ny\"\r\n2,z\r\n", "a,b\r\r1,\"x\ny\"\r2,z"] {
            let expected = [row(1, ["a", "b"]), row(3, ["1", "x\ny"]), row(4, ["2", "z"])];
            assert_eq!(words(file.as_bytes()), expected, "{file:?}");
        }
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(rows_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").is_err());
        assert!(rows_of(b"\x89PNG\r\n\x1a\n\0\0\0").is_err());
        assert!(rows_of(b"PK\x03\x04 not a zip").is_err());
    }

    #[test]
    fn headings_lose_their_decoration() {
        assert_eq!(heading(&Cell::text(" 初始读数（m³） *")), "初始读数");
        assert_eq!(heading(&Cell::text("*户 号：")), "户号");
    }
}
