//! HTTP to one server: bodies compressed, every request bounded in time, asked again by the rules of [`crate::retry`].

use crate::chance::Chance;
use crate::retry::{Advice, Backoff, advise};
use crate::weather::{Fate, Weather};
use reqwest::{Client, Method};
use serde_json::Value;
use std::io::Write as _;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Bodies below this are sent as they are: compressing them makes them longer.
const WORTH_COMPRESSING: usize = 1_024;

/// How a phone sleeps. A test hands in one that only notes how long.
pub type Sleeper = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Sleeps as long as told.
#[must_use]
pub fn real_sleeper() -> Sleeper {
    Arc::new(|wait| Box::pin(tokio::time::sleep(wait)))
}

/// Does not sleep: where time is a number, waiting is addition.
#[must_use]
pub fn no_sleeper() -> Sleeper {
    Arc::new(|_| Box::pin(std::future::ready(())))
}

/// How request bodies are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Encoding {
    /// As they are.
    Identity,
    /// gzip.
    #[default]
    Gzip,
    /// zstd.
    Zstd,
}

/// Why no usable answer came.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No answer, however often it was tried.
    #[error("{path}: no answer after {tries} tries ({last})")]
    NoAnswer {
        /// What was asked.
        path: String,
        /// How often.
        tries: u32,
        /// What went wrong the last time.
        last: String,
    },
    /// The server was busy or broken, however often it was tried.
    #[error("{path}: still {status} after {tries} tries")]
    Unavailable {
        /// What was asked.
        path: String,
        /// How often.
        tries: u32,
        /// The last status.
        status: u16,
    },
    /// Another answer than the contract promises.
    #[error("{path} answered {status}: {body}")]
    Unexpected {
        /// What was asked.
        path: String,
        /// The status.
        status: u16,
        /// What the server said.
        body: String,
    },
    /// The body could not be compressed.
    #[error("the body can't be compressed: {0}")]
    Encoding(#[from] std::io::Error),
    /// There is no HTTP client to be had.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// One request.
#[derive(Clone, Debug)]
pub struct Ask {
    method: Method,
    path: String,
    token: Option<String>,
    body: Option<(Vec<u8>, &'static str)>,
}

impl Ask {
    /// GET.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self { method: Method::GET, path: path.to_owned(), token: None, body: None }
    }

    /// POST of JSON.
    #[must_use]
    pub fn post(path: &str, body: &Value) -> Self {
        Self::file(path, body.to_string().into_bytes(), "application/json")
    }

    /// POST of a file.
    #[must_use]
    pub fn file(path: &str, body: Vec<u8>, content_type: &'static str) -> Self {
        Self { method: Method::POST, path: path.to_owned(), token: None, body: Some((body, content_type)) }
    }

    /// The same by the holder of a token.
    #[must_use]
    pub fn by(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }
}

/// An answer that arrived.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; a string where it was not JSON.
    pub body: Value,
    /// How long the server wants to be left alone.
    pub retry_after: Option<Duration>,
    path: String,
}

impl Answer {
    /// The body of an answer with this status.
    ///
    /// # Errors
    /// Any other status, with what the server said.
    pub fn expect(self, status: u16) -> Result<Value, LinkError> {
        if self.status == status { Ok(self.body) } else { Err(self.unexpected()) }
    }

    pub(crate) fn unexpected(self) -> LinkError {
        LinkError::Unexpected { path: self.path, status: self.status, body: self.body.to_string() }
    }
}

/// A client with the timeouts a phone needs: a mobile network takes long, but not for ever.
///
/// # Errors
/// Where TLS can't be set up.
pub fn fresh_client() -> Result<Client, LinkError> {
    let builder = Client::builder().no_proxy().connect_timeout(Duration::from_secs(10));
    Ok(builder.timeout(Duration::from_secs(60)).build()?)
}

/// HTTP to one server.
pub struct Link {
    client: Client,
    base: String,
    sleeper: Sleeper,
    chance: Mutex<Chance>,
    /// How long to wait between tries.
    pub backoff: Backoff,
    /// How often one request is tried.
    pub patience: u32,
    /// How bodies are sent.
    pub encoding: Encoding,
    weather: Option<Weather>,
    to_arrive_again: Mutex<Vec<Ask>>,
    in_vain: AtomicUsize,
}

impl Link {
    /// A link to `base`, for example `https://meters.example`.
    #[must_use]
    pub fn new(client: Client, base: &str, sleeper: Sleeper, chance: Chance) -> Self {
        Self {
            client,
            base: base.trim_end_matches('/').to_owned(),
            sleeper,
            chance: Mutex::new(chance),
            backoff: Backoff::default(),
            patience: 8,
            encoding: Encoding::default(),
            weather: None,
            to_arrive_again: Mutex::default(),
            in_vain: AtomicUsize::new(0),
        }
    }

    /// How many requests brought no answer.
    pub fn count_in_vain(&self) -> usize {
        self.in_vain.load(Ordering::Relaxed)
    }

    /// The same under some weather.
    #[must_use]
    pub fn under(mut self, weather: Weather) -> Self {
        self.weather = Some(weather);
        self
    }

