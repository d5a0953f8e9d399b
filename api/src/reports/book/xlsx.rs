//! A workbook: one worksheet per sheet, typed cells, frozen headings, print set-up, charts of Excel's own.
//!
//! Sheets without a chart are written in constant memory; those with one are short, and keep their cells so that the chart
//! carries its values. Texts are always strings: whatever they begin with, they are never formulas (SECURITY 15).

use super::{BookFault, Kind, Masthead, RowKind, Seal, ending, facts_line};
use chrono::{Datelike as _, NaiveDate, NaiveDateTime};
use meterbook::reports::{Cell, Chart, ChartKind, Measure, Sheet};
use meterbook::text::Language;
use rust_xlsxwriter::{
    Chart as Drawing, ChartFont, ChartFormat, ChartSolidFill, ChartType, Color, DocProperties, ExcelDateTime, Format,
    FormatAlign, FormatBorder, Worksheet, XlsxError,
};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Excel takes 1,048,576; the rest of a longer sheet goes on in another.
const MOST_ROWS: u32 = 1_000_000;
const HEADING_ROW: u32 = 3;
/// A sheet whose columns are wider than this together is printed across.
const PORTRAIT_WIDTH: u16 = 95;
const PALETTE: [u32; 4] = [0x1F_6F_8B, 0xE0_8E_45, 0x6B_A3_68, 0x8C_6B_B1];

/// A workbook that is being written.
pub struct Workbook {
    book: rust_xlsxwriter::Workbook,
    out: File,
    head: Masthead,
    language: Language,
    styles: Styles,
    open: Option<Open>,
}

struct Open {
    sheet: Sheet,
    index: usize,
    part: u32,
    next_row: u32,
    plain_rows: u32,
}

struct Styles {
    title: Format,
    facts: Format,
    about: Format,
    heading: Format,
    plain: Vec<Format>,
    total: Vec<Format>,
    ending: Format,
}

const MEASURES: [Measure; 9] = [
    Measure::Text,
    Measure::Count,
    Measure::Volume,
    Measure::Rate,
    Measure::Points,
    Measure::Money,
    Measure::Marks,
    Measure::Day,
    Measure::Time,
];

const fn number_format(measure: Measure) -> &'static str {
    match measure {
        Measure::Text => "@",
        Measure::Count => "#,##0",
        Measure::Volume => "#,##0.###",
        Measure::Rate => "0.00%",
        Measure::Points => "+0.00;-0.00;0.00",
        Measure::Money => "#,##0.00",
        Measure::Marks => "0.0",
        Measure::Day => "yyyy-mm-dd",
        Measure::Time => "yyyy-mm-dd hh:mm:ss",
    }
}

impl Styles {
    fn new() -> Self {
        let font = || Format::new().set_font_name("Microsoft YaHei").set_font_size(10);
        let cell = |measure: Measure| {
            let align = match measure {
                Measure::Text => FormatAlign::Left,
                Measure::Day | Measure::Time => FormatAlign::Center,
                _ => FormatAlign::Right,
            };
            font()
                .set_num_format(number_format(measure))
                .set_align(align)
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0xD0_D7_DE))
        };
        let total = |measure| cell(measure).set_bold().set_background_color(Color::RGB(0xEE_F3_F6));
        Self {
            title: font().set_font_size(15).set_bold().set_font_color(Color::RGB(0x12_3B_4A)),
            facts: font().set_font_size(9).set_font_color(Color::RGB(0x55_60_68)),
            about: font().set_font_size(9).set_italic().set_font_color(Color::RGB(0x55_60_68)),
            heading: font()
                .set_bold()
                .set_font_color(Color::White)
                .set_background_color(Color::RGB(0x1F_6F_8B))
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter)
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0xD0_D7_DE))
                .set_text_wrap(),
            plain: MEASURES.into_iter().map(cell).collect(),
            total: MEASURES.into_iter().map(total).collect(),
            ending: font().set_font_size(8).set_font_color(Color::RGB(0x55_60_68)),
        }
    }

    fn of(&self, kind: RowKind, measure: Measure) -> &Format {
        let formats = if kind == RowKind::Total { &self.total } else { &self.plain };
        &formats[measure as usize]
    }
}

