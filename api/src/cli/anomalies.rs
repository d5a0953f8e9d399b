//! `meterbook anomalies`: the lists of suspect meters, judged and taught from a file, or taught and verified from the database.

use super::month_lists::{LearnArgs, VerifyArgs, learn, verify_lists};
use crate::anomalies::lists::readings_file::{self, ReadingsFile};
use crate::anomalies::lists::{alarms_file, shipped};
use crate::config::Config;
use clap::{Args, Subcommand};
use meterbook::anomalies::lists::booster::Growth;
use meterbook::anomalies::lists::model::{Model, NotAModel};
use meterbook::anomalies::lists::replay::{Alarm, Meter, Options, Raised, learn_from, replay, season_of};
use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to do with the lists.
#[derive(Args)]
pub struct AnomaliesArgs {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Subcommand)]
enum Deed {
    /// Run a file of readings through the checks and the lists, period by period, and write what they say 评估.
    ///
    /// No database is needed and nothing of the file is kept. An alarm of a period uses nothing that was read later.
    #[command(after_help = format!("READINGS\n\n{}\n\nALARMS\n\n{}", readings_file::FORMAT, alarms_file::FORMAT))]
    Evaluate(EvaluateArgs),
    /// Learn from a file of readings: faults are put into its history, and what tells them apart is kept as a model 训练.
    #[command(after_help = format!("READINGS\n\n{}", readings_file::FORMAT))]
    Train(TrainArgs),
    /// Learn from the history in the database; the model holds once a person switches it on 用库内历史训练.
    ///
    /// May run beside the service: it only reads, and then adds a model.
    Learn(LearnArgs),
    /// Reckon the verdicts of a month's lists again from what is kept beside them 复算名单.
    Verify(VerifyArgs),
}

