//! The table of the lists: our rules beside rules of thumb, on real series with faults put into them.
//!
//! `cargo bench -p acceptance --bench lists [-- --seeds 10]`. Meters are judged by trees taught on the other half of them.
//! `-- --write-readings FILE [--seed N | --sound]` writes a city for `meterbook anomalies evaluate` and `train` instead, with
//! what is wrong in FILE.truth.csv. `-- --door`: the band at the door on the series as they are.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench ends where something is not as expected"
)]

#[path = "../../lists/door.rs"]
mod door;
#[path = "../../lists/rules_of_thumb.rs"]
mod rules_of_thumb;
#[path = "../../lists/score.rs"]
mod score;
#[path = "../../lists/series.rs"]
mod series;
#[path = "../../lists/street.rs"]
mod street;

use meterbook::anomalies::Width;
use meterbook::anomalies::lists::booster::Growth;
use meterbook::anomalies::lists::model::Model;
use meterbook::anomalies::lists::replay::{Options, learn_from, replay};
use rules_of_thumb::Thumb;
use score::Score;
use series::Series;
use street::{Fault, Recipe, build};

fn value(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)
}

fn main() {
    let series = series::load();
    if let Some(file) = value("--write-readings") {
        return write_city(&series.iter().collect::<Vec<_>>(), &file);
    }
    if std::env::args().any(|argument| argument == "--door") {
        return show_bands(&series.iter().collect::<Vec<_>>());
    }
    let seeds: u64 = value("--seeds").map_or(10, |seeds| seeds.parse().expect("a number after --seeds"));
    let half = |rest: usize| series.iter().skip(rest).step_by(2).collect::<Vec<_>>();
    let folds = [(half(0), learn(&half(1))), (half(1), learn(&half(0)))];
    println!("{} meters in two halves, seeds 1 to {seeds}. Found within half a year / a year.", series.len());
    println!(
        "| method | yield | with exceptions | stuck | slow 0.5 | slow 0.7, drift | fast 1.5 | stops at times | exceptions right |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for share in [100, 300] {
        for thumb in Thumb::ALL {
            line(&format!("{thumb:?}, {} %", share / 100), &by_thumb(&folds, thumb, share, seeds));
        }
        line(&format!("**our lists**, {} %", share / 100), &by_lists(&folds, share, seeds));
    }
}

fn show_bands(series: &[&Series]) {
    println!(
        "| band at the door | right figures asked for again | one digit misread: asked again |\n| --- | --- | --- |"
    );
    for (name, width) in [
        ("half to twice", Some(Width::NARROW)),
        ("a sixth to six times", Some(Width::WIDE)),
        ("by the meter's own changes", None),
    ] {
        let asked = door::walk(series, width);
        let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole as f64;
        println!(
            "| {name} | {:.1} % | {:.1} % |",
            percent(asked.right_again, asked.right),
            percent(asked.misread_again, asked.misread)
        );
    }
}

type Fold<'a> = (Vec<&'a Series>, Model);

fn learn(series: &[&Series]) -> Model {
    let (meters, _) = build(series, Recipe::sound(1));
    let options = Options { share: 0, seed: 1, model: None, train: true, growth: Growth::default(), taught: 1 };
    learn_from(&meters, &options).expect("a model")
}

fn by_thumb(folds: &[Fold], thumb: Thumb, share: usize, seeds: u64) -> Score {
    let mut score = Score::default();
    for (series, seed) in folds.iter().flat_map(|(series, _)| (1..=seeds).map(move |seed| (series, seed))) {
        let (meters, truths) = build(series, Recipe::of(seed));
        score.add(&rules_of_thumb::checks(thumb, &meters, share, seed), &truths);
    }
    score
}

fn by_lists(folds: &[Fold], share: usize, seeds: u64) -> Score {
    let mut score = Score::default();
    for (series, model) in folds {
        let options =
            Options { share, seed: 1, model: Some(model.clone()), train: false, growth: Growth::default(), taught: 1 };
        for seed in 1..=seeds {
            let (meters, truths) = build(series, Recipe::of(seed));
            let (_, raised) = replay(&meters, &options).expect("a grid");
            score.add(&score::checks(&raised), &truths);
            score.add_exceptions(&raised, &truths);
        }
    }
    score
}

fn line(method: &str, score: &Score) {
    let recall = |faults: &[Fault]| {
        let (half, year) = score.recall(faults);
        format!("{half:.2}/{year:.2}")
    };
    let (right, exceptions) = (score.right_exceptions, score.exceptions);
    let exceptions = if exceptions == 0 {
        String::new()
    } else {
        format!("{right} of {exceptions}: {:.3}", score.precision_of_exceptions())
    };
    let with_exceptions = score.yield_of_visits();
    println!(
        "| {method} | {:.3} | {with_exceptions:.3} | {} | {} | {} | {} | {} | {exceptions} |",
        score.r#yield(),
        recall(&[Fault::Stuck]),
        recall(&[Fault::Slow50]),
        recall(&[Fault::Slow70, Fault::Drift]),
        recall(&[Fault::Fast150]),
        recall(&[Fault::Intermittent]),
    );
}

fn write_city(series: &[&Series], file: &str) {
    let recipe = if std::env::args().any(|argument| argument == "--sound") {
        Recipe::sound(1)
    } else {
        Recipe::of(value("--seed").map_or(1, |seed| seed.parse().expect("a number after --seed")))
    };
    let (meters, truths) = build(series, recipe);
    std::fs::write(file, street::write_readings(&meters, &series::CLASSES)).unwrap();
    let faults = truths.iter().enumerate().filter_map(|(at, truth)| Some((at, truth.as_ref()?)));
    let rows =
        faults.map(|(at, truth)| format!("m{at},{:?},{},{}\n", truth.fault, truth.periods.start, truth.periods.end));
    let head = "meter,fault,first_period,end_period\n".to_owned();
    std::fs::write(format!("{file}.truth.csv"), rows.fold(head, |text, row| text + &row)).unwrap();
}
