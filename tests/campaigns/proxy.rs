//! A way to the server on which everything goes wrong that a mobile network does to a connection: cut after the request, cut in
//! the answer, a trickle, silence, a request delivered twice.

use super::fleet::{Fleet, FleetPlan};
use super::invariants::{Violation, assert_kept};
use super::node::Node;
use super::seed::{Dice, Scale, Seed};
use super::town::Town;
use crate::support::{Database, StoreKind};
use std::collections::BTreeMap;
use std::io::Result;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How long a phone waits for an answer here.
const PATIENCE: Duration = Duration::from_secs(2);

/// What happens to one connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fault {
    None,
    /// The server gets the request; the phone's connection ends at once.
    CutAfterRequest,
    /// The server gets part of the request.
    CutInRequest,
    /// The phone gets part of the answer.
    CutInAnswer,
    /// Some bytes come one a second, then the rest.
    Trickle,
    /// Nothing is ever answered, and nothing closed.
    HalfOpen,
    /// The server gets the request twice; the phone gets the later answer.
    Twice,
}

impl Fault {
    fn thrown(dice: &mut Dice) -> Self {
        match dice.below(100) {
            0..10 => Self::CutAfterRequest,
            10..18 => Self::CutInRequest,
            18..28 => Self::CutInAnswer,
            28..30 => Self::Trickle,
            30..32 => Self::HalfOpen,
            32..42 => Self::Twice,
            _ => Self::None,
        }
    }
}

/// A proxy that harms connections by its dice.
struct Proxy {
    upstream: String,
    dice: Mutex<Dice>,
    seen: Mutex<BTreeMap<Fault, usize>>,
}

impl Proxy {
    /// Takes connections until the task is dropped.
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            let (phone, _) = listener.accept().await.unwrap();
            let proxy = Arc::clone(&self);
            // A connection that breaks is what this is for.
            tokio::spawn(async move { drop(proxy.carry(phone).await) });
        }
    }

    /// One request and its answer; then the connection ends.
    async fn carry(&self, mut phone: TcpStream) -> Result<()> {
        let (request, is_signed) = read_request(&mut phone).await?;
        let mut fault = Fault::thrown(&mut self.dice.lock().unwrap());
        // A refresh that arrives twice is what theft looks like.
        if fault == Fault::Twice && !is_signed {
            fault = Fault::None;
        }
        *self.seen.lock().unwrap().entry(fault).or_default() += 1;
        match fault {
            Fault::None => phone.write_all(&self.deliver(&request).await?).await,
            Fault::CutAfterRequest => self.deliver(&request).await.map(drop),
            Fault::CutInRequest => {
                let mut server = TcpStream::connect(&self.upstream).await?;
                server.write_all(&request[..request.len() / 2]).await
            }
            Fault::CutInAnswer => {
                let answer = self.deliver(&request).await?;
                phone.write_all(&answer[..answer.len() * 2 / 3]).await
            }
            Fault::Trickle => {
                let answer = self.deliver(&request).await?;
                let (slow, rest) = answer.split_at(1);
                phone.write_all(slow).await?;
                phone.flush().await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
                phone.write_all(rest).await
            }
            Fault::HalfOpen => {
                drop(self.deliver(&request).await);
                // Until the phone gives up.
                phone.read(&mut [0]).await.map(drop)
            }
            Fault::Twice => {
                let (_, answer) = futures_util::future::join(self.deliver(&request), self.deliver(&request)).await;
                phone.write_all(&answer?).await
            }
        }
    }

    async fn deliver(&self, request: &[u8]) -> Result<Vec<u8>> {
        let mut server = TcpStream::connect(&self.upstream).await?;
        server.write_all(request).await?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

/// A whole request, with the server told to close behind its answer; and whether it bears a token.
async fn read_request(phone: &mut TcpStream) -> Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let head = loop {
        if phone.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let whole = head + 4 + length.unwrap_or(0);
    while bytes.len() < whole {
        if phone.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    bytes.splice(head..head, b"\r\nconnection: close".iter().copied());
    Ok((bytes, text.contains("\nauthorization:")))
}

async fn through_a_bad_proxy(kind: StoreKind, phones: usize, pushes: usize) -> Option<Vec<Violation>> {
    let seed = Seed::of("a bad proxy");
    let database = Arc::new(Database::fresh(kind)?);
    let (mut node, token) = Node::start(&database, None);
    let town = Town::found(&node, &token.unwrap(), 4, 60).await;
    let mut fleet = Fleet::recruit(&mut node, &town, FleetPlan::of(phones), seed).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bad = format!("http://{}", listener.local_addr().unwrap());
    let upstream = node.url().trim_start_matches("http://").to_owned();
    let proxy = Arc::new(Proxy { upstream, dice: Mutex::new(seed.dice(0)), seen: Mutex::default() });
    let serving = tokio::spawn(Arc::clone(&proxy).serve(listener));
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).pool_max_idle_per_host(0).build().unwrap();
    for at in 0..fleet.members.len() {
        fleet.take_up(at, client.clone(), &bad);
    }
    let nobodys = town.nobodys_point;
    fleet
        .each(|member| {
            Box::pin(async move {
                member.pull().await;
                for _ in 0..pushes {
                    let count = usize::try_from(member.dice.between(1, 40)).unwrap();
                    member.note(count, nobodys);
                    member.push().await;
                }
                member.pull().await;
            })
        })
        .await;
    let good = node.url();
    fleet.members.iter_mut().for_each(|member| member.phone.link.turn_to(&good));
    let (found, _) = fleet.judged(&database).await;
    let seen = proxy.seen.lock().unwrap().clone();
    serving.abort();
    println!("a bad proxy: {phones} phones, {} records, {seen:?}", fleet.count_made());
    assert_eq!(seen.len(), 7, "not every fault was met: {seen:?}");
    Some(found)
}

#[test]
fn through_a_bad_proxy_every_record_arrives_once_on_sqlite() {
    let phones = Scale::told().of(30, 200);
    super::run(async {
        through_a_bad_proxy(StoreKind::Sqlite, phones, 8).await.iter().for_each(|found| assert_kept(found))
    });
}

#[test]
fn through_a_bad_proxy_every_record_arrives_once_on_postgres() {
    let phones = Scale::told().of(30, 200);
    super::run(async {
        through_a_bad_proxy(StoreKind::Postgres, phones, 8).await.iter().for_each(|found| assert_kept(found))
    });
}
