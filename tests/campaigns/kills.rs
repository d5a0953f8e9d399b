//! The server is killed while phones push: what was acknowledged is there, and nothing is there twice.

use super::fleet::{Fleet, FleetPlan, Member};
use super::holdings::Holdings;
use super::invariants::{Violation, assert_kept, judge, judge_unchanged};
use super::node::Node;
use super::seed::{Dice, Scale, Seed};
use super::town::Town;
use crate::support::{Database, StoreKind};
use meterbook_client::Outbox;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The phones work until told to stop.
async fn work(member: &mut Member, nobodys_point: i64, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        let count = member.dice.between(1, 25);
        member.note(usize::try_from(count).unwrap(), nobodys_point);
        member.push().await;
        if member.dice.percent(30) {
            member.pull().await;
        }
    }
}

/// Lets phones work while something is done to the servers, over and over.
async fn storm<F>(fleet: &mut Fleet, nobodys_point: i64, harm: F) -> F::Output
where
    F: Future,
{
    let over = AtomicBool::new(false);
    let working = fleet.members.iter_mut().map(|member| work(member, nobodys_point, &over));
    let (done, _) = futures_util::join!(
        async {
            let done = harm.await;
            over.store(true, Ordering::Relaxed);
            done
        },
        futures_util::future::join_all(working)
    );
    done
}

/// Kills a node and starts it again so many times, at moments the dice choose.
async fn kill(mut node: Node, times: usize, mut dice: Dice) -> Node {
    for _ in 0..times {
        tokio::time::sleep(Duration::from_millis(dice.between(5, 150))).await;
        let killed = tokio::task::spawn_blocking(move || {
            node.kill();
            node.start_again();
            node
        });
        node = killed.await.unwrap();
    }
    node
}

/// The judge's word when everybody has come home.
pub async fn judged(fleet: &mut Fleet, database: &Database) -> Vec<Violation> {
    let mut found = fleet.come_home().await;
    found.extend(judge(&fleet.ledgers(), &Holdings::read(database)));
    found
}

async fn kill_on_sqlite(kills: usize, phones: usize, bug: Option<&'static str>) -> Vec<Violation> {
    let seed = Seed::of("kill -9 on SQLite");
    let database = Arc::new(Database::fresh(StoreKind::Sqlite).unwrap());
    let (mut node, token) = Node::start(&database, bug);
    let town = Town::found(&node, &token.unwrap(), 4, 40).await;
    let outbox = Arc::new(Outbox::open(&database.dir.join("outbox.sqlite")).unwrap());
    let mut fleet = Fleet::recruit(&mut node, &town, FleetPlan { outbox, ..FleetPlan::of(phones) }, seed).await;
    let mut found = Vec::new();
    let mut dice = seed.dice(0);
    // In two halves, so that what the first left can be seen unchanged after the second (I9), and phones are killed between.
    node = storm(&mut fleet, town.nobodys_point, kill(node, kills / 2, seed.dice(1_000_000))).await;
    let halfway = Holdings::read(&database);
    for at in 0..fleet.members.len() {
        if dice.percent(50) {
            fleet.kill_phone(at);
        }
    }
    let node = storm(&mut fleet, town.nobodys_point, kill(node, kills - kills / 2, seed.dice(1_000_001))).await;
    found.extend(judged(&mut fleet, &database).await);
    found.extend(judge_unchanged(&halfway, &Holdings::read(&database)));
    let made: usize = fleet.ledgers().iter().map(|ledger| ledger.entries.len()).sum();
    println!("{kills} kills, {made} records, {} answers in vain", fleet.in_vain());
    assert!(made > kills, "the phones were idle: {}", node.log());
    found
}

#[test]
fn killed_on_sqlite_the_service_forgets_nothing_it_acknowledged() {
    super::run(async {
        assert_kept(&kill_on_sqlite(Scale::told().of(70, 200), 16, None).await);
    });
}
