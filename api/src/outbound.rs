//! What this service sends by itself: only where an installation allows it, and never where a name or a redirect might lead
//! it instead (SECURITY 20).
//!
//! Why separate: whoever can choose a URL must not be able to make this machine call another inside the company's network.
//! The allow list belongs to the node's own settings, not to the data, so that no account of the service can widen it.

use meterbook::webhooks::{is_allowed, is_public};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Where this service may send anything.
#[derive(Clone, Debug)]
pub struct OutboundRules {
    /// Beginnings of URLs; none: nowhere.
    pub allow: Vec<String>,
    /// Whether the company's own network counts.
    pub allow_private: bool,
    /// How long a receiver may take.
    pub timeout: Duration,
}

impl Default for OutboundRules {
    fn default() -> Self {
        Self { allow: Vec::new(), allow_private: false, timeout: Duration::from_secs(10) }
    }
}

/// Why nothing was sent, or no answer came. Says nothing of what was sent or answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OutboundFault {
    /// The URL is not on the allow list.
    #[error("not on the allow list")]
    NotAllowed,
    /// It leads to an address that is not public.
    #[error("the address is private")]
    Private,
    /// The receiver did not answer in time.
    #[error("no answer in time")]
    Timeout,
    /// No connection.
    #[error("no connection")]
    Connect,
    /// The exchange broke off.
    #[error("the exchange broke off")]
    Broken,
}

impl OutboundFault {
    /// The code that is stored and shown.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::Private => "private_address",
            Self::Timeout => "timeout",
            Self::Connect => "no_connection",
            Self::Broken => "broken_off",
        }
    }
}

/// The one client for what this service sends by itself.
pub struct Outbound {
    client: reqwest::Client,
    rules: OutboundRules,
}

impl Outbound {
    /// A client that follows no redirect, asks no proxy of the environment, and connects to no address the rules forbid.
    ///
    /// # Errors
    /// Where TLS does not work on this machine.
    pub fn new(rules: OutboundRules) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(rules.timeout)
            .connect_timeout(rules.timeout)
            .user_agent(concat!("meterbook/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(Guarded { allow_private: rules.allow_private }))
            .build()?;
        Ok(Self { client, rules })
    }

    /// Whether something may be sent to a URL, as far as the URL itself tells; its name is looked up when it is sent.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, url: &str) -> Result<(), OutboundFault> {
        let parsed = reqwest::Url::parse(url).map_err(|_| OutboundFault::NotAllowed)?;
        if !is_allowed(parsed.as_str(), &self.rules.allow) {
            return Err(OutboundFault::NotAllowed);
        }
        // A literal address is never looked up, so it is judged here.
        let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']);
        match host.parse::<IpAddr>() {
            Ok(address) if !self.rules.allow_private && !is_public(address) => Err(OutboundFault::Private),
            _ => Ok(()),
        }
    }

    /// Posts a JSON body and answers the status. What the receiver writes back is not read.
    ///
    /// # Errors
    /// Why there is no status.
    pub async fn post(&self, url: &str, headers: &[(&str, &str)], body: String) -> Result<u16, OutboundFault> {
        self.check(url)?;
        let mut request = self.client.post(url).header("content-type", "application/json").body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match request.send().await {
            Ok(response) => Ok(response.status().as_u16()),
            Err(fault) if fault.is_timeout() => Err(OutboundFault::Timeout),
            Err(fault) if is_private(&fault) => Err(OutboundFault::Private),
            Err(fault) if fault.is_connect() => Err(OutboundFault::Connect),
            Err(_) => Err(OutboundFault::Broken),
        }
    }
}

/// Whether the resolver below refused.
fn is_private(fault: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(fault);
    while let Some(error) = cause {
        if error.downcast_ref::<OutboundFault>() == Some(&OutboundFault::Private) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Looks names up and keeps the addresses that may be connected to. The connection uses these and no others, so a name that
/// answers differently the second time gains nothing.
struct Guarded {
    allow_private: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(look_up(name.as_str().to_owned(), self.allow_private))
    }
}

async fn look_up(host: String, allow_private: bool) -> Result<Addrs, Box<dyn std::error::Error + Send + Sync>> {
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
    let kept: Vec<SocketAddr> = found.into_iter().filter(|address| allow_private || is_public(address.ip())).collect();
    if kept.is_empty() {
        return Err(OutboundFault::Private.into());
    }
    Ok(Box::new(kept.into_iter()))
}