#[derive(Args)]
struct EvaluateArgs {
    /// The readings, CSV.
    #[arg(long)]
    readings: PathBuf,
    /// Where the alarms go, CSV.
    #[arg(long)]
    out: PathBuf,
    /// Places a period, in percent of the meters read in it. Exceptions take the places of the jump list first.
    #[arg(long, default_value = "1", value_parser = parse_share)]
    share: usize,
    /// Learn from the file itself, before each period from what came before it, instead of using a model. This is also
    /// done where the file is not read every second month, as the shipped model was.
    #[arg(long, conflicts_with = "model")]
    train: bool,
    /// A model written by `meterbook anomalies train`, instead of the shipped one.
    #[arg(long)]
    model: Option<PathBuf>,
    /// Same seed, same training.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Args)]
struct TrainArgs {
    /// The readings, CSV.
    #[arg(long)]
    readings: PathBuf,
    /// Where the model goes.
    #[arg(long)]
    out: PathBuf,
    /// Trees for each list.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u16).range(10..=1_000))]
    trees: u16,
    /// Same seed, same model.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Percent to basis points.
fn parse_share(text: &str) -> Result<usize, String> {
    let percent: f64 = text.trim_end_matches('%').parse().map_err(|_| "expected percent, such as 1 or 0.5")?;
    if percent > 0.0 && percent <= 100.0 {
        Ok((percent * 100.0).round().max(1.0) as usize)
    } else {
        Err("expected more than 0 and at most 100 percent".into())
    }
}

/// Evaluates, trains or verifies.
pub fn run(config: Config, args: &AnomaliesArgs) -> Result<ExitCode, Box<dyn Error>> {
    match &args.deed {
        Deed::Evaluate(args) => evaluate(args),
        Deed::Train(args) => train(args),
        Deed::Learn(args) => learn(config, args),
        Deed::Verify(args) => verify_lists(config, args),
    }
}

fn evaluate(args: &EvaluateArgs) -> Result<ExitCode, Box<dyn Error>> {
    let file = read(&args.readings)?;
    let meters: Vec<Meter> = file.meters.iter().map(|named| named.meter.clone()).collect();
    let Some(season) = season_of(&meters) else {
        return Err(NOTHING_TO_COMPARE.into());
    };
    let model = match &args.model {
        Some(path) => Some(read_model(path)?),
        None if args.train || season != shipped::SEASON => None,
        None => Some(shipped::model().map_err(said)?),
    };
    if model.is_none() && !args.train {
        eprintln!(
            "Read {season} times a year, unlike the shipped model's data: learning from the file itself 按文件自身训练"
        );
    }
    let options = Options {
        share: args.share,
        seed: args.seed,
        train: model.is_none(),
        model,
        growth: Growth::default(),
        taught: taught(meters.len()),
    };
    let Some((grid, raised)) = replay(&meters, &options) else { return Err(NOTHING_TO_COMPARE.into()) };
    let out = File::create(&args.out).map_err(|fault| format!("{}: {fault}", args.out.display()))?;
    alarms_file::write(BufWriter::new(out), &file.meters, &grid, &raised)?;
    summarize(&raised);
    Ok(ExitCode::SUCCESS)
}

const NOTHING_TO_COMPARE: &str = "no meter was read twice: there is nothing to compare 没有任何表抄过两次";

/// A few thousand histories a period teach as much as all of them.
const fn taught(meters: usize) -> usize {
    1 + meters / 1_000
}

fn train(args: &TrainArgs) -> Result<ExitCode, Box<dyn Error>> {
    let file = read(&args.readings)?;
    let meters: Vec<Meter> = file.meters.into_iter().map(|named| named.meter).collect();
    let growth = Growth { trees: args.trees.into(), ..Growth::default() };
    let taught = 1 + meters.len() / 10_000;
    let options = Options { share: 0, seed: args.seed, model: None, train: true, growth, taught };
    match learn_from(&meters, &options) {
        Some(model) if model.is_trained() => {
            std::fs::write(&args.out, model.to_text())?;
            println!("{} meters taught it. 已由 {} 块表训练。", meters.len(), meters.len());
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            Err("too little history to learn from: at least half a year of readings is needed 历史太短，无法训练"
                .into())
        }
    }
}

fn read(path: &Path) -> Result<ReadingsFile, Box<dyn Error>> {
    let file = File::open(path).map_err(|fault| format!("{}: {fault}", path.display()))?;
    let file = ReadingsFile::read(BufReader::new(file)).map_err(|fault| format!("{}: {fault}", path.display()))?;
    let readings: usize = file.meters.iter().map(|named| named.meter.readings.len()).sum();
    eprintln!(
        "{} meters 块表, {readings} readings 条读数; {} without an index 无读数, {} repeated 重复, {} left out 弃用",
        file.meters.len(),
        file.unread,
        file.repeated,
        file.bad.len()
    );
    for bad in file.bad.iter().take(SHOWN) {
        eprintln!("  line 第 {} 行 · {}: expected {} {}", bad.line, bad.column, bad.expected, bad.expected_zh);
    }
    if file.bad.len() > SHOWN {
        eprintln!("  … and {} more 另有 {} 处", file.bad.len() - SHOWN, file.bad.len() - SHOWN);
    }
    Ok(file)
}

/// Bad rows that are named; the rest are counted.
const SHOWN: usize = 20;

fn read_model(path: &Path) -> Result<Model, Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|fault| format!("{}: {fault}", path.display()))?;
    let model = Model::from_text(&text).map_err(|fault| format!("{}: {}", path.display(), said(fault)))?;
    if model.is_trained() { Ok(model) } else { Err(format!("{}: no trees 空模型", path.display()).into()) }
}

fn said(fault: NotAModel) -> String {
    match fault {
        NotAModel::Version => "not a model of this version 不是本版本的模型".into(),
        NotAModel::Line(line) => format!("line 第 {line} 行: not a line of a model 不是模型的行"),
    }
}

fn summarize(raised: &[Raised]) {
    let exceptions = raised.iter().filter(|raised| matches!(raised.alarm, Alarm::Exception(_))).count();
    println!("{exceptions} exceptions 读数异常, {} places 名额.", raised.len() - exceptions);
}
