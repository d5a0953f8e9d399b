//! `meterbook plan`: the rounds of a month as they would be planned, without a server and without changing anything.

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Store;
use crate::keys::Keys;
use crate::rounds::plans::store::{MOST_STOPS, gather};
use crate::rounds::plans::{CreatePlanRequest, Facts, PlanReportBody, PlanWeights, report_of};
use crate::settings::store::rulebook;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use meterbook::calendar::Period;
use meterbook::coverage::ReadingWindow;
use meterbook::meters::Class;
use meterbook::rounds::plan::{Reason, Search, check_plan};
use meterbook::settings::Rulebook;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

/// What to plan.
#[derive(Args)]
pub struct PlanArgs {
    /// The month, `YYYY-MM`: commercial points on its reading days, others on all of it.
    #[arg(long, value_parser = super::parse_month)]
    month: Period,
    /// Only print the report 只打印方案报告. Plans that become rounds are made in the service, by a named person.
    #[arg(long, required = true)]
    dry_run: bool,
    /// Which class 用户类别.
    #[arg(long, value_enum, default_value_t = ClassName::Commercial)]
    class: ClassName,
    /// Same data, seed and steps: same plan.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Steps of the search; 700,000 take about a minute.
    #[arg(long, default_value_t = 700_000, value_parser = clap::value_parser!(u64).range(1..=5_000_000))]
    steps: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum ClassName {
    /// 工商业(含公福).
    Commercial,
    /// 居民户外挂表.
    ResidentialOutdoor,
    /// 居民户内挂表.
    ResidentialIndoor,
}

impl PlanArgs {
    fn asked(&self, book: &Rulebook) -> CreatePlanRequest {
        let (class, from_day, until_day) = match self.class {
            ClassName::Commercial => {
                let window = ReadingWindow::of(self.month, &book.coverage(self.month));
                (Class::Commercial, window.from_day, window.until_day)
            }
            ClassName::ResidentialOutdoor => (Class::ResidentialOutdoor, self.month.first_day(), self.month.end_day()),
            ClassName::ResidentialIndoor => (Class::ResidentialIndoor, self.month.first_day(), self.month.end_day()),
        };
        CreatePlanRequest {
            class: class.code().to_owned(),
            from_day,
            until_day,
            route_ids: Vec::new(),
            reader_ids: Vec::new(),
            weights: PlanWeights::default(),
            seed: Some(self.seed),
            steps: Some(self.steps),
            basis_id: None,
            visit_minutes: None,
            seconds_per_km: None,
        }
    }
}

/// Plans and prints the report; fails where stops are left out for want of room.
pub fn run(config: Config, args: &PlanArgs) -> Result<ExitCode, Box<dyn Error>> {
    super::demand_current(&config)?;
    let keys = Arc::new(Keys::load(&config.keys)?);
    let (store, zone) = (Store::open(config.database, &keys)?, config.zone);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let asked = args.asked(&*runtime.block_on(store.read("settings", rulebook))?);
    let wanted = asked.clone();
    let gathered = runtime.block_on(store.read("gather_plan", move |conn| gather(conn, &wanted, zone, None)))?;
    if i64::try_from(gathered.points.len()).is_ok_and(|points| points > MOST_STOPS) {
        return Err(format!("more than {MOST_STOPS} stops: plan by routes in the service 请在服务中按册规划").into());
    }
    let facts = Facts::of(&gathered, &asked, zone, Clock::wall().now());
    let bar = ProgressBar::new(args.steps).with_style(ProgressStyle::with_template("{bar:40} {percent:>3} % {msg}")?);
    let mut search = Search::new(facts.input.clone(), args.seed, args.steps);
    while !search.is_over() {
        let now = search.run(2_000);
        bar.set_position(now.done);
        bar.set_message(format!("{} km, {} left out 未安排", now.metres / 1_000, now.left_out));
    }
    bar.finish_and_clear();
    let planned = search.planned();
    if let Some(violation) = check_plan(&facts.input, &planned).first() {
        return Err(format!("the plan breaks a rule, which is a fault of this program: {violation:?}").into());
    }
    let report = report_of(&planned.report, &facts);
    print(&asked, &report);
    let is_full = report.unassigned.iter().any(|left| left.reason == Reason::Full.code());
    Ok(if is_full { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn hours(minutes: i64) -> String {
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

/// A share in percent with one digit, rounded down.
fn percent(part: u32, all: u32) -> String {
    let tenths = u64::from(part) * 1_000 / u64::from(all.max(1));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn print(asked: &CreatePlanRequest, report: &PlanReportBody) {
    let CreatePlanRequest { class, from_day, until_day, .. } = asked;
    let PlanReportBody { given, planned, already_read, guessed_places, metres, .. } = report;
    println!("Plan 方案: {class}, {from_day} – {until_day}");
    println!("Stops 任务点: {given} given 待安排, {planned} planned 已安排, {already_read} read already 已抄");
    for left in &report.unassigned {
        let text = Reason::from_code(&left.reason).map(|reason| reason.text());
        let (zh, en) = text.map_or(("", ""), |text| (text.zh, text.en));
        println!("  {} left out 未安排: {en} {zh}", left.stops);
    }
    if *guessed_places > 0 {
        println!("  {guessed_places} have no position and are planned amid their route 无坐标，按同册位置估计");
    }
    if report.later > 0 {
        println!("  {} wait for a better time 留待更合适的时段", report.later);
    }
    let nearest = i64::max(report.nearest_metres, 1);
    println!(
        "Way 路程: {} km, {} % of going to the nearest next 为最近邻走法的比例",
        metres / 1_000,
        metres.saturating_mul(100) / nearest
    );
    println!(
        "Work 工时: {} in all 合计, a day 每人每天 {} – {}",
        hours(report.work_minutes),
        hours(report.idlest_minutes),
        hours(report.busiest_minutes)
    );
    println!(
        "Same reader as last time 与上次同一抄表员: {} of {} ({})",
        report.same_reader,
        report.known_last,
        percent(report.same_reader, report.known_last)
    );
    println!("{:>10} {:>8} {:>8} {:>8} {:>10} {:>8}", "reader", "stops", "km", "work", "last time", "kept");
    println!("{:>9} {:>7} {:>8} {:>7} {:>9} {:>7}", "抄表员", "任务点", "公里", "工时", "上次", "保留");
    for reader in report.readers.iter().filter(|reader| reader.stops + reader.last_month > 0) {
        println!(
            "{:>10} {:>8} {:>8} {:>8} {:>10} {:>8}",
            reader.reader_id,
            reader.stops,
            reader.metres / 1_000,
            hours(reader.work_minutes),
            reader.last_month,
            reader.kept
        );
    }
    println!("Nothing was written. 未写入任何内容。");
}
