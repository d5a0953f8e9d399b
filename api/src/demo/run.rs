//! `meterbook demo`: builds the city once, lives a month in it, says what came of it, and keeps serving.

use super::city::{City, Scale, export};
use super::office::{DemoLogin, Office};
use super::phone::{Ledger, Phone, link_to};
use super::place::{FINISHED, begin, finish, hold};
use super::summary::summarise;
use crate::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::coverage::open_period;
use chrono::{NaiveDate, TimeDelta};
use futures_util::future::join_all;
use indicatif::{ProgressBar, ProgressStyle};
use meterbook::accounts::Role;
use meterbook::calendar::{Instant, Period};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

/// What the visitor may choose.
pub struct DemoOptions {
    /// Same seed, same city.
    pub seed: u64,
    /// The month to live through; the last one of the last whole quarter unless told.
    pub month: Option<Period>,
    /// Service points.
    pub points: usize,
    /// Stop after the month instead of serving on.
    pub exit: bool,
}

/// What a second start needs to know.
#[derive(Serialize, Deserialize)]
struct Finished {
    summary: String,
    logins: Vec<DemoLogin>,
}

/// Runs the demonstration until SIGINT or SIGTERM.
///
/// # Errors
/// Every reason it could not be shown.
pub fn run(config: Config, options: DemoOptions) -> Result<(), Box<dyn Error>> {
    let _held = hold(&config.data_dir)?;
    let marker = config.data_dir.join(FINISHED);
    let finished = marker.exists().then(|| std::fs::read(&marker)).transpose()?;
    let finished: Option<Finished> = finished.map(|text| serde_json::from_slice(&text)).transpose()?;
    if finished.is_none() {
        begin(&config)?;
    }
    actix_web::rt::System::new().block_on(async move {
        let listener = TcpListener::bind(config.listen)?;
        let base = format!("http://{}", listener.local_addr()?);
        let clock = Clock::wall();
        let month = options.month.unwrap_or_else(|| last_of_quarter(config.zone.day(clock.now())));
        if finished.is_none() {
            clock.set(config.zone.start_of(month.first_day()) + TimeDelta::minutes(5));
        }
        let data_dir = config.data_dir.clone();
        let (app, token) = App::build(config, clock).await?;
        let app = Arc::new(app);
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let server = Arc::clone(&app).serve(listener, workers)?;
        let serving = actix_web::rt::spawn(server);
        let finished = match finished {
            Some(finished) => finished,
            None => {
                let token =
                    token.ok_or("this database is already somebody's: name another --data-dir or --database")?.0;
                let finished = live(&app, &base, &token, month, &options, &data_dir).await?;
                finish(&data_dir, &serde_json::to_vec_pretty(&finished)?)?;
                finished
            }
        };
        app.clock.follow_wall();
        println!("{}", finished.summary);
        println!("{}", invitation(&base, &finished.logins));
        if options.exit {
            return Ok(());
        }
        crate::jobs::spawn_all(&app);
        serving.await??;
        Ok(())
    })
}

/// The last month of the last whole quarter: by its end the quarterly class has had its chance too.
fn last_of_quarter(today: NaiveDate) -> Period {
    let after = Period::quarter_of(today).first_day();
    Period::month_of(after).previous()
}

fn progress(steps: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{msg:32} {bar:30} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    if bar.is_hidden() {
        println!("{what} …");
    }
    bar
}

