//! `meterbook report`: a report's file without a server, for a schedule.

use crate::App;
use crate::appraisal;
use crate::clock::Clock;
use crate::config::Config;
use crate::http::Problem;
use crate::reports::book::{Book, Format, Wish};
use crate::reports::daily::{self, Daily};
use crate::reports::month::SHEETS;
use crate::reports::month::routes::{Wanted, print};
use crate::reports::month::store::Scope;
use crate::reports::press;
use chrono::{Days, NaiveDate};
use clap::{Args, Subcommand, ValueEnum};
use meterbook::calendar::Period;
use meterbook::reports::Sheet;
use meterbook::text::Language;
use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Which report.
#[derive(Args)]
pub struct ReportArgs {
    #[command(subcommand)]
    report: Report,
}

#[derive(Subcommand)]
enum Report {
    /// 抄表日报表: a day of reading, and the gas sold.
    Daily {
        /// The local day; yesterday unless told 默认昨天.
        #[arg(long)]
        day: Option<NaiveDate>,
        /// Only this reader, by account id.
        #[arg(long)]
        reader: Option<i64>,
        #[command(flatten)]
        out: Out,
    },
    /// 抄表员考核: the readers' month, with every deduction.
    Appraisal {
        /// The month, `YYYY-MM`; the last one unless told 默认上月.
        #[arg(long, value_parser = super::parse_month)]
        month: Option<Period>,
        #[command(flatten)]
        out: Out,
    },
    /// 抄表月报: a month; the published report where its month is closed.
    MonthEnd {
        /// The month, `YYYY-MM`; the last one unless told 默认上月.
        #[arg(long, value_parser = super::parse_month)]
        month: Option<Period>,
        /// The figures as they stand now, although a report was published.
        #[arg(long)]
        live: bool,
        #[command(flatten)]
        out: Out,
    },
}

#[derive(Args)]
struct Out {
    /// Where to: what the name ends with (xlsx, csv, html) says which kind.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Only this sheet; a CSV file holds one.
    #[arg(long)]
    sheet: Option<String>,
    /// In which language.
    #[arg(long, value_enum, default_value_t = Lang::Zh)]
    lang: Lang,
}

#[derive(Clone, Copy, ValueEnum)]
enum Lang {
    /// 中文
    Zh,
    /// English
    En,
}

impl Out {
    fn wish(&self, sheets: &[Sheet]) -> Result<Wish, String> {
        let known = || Format::ALL.map(Format::code).join(", ");
        let ending = self.out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let format = Format::from_code(&ending.to_ascii_lowercase())
            .ok_or_else(|| format!("--out must end with one of 文件名须以此结尾: {}", known()))?;
        let ids: Vec<&str> = sheets.iter().map(|sheet| sheet.id).collect();
        let sheet = match self.sheet.as_deref() {
            Some(id) if !ids.contains(&id) => return Err(format!("--sheet: {}", ids.join(", "))),
            None if format == Format::Csv => ids.first().map(|id| (*id).to_owned()),
            asked => asked.map(str::to_owned),
        };
        let language = match self.lang {
            Lang::Zh => Language::Chinese,
            Lang::En => Language::English,
        };
        Ok(Wish { format, language, sheet, standalone: true })
    }
}

/// Makes the file; fails where there is nothing to report on.
pub fn run(config: Config, args: &ReportArgs) -> Result<ExitCode, Box<dyn Error>> {
    super::demand_current(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (file, out) = runtime
        .block_on(async {
            let (app, _) = App::build(config, Clock::wall()).await?;
            match &args.report {
                Report::Daily { day, reader, out } => Ok((daily(&app, *day, *reader, out).await?, &out.out)),
                Report::Appraisal { month, out } => Ok((appraisal(&app, *month, out).await?, &out.out)),
                Report::MonthEnd { month, live, out } => Ok((month_end(&app, *month, *live, out).await?, &out.out)),
            }
        })
        .map_err(|fault: Box<dyn Error>| fault)?;
    write(file, out)?;
    println!("{}", out.display());
    Ok(ExitCode::SUCCESS)
}

async fn daily(app: &App, day: Option<NaiveDate>, reader: Option<i64>, out: &Out) -> Result<File, Box<dyn Error>> {
    let wish = out.wish(&Daily::SHEETS)?;
    let (zone, now) = (app.config.zone, app.clock.now());
    let day = day.or_else(|| zone.day(now).checked_sub_days(Days::new(1))).unwrap_or_default();
    let made = press::print(app, "report_daily", move |conn, folder| {
        let daily = daily::load(conn, day, reader, zone, now)?;
        let mut book = Book::begin(folder, &wish, &daily.masthead())?;
        daily.print(&mut book)?;
        book.finish().map(Some)
    });
    made.await.map_err(said)?.ok_or_else(|| "nothing to report on 没有可报告的内容".into())
}

async fn month_end(app: &App, month: Option<Period>, live: bool, out: &Out) -> Result<File, Box<dyn Error>> {
    let wish = out.wish(&SHEETS)?;
    let (zone, now) = (app.config.zone, app.clock.now());
    let month = month.unwrap_or_else(|| Period::month_of(zone.day(now)).previous());
    let scope = Scope { month, zone, cut_off: now };
    let wanted = if live { Wanted::Live } else { Wanted::Any };
    let made = press::print(app, "report_month_end", move |conn, folder| print(conn, folder, &scope, wanted, &wish));
    made.await.map_err(said)?.ok_or_else(|| "nothing to report on 没有可报告的内容".into())
}

async fn appraisal(app: &App, month: Option<Period>, out: &Out) -> Result<File, Box<dyn Error>> {
    let wish = out.wish(&appraisal::SHEETS)?;
    let (zone, now) = (app.config.zone, app.clock.now());
    let month = month.unwrap_or_else(|| Period::month_of(zone.day(now)).previous());
    let scope = Scope { month, zone, cut_off: now };
    let made = press::print(app, "report_appraisal", move |conn, folder| {
        let found = appraisal::routes::appraisals(conn, &scope, None)?;
        let mut book = Book::begin(folder, &wish, &appraisal::masthead(&scope, &found))?;
        appraisal::print(&mut book, &found, zone, wish.language)?;
        book.finish().map(Some)
    });
    made.await.map_err(said)?.ok_or_else(|| "nothing to report on 没有可报告的内容".into())
}

fn said(problem: Problem) -> Box<dyn Error> {
    let body = problem.body(Language::English);
    format!("{} {} {}", problem.body(Language::Chinese).title, body.title, body.detail).into()
}

/// A schedule must never find half a file: it gets its name when it is whole.
fn write(mut file: File, out: &Path) -> Result<(), Box<dyn Error>> {
    use std::io::Seek as _;
    file.rewind()?;
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut whole = tempfile::NamedTempFile::new_in(folder)?;
    std::io::copy(&mut file, whole.as_file_mut())?;
    whole.as_file().sync_all()?;
    whole.persist(out)?;
    Ok(())
}