impl Workbook {
    pub fn begin(folder: &Path, head: Masthead, language: Language) -> Result<Self, BookFault> {
        let mut book = rust_xlsxwriter::Workbook::new();
        book.set_tempdir(folder)?;
        // The cut-off time, not the clock: the same report is the same file, byte for byte.
        let properties = DocProperties::new()
            .set_title(format!("{} {}", head.title.in_language(language), head.subject))
            .set_author("Meterbook 抄表册")
            .set_creation_datetime(&moment(head.cut_off)?);
        book.set_properties(&properties);
        let out = tempfile::tempfile_in(folder)?;
        Ok(Self { book, out, head, language, styles: Styles::new(), open: None })
    }

    fn begin_part(&mut self, sheet: &Sheet, part: u32) -> Result<(), BookFault> {
        let language = self.language;
        let title = sheet.title.in_language(language);
        let worksheet = match sheet.chart {
            Some(_) => self.book.add_worksheet(),
            None => self.book.add_worksheet_with_constant_memory()?,
        };
        worksheet.set_name(if part > 1 { format!("{title} {part}") } else { title.to_owned() })?;
        let head = format!("{} {} — {title}", self.head.title.in_language(language), self.head.subject);
        worksheet.write_string_with_format(0, 0, head, &self.styles.title)?;
        worksheet.set_row_height(0, 24)?;
        worksheet.write_string_with_format(1, 0, facts_line(&self.head, language), &self.styles.facts)?;
        worksheet.write_string_with_format(2, 0, sheet.about.in_language(language), &self.styles.about)?;
        worksheet.set_row_height(HEADING_ROW, 32)?;
        for (at, column) in (0_u16..).zip(sheet.columns) {
            worksheet.set_column_width(at, column.width)?;
            let heading = column.heading.in_language(language);
            worksheet.write_string_with_format(HEADING_ROW, at, heading, &self.styles.heading)?;
        }
        set_up_print(worksheet, sheet, &self.head, language)?;
        let index = self.book.worksheets().len() - 1;
        self.open = Some(Open { sheet: *sheet, index, part, next_row: HEADING_ROW + 1, plain_rows: 0 });
        Ok(())
    }
}

/// A4, headings on every page, page numbers, one page wide.
fn set_up_print(
    worksheet: &mut Worksheet,
    sheet: &Sheet,
    head: &Masthead,
    language: Language,
) -> Result<(), XlsxError> {
    worksheet.set_freeze_panes(HEADING_ROW + 1, 0)?;
    worksheet.set_repeat_rows(HEADING_ROW, HEADING_ROW)?;
    worksheet.set_paper_size(9).set_margins(0.5, 0.5, 0.6, 0.7, 0.3, 0.3).set_print_fit_to_pages(1, 0);
    worksheet.set_print_center_horizontally(true).set_screen_gridlines(false);
    if sheet.columns.iter().map(|column| column.width).sum::<u16>() > PORTRAIT_WIDTH {
        worksheet.set_landscape();
    }
    let (title, name) = (head.title.in_language(language), sheet.title.in_language(language));
    let page = if language == Language::Chinese { "第 &P 页，共 &N 页" } else { "Page &P of &N" };
    worksheet.set_footer(format!("&L&8{title} {} {name}&R&8{page}", head.subject));
    Ok(())
}

impl Kind for Workbook {
    fn begin(&mut self, sheet: &Sheet) -> Result<(), BookFault> {
        self.begin_part(sheet, 1)
    }

