//! What a reader noted at a meter, before it has an id and a number.

use chrono::{SecondsFormat, TimeDelta};
use meterbook::calendar::Instant;
use serde_json::{Map, Value, json};
use std::time::Duration;
use uuid::Uuid;

/// A reading of the phone's two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock. It may be wrong, and it may jump.
    pub at: Instant,
    /// Milliseconds since the phone was started; never jumps.
    pub elapsed_ms: i64,
}

impl Moment {
    /// The moment on a phone that was started at the epoch, by a clock that is right.
    #[must_use]
    pub fn right(at: Instant) -> Self {
        Self { at, elapsed_ms: at.timestamp_millis() }
    }

    /// This much later.
    #[must_use]
    pub fn after(self, waited: Duration) -> Self {
        let waited_ms = i64::try_from(waited.as_millis()).unwrap_or(i64::MAX);
        Self { at: self.at + TimeDelta::milliseconds(waited_ms), elapsed_ms: self.elapsed_ms.saturating_add(waited_ms) }
    }
}

/// RFC 3339 in UTC with milliseconds.
pub(crate) fn timestamp(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An observation without id and number; the outbox gives both as it stores it.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// When it was made.
    pub made: Moment,
    members: Map<String, Value>,
}

impl Draft {
    /// A record of any kind about a service point.
    #[must_use]
    pub fn of_kind(kind: &str, service_point_id: i64, made: Moment) -> Self {
        let mut members = Map::new();
        members.insert("kind".into(), json!(kind));
        members.insert("service_point_id".into(), json!(service_point_id));
        Self { made, members }
    }

    /// A reading; `index` in 0.001 m³.
    #[must_use]
    pub fn reading(service_point_id: i64, index: i64, made: Moment) -> Self {
        Self::of_kind("reading", service_point_id, made).with("index", index)
    }

    /// A visit without a reading.
    #[must_use]
    pub fn attempt(service_point_id: i64, code: &str, made: Moment) -> Self {
        Self::of_kind("attempt", service_point_id, made).with("attempt_code", code)
    }

    /// The same with one more member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The item it becomes.
    pub(crate) fn numbered(mut self, id: Uuid, device_seq: i64, boot: &str) -> Value {
        let given = [
            ("id", json!(id.to_string())),
            ("device_seq", json!(device_seq)),
            ("read_at", json!(timestamp(self.made.at))),
            ("read_elapsed_ms", json!(self.made.elapsed_ms)),
            ("boot_id", json!(boot)),
        ];
        for (name, value) in given {
            // A member the caller set stands: that is how a campaign sends what is wrong.
            self.members.entry(name).or_insert(value);
        }
        Value::Object(self.members)
    }
}
