//! A phone: its session, its rounds, its outbox and its link, tied together as an app ties them.

use crate::chance::Chance;
use crate::draft::{Draft, Moment, timestamp};
use crate::ledger::{CursorSeen, Ledger};
use crate::link::{Answer, Ask, Link, LinkError};
use crate::outbox::{Outbox, OutboxError, Owed, StoredSession};
use crate::receipt::Receipt;
use crate::retry::{Advice, advise};
use crate::rounds::{Rounds, RoundsError};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Why a phone stopped. Whatever it is, the outbox is as it was.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// The server can't be reached or is not well: later.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The phone's own disk.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The answer to a pull is not what the contract promises.
    #[error(transparent)]
    Rounds(#[from] RoundsError),
    /// The session has ended: the reader needs a new activation code ([`Phone::activate_again`]). What is owed stays owed.
    #[error("the session has ended")]
    SessionEnded,
    /// The server keeps answering without taking anything.
    #[error("{0} records are still owed, and the server takes none of them")]
    Stuck(usize),
    /// A member the contract promises is not there.
    #[error("an answer without {0}")]
    Missing(&'static str),
}

/// What a phone may differ in.
#[derive(Clone, Debug)]
pub struct PhoneSettings {
    /// Records in one push.
    pub batch: usize,
    /// Answers in a row that bring no progress before the phone gives up for now.
    pub patience: u32,
    /// Names the boot the monotonic clock belongs to.
    pub boot: String,
}

/// What a push came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// Batches answered.
    pub batches: usize,
    /// Records settled.
    pub settled: usize,
    /// Records too large to be sent even alone; they stay owed.
    pub too_large: usize,
}

/// A reader's phone.
pub struct Phone {
    /// What it is called in the outbox.
    name: String,
    settings: PhoneSettings,
    /// The way to the server.
    pub link: Link,
    outbox: Arc<Outbox>,
    chance: Chance,
    access: String,
    session: StoredSession,
    rounds: Rounds,
    ledger: Ledger,
}

impl Phone {
    /// Activates a phone with a dispatcher's code.
    ///
    /// # Errors
    /// What the server answered instead of tokens.
    pub async fn activate(
        name: &str,
        settings: PhoneSettings,
        link: Link,
        outbox: Arc<Outbox>,
        chance: Chance,
        code: &str,
    ) -> Result<Self, PhoneError> {
        let ask = Ask::post("/v1/auth/activate", &json!({"code": code, "label": name, "platform": "android"}));
        // A code works once: an answer lost here needs a new code, so nothing is gained by asking again unless the server says so.
        let tokens = link.persist(|_| ask.clone()).await?.expect(201)?;
        let session =
            StoredSession { device: integer(&tokens, "device_id")?, refresh: text(&tokens, "refresh_token")? };
        outbox.keep_session(name, &session)?;
        let mut phone = Self::resume(name, settings, link, outbox, chance)?;
        phone.access = text(&tokens, "access_token")?;
        Ok(phone)
    }

    /// Goes on under a new code where the session has ended, as after a restore of the server: where the dispatcher made the code
    /// for this phone it keeps its id, and its numbers continue. What it owes stays owed either way.
    ///
    /// # Errors
    /// What the server answered instead of tokens.
    pub async fn activate_again(&mut self, code: &str) -> Result<(), PhoneError> {
        let device = self.session.device;
        let asked = json!({"code": code, "label": self.name, "platform": "android", "device_id": device});
        let ask = Ask::post("/v1/auth/activate", &asked);
        let tokens = self.link.persist(|_| ask.clone()).await?.expect(201)?;
        self.session =
            StoredSession { device: integer(&tokens, "device_id")?, refresh: text(&tokens, "refresh_token")? };
        self.outbox.keep_session(&self.name, &self.session)?;
        self.access = text(&tokens, "access_token")?;
        self.ledger.device = self.session.device;
        Ok(())
    }

    /// Takes a phone up again after it was killed: session and outbox as they are on disk, rounds to be pulled anew.
    ///
    /// # Errors
    /// Where the outbox knows no session of that name.
    pub fn resume(
        name: &str,
        settings: PhoneSettings,
        link: Link,
        outbox: Arc<Outbox>,
        chance: Chance,
    ) -> Result<Self, PhoneError> {
        let session = outbox.session(name)?.ok_or(PhoneError::SessionEnded)?;
        let mut ledger = Ledger { device: session.device, ..Ledger::of(name) };
        for (owed, outcome) in outbox.kept(name)? {
            ledger.note_made(&owed);
            if let Some(outcome) = outcome {
                ledger.note_told(&Receipt { id: owed.id, outcome, code: String::new(), flags: Vec::new() });
            }
        }
        let (access, rounds) = (String::new(), Rounds::default());
        Ok(Self { name: name.to_owned(), settings, link, outbox, chance, access, session, rounds, ledger })
    }

