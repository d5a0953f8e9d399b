//! The command line: what a person types, and how each command ends.

mod anomalies;
mod audit;
mod backup;
pub mod coverage;
mod import;
mod month_lists;
mod plan;
mod report;
mod serve;

use crate::clock::Clock;
use crate::config::{Config, ConfigFile};
use crate::db::{DatabaseUrl, MigrationState, migrate, migration_state};
use crate::demo::DemoOptions;
use clap::{Args, Parser, Subcommand};
use meterbook::calendar::Period;
use std::error::Error;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Field meter-reading sync for city-gas companies. 燃气抄表同步服务。
#[derive(Parser)]
#[command(name = "meterbook", version, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Settings {
    /// TOML file with the settings below.
    #[arg(long, global = true, env = "METERBOOK_CONFIG")]
    config: Option<PathBuf>,
    /// Folder for the embedded database and the keys.
    #[arg(long, global = true, env = "METERBOOK_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// `postgres://…` or a SQLite file; without it, a SQLite file in the data folder.
    #[arg(long, global = true, env = "METERBOOK_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// The key file every node shares; without it, `keys.json` in the data folder.
    #[arg(long, global = true, env = "METERBOOK_KEYS")]
    keys: Option<PathBuf>,
    /// Address to listen at.
    #[arg(long, global = true, env = "METERBOOK_LISTEN")]
    listen: Option<SocketAddr>,
    /// A TLS proxy stands in front: plain HTTP may leave loopback.
    #[arg(long, global = true, env = "METERBOOK_BEHIND_PROXY", num_args = 0..=1, default_missing_value = "true")]
    behind_proxy: Option<bool>,
    /// Where photos are kept: a folder every node shares, or `s3://bucket/prefix` with AWS_ENDPOINT_URL, AWS_REGION,
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; without it, `photos` in the data folder.
    #[arg(long, global = true, env = "METERBOOK_PHOTOS")]
    photos: Option<String>,
    /// Days a photo is kept that no record names; 30 unless told.
    #[arg(long, global = true, env = "METERBOOK_PHOTO_KEEP_UNNAMED_DAYS")]
    photo_keep_unnamed_days: Option<u32>,
    /// `modern` (length and a list of common passwords), or `mlps3` 等保三级 (three of four classes, 90 days, none of the last
    /// five, two factors, out after 15 idle minutes).
    #[arg(long, global = true, env = "METERBOOK_PASSWORD_PROFILE")]
    password_profile: Option<String>,
    /// Whether console roles need a second factor (TOTP): `optional` or `required`.
    #[arg(long, global = true, env = "METERBOOK_SECOND_FACTOR")]
    second_factor: Option<String>,
    /// The address of the console's map tiles, `https://tiles.example.cn/{z}/{x}/{y}.png`; none unless told.
    #[arg(long, global = true, env = "METERBOOK_MAP_TILES")]
    map_tiles: Option<String>,
    /// The datum of those tiles: `wgs84` or `gcj02`.
    #[arg(long, global = true, env = "METERBOOK_MAP_TILES_DATUM")]
    map_tiles_datum: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API.
    Serve,
    /// Build a demonstration city, live through a month of reading in it, and keep serving.
    Demo(DemoArgs),
    /// Bring the database to this version's schema.
    Migrate,
    /// Say whether settings, database and schema are in order; changes nothing.
    Check,
    /// Import a register, purchases or readings from a file.
    Import(import::ImportArgs),
    /// Make a report's file: workbook, CSV or page to print 报表.
    Report(report::ReportArgs),
    /// Write all data to a sealed file, while the service goes on 备份.
    ///
    /// One moment's snapshot of every table, compressed and encrypted, the same for SQLite and PostgreSQL: a backup of one
    /// restores into the other. The photos folder is NOT in it: copy that folder beside it (照片目录不在备份内，请另行复制).
    Backup(backup::BackupArgs),
    /// Bring a backup into a new database, SQLite or PostgreSQL 恢复.
    ///
    /// Stop the service first. The database must not exist yet or be empty; it is whole afterwards or as empty as before. The
    /// data get a new epoch, by which phones offer again what the backup lacks. A phone whose sign-in is newer than the
    /// backup goes on under a code made for it (device_id). The photos folder is NOT in a backup (照片目录不在备份内).
    Restore(backup::RestoreArgs),
    /// The lists of suspect meters: judge them on a file of readings, teach them, reckon them again 异常清单.
    Anomalies(anomalies::AnomaliesArgs),
    /// Check the audit log.
    Audit(audit::AuditArgs),
    /// Prove the seen rates 核对抄见率.
    Coverage(coverage::CoverageArgs),
    /// Plan the rounds of a month and print the report; changes nothing 规划抄表任务.
    Plan(plan::PlanArgs),
    /// Print the OpenAPI document.
    Openapi,
}

#[derive(Args)]
struct DemoArgs {
    /// Same seed, same city.
    #[arg(long, default_value_t = 2026)]
    seed: u64,
    /// The month to live through, `YYYY-MM`; the last one of the last whole quarter unless told.
    #[arg(long, value_parser = parse_month)]
    month: Option<Period>,
    /// How many service points.
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(120..=20_000))]
    points: u32,
    /// Stop after the month instead of serving on.
    #[arg(long)]
    exit: bool,
}

fn parse_month(text: &str) -> Result<Period, String> {
    match Period::parse(text) {
        Some(month @ Period::Month { .. }) => Ok(month),
        _ => Err("expected YYYY-MM".into()),
    }
}

