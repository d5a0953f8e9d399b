//! What the console's map is drawn on: nothing, or the tiles a company has chosen.
//!
//! Why separate: tiles are asked of somebody else, who so learns which part of the city is looked at. So there are none unless the
//! settings name them, and their host is the only one the console's policy lets in.

use crate::App;
use crate::http::{Problem, Session};
use actix_web::get;
use actix_web::web::{Data, Json};
use meterbook::accounts::Operation;
use serde::Serialize;
use utoipa::ToSchema;

/// Tiles of a map, 256 pixels wide, in Web Mercator.
#[derive(Serialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct MapTiles {
    /// Their address, with `{z}`, `{x}` and `{y}` for zoom, column and row.
    pub url: String,
    /// `wgs84` or `gcj02`.
    pub datum: String,
}

/// Why tiles can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TilesFault {
    /// The address is none.
    #[error("map_tiles is {0}, expected http(s)://host/… with {{z}}, {{x}} and {{y}}")]
    Address(String),
    /// No such datum.
    #[error("map_tiles_datum is {0}, expected wgs84 or gcj02")]
    Datum(String),
}

impl MapTiles {
    /// The tiles of the settings, if any are named.
    ///
    /// # Errors
    /// Where the address or the datum is none.
    pub fn settle(url: Option<String>, datum: Option<String>) -> Result<Option<Self>, TilesFault> {
        let datum = datum.unwrap_or_else(|| "wgs84".into());
        if !matches!(datum.as_str(), "wgs84" | "gcj02") {
            return Err(TilesFault::Datum(datum));
        }
        let Some(url) = url.filter(|url| !url.is_empty()) else { return Ok(None) };
        let is_whole = ["{z}", "{x}", "{y}"].iter().all(|part| url.contains(part));
        if is_whole && origin_of(&url).is_some() {
            Ok(Some(Self { url, datum }))
        } else {
            Err(TilesFault::Address(url))
        }
    }

    /// Scheme, host and port: what a policy names.
    #[must_use]
    pub fn origin(&self) -> &str {
        origin_of(&self.url).unwrap_or_default()
    }
}

/// `https://tiles.example.cn:8443` of an address; nothing that could say more in a policy.
fn origin_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let host = rest.split('/').next().filter(|host| !host.is_empty())?;
    let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'));
    is_plain.then(|| &url[..url.len() - rest.len() + host.len()])
}

/// What a map is drawn on.
#[derive(Serialize, ToSchema)]
pub struct MapSettings {
    /// The tiles below it; without them it is a schematic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiles: Option<MapTiles>,
}

/// What the console's map of rounds is drawn on.
#[utoipa::path(operation_id = "get_map", tag = "meta",
    responses((status = 200, description = "What the map is drawn on", body = MapSettings)))]
#[get("/v1/map")]
pub async fn get_map(app: Data<App>, session: Session) -> Result<Json<MapSettings>, Problem> {
    session.may(Operation::GetMap)?;
    Ok(Json(MapSettings { tiles: app.config.map_tiles.clone() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Option<String> {
        MapTiles::settle(Some(url.to_owned()), None).ok().flatten().map(|tiles| tiles.origin().to_owned())
    }

    #[test]
    fn only_an_address_with_a_plain_host_is_taken() {
        assert_eq!(
            origin("https://tiles.example.cn/{z}/{x}/{y}.png?key=1").as_deref(),
            Some("https://tiles.example.cn")
        );
        assert_eq!(origin("http://10.0.0.7:8080/{z}/{x}/{y}").as_deref(), Some("http://10.0.0.7:8080"));
        for wrong in
            ["https://tiles.example.cn/", "ftp://a/{z}{x}{y}", "https:///{z}{x}{y}", "https://a;script-src/{z}{x}{y}"]
        {
            assert_eq!(origin(wrong), None, "{wrong}");
        }
        assert_eq!(MapTiles::settle(None, None).ok(), Some(None));
        assert!(MapTiles::settle(None, Some("bd09".into())).is_err());
    }
}
