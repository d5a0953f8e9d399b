//! How good the planner is, and how long it takes: `cargo run --release -p meterbook --example plan -- [part …]`.
//!
//! - `city`: 5,000 commercial stops, 60 readers, two days: everything assigned, way against nearest neighbour, same reader.
//! - `noon`: half of it read, two readers gone: how little changes.
//! - `indoor`: a quarter of indoor visits by the probability of access against going round.
//! - `PATH`: an instance of Solomon or of Gehring and Homberger. `R1_10_1.vrp`, `R1_10_5.vrp` and `RC2_10_1.vrp` with the best
//!   known ways are in the public repository `PyVRP/Instances`, folder `VRPTW`; the originals are at SINTEF. Not copied here:
//!   they are not ours.
//!
//! Without a part, all but the instances. It ends with failure where a bar is missed.

#![expect(clippy::disallowed_macros, reason = "a measurement prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads its instances and what the machine says")]

mod city;
mod indoor;
mod solomon;

use city::{Size, city};
use meterbook::id::AccountId;
use meterbook::rounds::plan::{Current, PlanInput, Planned, Search, Visited, check_plan};
use std::collections::HashMap;
use std::process::ExitCode;

const SEEDS: [u64; 3] = [1, 2, 3];

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let parts = if asked.is_empty() { ["city", "noon", "indoor"].map(String::from).to_vec() } else { asked };
    let mut is_good = true;
    for part in &parts {
        is_good &= match part.as_str() {
            "city" => measure_city(),
            "noon" => measure_noon(),
            "indoor" => measure_indoor(),
            path => measure_instance(path),
        };
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn steps(fallback: u64) -> u64 {
    std::env::var("STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(fallback)
}

/// Plans, checks, and tells how much processor time it took.
fn plan(input: &PlanInput, seed: u64, budget: u64) -> (Planned, f64) {
    let begun = processor_seconds();
    let mut search = Search::new(input.clone(), seed, budget);
    let started = processor_seconds() - begun;
    search.run(u64::MAX);
    let planned = search.planned();
    let seconds = processor_seconds() - begun;
    println!(
        "    {budget} steps in {seconds:.1} s of one core ({started:.1} to begin); memory at most {} MB",
        peak_mb()
    );
    let violations = check_plan(input, &planned);
    if !violations.is_empty() {
        println!("    BROKEN: {} violations, first {:?}", violations.len(), violations[0]);
    }
    (planned, if violations.is_empty() { seconds } else { f64::INFINITY })
}

/// Processor time of this process: what else runs on the machine does not count.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

fn tell(what: &str, planned: &Planned) {
    let report = &planned.report;
    let share = 100.0 * f64::from(report.same_reader) / f64::from(report.known_last.max(1));
    println!(
        "    {what}: {} of {} planned, {} left out, {:.1} km ({:.3} of nearest neighbour), same reader {share:.1} %, day {:.1}–{:.1} h",
        report.planned,
        report.given,
        report.unassigned.len(),
        report.metres as f64 / 1e3,
        report.metres as f64 / report.nearest_metres.max(1) as f64,
        report.idlest as f64 / 3_600.0,
        report.busiest as f64 / 3_600.0,
    );
}

fn measure_city() -> bool {
    let mut is_good = true;
    for seed in SEEDS {
        let size = Size { stops: 5_000, readers: 60, days: 2 };
        println!("city {seed}: 5,000 stops, 60 readers, 2 days");
        let mut input = city(seed, size);
        input.weights.balance = std::env::var("BAL").ok().and_then(|s| s.parse().ok()).unwrap_or(input.weights.balance);
        input.weights.continuity =
            std::env::var("CONT").ok().and_then(|s| s.parse().ok()).unwrap_or(input.weights.continuity);
        let (planned, seconds) = plan(&input, seed, steps(700_000));
        tell("published weights", &planned);
        let mut loose = input.clone();
        loose.weights.continuity = 0;
        let (free, free_seconds) = plan(&loose, seed, steps(700_000));
        tell("without continuity", &free);
        let (report, free) = (&planned.report, &free.report);
        let feasible = report.unassigned.iter().filter(|left| left.reason.code() == "full").count();
        is_good &= feasible * 1_000 <= report.given as usize && seconds <= 60.0 && free_seconds <= 60.0;
        is_good &= free.metres * 100 <= free.nearest_metres * 77;
        is_good &= report.same_reader * 100 >= report.known_last * 75 && report.metres * 100 <= free.metres * 120;
    }
    is_good
}

/// Half of the first day is done, two readers fall ill.
fn measure_noon() -> bool {
    let size = Size { stops: 5_000, readers: 60, days: 2 };
    let input = city(1, size);
    let (planned, _) = plan(&input, 1, steps(700_000));
    let noon = 12 * 3_600;
    let again = at_noon(&input, &planned, noon, &[AccountId(11), AccountId(32)]);
    let (mended, seconds) = plan(&again, 2, steps(700_000) / 4);
    tell("at noon", &mended);
    let moved = mended.report.moves.iter().filter(|m| m.from.is_some_and(|turn| ![11, 32].contains(&turn.reader.0)));
    println!("    moves {}, of which of readers who are there {}", mended.report.moves.len(), moved.count());
    seconds <= 60.0
}

fn at_noon(input: &PlanInput, planned: &Planned, noon: i32, ill: &[AccountId]) -> PlanInput {
    let mut again = input.clone();
    again.now = noon;
    let turns =
        planned.plan.turns.iter().flat_map(|turn| (0..).zip(&turn.stops).map(move |(at, stop)| (turn.turn, at, stop)));
    let placed: HashMap<_, _> = turns.map(|(turn, position, stop)| (stop.point, (turn, position, stop.end))).collect();
    for stop in &mut again.stops {
        let Some((turn, position, end)) = placed.get(&stop.point).copied() else { continue };
        stop.current = Some(Current { turn, position });
        stop.visited = (end <= noon).then_some(Visited { turn, end });
    }
    for reader in again.readers.iter_mut().filter(|reader| ill.contains(&reader.reader)) {
        reader.hours.fill(None);
    }
    again
}

fn measure_indoor() -> bool {
    let mut gains = Vec::new();
    for seed in 1..=7 {
        let (round, chosen) = indoor::compare(seed);
        println!("indoor {seed}: going round {round:.1} %, by chances {chosen:.1} %: {:+.1} points", chosen - round);
        gains.push(chosen - round);
    }
    println!("    mean {:+.1} points over {} seeds", gains.iter().sum::<f64>() / gains.len() as f64, gains.len());
    gains.iter().all(|gain| *gain > 0.0)
}

fn measure_instance(path: &str) -> bool {
    let known = [("R1_10_1", 530_261), ("R1_10_5", 504_067), ("RC2_10_1", 281_226)];
    let Some(input) = std::fs::read_to_string(path).ok().and_then(|text| solomon::read(&text)) else {
        println!("{path}: not an instance");
        return false;
    };
    println!("{path}: {} customers", input.stops.len());
    let (planned, _) = plan(&input, 1, steps(4_000_000));
    let (report, routes) = (&planned.report, planned.plan.turns.len());
    print!("    way {:.1} in {routes} routes, {} left out", report.metres as f64 / 10.0, report.unassigned.len());
    let best = known.iter().find(|(name, _)| path.contains(name)).map(|(_, best)| *best);
    if let Some(best) = best {
        print!("; best known {:.1}: {:+.2} %", best as f64 / 10.0, 100.0 * (report.metres - best) as f64 / best as f64);
    }
    println!();
    report.unassigned.is_empty() && best.is_none_or(|best| report.metres * 100 <= best * 103)
}
