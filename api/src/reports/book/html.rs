//! A page to print on A4: no script, no inline style, its style from a file the server serves (SECURITY 16).
//!
//! A page is for reading: of a long sheet it shows the beginning and says how much more there is. Row counts and hashes are
//! those of the whole.

use super::{BookFault, Kind, Masthead, RowKind, Seal, ending};
use meterbook::reports::{Cell, Chart, Measure, Sheet};
use meterbook::text::Language;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// Rows of a sheet that are printed: forty pages.
const MOST_ROWS: u64 = 2_000;
/// A sheet with more columns than this is printed across.
const PORTRAIT_COLUMNS: usize = 9;
const STYLE: &str = include_str!("../../../assets/report.css");
/// Where the server has it.
pub const STYLE_PATH: &str = "/report.css";

/// The style of printed pages.
#[must_use]
pub const fn style() -> &'static str {
    STYLE
}

/// A page that is being written.
pub struct Page {
    file: BufWriter<File>,
    language: Language,
    open: Option<Open>,
}

struct Open {
    sheet: Sheet,
    printed: u64,
    rows: u64,
    /// What the chart is drawn from.
    drawn: Vec<Vec<Cell>>,
    totals: String,
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Page {
    pub fn begin(folder: &Path, head: Masthead, language: Language, standalone: bool) -> Result<Self, BookFault> {
        let mut file = BufWriter::new(tempfile::tempfile_in(folder)?);
        let (tag, title) = match language {
            Language::Chinese => ("zh-CN", head.title.zh),
            Language::English => ("en", head.title.en),
        };
        let style = if standalone {
            format!("<style>{STYLE}</style>")
        } else {
            format!("<link rel=\"stylesheet\" href=\"{STYLE_PATH}\">")
        };
        let subject = escaped(&head.subject);
        write!(
            file,
            "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title} {subject}</title>{style}</head><body>\
             <header><h1>{title} <span>{subject}</span></h1><dl>"
        )?;
        for (name, value) in &head.facts {
            let (name, value) = (name.in_language(language), escaped(&value.shown(language)));
            write!(file, "<div><dt>{name}</dt><dd>{value}</dd></div>")?;
        }
        write!(file, "</dl></header>")?;
        Ok(Self { file, language, open: None })
    }

    fn write_row(&self, out: &mut String, tag: &str, sheet: &Sheet, cells: &[Cell]) {
        out.push_str(if tag == "total" { "<tr class=\"total\">" } else { "<tr>" });
        for (cell, column) in cells.iter().zip(sheet.columns) {
            let class = match cell.measure().unwrap_or(column.measure) {
                Measure::Text => "",
                Measure::Day | Measure::Time => " class=\"t\"",
                _ => " class=\"n\"",
            };
            // Writing to a String can't fail.
            let _ = write!(out, "<td{class}>{}</td>", escaped(&cell.shown(self.language)));
        }
        out.push_str("</tr>\n");
    }
}

impl Kind for Page {
    fn begin(&mut self, sheet: &Sheet) -> Result<(), BookFault> {
        let language = self.language;
        let wide = if sheet.columns.len() > PORTRAIT_COLUMNS { " class=\"wide\"" } else { "" };
        write!(self.file, "<section id=\"{}\"{wide}><h2>{}</h2>", sheet.id, sheet.title.in_language(language))?;
        let about = sheet.about.in_language(language);
        if !about.is_empty() {
            write!(self.file, "<p>{}</p>", escaped(about))?;
        }
        write!(self.file, "<table><thead><tr>")?;
        for column in sheet.columns {
            write!(self.file, "<th>{}</th>", column.heading.in_language(language))?;
        }
        writeln!(self.file, "</tr></thead><tbody>")?;
        self.open = Some(Open { sheet: *sheet, printed: 0, rows: 0, drawn: Vec::new(), totals: String::new() });
        Ok(())
    }

    fn row(&mut self, kind: RowKind, cells: &[Cell], _: &str) -> Result<(), BookFault> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let mut row = String::new();
        if kind == RowKind::Total {
            self.write_row(&mut open.totals, "total", &open.sheet, cells);
        } else {
            open.rows += 1;
            if open.sheet.chart.is_some_and(|chart| open.drawn.len() < chart.most) {
                open.drawn.push(cells.to_vec());
            }
            if open.printed < MOST_ROWS {
                open.printed += 1;
                self.write_row(&mut row, "row", &open.sheet, cells);
                self.file.write_all(row.as_bytes())?;
            }
        }
        self.open = Some(open);
        Ok(())
    }

