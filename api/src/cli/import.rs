//! `meterbook import`: a file from the office into the database, without a server.

use crate::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::http::Problem;
use crate::meters::{ImportKind, ImportOptions, ImportReport, import};
use clap::{Args, ValueEnum};
use meterbook::text::Language;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

/// What to import, and how.
#[derive(Args)]
pub struct ImportArgs {
    /// What the file holds.
    kind: Kind,
    /// CSV (UTF-8 or GB18030) or XLSX.
    file: PathBuf,
    /// Import the good rows although there are bad ones 有错误行时仍导入正确的行.
    #[arg(long)]
    keep_good: bool,
    /// Only say what would happen 只检查，不写入.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// 户表档案: points and meters.
    Register,
    /// 充值记录: prepaid purchases.
    Purchases,
    /// 历史读数: readings of another system.
    Readings,
}

/// Imports a file and prints the report; fails where something was refused.
pub fn run(config: Config, args: &ImportArgs) -> Result<ExitCode, Box<dyn Error>> {
    let kind = match args.kind {
        Kind::Register => ImportKind::Register,
        Kind::Purchases => ImportKind::Purchases,
        Kind::Readings => ImportKind::Readings,
    };
    let file = std::fs::read(&args.file).map_err(|fault| format!("{}: {fault}", args.file.display()))?;
    let options = ImportOptions { keep_good: args.keep_good, dry_run: args.dry_run };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(async {
        // Whoever claims the installation gets a fresh token from `serve`.
        let (app, _) = App::build(config, Clock::wall()).await?;
        Ok::<_, crate::StartError>(import(&app, kind, &file, options, None).await)
    })?;
    match report {
        Ok(report) => Ok(print(&report, options)),
        Err(problem) => Err(said(&problem).into()),
    }
}

/// A problem in both languages.
fn said(problem: &Problem) -> String {
    let lines = [Language::Chinese, Language::English].map(|language| {
        let body = problem.body(language);
        let faults: Vec<String> =
            body.errors.iter().map(|fault| format!("{}: {}", fault.pointer, fault.detail)).collect();
        format!("{} {} {}", body.title, body.detail, faults.join("; "))
    });
    lines.map(|line| line.trim().to_owned()).join("\n  ")
}

fn print(report: &ImportReport, options: ImportOptions) -> ExitCode {
    let ImportReport { rows, added, changed, unchanged, rejected, .. } = report;
    println!(
        "Rows 行数 {rows} · added 新增 {added} · changed 变更 {changed} · unchanged 未变 {unchanged} · refused 拒绝 {rejected}"
    );
    if !report.unknown_columns.is_empty() {
        println!("Columns not used 未使用的列: {}", report.unknown_columns.join("、"));
    }
    for change in &report.changes {
        println!("  row 第 {} 行 · {} · {}", change.row, change.key, change.fields.join(", "));
    }
    for fault in &report.faults {
        println!("  row 第 {} 行 · {} · {} / {}", fault.row, fault.column, fault.reason.zh, fault.reason.en);
    }
    if report.more_faults > 0 {
        println!("  … and {} more 另有 {} 处错误", report.more_faults, report.more_faults);
    }
    let (zh, en) = match (report.applied, options.dry_run) {
        (true, _) => ("已写入。", "Imported."),
        (false, true) => ("仅检查，未写入。", "Nothing was written: this was a check."),
        (false, false) => (
            "有错误行，未写入任何内容；改正后重试，或加 --keep-good。",
            "Nothing was written: mend the rows above, or say --keep-good.",
        ),
    };
    println!("{en} {zh}");
    if *rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
