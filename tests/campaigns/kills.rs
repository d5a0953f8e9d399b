//! Servers are killed while phones push, and so is the database: what was acknowledged is there, and nothing is there twice.

use super::fleet::{Fleet, FleetPlan, Member};
use super::holdings::Holdings;
use super::invariants::{Violation, assert_kept, judge_unchanged};
use super::node::Node;
use super::seed::{Dice, Scale, Seed};
use super::town::Town;
use crate::support::{Cluster, Database, StoreKind, cluster_of_ones_own};
use futures_util::future::{join, join_all};
use meterbook_client::Outbox;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What is killed, and what the phones do meanwhile.
pub struct Storm {
    /// How often something is killed.
    pub kills: usize,
    /// Of a hundred kills, how many stop the database instead of a node.
    pub of_the_database: u64,
    /// How many phones.
    pub phones: usize,
    /// A phone notes up to so many records before it pushes.
    pub most_noted: u64,
    /// Points on each of the four routes.
    pub points: usize,
    /// The mistake the nodes make.
    pub bug: Option<&'static str>,
}

/// The servers a storm can harm.
struct Site {
    nodes: Vec<Node>,
    cluster: Option<Arc<Cluster>>,
}

impl Site {
    fn harm(mut self, what: &mut Dice, of_the_database: u64) -> Self {
        match self.cluster.as_ref().filter(|_| what.percent(of_the_database)) {
            Some(cluster) => {
                cluster.stop_at_once();
                cluster.start_again();
            }
            None => {
                let at = usize::try_from(what.below(self.nodes.len() as u64)).unwrap();
                self.nodes[at].kill();
                self.nodes[at].start_again();
            }
        }
        self
    }
}

/// How long a storm waits for the phones to be busy again before it kills all the same.
const LONGEST_CALM: Duration = Duration::from_secs(10);

/// What the phones tell the storm, and it them.
#[derive(Default)]
struct Signals {
    over: AtomicBool,
    pushes: AtomicUsize,
}

impl Signals {
    /// Waits until so many pushes were made from now on: a kill is to meet phones at work.
    async fn until_busy(&self, pushes: usize) {
        let (start, since) = (self.pushes.load(Ordering::Relaxed), Instant::now());
        while self.pushes.load(Ordering::Relaxed) < start + pushes && since.elapsed() < LONGEST_CALM {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// The phones work until told to stop.
async fn work(member: &mut Member, storm: &Storm, town: &Town, urls: &[String], signals: &Signals) {
    while !signals.over.load(Ordering::Relaxed) {
        let count = member.dice.between(1, storm.most_noted + 1);
        member.note(usize::try_from(count).unwrap(), town.nobodys_point);
        let at = usize::try_from(member.dice.below(urls.len() as u64)).unwrap();
        member.phone.link.turn_to(&urls[at]);
        member.push().await;
        signals.pushes.fetch_add(1, Ordering::Relaxed);
        if member.dice.percent(30) {
            member.pull().await;
        }
    }
}

/// Lets phones work while things are killed at moments the dice choose.
async fn rage(fleet: &mut Fleet, mut site: Site, storm: &Storm, kills: usize, town: &Town, mut dice: Dice) -> Site {
    let signals = Signals::default();
    let urls: Vec<String> = site.nodes.iter().map(Node::url).collect();
    let working = fleet.members.iter_mut().map(|member| work(member, storm, town, &urls, &signals));
    let of_the_database = storm.of_the_database;
    let killing = async {
        for _ in 0..kills {
            signals.until_busy(storm.phones / 2).await;
            tokio::time::sleep(Duration::from_millis(dice.below(60))).await;
            let harmed = tokio::task::spawn_blocking(move || (site.harm(&mut dice, of_the_database), dice));
            (site, dice) = harmed.await.unwrap();
        }
        signals.over.store(true, Ordering::Relaxed);
        site
    };
    join(killing, join_all(working)).await.0
}

async fn weather(campaign: &str, database: Database, cluster: Option<Arc<Cluster>>, storm: Storm) -> Vec<Violation> {
    let seed = Seed::of(campaign);
    let database = Arc::new(database);
    let (mut node, token) = Node::start(&database, None);
    let town = Town::found(&node, &token.unwrap(), 4, storm.points).await;
    let outbox = Arc::new(Outbox::open(&database.dir.join("outbox.sqlite")).unwrap());
    let mut fleet = Fleet::recruit(&mut node, &town, FleetPlan { outbox, ..FleetPlan::of(storm.phones) }, seed).await;
    // Only now: the office is to find what it made.
    node.plant(storm.bug);
    node.start_again();
    let mut nodes = vec![node];
    if database.kind == StoreKind::Postgres {
        nodes.push(Node::start(&database, storm.bug).0);
    }
    // In two halves, so that what the first left can be seen unchanged after the second (I9); phones are killed between them.
    let half = storm.kills / 2;
    let site = rage(&mut fleet, Site { nodes, cluster }, &storm, half, &town, seed.dice(1_000_000)).await;
    let halfway = Holdings::read(&database);
    let mut dice = seed.dice(0);
    for at in 0..fleet.members.len() {
        if dice.percent(50) {
            fleet.kill_phone(at);
        }
    }
    let site = rage(&mut fleet, site, &storm, storm.kills - half, &town, seed.dice(1_000_001)).await;
    let (mut found, holdings) = fleet.judged(&database).await;
    found.extend(judge_unchanged(&halfway, &holdings));
    let made = fleet.count_made();
    println!("{campaign}: {} kills, {made} records, {} requests in vain", storm.kills, fleet.in_vain());
    assert!(made > storm.kills, "the phones were idle: {}", site.nodes[0].log());
    found
}

/// A storm over one node on SQLite.
pub async fn over_sqlite(storm: Storm) -> Vec<Violation> {
    weather("kill -9 on SQLite", Database::fresh(StoreKind::Sqlite).unwrap(), None, storm).await
}

/// A storm over two nodes on PostgreSQL; `None` where it is not to be had.
pub async fn over_postgres(storm: Storm) -> Option<Vec<Violation>> {
    let cluster = Arc::new(cluster_of_ones_own()?);
    let database = Database::inside(&cluster);
    Some(weather("kill -9 on PostgreSQL", database, Some(cluster), storm).await)
}

#[test]
fn killed_on_sqlite_the_service_forgets_nothing_it_acknowledged() {
    let kills = Scale::told().of(70, 300);
    let storm = Storm { kills, of_the_database: 0, phones: 16, most_noted: 20, points: 100, bug: None };
    super::run(async { assert_kept(&over_sqlite(storm).await) });
}

#[test]
fn killed_on_postgres_two_nodes_and_their_database_forget_nothing_they_acknowledged() {
    let kills = Scale::told().of(50, 200);
    let storm = Storm { kills, of_the_database: 35, phones: 16, most_noted: 20, points: 100, bug: None };
    super::run(async { over_postgres(storm).await.iter().for_each(|found| assert_kept(found)) });
}
