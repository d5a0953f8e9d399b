//! The link between a phone and the server: real HTTP, with answers that get lost on the way, by a seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use reqwest::{Client, Method};
use serde_json::Value;
use std::cell::RefCell;

/// One in so many answers is lost after the server has done its work.
const LOST_ONE_IN: u32 = 7;

/// HTTP to one server.
pub struct Link {
    client: Client,
    base: String,
    dice: RefCell<ChaCha8Rng>,
}

/// An answer that arrived.
pub struct Answer {
    status: u16,
    body: Value,
    path: String,
}

impl Answer {
    /// The body of an answer with this status.
    ///
    /// # Errors
    /// Any other status, with what the server said.
    pub fn expect(self, status: u16) -> Result<Value, String> {
        if self.status == status {
            Ok(self.body)
        } else {
            Err(format!("{} answered {}: {}", self.path, self.status, self.body))
        }
    }
}

impl Link {
    /// A link to `base` whose losses follow from `seed`.
    #[must_use]
    pub fn new(client: &Client, base: &str, seed: u64) -> Self {
        Self { client: client.clone(), base: base.to_owned(), dice: RefCell::new(ChaCha8Rng::seed_from_u64(seed)) }
    }

    /// GET.
    ///
    /// # Errors
    /// Where the server can't be reached.
    pub async fn get(&self, path: &str, token: &str) -> Result<Answer, String> {
        self.send(Method::GET, path, Some(token), None).await
    }

    /// POST with JSON.
    ///
    /// # Errors
    /// Where the server can't be reached.
    pub async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Result<Answer, String> {
        self.send(Method::POST, path, token, Some((body.to_string().into_bytes(), "application/json"))).await
    }

    /// POST of a file.
    ///
    /// # Errors
    /// Where the server can't be reached.
    pub async fn upload(&self, path: &str, token: &str, file: Vec<u8>) -> Result<Answer, String> {
        self.send(Method::POST, path, Some(token), Some((file, "text/csv"))).await
    }

    /// POST with JSON; `None`: the server did it, and its answer was lost on the way.
    ///
    /// # Errors
    /// Where the server can't be reached.
    pub async fn post_lossy(&self, path: &str, token: Option<&str>, body: &Value) -> Result<Option<Answer>, String> {
        let is_lost = self.dice.borrow_mut().next_u32().is_multiple_of(LOST_ONE_IN);
        let answer = self.post(path, token, body).await?;
        Ok((!is_lost).then_some(answer))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<(Vec<u8>, &str)>,
    ) -> Result<Answer, String> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some((body, content_type)) = body {
            request = request.header("content-type", content_type).body(body);
        }
        let response = request.send().await.map_err(|fault| fault.to_string())?;
        let status = response.status().as_u16();
        let text = response.text().await.map_err(|fault| fault.to_string())?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body, path: path.to_owned() })
    }
}
