//! `meterbook anomalies learn` and `verify`: the lists' model taught by the stored history, and stored verdicts reckoned again.

use crate::accounts::store::find_account_by_login;
use crate::anomalies::lists::store::{ModelRow, find_model, finish_model, insert_model};
use crate::anomalies::lists::training::learn_from_store;
use crate::anomalies::lists::verify::verify;
use crate::audit::store::audit;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Isolation, Store, StoreError};
use crate::keys::Keys;
use clap::Args;
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::id::AccountId;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

/// What to learn from.
#[derive(Args)]
pub struct LearnArgs {
    /// The login of the person who asks 登录名.
    #[arg(long)]
    by: String,
    /// The last month it is taught on, `YYYY-MM`; the last one that is over unless told.
    #[arg(long, value_parser = super::parse_month)]
    until: Option<Period>,
    /// Same history and seed, same model.
    #[arg(long, default_value_t = 1)]
    seed: i64,
}

/// What to verify.
#[derive(Args)]
pub struct VerifyArgs {
    /// The month, `YYYY-MM`.
    #[arg(long, value_parser = super::parse_month)]
    month: Period,
    /// The version of its lists; the latest unless told.
    #[arg(long)]
    version: Option<i32>,
}

fn open(config: Config) -> Result<(Store, Zone, tokio::runtime::Runtime), Box<dyn Error>> {
    super::demand_current(&config)?;
    let keys = Arc::new(Keys::load(&config.keys)?);
    let store = Store::open(config.database, &keys)?;
    Ok((store, config.zone, tokio::runtime::Builder::new_current_thread().enable_all().build()?))
}

/// Learns a model; it holds once somebody switches it on.
pub fn learn(config: Config, args: &LearnArgs) -> Result<ExitCode, Box<dyn Error>> {
    let (store, zone, runtime) = open(config)?;
    let now = Clock::wall().now();
    let until = args.until.unwrap_or_else(|| Period::month_of(zone.day(now)).previous());
    if now < zone.start_of(until.end_day()) {
        return Err(format!("{until} is not over yet 该月尚未结束").into());
    }
    let Some(model) = runtime.block_on(learnt(&store, (&args.by, until, args.seed), zone, now))? else {
        return Err(format!("no such login 没有此登录名: {}", args.by).into());
    };
    match model.version {
        Some(version) => {
            println!(
                "Model {} ({version}): taught by {} meters. 已由 {} 块表训练。",
                model.id, model.meters, model.meters
            );
            Ok(ExitCode::SUCCESS)
        }
        None => Err(format!("too little history to learn from: {} meters 历史太短，无法训练", model.meters).into()),
    }
}

async fn learnt(
    store: &Store,
    (login, until, seed): (&str, Period, i64),
    zone: Zone,
    now: Instant,
) -> Result<Option<ModelRow>, StoreError> {
    let login = login.to_owned();
    let begun = store.write("begin_anomaly_model", Isolation::Serializable, move |conn| {
        let Some(by) = find_account_by_login(conn, &login)?.map(|account| AccountId(account.id)) else {
            return Ok(None);
        };
        let row = insert_model(conn, until, seed, by, now)?;
        let (subject, detail) = (format!("anomaly_model/{}", row.id), format!("until {until}, seed {seed}"));
        audit(conn, now, Some(by), "train_anomaly_model", &subject, &detail)?;
        Ok(Some(row))
    });
    let Some(row) = begun.await? else { return Ok(None) };
    let id = row.id;
    let learnt = learn_from_store(store, zone, row, until).await?;
    let finished = store.write("finish_anomaly_model", Isolation::RowLocks, move |conn| {
        finish_model(conn, id, &learnt, now)?;
        find_model(conn, id)
    });
    finished.await
}

/// Reckons a month's verdicts again; ends with 1 where one comes out otherwise.
pub fn verify_lists(config: Config, args: &VerifyArgs) -> Result<ExitCode, Box<dyn Error>> {
    let (store, _, runtime) = open(config)?;
    let (month, version) = (args.month, args.version);
    let found = runtime.block_on(store.read("verify_anomaly_lists", move |conn| verify(conn, month, version)))?;
    let Some(verified) = found else {
        return Err(format!("{month} has no such lists 该月没有此版本的名单").into());
    };
    println!("{} entries reckoned again. 已重算 {} 条。", verified.entries, verified.entries);
    if verified.wrong.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("Not as stored 与存储不符: {:?}", verified.wrong);
    Ok(ExitCode::FAILURE)
}
