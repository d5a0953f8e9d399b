//! Making a report's file and sending it: from one snapshot of the data, through a temporary file, in constant memory.
//!
//! Why separate: a caller with a slow line must hold neither a snapshot of the database nor a report in memory. The file is
//! written as fast as the disk takes it, then sent as fast as the line does.

use super::book::{BookFault, Format, Wish};
use crate::App;
use crate::db::Conn;
use crate::http::{Problem, ProblemCode, RequestLanguage};
use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use diesel::QueryResult;
use meterbook::reports::Sheet;
use meterbook::text::Language;
use serde::Deserialize;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// How many files are made at once: each holds one of the store's readers.
pub const PRESSES: usize = 2;
const PIECE: usize = 64 * 1024;

/// A report's file: workbook, CSV or page.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct ReportFile(pub Vec<u8>);

/// Which file.
#[derive(Deserialize, utoipa::IntoParams, Clone, Debug)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// `xlsx`, `csv` or `html`; `xlsx` unless told.
    format: Option<String>,
    /// The one sheet wanted. A CSV file holds one: the first unless told.
    sheet: Option<String>,
    /// `zh` or `en`; by Accept-Language unless told.
    lang: Option<String>,
}

impl FileQuery {
    /// What is wished for, out of the sheets there are.
    ///
    /// # Errors
    /// `invalid_parameter`, with what there is.
    pub fn wish(&self, sheets: &[Sheet], accepted: RequestLanguage) -> Result<Wish, Problem> {
        let unknown = |name: &str, known: &[&str]| {
            let list = known.join(", ");
            let (zh, en) = (format!("应为其中之一：{list}"), format!("expected one of: {list}"));
            Problem::new(ProblemCode::InvalidParameter).fault(name, "unknown_value", zh, en)
        };
        let format = match self.format.as_deref() {
            None => Format::Xlsx,
            Some(code) => Format::from_code(code).ok_or_else(|| unknown("format", &Format::ALL.map(Format::code)))?,
        };
        let language = match self.lang.as_deref() {
            None => accepted.0,
            Some("zh") => Language::Chinese,
            Some("en") => Language::English,
            Some(_) => return Err(unknown("lang", &["zh", "en"])),
        };
        let ids: Vec<&str> = sheets.iter().map(|sheet| sheet.id).collect();
        let sheet = match self.sheet.as_deref() {
            Some(id) if !ids.contains(&id) => return Err(unknown("sheet", &ids)),
            None if format == Format::Csv => ids.first().map(|id| (*id).to_owned()),
            asked => asked.map(str::to_owned),
        };
        Ok(Wish { format, language, sheet, standalone: false })
    }
}

/// Makes a file from one snapshot; `None` where there is nothing to print.
///
/// # Errors
/// The store's; `unavailable` while others are being made.
pub async fn print<F>(app: &App, name: &'static str, mut make: F) -> Result<Option<File>, Problem>
where
    F: FnMut(&mut Conn, &Path) -> Result<Option<File>, BookFault> + Send + 'static,
{
    let Ok(_press) = app.press.try_acquire() else {
        return Err(Problem::new(ProblemCode::Unavailable)
            .detail("正在生成其他报表，请稍后再试", "other reports are being made: come again in a moment")
            .retry_after(5));
    };
    let folder = app.config.data_dir.clone();
    let made =
        app.store.read(name, move |conn| -> QueryResult<Option<File>> { super::book::as_query(make(conn, &folder)) });
    Ok(made.await?)
}

/// Sends a file piece by piece.
///
/// # Errors
/// The disk's.
pub fn send(mut file: File, format: Format, name: &str) -> Result<HttpResponse, Problem> {
    let disk = |fault: std::io::Error| {
        tracing::error!(%fault, "the report's file can't be read");
        Problem::new(ProblemCode::Internal)
    };
    let length = file.seek(SeekFrom::End(0)).map_err(disk)?;
    file.rewind().map_err(disk)?;
    let pieces = futures_util::stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        let read = actix_web::web::block(move || {
            let mut piece = vec![0; PIECE];
            let count = file.read(&mut piece)?;
            piece.truncate(count);
            Ok::<_, std::io::Error>((file, piece))
        });
        match read.await {
            Ok(Ok((_, piece))) if piece.is_empty() => None,
            Ok(Ok((file, piece))) => Some((Ok(Bytes::from(piece)), Some(file))),
            Ok(Err(fault)) => Some((Err(actix_web::Error::from(fault)), None)),
            Err(fault) => Some((Err(fault.into()), None)),
        }
    });
    let shown = if format == Format::Html { "inline" } else { "attachment" };
    let disposition = format!("{shown}; filename=\"{name}.{}\"", format.code());
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format.media_type()))
        .insert_header((CONTENT_DISPOSITION, disposition))
        .body(SizedStream::new(length, Box::pin(pieces))))
}