async fn live(
    app: &App,
    base: &str,
    token: &str,
    month: Period,
    options: &DemoOptions,
    data_dir: &Path,
) -> Result<Finished, Box<dyn Error>> {
    let city = City::generate(options.seed, month, Scale { points: options.points });
    println!(
        "{} service points, {} readers, {} visits in {month}. 用气点、抄表员、到访次数。",
        city.points.len(),
        city.readers.len(),
        city.plan.len()
    );
    let client = reqwest::Client::builder().build()?;
    let office = Office::open(link_to(&client, base, options.seed), token, &city).await?;
    let bar = progress(3, "Importing 导入档案与历史");
    office.import_past(&city, || bar.inc(1)).await?;
    bar.finish();
    let quarter = Period::quarter_of(month.first_day());
    for period in [month, quarter] {
        open_period(app, period).await?;
    }
    office.plan(&city).await?;
    let mut phones =
        office.hand_out_phones(options.seed, |number| link_to(&client, base, options.seed ^ number << 32)).await?;
    walk(app, &city, &office, &mut phones).await?;
    app.clock.set(app.config.zone.start_of(month.end_day()) + TimeDelta::hours(9));
    office.renew().await?;
    office.make_lists(month).await?;
    crate::jobs::work_once(app, "demo", usize::MAX).await?;
    std::fs::write(data_dir.join("truth.csv"), export::truth(&city))?;
    let ledger = phones.iter().map(Phone::ledger).fold(Ledger::default(), Ledger::joined);
    let summary = summarise(&city, &office, &ledger, (month, quarter)).await?;
    Ok(Finished { summary, logins: office.logins.clone() })
}

/// The month, day by day: every phone is out of reach while its reader walks, and syncs in the evening.
async fn walk(app: &App, city: &City, office: &Office, phones: &mut [Phone]) -> Result<(), String> {
    let zone = app.config.zone;
    let days: Vec<_> = city.month.first_day().iter_days().take_while(|day| *day < city.month.end_day()).collect();
    let bar = progress(days.len(), "A month of reading 一个月的抄表");
    for day in days {
        let morning = zone.start_of(day) + TimeDelta::hours(6);
        // Not before midnight: what is bought late is imported on its own day.
        let evening = zone.start_of(day) + TimeDelta::days(1) - TimeDelta::seconds(1);
        app.clock.set(morning);
        sync_all(phones, |_, phone| Box::pin(phone.pull())).await?;
        for (reader, phone) in phones.iter_mut().enumerate() {
            for visit in city.visits_of(reader).filter(|visit| zone.day(visit.at) == day) {
                phone.note(visit, &city.points[visit.point].account)?;
            }
        }
        for hour in [morning, morning + TimeDelta::hours(8), evening] {
            app.clock.set(hour);
            office.renew().await?;
        }
        office.import_day(city, day).await?;
        sync_all(phones, |_, phone| Box::pin(come_home(phone, evening))).await?;
        bar.inc(1);
    }
    bar.finish();
    Ok(())
}

async fn come_home(phone: &mut Phone, now: Instant) -> Result<(), String> {
    phone.pull().await?;
    phone.push(now).await
}

type Sync<'p> = std::pin::Pin<Box<dyn Future<Output = Result<(), String>> + 'p>>;

async fn sync_all(phones: &mut [Phone], sync: impl for<'p> Fn(usize, &'p mut Phone) -> Sync<'p>) -> Result<(), String> {
    let all = phones.iter_mut().enumerate().map(|(number, phone)| sync(number, phone));
    join_all(all).await.into_iter().collect()
}

fn invitation(base: &str, logins: &[DemoLogin]) -> String {
    let mut text = format!("\nServing at {base} 正在服务. Sign in as 登录账号:\n");
    for login in logins {
        // Writing to a String can't fail.
        let _ = writeln!(text, "  {:11} {:12} {}", login.role, login.login, login.password);
    }
    if let Some(analyst) = logins.iter().find(|login| login.role == Role::Analyst.code()) {
        let _ = write!(
            text,
            "Try next 试一试: open {base}/docs, or\n  TOKEN=$(curl -s {base}/v1/auth/login -d '{{\"login\":\"{}\",\"password\":\"{}\"}}' | grep -o '\"access_token\":\"[^\"]*' | cut -d'\"' -f4)\n  \
             curl -s -H \"authorization: Bearer $TOKEN\" '{base}/v1/cases?kind=failed'\n  \
             curl -s -H \"authorization: Bearer $TOKEN\" '{base}/v1/coverage?group=reader'",
            analyst.login, analyst.password
        );
    }
    text
}