    fn row(&mut self, kind: RowKind, cells: &[Cell], _: &str) -> Result<(), BookFault> {
        if let Some(Open { sheet, part, .. }) = self.open.take_if(|open| open.next_row - HEADING_ROW > MOST_ROWS) {
            self.begin_part(&sheet, part + 1)?;
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        let worksheet = self.book.worksheet_from_index(open.index)?;
        for ((at, cell), column) in (0_u16..).zip(cells).zip(open.sheet.columns) {
            let format = self.styles.of(kind, cell.measure().unwrap_or(column.measure));
            write_cell(worksheet, (open.next_row, at), cell, format, self.language)?;
        }
        open.next_row += 1;
        open.plain_rows += u32::from(kind == RowKind::Plain);
        Ok(())
    }

    fn end(&mut self, seal: &Seal) -> Result<(), BookFault> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let worksheet = self.book.worksheet_from_index(open.index)?;
        worksheet.write_string_with_format(open.next_row, 0, ending(seal, self.language), &self.styles.ending)?;
        if let Some(chart) = open.sheet.chart.filter(|_| open.plain_rows > 0) {
            let drawing = draw(&chart, &open, worksheet.name(), self.language);
            worksheet.insert_chart(open.next_row + 2, 0, &drawing)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<File, BookFault> {
        let mut file = BufWriter::new(self.out);
        self.book.save_to_writer(&mut file)?;
        Ok(file.into_inner().map_err(std::io::IntoInnerError::into_error)?)
    }
}

/// Numbers are shown by a spreadsheet as it likes: here, and only here, do they leave integers.
fn write_cell(
    worksheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    format: &Format,
    language: Language,
) -> Result<(), XlsxError> {
    let number = match cell {
        Cell::Empty => return worksheet.write_blank(row, column, format).map(drop),
        Cell::Text(text) => return worksheet.write_string_with_format(row, column, text, format).map(drop),
        Cell::Word(text) => {
            return worksheet.write_string_with_format(row, column, text.in_language(language), format).map(drop);
        }
        Cell::Day(day) => return worksheet.write_datetime_with_format(row, column, date(*day)?, format).map(drop),
        Cell::Time(at) => return worksheet.write_datetime_with_format(row, column, moment(*at)?, format).map(drop),
        Cell::Count(count) => *count as f64,
        Cell::Volume(volume) => volume.litres() as f64 / 1_000.0,
        Cell::Rate(rate) => *rate as f64 / 10_000.0,
        Cell::Points(points) => *points as f64 / 100.0,
        Cell::Money(fen) => *fen as f64 / 100.0,
        Cell::Marks(tenths) => *tenths as f64 / 10.0,
    };
    worksheet.write_number_with_format(row, column, number, format).map(drop)
}

fn date(day: NaiveDate) -> Result<ExcelDateTime, XlsxError> {
    let (month, day_of_month) = (u8::try_from(day.month()).unwrap_or(1), u8::try_from(day.day()).unwrap_or(1));
    ExcelDateTime::from_ymd(u16::try_from(day.year()).unwrap_or(1900), month, day_of_month)
}

fn moment(at: NaiveDateTime) -> Result<ExcelDateTime, XlsxError> {
    use chrono::Timelike as _;
    let (hour, minute) = (u16::try_from(at.hour()).unwrap_or(0), u8::try_from(at.minute()).unwrap_or(0));
    date(at.date())?.and_hms(hour, minute, f64::from(at.second()))
}

fn draw(chart: &Chart, open: &Open, name: String, language: Language) -> Drawing {
    let first = HEADING_ROW + 1;
    let shown = open.plain_rows.min(u32::try_from(chart.most).unwrap_or(u32::MAX));
    let last = first + shown - 1;
    let column = |at: usize| u16::try_from(at).unwrap_or(0);
    let mut drawing = Drawing::new(match chart.kind {
        ChartKind::Bar => ChartType::Bar,
        ChartKind::Column => ChartType::Column,
    });
    for (at, value) in chart.values.iter().enumerate() {
        let series = drawing.add_series();
        let heading = open.sheet.columns[*value].heading.in_language(language);
        series
            .set_name(heading)
            .set_categories((name.as_str(), first, column(chart.names), last, column(chart.names)))
            .set_values((name.as_str(), first, column(*value), last, column(*value)))
            .set_gap(60)
            .set_format(
                ChartFormat::new()
                    .set_solid_fill(ChartSolidFill::new().set_color(Color::RGB(PALETTE[at % PALETTE.len()]))),
            );
    }
    let mut font = ChartFont::new();
    font.set_size(9);
    drawing.title().set_name(chart.title.in_language(language)).set_font(ChartFont::new().set_size(12));
    drawing.x_axis().set_font(&font);
    drawing.y_axis().set_font(&font);
    let are_rates = chart.values.iter().all(|value| matches!(open.sheet.columns[*value].measure, Measure::Rate));
    // The names of a bar chart stand at its y axis.
    let amounts = match chart.kind {
        ChartKind::Bar => {
            // The first row on top, as in the table.
            drawing.y_axis().set_reverse();
            drawing.x_axis()
        }
        ChartKind::Column => drawing.y_axis(),
    };
    if are_rates {
        amounts.set_num_format("0%").set_min(0).set_max(1);
    }
    if chart.values.len() == 1 {
        drawing.legend().set_hidden();
    } else {
        drawing.legend().set_position(rust_xlsxwriter::ChartLegendPosition::Bottom);
    }
    let height = if chart.kind == ChartKind::Bar { 140 + 26 * shown } else { 340 };
    drawing.set_width(760).set_height(height.min(900));
    drawing
}