    fn end(&mut self, seal: &Seal) -> Result<(), BookFault> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let language = self.language;
        let columns = open.sheet.columns.len();
        if open.rows == 0 {
            let none = if language == Language::Chinese { "无" } else { "none" };
            write!(self.file, "<tr><td colspan=\"{columns}\" class=\"none\">{none}</td></tr>")?;
        }
        write!(self.file, "{}</tbody></table>", open.totals)?;
        if open.rows > open.printed {
            let more = open.rows - open.printed;
            let text = match language {
                Language::Chinese => format!("另有 {more} 行未打印，见 Excel 或 CSV 文件。"),
                Language::English => format!("{more} more rows are not printed: see the workbook or the CSV file."),
            };
            write!(self.file, "<p class=\"more\">{text}</p>")?;
        }
        if let Some(chart) = open.sheet.chart.filter(|_| !open.drawn.is_empty()) {
            self.file.write_all(draw(&chart, &open, language).as_bytes())?;
        }
        writeln!(self.file, "<p class=\"seal\">{}</p></section>", ending(seal, language))?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<File, BookFault> {
        write!(self.file, "</body></html>")?;
        Ok(self.file.into_inner().map_err(std::io::IntoInnerError::into_error)?)
    }
}

/// A cell's length in a chart, in its own unit.
const fn amount(cell: &Cell) -> i64 {
    match cell {
        Cell::Count(value) | Cell::Rate(value) | Cell::Points(value) | Cell::Money(value) | Cell::Marks(value) => {
            *value
        }
        Cell::Volume(volume) => volume.litres(),
        _ => 0,
    }
}

/// Bars that lie, whatever the workbook draws: names stay readable on paper.
fn draw(chart: &Chart, open: &Open, language: Language) -> String {
    const NAMES: i64 = 200;
    const BARS: i64 = 400;
    const BAR: i64 = 14;
    let series = i64::try_from(chart.values.len()).unwrap_or(1);
    let group = BAR * series + 8;
    let rows = i64::try_from(open.drawn.len()).unwrap_or(0);
    let is_rate = chart.values.iter().all(|column| open.sheet.columns[*column].measure == Measure::Rate);
    let amounts = open.drawn.iter().flat_map(|row| chart.values.iter().map(|column| amount(&row[*column])));
    // A rate is drawn against 100 %, so that half a bar means half.
    let most = amounts.max().unwrap_or(0).max(if is_rate { 10_000 } else { 1 });
    let legend = if series > 1 { 22 } else { 0 };
    let (width, height) = (NAMES + BARS + 90, rows * group + 10 + legend);
    let title = chart.title.in_language(language);
    let mut svg = format!(
        "<figure><figcaption>{title}</figcaption><svg role=\"img\" aria-label=\"{title}\" viewBox=\"0 0 {width} {height}\">"
    );
    for (at, row) in (0_i64..).zip(&open.drawn) {
        let top = at * group + 4;
        let (x, y) = (NAMES - 8, top + BAR * series / 2 + 4);
        let name = escaped(&row[chart.names].shown(language));
        // Writing to a String can't fail.
        let _ = write!(svg, "<text x=\"{x}\" y=\"{y}\" class=\"name\">{name}</text>");
        for (place, column) in (0_i64..).zip(chart.values) {
            let length = i64::try_from(i128::from(amount(&row[*column]).max(0)) * i128::from(BARS) / i128::from(most));
            let length = length.unwrap_or(0);
            let y = top + place * BAR;
            let (end, base) = (NAMES + length + 6, y + BAR - 3);
            let value = escaped(&row[*column].shown(language));
            let _ = write!(
                svg,
                "<rect x=\"{NAMES}\" y=\"{y}\" width=\"{length}\" height=\"{}\" class=\"s{place}\"/>\
                 <text x=\"{end}\" y=\"{base}\" class=\"value\">{value}</text>",
                BAR - 2
            );
        }
    }
    if series > 1 {
        for (place, column) in (0_i64..).zip(chart.values) {
            let (x, y) = (NAMES + place * 160, rows * group + 10);
            let name = escaped(open.sheet.columns[*column].heading.in_language(language));
            let _ = write!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"12\" height=\"12\" class=\"s{place}\"/><text x=\"{}\" y=\"{}\" class=\"value\">{name}</text>",
                x + 18,
                y + 11
            );
        }
    }
    svg.push_str("</svg></figure>");
    svg
}
