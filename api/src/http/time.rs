//! Times on the wire: RFC 3339, out with exactly three fraction digits and an offset (PROTOCOL, "Ids, numbers, times").

use chrono::{DateTime, SecondsFormat};
use meterbook::calendar::Instant;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};

/// A moment as the API writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Instant);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = DateTime::parse_from_rfc3339(&text);
        parsed.map(|at| Self(at.to_utc())).map_err(|_| D::Error::custom("expected an RFC 3339 time with an offset"))
    }
}

impl utoipa::PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl utoipa::ToSchema for Time {
    fn name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }
}

/// Milliseconds since 1970, as the database keeps instants.
#[must_use]
pub fn to_ms(at: Instant) -> i64 {
    at.timestamp_millis()
}

/// The instant of a stored number of milliseconds.
#[must_use]
pub fn from_ms(ms: i64) -> Instant {
    Instant::from_timestamp_millis(ms).unwrap_or_default()
}