    /// What it made, sent and was told.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The rounds it holds.
    #[must_use]
    pub fn rounds(&self) -> &Rounds {
        &self.rounds
    }

    /// Its session, as it is on disk.
    #[must_use]
    pub fn session(&self) -> &StoredSession {
        &self.session
    }

    /// The access token it uses now; empty before the first.
    #[must_use]
    pub fn access(&self) -> &str {
        &self.access
    }

    /// Notes observations, in or out of reach. They are safe when this returns.
    ///
    /// # Errors
    /// The disk's; nothing is noted then.
    pub fn note(&mut self, drafts: Vec<Draft>) -> Result<Vec<Owed>, PhoneError> {
        let stored = self.outbox.store(&self.name, &self.settings.boot, drafts, &mut self.chance)?;
        stored.iter().for_each(|made| self.ledger.note_made(made));
        Ok(stored)
    }

    /// How many records are owed.
    ///
    /// # Errors
    /// The disk's.
    pub fn count_owed(&self) -> Result<i64, PhoneError> {
        Ok(self.outbox.count_owed(&self.name)?)
    }

    /// Exchanges the refresh token. An answer lost on the way means asking again with the old one: the server reissues.
    ///
    /// # Errors
    /// [`PhoneError::SessionEnded`] where the server refuses the token; what is owed stays owed.
    pub async fn renew(&mut self) -> Result<(), PhoneError> {
        let ask = Ask::post("/v1/auth/refresh", &json!({"refresh_token": self.session.refresh}));
        let answer = self.link.persist(|_| ask.clone()).await?;
        if matches!(answer.status, 401 | 403) {
            return Err(PhoneError::SessionEnded);
        }
        let tokens = answer.expect(200)?;
        self.session.refresh = text(&tokens, "refresh_token")?;
        // On disk before it is used: a spent token whose successor was used looks like theft.
        self.outbox.keep_session(&self.name, &self.session)?;
        self.access = text(&tokens, "access_token")?;
        Ok(())
    }

    /// Pulls until there is no more.
    ///
    /// # Errors
    /// Where the server can't be reached; what was applied so far stands.
    pub async fn pull(&mut self) -> Result<(), PhoneError> {
        let mut rounds = std::mem::take(&mut self.rounds);
        let pulled = self.follow(&mut rounds).await;
        self.rounds = rounds;
        pulled
    }

    /// Pulls everything anew, beside what is held.
    ///
    /// # Errors
    /// Where the server can't be reached.
    pub async fn fresh_pull(&mut self) -> Result<Rounds, PhoneError> {
        let mut rounds = Rounds::default();
        self.follow(&mut rounds).await?;
        Ok(rounds)
    }

