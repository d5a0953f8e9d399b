//! Many phones on links that lose requests and answers and bring old requests again: everything arrives, once.

use super::fleet::{Fleet, FleetPlan};
use super::invariants::{Violation, assert_kept};
use super::node::Node;
use super::seed::{Scale, Seed};
use super::town::Town;
use crate::support::{Database, StoreKind};
use meterbook_client::{Fate, Weather, no_sleeper};
use std::sync::Arc;

const RECORDS: usize = 40;

/// A campaign on flaky links.
pub async fn on_flaky_links(kind: StoreKind, phones: usize, bug: Option<&'static str>) -> Option<Vec<Violation>> {
    let seed = Seed::of("flaky links");
    let database = Arc::new(Database::fresh(kind)?);
    let (mut node, token) = Node::start(&database, bug);
    let readers = (phones / 40).clamp(2, 50);
    let town = Town::found(&node, &token.unwrap(), readers, 100).await;
    let plan = FleetPlan { sleeper: no_sleeper(), ..FleetPlan::of(phones) };
    let mut fleet = Fleet::recruit(&mut node, &town, plan, seed).await;
    seed.dice(0).shuffle(&mut fleet.members);
    for member in &mut fleet.members {
        let mut sky = seed.dice(2_000_000 + member.number as u64);
        let fate = move || match sky.below(100) {
            0..15 => Fate::AnswerLost,
            15..20 => Fate::RequestLost,
            20..30 => Fate::ArrivesAgain,
            _ => Fate::Fair,
        };
        member.phone.link.come_under(Weather::new(fate));
    }
    let nobodys = town.nobodys_point;
    fleet
        .each(|member| {
            Box::pin(async move {
                let mut noted = 0;
                while noted < RECORDS {
                    let count = usize::try_from(member.dice.between(1, 30)).unwrap().min(RECORDS - noted);
                    member.note(count, nobodys);
                    noted += count;
                    member.push().await;
                    member.pull().await;
                }
                member.phone.link.clear_up();
            })
        })
        .await;
    // Copies arrive long after their originals, in any order.
    seed.dice(1).shuffle(&mut fleet.members);
    fleet.each(|member| Box::pin(async { drop(member.phone.link.let_copies_arrive().await) })).await;
    let (found, _) = fleet.judged(&database).await;
    println!("flaky links: {phones} phones, {} records, {} requests in vain", fleet.count_made(), fleet.in_vain());
    assert_eq!(fleet.count_made(), phones * RECORDS);
    Some(found)
}

#[test]
fn on_flaky_links_every_record_arrives_once_on_sqlite() {
    let phones = Scale::told().of(500, 10_000);
    super::run(async {
        on_flaky_links(StoreKind::Sqlite, phones, None).await.iter().for_each(|found| assert_kept(found))
    });
}

#[test]
fn on_flaky_links_every_record_arrives_once_on_postgres() {
    let phones = Scale::told().of(100, 2_000);
    super::run(async {
        on_flaky_links(StoreKind::Postgres, phones, None).await.iter().for_each(|found| assert_kept(found))
    });
}
