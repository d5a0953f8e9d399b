//! Settings of the process: defaults, then the TOML file, then environment and flags.
//!
//! What the regulation lets a company choose (targets, cut-in days, tolerances) is not here but in the dated `settings`
//! table: it belongs to the data, not to a node.

use crate::db::DatabaseUrl;
use crate::meta::{MapTiles, TilesFault};
use crate::outbound::OutboundRules;
use crate::photos::{PhotoPlace, PlaceFault};
use meterbook::accounts::{Profile, SecondFactor};
use meterbook::calendar::Zone;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The limits published in `GET /v1/meta` and enforced while a body streams in.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a body as sent.
    pub body_bytes: usize,
    /// Bytes of a body after inflation.
    pub inflated_bytes: usize,
    /// Bytes of an imported file, as sent and after inflation.
    pub import_bytes: usize,
    /// Items in one push.
    pub push_items: usize,
    /// Ids in one offer.
    pub offer_ids: usize,
    /// Rows on one page.
    pub page_rows: i64,
    /// Bytes of a photo.
    pub photo_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 2 << 20,
            inflated_bytes: 8 << 20,
            import_bytes: 32 << 20,
            push_items: 500,
            offer_ids: 5_000,
            page_rows: 500,
            photo_bytes: 10 << 20,
        }
    }
}

/// How costly a password hash is (Argon2id).
#[derive(Clone, Copy, Debug)]
pub struct HashCost {
    /// KiB of memory.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
}

impl HashCost {
    /// The least the service accepts (OWASP: 19 MiB, 2 passes).
    pub const FLOOR: Self = Self { memory_kib: 19 * 1024, passes: 2 };
}

impl Default for HashCost {
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3 }
    }
}

/// The settings of one process.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where SQLite, keys and photos live.
    pub data_dir: PathBuf,
    /// The database.
    pub database: DatabaseUrl,
    /// The key file.
    pub keys: PathBuf,
    /// The address to listen at.
    pub listen: SocketAddr,
    /// A TLS proxy stands in front, so plain HTTP may be served off loopback.
    pub behind_proxy: bool,
    /// The company's zone.
    pub zone: Zone,
    /// Limits on what comes in.
    pub limits: Limits,
    /// Cost of a password hash.
    pub hash_cost: HashCost,
    /// Where photos are kept.
    pub photos: PhotoPlace,
    /// How many days a photo is kept that no record names.
    pub photo_keep_unnamed_days: u32,
    /// How passwords must be and how long desks stay signed in.
    pub profile: Profile,
    /// Whether desks need a second factor.
    pub second_factor: SecondFactor,
    /// How often a node looks around for those who wait: feeds moved on other nodes, sessions that ended.
    pub look_around: Duration,
    /// Where this service may send anything by itself.
    pub outbound: OutboundRules,
    /// Where the console's map has its tiles from; nowhere unless told.
    pub map_tiles: Option<MapTiles>,
}

/// Twice within the time a revocation may take (PROTOCOL, "Devices and sessions").
const LOOK_AROUND: Duration = Duration::from_secs(2);

/// The settings as a TOML file writes them; every one may be left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// Folder for SQLite and keys.
    pub data_dir: Option<PathBuf>,
    /// `postgres://…`, or a SQLite path.
    pub database: Option<String>,
    /// The key file; default `keys.json` in the data folder.
    pub keys: Option<PathBuf>,
    /// `127.0.0.1:8080`.
    pub listen: Option<SocketAddr>,
    /// Whether a TLS proxy stands in front.
    pub behind_proxy: Option<bool>,
    /// Minutes east of UTC; 480 is Asia/Shanghai.
    pub zone_east_minutes: Option<i32>,
    /// A folder, or `s3://bucket/prefix`; default `photos` in the data folder.
    pub photos: Option<String>,
    /// Days a photo is kept that no record names; 30 unless told.
    pub photo_keep_unnamed_days: Option<u32>,
    /// `modern` or `mlps3`.
    pub password_profile: Option<String>,
    /// `optional` or `required`.
    pub second_factor: Option<String>,
    /// Beginnings of the URLs webhooks may go to, `https://orders.example.cn/hooks`; none unless told.
    pub webhook_allow: Option<Vec<String>>,
    /// Whether webhooks may go to addresses of the company's own network; no unless told.
    pub webhook_allow_private: Option<bool>,
    /// The address of the console's map tiles, `https://tiles.example.cn/{z}/{x}/{y}.png`; none unless told.
    pub map_tiles: Option<String>,
    /// Their datum: `wgs84` (unless told) or `gcj02`.
    pub map_tiles_datum: Option<String>,
}