    async fn follow(&mut self, rounds: &mut Rounds) -> Result<(), PhoneError> {
        loop {
            let path = match rounds.cursor() {
                None => "/v1/sync/changes".to_owned(),
                Some(cursor) => format!("/v1/sync/changes?cursor={cursor}"),
            };
            let answer = self.signed(|_| Ask::get(&path)).await?;
            // A cursor the server does not know starts over; nothing is lost by it.
            if answer.status == 400 && rounds.cursor().is_some() {
                rounds.forget_cursor();
                continue;
            }
            let page = answer.expect(200)?;
            let more = rounds.apply(&page)?;
            let seen = CursorSeen {
                epoch: text(&page, "epoch")?,
                cursor: text(&page, "cursor")?,
                reset: page["reset"] == json!(true),
            };
            self.ledger.cursors.push(seen);
            for refetch in page["refetch"].as_array().into_iter().flatten() {
                self.fetch_round(rounds, refetch).await?;
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// Fetches a round the server names after a long absence. A person's phone waits the seconds it is told to, so that not all
    /// come at once; who drives this kit decides about time.
    async fn fetch_round(&mut self, rounds: &mut Rounds, refetch: &Value) -> Result<(), PhoneError> {
        let id = refetch["round_id"].as_i64().ok_or(RoundsError::Missing("round_id"))?;
        let path = format!("/v1/sync/rounds/{id}");
        let answer = self.signed(|_| Ask::get(&path)).await?;
        // It has gone to another since: the next page says so.
        if answer.status != 404 {
            rounds.replace(answer.expect(200)?)?;
        }
        Ok(())
    }

    /// Pushes until nothing is owed. `now` is the moment of the call.
    ///
    /// # Errors
    /// Where patience ends or the session is dead. What has its receipt is settled, the rest is owed.
    pub async fn push(&mut self, now: Moment) -> Result<Pushed, PhoneError> {
        let (mut pushed, mut size, mut in_vain) = (Pushed::default(), self.settings.batch, 0);
        let mut too_large: BTreeSet<Uuid> = BTreeSet::new();
        let mut waited = Duration::ZERO;
        loop {
            let mut owed = self.outbox.owed(&self.name, size + too_large.len())?;
            owed.retain(|item| !too_large.contains(&item.id));
            owed.truncate(size);
            if owed.is_empty() {
                pushed.too_large = too_large.len();
                return Ok(pushed);
            }
            owed.iter().for_each(|item| self.ledger.note_sent(item.id));
            let start = now.after(waited);
            let answer = self.send_batch(&owed, start).await?;
            if advise(Some(answer.status), None) == Advice::Halve {
                if owed.len() == 1 {
                    too_large.extend(owed.iter().map(|item| item.id));
                    size = self.settings.batch;
                }
                size = size.min(owed.len() / 2).max(1);
                continue;
            }
            let answer = answer.expect(200)?;
            let settled = self.settle(&answer, start)?;
            pushed.batches += 1;
            pushed.settled += settled;
            in_vain = if settled == 0 { in_vain + 1 } else { 0 };
            if in_vain >= self.settings.patience {
                return Err(PhoneError::Stuck(owed.len()));
            }
            let asked = answer.get("backoff_s").and_then(Value::as_u64).filter(|seconds| *seconds > 0);
            if in_vain > 0 || asked.is_some() {
                waited += self.link.pause(in_vain.max(1), asked.map(Duration::from_secs)).await;
            }
        }
    }

    async fn send_batch(&mut self, owed: &[Owed], now: Moment) -> Result<Answer, PhoneError> {
        // The bodies go out as they are stored: a parse and a print could change them.
        let items = owed.iter().map(|item| item.body.as_str()).collect::<Vec<_>>().join(",");
        let millis = u64::try_from(now.at.timestamp_millis()).unwrap_or(0);
        let batch = uuid::Builder::from_unix_timestamp_millis(millis, &self.chance.ten_bytes()).into_uuid();
        let boot = self.settings.boot.clone();
        self.signed(move |waited| {
            let sent = now.after(waited);
            let envelope = json!({
                "batch_id": batch.to_string(),
                "sent_at": timestamp(sent.at),
                "sent_elapsed_ms": sent.elapsed_ms,
                "boot_id": boot,
            });
            let opened = envelope.to_string();
            let opened = opened.trim_end_matches('}');
            Ask::file("/v1/sync/records", format!("{opened},\"items\":[{items}]}}").into_bytes(), "application/json")
        })
        .await
    }

    /// What the answer names is settled; what it does not name is still owed.
    fn settle(&mut self, answer: &Value, now: Moment) -> Result<usize, PhoneError> {
        let items = answer.get("items").and_then(Value::as_array).ok_or(PhoneError::Missing("items"))?;
        let receipts: Vec<Receipt> = items.iter().filter_map(Receipt::read).collect();
        let settled = self.outbox.settle(&self.name, &receipts, now.at)?;
        receipts.iter().for_each(|receipt| self.ledger.note_told(receipt));
        self.ledger.highest_contiguous_seq = integer(answer, "highest_contiguous_seq")?;
        let missing = answer.get("missing_seqs").and_then(Value::as_array).into_iter().flatten();
        self.ledger.missing_seqs = missing.filter_map(Value::as_i64).collect();
        Ok(settled)
    }

    /// Asks with the access token, exchanged once where it has ended.
    async fn signed(&mut self, build: impl Fn(Duration) -> Ask) -> Result<Answer, PhoneError> {
        if self.access.is_empty() {
            self.renew().await?;
        }
        let answer = self.link.persist(|waited| build(waited).by(&self.access)).await?;
        if advise(Some(answer.status), None) != Advice::Renew {
            return Ok(answer);
        }
        self.renew().await?;
        let answer = self.link.persist(|waited| build(waited).by(&self.access)).await?;
        if answer.status == 401 { Err(PhoneError::SessionEnded) } else { Ok(answer) }
    }
}

fn text(value: &Value, name: &'static str) -> Result<String, PhoneError> {
    value.get(name).and_then(Value::as_str).map(str::to_owned).ok_or(PhoneError::Missing(name))
}

fn integer(value: &Value, name: &'static str) -> Result<i64, PhoneError> {
    value.get(name).and_then(Value::as_i64).ok_or(PhoneError::Missing(name))
}
