//! The bars of the lists, at a reduced size and with a seed of their own. What they say of a method is in its table; here
//! they only say that nothing has become worse.

use super::rules_of_thumb::{Thumb, checks as checks_by_thumb};
use super::score::{Score, checks};
use super::series::{Series, load};
use super::street::{Fault, Recipe, build};
use meterbook::anomalies::lists::booster::Growth;
use meterbook::anomalies::lists::model::Model;
use meterbook::anomalies::lists::replay::{Options, learn_from, replay};

const SEEDS: [u64; 6] = [901, 902, 903, 904, 905, 906];

fn learnt_from(series: &[&Series]) -> Model {
    let (meters, _) = build(series, Recipe::sound(1));
    let growth = Growth { trees: 60, ..Growth::default() };
    let options = Options { share: 0, seed: 3, model: None, train: true, growth, taught: 4 };
    learn_from(&meters, &options).unwrap()
}

fn score(series: &[&Series], model: &Model, share: usize) -> Score {
    let mut score = Score::default();
    for seed in SEEDS {
        let (meters, truths) = build(series, Recipe::of(seed));
        let (model, growth) = (Some(model.clone()), Growth::default());
        let options = Options { share, seed: 1, model, train: false, growth, taught: 1 };
        let (_, raised) = replay(&meters, &options).unwrap();
        score.add(&checks(&raised), &truths);
        score.add_exceptions(&raised, &truths);
    }
    score
}

#[test]
fn meters_the_trees_never_saw_are_found_as_often_as_the_bars_ask() {
    let all = load();
    let half = |rest: usize| all.iter().skip(rest).step_by(2).collect::<Vec<_>>();
    let model = learnt_from(&half(0));
    let (one, three) = (score(&half(1), &model, 100), score(&half(1), &model, 300));
    let found = |score: &Score, fault| score.recall(&[fault]).1;
    println!(
        "1 %: yield {:.3}, of the lists alone {:.3}, stuck {:.2}, slow {:.2}; 3 %: stuck {:.2}, slow {:.2}; exceptions {:.3}",
        one.yield_of_visits(),
        one.r#yield(),
        found(&one, Fault::Stuck),
        found(&one, Fault::Slow50),
        found(&three, Fault::Stuck),
        found(&three, Fault::Slow50),
        one.precision_of_exceptions(),
    );
    // An exception is a visit too, and takes a place.
    assert!(one.yield_of_visits() >= 0.19 && one.r#yield() >= 0.14);
    assert!(found(&one, Fault::Stuck) >= 0.80 && found(&one, Fault::Slow50) >= 0.20);
    assert!(found(&three, Fault::Stuck) >= 0.90 && found(&three, Fault::Slow50) >= 0.50);
    assert!(one.precision_of_exceptions() >= 0.95 && one.exceptions > 50);

    for thumb in Thumb::ALL {
        let mut score = Score::default();
        for seed in SEEDS {
            let (meters, truths) = build(&half(1), Recipe::of(seed));
            score.add(&checks_by_thumb(thumb, &meters, 100, seed), &truths);
        }
        println!("{thumb:?}: yield {:.3}, slow {:.2}", score.r#yield(), found(&score, Fault::Slow50));
        // What no rule of thumb can do, and no chance.
        assert!(found(&score, Fault::Slow50) < found(&one, Fault::Slow50), "{thumb:?}");
        assert!(thumb != Thumb::Random || 3.0 * score.r#yield() < one.r#yield());
    }
}

#[test]
fn nothing_read_later_changes_an_alarm_and_the_same_file_gives_the_same_alarms() {
    let all = load();
    let some: Vec<&Series> = all.iter().step_by(6).collect();
    let (meters, _) = build(&some, Recipe::of(77));
    let growth = Growth { trees: 20, ..Growth::default() };
    let options = Options { share: 200, seed: 5, model: None, train: true, growth, taught: 2 };
    let (grid, whole) = replay(&meters, &options).unwrap();
    assert_eq!(replay(&meters, &options), Some((grid, whole.clone())));
    let cut = 11;
    let mut shorter = meters.clone();
    for meter in &mut shorter {
        meter.readings.retain(|reading| grid.period(reading.day) <= cut);
    }
    let (_, before) = replay(&shorter, &options).unwrap();
    let until: Vec<_> = whole.iter().filter(|raised| raised.period <= cut).cloned().collect();
    assert!(until.len() > 20 && whole.len() > until.len());
    assert_eq!(before, until);
}