/// Why the settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("the configuration {0} can't be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// The file is not what it should be.
    #[error("the configuration {0} is not valid: {1}")]
    Invalid(PathBuf, Box<toml::de::Error>),
    /// The zone is beyond ±18 h.
    #[error("zone_east_minutes is {0}, expected -1080 to 1080")]
    Zone(i32),
    /// Plain HTTP would be served to the network (SECURITY 6).
    #[error(
        "{0} is not a loopback address, and Meterbook speaks plain HTTP: put a TLS proxy in front and say --behind-proxy"
    )]
    PlainHttp(SocketAddr),
    /// No such profile.
    #[error("password_profile is {0}, expected modern or mlps3")]
    Profile(String),
    /// No such policy.
    #[error("second_factor is {0}, expected optional or required")]
    SecondFactor(String),
    /// 等保三级 asks for two factors.
    #[error("the profile mlps3 asks for two factors: second_factor can't be optional")]
    OneFactor,
    /// The place for photos can't be used.
    #[error(transparent)]
    Photos(#[from] PlaceFault),
    /// The tiles' address can't be used.
    #[error(transparent)]
    Tiles(#[from] TilesFault),
}

impl ConfigFile {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// Where it can't be read or holds a key nobody knows.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|fault| ConfigError::Unreadable(path.into(), fault))?;
        toml::from_str(&text).map_err(|fault| ConfigError::Invalid(path.into(), Box::new(fault)))
    }

    /// Lays `other` over this one.
    #[must_use]
    pub fn overlaid(self, other: Self) -> Self {
        Self {
            data_dir: other.data_dir.or(self.data_dir),
            database: other.database.or(self.database),
            keys: other.keys.or(self.keys),
            listen: other.listen.or(self.listen),
            behind_proxy: other.behind_proxy.or(self.behind_proxy),
            zone_east_minutes: other.zone_east_minutes.or(self.zone_east_minutes),
            photos: other.photos.or(self.photos),
            photo_keep_unnamed_days: other.photo_keep_unnamed_days.or(self.photo_keep_unnamed_days),
            password_profile: other.password_profile.or(self.password_profile),
            second_factor: other.second_factor.or(self.second_factor),
            webhook_allow: other.webhook_allow.or(self.webhook_allow),
            webhook_allow_private: other.webhook_allow_private.or(self.webhook_allow_private),
            map_tiles: other.map_tiles.or(self.map_tiles),
            map_tiles_datum: other.map_tiles_datum.or(self.map_tiles_datum),
        }
    }

    /// Fills in the defaults.
    ///
    /// # Errors
    /// Where a value can't be.
    pub fn settle(self) -> Result<Config, ConfigError> {
        let data_dir = self.data_dir.unwrap_or_else(|| "meterbook-data".into());
        let database = match self.database {
            Some(text) => DatabaseUrl::parse(&text),
            None => DatabaseUrl::Sqlite(data_dir.join("meterbook.sqlite")),
        };
        let minutes = self.zone_east_minutes.unwrap_or(480);
        let listen = self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let behind_proxy = self.behind_proxy.unwrap_or(false);
        if !listen.ip().is_loopback() && !behind_proxy {
            return Err(ConfigError::PlainHttp(listen));
        }
        let photos = match self.photos {
            Some(text) => PhotoPlace::parse(&text, |name| std::env::var(name).ok())?,
            None => PhotoPlace::Folder(data_dir.join("photos")),
        };
        let map_tiles = MapTiles::settle(self.map_tiles, self.map_tiles_datum)?;
        let (profile, second_factor) = settle_security(self.password_profile, self.second_factor)?;
        Ok(Config {
            profile,
            second_factor,
            keys: self.keys.unwrap_or_else(|| data_dir.join("keys.json")),
            data_dir,
            database,
            listen,
            behind_proxy,
            zone: Zone::east_minutes(minutes).ok_or(ConfigError::Zone(minutes))?,
            limits: Limits::default(),
            hash_cost: HashCost::default(),
            photos,
            photo_keep_unnamed_days: self.photo_keep_unnamed_days.unwrap_or(30).max(1),
            look_around: LOOK_AROUND,
            outbound: OutboundRules {
                allow: self.webhook_allow.unwrap_or_default(),
                allow_private: self.webhook_allow_private.unwrap_or(false),
                ..OutboundRules::default()
            },
            map_tiles,
        })
    }
}

/// Two factors where the profile asks for them; else as told.
fn settle_security(
    profile: Option<String>,
    second_factor: Option<String>,
) -> Result<(Profile, SecondFactor), ConfigError> {
    let profile = match profile {
        None => Profile::default(),
        Some(code) => Profile::from_code(&code).ok_or(ConfigError::Profile(code))?,
    };
    let told = match second_factor {
        None => None,
        Some(code) => Some(SecondFactor::from_code(&code).ok_or(ConfigError::SecondFactor(code))?),
    };
    match (profile, told) {
        (Profile::Mlps3, Some(SecondFactor::Optional)) => Err(ConfigError::OneFactor),
        (Profile::Mlps3, _) => Ok((profile, SecondFactor::Required)),
        (Profile::Modern, told) => Ok((profile, told.unwrap_or_default())),
    }
}
