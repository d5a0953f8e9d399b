//! The first sheet of an XLSX, cell by cell. The archive is inflated once into nothing first, counting: what a zip says of
//! its own size can be a lie.

use super::cells::Cell;
use super::table::{MOST_COLUMNS, SheetRow, push};
use crate::http::{Problem, ProblemCode};
use calamine::{DataRef, Reader as _, Xlsx};
use std::io::{Cursor, Read as _};

/// Inflated bytes of a whole workbook.
const MOST_INFLATED: u64 = 384 << 20;
/// Inflated bytes of the shared strings, which stay in memory.
const MOST_STRINGS: u64 = 96 << 20;
/// Files inside.
const MOST_PARTS: usize = 2_000;

fn damaged() -> Problem {
    Problem::new(ProblemCode::UnsupportedMediaType)
        .detail("XLSX 文件已损坏或无法读取，请重新另存", "the XLSX file is damaged or can't be read: save it again")
}

fn too_large() -> Problem {
    Problem::new(ProblemCode::BodyTooLarge).detail(
        "工作簿解压后过大，请只保留要导入的工作表",
        "the workbook is too large once inflated: keep only the sheet to import",
    )
}

/// Reads the first sheet.
///
/// # Errors
/// Where it is damaged or would not fit.
pub fn rows_of(file: &[u8]) -> Result<Vec<SheetRow>, Problem> {
    check_size(file)?;
    let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(file)).map_err(|_| damaged())?;
    let first = workbook.sheet_names().into_iter().next().ok_or_else(damaged)?;
    let mut cells = workbook.worksheet_cells_reader(&first).map_err(|_| damaged())?;
    let mut rows = Vec::new();
    let mut row = SheetRow { number: 0, cells: Vec::new() };
    while let Some(cell) = cells.next_cell().map_err(|_| damaged())? {
        let (line, column) = cell.get_position();
        let (number, column) = (line.saturating_add(1), column as usize);
        if number != row.number {
            push(&mut rows, std::mem::replace(&mut row, SheetRow { number, cells: Vec::new() }))?;
        }
        if column < MOST_COLUMNS {
            if row.cells.len() <= column {
                row.cells.resize(column + 1, Cell::Empty);
            }
            if let Some(slot) = row.cells.get_mut(column) {
                *slot = read(cell.get_value());
            }
        }
    }
    push(&mut rows, row)?;
    Ok(rows)
}

fn read(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::Int(whole) => Cell::text(&whole.to_string()),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::String(text) => Cell::text(text),
        DataRef::SharedString(text) => Cell::text(text),
        DataRef::Bool(yes) => Cell::text(if *yes { "TRUE" } else { "FALSE" }),
        DataRef::DateTime(at) if at.is_datetime() => {
            let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
            let day = chrono::NaiveDate::from_ymd_opt(year.into(), month.into(), day.into());
            day.and_then(|day| day.and_hms_milli_opt(hour.into(), minute.into(), second.into(), milli.into()))
                .map_or(Cell::Broken, Cell::Moment)
        }
        DataRef::DateTime(_) | DataRef::Error(_) => Cell::Broken,
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::text(text),
    }
}

fn check_size(file: &[u8]) -> Result<(), Problem> {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).map_err(|_| damaged())?;
    if archive.len() > MOST_PARTS {
        return Err(too_large());
    }
    let mut left = MOST_INFLATED;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| damaged())?;
        let is_strings = part.name().map_err(|_| damaged())?.to_ascii_lowercase().contains("sharedstrings");
        let most = if is_strings { left.min(MOST_STRINGS) } else { left };
        let inflated = std::io::copy(&mut part.take(most + 1), &mut std::io::sink()).map_err(|_| damaged())?;
        if inflated > most {
            return Err(too_large());
        }
        left -= inflated;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_xlsxwriter::{Format, Workbook};

    #[test]
    fn text_numbers_and_dates_come_out_as_they_are() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let date = Format::new().set_num_format("yyyy-mm-dd");
        sheet.merge_range(0, 0, 0, 2, "2024 年档案", &Format::new()).unwrap();
        sheet.write_string(2, 0, "００12").unwrap().write_number(2, 1, 12.5).unwrap();
        sheet.write_number_with_format(2, 2, 45_352.0, &date).unwrap();
        let rows = rows_of(&book.save_to_buffer().unwrap()).unwrap();
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 3]);
        let day = chrono::NaiveDate::from_ymd_opt(2024, 3, 1).unwrap().and_time(chrono::NaiveTime::MIN);
        assert_eq!(rows[1].cells, [Cell::Text("0012".into()), Cell::Number(12.5), Cell::Moment(day)]);
    }
}
