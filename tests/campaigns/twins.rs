//! A phone whose storage was copied to another: both send the same ids at the same time, with other figures, to two nodes. One
//! body of each id is stored; the other lies in quarantine, whole.

use super::fleet::{Fleet, FleetPlan, Member};
use super::holdings::Holdings;
use super::invariants::{Violation, assert_kept, judge};
use super::node::Node;
use super::seed::Seed;
use super::town::Town;
use crate::support::{Database, StoreKind};
use chrono::Utc;
use meterbook_client::{
    Ask, Chance, Draft, Ledger, Link, Moment, Owed, Receipt, canonical, fresh_client, real_sleeper,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// The other phone.
struct Twin {
    link: Link,
    ledger: Ledger,
}

impl Twin {
    fn of(member: &Member, url: &str) -> Self {
        let ledger = Ledger { device: member.phone.session().device, ..Ledger::of(&format!("twin-{}", member.number)) };
        Self { link: Link::new(fresh_client().unwrap(), url, real_sleeper(), Chance::new(|| 0)), ledger }
    }

    /// Sends what its sibling sends, with other figures.
    async fn push(&mut self, access: &str, originals: &[Owed]) {
        let mut items = Vec::new();
        for original in originals {
            let mut item: Value = serde_json::from_str(&original.body).unwrap();
            item["index"] = json!(item["index"].as_i64().unwrap() + 1_000);
            let changed = Owed { body: canonical(&item), ..original.clone() };
            self.ledger.note_made(&changed);
            self.ledger.note_sent(changed.id);
            items.push(item);
        }
        let ask =
            Ask::post("/v1/sync/records", &json!({"sent_at": Utc::now().to_rfc3339(), "items": items})).by(access);
        let answer = self.link.persist(|_| ask.clone()).await.unwrap().expect(200).unwrap();
        let receipts = answer["items"].as_array().unwrap().iter().filter_map(Receipt::read);
        receipts.for_each(|receipt| self.ledger.note_told(&receipt));
    }
}

/// A campaign of twins on two nodes.
pub async fn at_two_nodes(phones: usize, batches: usize, bug: Option<&'static str>) -> Option<Vec<Violation>> {
    let seed = Seed::of("twins at two nodes");
    let database = Arc::new(Database::fresh(StoreKind::Postgres)?);
    let (mut node, token) = Node::start(&database, bug);
    let town = Town::found(&node, &token.unwrap(), phones, 30).await;
    let (other, _) = Node::start(&database, bug);
    let mut fleet = Fleet::recruit(&mut node, &town, FleetPlan::of(phones), seed).await;
    let mut twins: Vec<Twin> = fleet.members.iter().map(|member| Twin::of(member, &other.url())).collect();
    let all = fleet.members.iter_mut().zip(&mut twins).map(|(member, twin)| async move {
        let homes = |stop: &&Value| stop["meter"]["three_figures"] == json!(false);
        let points: Vec<i64> = member
            .phone
            .rounds()
            .stops()
            .filter(homes)
            .map(|stop| stop["service_point_id"].as_i64().unwrap())
            .collect();
        for _ in 0..batches {
            let access = member.phone.access().to_owned();
            let made = Moment::right(Utc::now());
            let drafts = points.iter().take(15).map(|point| Draft::reading(*point, 1_010_000, made));
            let originals = member.phone.note(drafts.collect()).unwrap();
            futures_util::future::join(member.push(), twin.push(&access, &originals)).await;
        }
    });
    futures_util::future::join_all(all).await;
    let mut found = fleet.come_home().await;
    let ledgers: Vec<Ledger> = fleet.ledgers().into_iter().chain(twins.into_iter().map(|twin| twin.ledger)).collect();
    found.extend(judge(&ledgers, &Holdings::read(&database)));
    Some(found)
}

#[test]
fn of_two_bodies_sent_at_once_under_one_id_one_is_stored_and_one_is_kept_aside() {
    super::run(async { at_two_nodes(4, 12, None).await.iter().for_each(|found| assert_kept(found)) });
}