impl DemoArgs {
    /// The demonstration never shares a folder with real data unless told to.
    fn place(&self, config: Config, is_told: bool) -> Result<Config, Box<dyn Error>> {
        if is_told {
            return Ok(config);
        }
        let own = ConfigFile {
            data_dir: Some("meterbook-demo".into()),
            listen: Some(config.listen),
            ..ConfigFile::default()
        };
        let own = own.settle()?;
        let database = match config.database {
            DatabaseUrl::Postgres(_) => config.database,
            DatabaseUrl::Sqlite(_) => own.database,
        };
        Ok(Config { database, map_tiles: config.map_tiles, ..own })
    }

    fn options(&self) -> DemoOptions {
        DemoOptions { seed: self.seed, month: self.month, points: self.points as usize, exit: self.exit }
    }
}

impl Cli {
    /// Does what was asked.
    #[must_use]
    pub fn run(self) -> ExitCode {
        start_log();
        match self.dispatch() {
            Ok(code) => code,
            Err(fault) => {
                eprintln!("meterbook: {fault}");
                ExitCode::FAILURE
            }
        }
    }

    fn dispatch(self) -> Result<ExitCode, Box<dyn Error>> {
        let config = self.settings.resolve()?;
        match self.command {
            Command::Serve => serve::serve(config, Clock::wall())?,
            Command::Demo(args) => {
                crate::demo::run(args.place(config, self.settings.data_dir.is_some())?, args.options())?
            }
            Command::Migrate => migrate_database(&config)?,
            Command::Check => return check(&config),
            Command::Import(args) => return import::run(config, &args),
            Command::Report(args) => return report::run(config, &args),
            Command::Backup(args) => return backup::run_backup(&config, &args),
            Command::Restore(args) => return backup::run_restore(&config, &args),
            Command::Anomalies(args) => return anomalies::run(config, &args),
            Command::Audit(args) => return audit::run(config, args),
            Command::Coverage(args) => return coverage::run(config, args),
            Command::Plan(args) => return plan::run(config, &args),
            Command::Openapi => print!("{}", crate::contract::openapi_yaml()?),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Settings {
    fn resolve(&self) -> Result<Config, Box<dyn Error>> {
        let file = self.config.as_deref().map(ConfigFile::read).transpose()?.unwrap_or_default();
        let flags = ConfigFile {
            data_dir: self.data_dir.clone(),
            database: self.database.clone(),
            keys: self.keys.clone(),
            listen: self.listen,
            behind_proxy: self.behind_proxy,
            zone_east_minutes: None,
            photos: self.photos.clone(),
            photo_keep_unnamed_days: self.photo_keep_unnamed_days,
            password_profile: self.password_profile.clone(),
            second_factor: self.second_factor.clone(),
            // Where the service may send anything is written down in a file, not said in passing.
            webhook_allow: None,
            webhook_allow_private: None,
            map_tiles: self.map_tiles.clone(),
            map_tiles_datum: self.map_tiles_datum.clone(),
        };
        Ok(file.overlaid(flags).settle()?)
    }
}

fn migrate_database(config: &Config) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(&config.data_dir)?;
    let applied = migrate(&config.database)?;
    match applied.as_slice() {
        [] => println!("The schema is up to date. 数据库结构已是最新。"),
        versions => println!("Applied 已应用: {}", versions.join(", ")),
    }
    Ok(())
}

/// A command that only looks must neither make a database nor change its schema.
fn demand_current(config: &Config) -> Result<(), Box<dyn Error>> {
    if let crate::db::DatabaseUrl::Sqlite(path) = &config.database
        && !path.exists()
    {
        return Err(format!("{} does not exist 数据库不存在", path.display()).into());
    }
    match migration_state(&config.database)? {
        MigrationState::Current => Ok(()),
        MigrationState::Behind(versions) => {
            Err(format!("Missing 缺少: {}. Run `meterbook migrate`.", versions.join(", ")).into())
        }
        MigrationState::Ahead(versions) => Err(crate::db::MigrationError::Ahead(versions.join(", ")).into()),
    }
}

fn check(config: &Config) -> Result<ExitCode, Box<dyn Error>> {
    if let crate::db::DatabaseUrl::Sqlite(path) = &config.database
        && !path.exists()
    {
        println!("{} does not exist yet: `meterbook serve` makes it. 数据库尚未创建。", path.display());
        return Ok(ExitCode::FAILURE);
    }
    Ok(match migration_state(&config.database)? {
        MigrationState::Current => {
            println!("The schema is up to date. 数据库结构已是最新。");
            let wrong = crate::anomalies::wrong_pasts(&config.database)?;
            if !wrong.is_empty() {
                println!(
                    "What is kept of the past differs from the records at service points 摘要与抄表记录不符的用气点: {wrong:?}"
                );
                return Ok(ExitCode::FAILURE);
            }
            ExitCode::SUCCESS
        }
        MigrationState::Behind(versions) => {
            println!("Missing 缺少: {}. Run `meterbook migrate`.", versions.join(", "));
            ExitCode::FAILURE
        }
        MigrationState::Ahead(versions) => {
            println!("The database is newer than this version 数据库比本程序新: {}", versions.join(", "));
            ExitCode::FAILURE
        }
    })
}

fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("METERBOOK_LOG").unwrap_or_else(|_| EnvFilter::new("warn,meterbook=info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() { log.init() } else { log.json().init() }
}