    /// Comes under some weather.
    pub fn come_under(&mut self, weather: Weather) {
        self.weather = Some(weather);
    }

    /// The sky clears up.
    pub fn clear_up(&mut self) {
        self.weather = None;
    }

    /// The server it goes to.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Goes to another server of the same installation.
    pub fn turn_to(&mut self, base: &str) {
        base.trim_end_matches('/').clone_into(&mut self.base);
    }

    /// Sends a request until there is an answer to be used or refused. `build` is asked for each try anew and told how long has
    /// been waited since the first: a push says when it is sent, and that must be true each time.
    ///
    /// # Errors
    /// Where patience ends.
    pub async fn persist(&self, build: impl Fn(Duration) -> Ask) -> Result<Answer, LinkError> {
        let (mut waited, mut tries) = (Duration::ZERO, 0);
        loop {
            let ask = build(waited);
            let path = ask.path.clone();
            let tried = self.try_once(ask).await;
            tries += 1;
            let status = tried.as_ref().ok().map(|answer| answer.status);
            let asked = tried.as_ref().ok().and_then(|answer| answer.retry_after);
            let Advice::Later(floor) = advise(status, asked) else { return tried };
            if tries >= self.patience {
                return Err(match tried {
                    Ok(answer) => LinkError::Unavailable { path, tries, status: answer.status },
                    Err(fault) => LinkError::NoAnswer { path, tries, last: fault.to_string() },
                });
            }
            waited += self.pause(tries, floor).await;
        }
    }

    /// Waits as one should after so many failures in a row; how long it was.
    pub async fn pause(&self, failures: u32, floor: Option<Duration>) -> Duration {
        let wait = {
            let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
            self.backoff.wait(failures, floor, &mut chance)
        };
        (self.sleeper)(wait).await;
        wait
    }

    /// Sends a request once.
    ///
    /// # Errors
    /// Where no answer comes.
    pub async fn try_once(&self, ask: Ask) -> Result<Answer, LinkError> {
        let answer = self.exchange(ask).await;
        if answer.is_err() {
            self.in_vain.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    async fn exchange(&self, ask: Ask) -> Result<Answer, LinkError> {
        let lost = |path: &str| {
            let (path, last) = (path.to_owned(), "lost on the way".to_owned());
            Err(LinkError::NoAnswer { path, tries: 1, last })
        };
        match self.weather.as_ref().map_or(Fate::Fair, Weather::next) {
            Fate::Fair => self.send(&ask).await,
            Fate::RequestLost => lost(&ask.path),
            Fate::AnswerLost => {
                drop(self.send(&ask).await?);
                lost(&ask.path)
            }
            Fate::ArrivesAgain => {
                let answer = self.send(&ask).await;
                // A refresh that arrives again long after its successor was used is what theft looks like; the server may end the
                // session, and rightly.
                if ask.token.is_some() {
                    self.to_arrive_again.lock().unwrap_or_else(PoisonError::into_inner).push(ask);
                }
                answer
            }
        }
    }

    /// Lets the copies arrive that the weather held back; how many there were. Nobody waits for their answers.
    pub async fn let_copies_arrive(&self) -> usize {
        let copies = std::mem::take(&mut *self.to_arrive_again.lock().unwrap_or_else(PoisonError::into_inner));
        for copy in &copies {
            drop(self.send(copy).await);
        }
        copies.len()
    }

    async fn send(&self, ask: &Ask) -> Result<Answer, LinkError> {
        let mut request = self.client.request(ask.method.clone(), format!("{}{}", self.base, ask.path));
        if let Some(token) = &ask.token {
            request = request.bearer_auth(token);
        }
        if let Some((body, content_type)) = &ask.body {
            request = request.header("content-type", *content_type);
            request = match compress(self.encoding, body)? {
                None => request.body(body.clone()),
                Some((name, compressed)) => request.header("content-encoding", name).body(compressed),
            };
        }
        let no_answer = |fault: reqwest::Error| LinkError::NoAnswer {
            path: ask.path.clone(),
            tries: 1,
            last: chain(&fault.without_url()),
        };
        let response = request.send().await.map_err(no_answer)?;
        let status = response.status().as_u16();
        let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        // An answer cut off is no answer.
        let text = response.text().await.map_err(no_answer)?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body, retry_after: seconds.map(Duration::from_secs), path: ask.path.clone() })
    }
}

fn chain(fault: &dyn std::error::Error) -> String {
    let inner = fault.source().map(|source| format!(": {}", chain(source)));
    format!("{fault}{}", inner.unwrap_or_default())
}

fn compress(encoding: Encoding, body: &[u8]) -> std::io::Result<Option<(&'static str, Vec<u8>)>> {
    if body.len() < WORTH_COMPRESSING {
        return Ok(None);
    }
    Ok(match encoding {
        Encoding::Identity => None,
        Encoding::Gzip => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(body)?;
            Some(("gzip", gzip.finish()?))
        }
        Encoding::Zstd => Some(("zstd", zstd::encode_all(body, 0)?)),
    })
}
