//! Access tokens: JWT, EdDSA only, checked field by field against our own clock (SECURITY 5).
//!
//! All use of the JWT library is here: it ignores `typ`, reads the machine's clock and allows a minute of leeway.

use crate::http::Session;
use crate::keys::{Keys, random, sha256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use meterbook::accounts::{Actor, Profile, Role};
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, DeviceId};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

const ISSUER: &str = "meterbook";
const AUDIENCE: &str = "meterbook-api";
const TYPE: &str = "at+jwt";
/// How long a phone's access token lives.
const DEVICE_ACCESS_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How long a phone's refresh token lives unused: a reader may be on leave for a quarter.
const DEVICE_REFRESH_LIFE: TimeDelta = TimeDelta::days(120);
/// How long the exchange of a refresh token is repeated as it was: a request that the network delivers twice, or a client that
/// asks again at once, gets the same successor. Later the answer counts as lost, and the successor is replaced.
pub const REPEATED_FOR: TimeDelta = TimeDelta::seconds(60);

/// How long the tokens of a session live.
#[derive(Clone, Copy, Debug)]
pub struct Lives {
    /// An access token.
    pub access: TimeDelta,
    /// A refresh token, unused.
    pub refresh: TimeDelta,
}

impl Lives {
    /// Of a phone's session, or of a desk's as the profile has it.
    #[must_use]
    pub const fn of(is_phone: bool, profile: Profile) -> Self {
        if is_phone {
            Self { access: DEVICE_ACCESS_LIFE, refresh: DEVICE_REFRESH_LIFE }
        } else {
            Self { access: profile.desk_access_life(), refresh: profile.desk_refresh_life() }
        }
    }
}

/// What an access token says.
#[derive(Serialize, Deserialize)]
struct AccessClaims {
    iss: String,
    aud: String,
    sub: String,
    role: String,
    /// The phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    dev: Option<i64>,
    /// The session: one refresh family.
    sid: i64,
    /// The account's session version; raised to end all its sessions.
    ver: i32,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// A token that is ours and whole, whatever the time.
#[derive(Clone, Copy)]
struct Checked {
    session: Session,
    not_before: Instant,
}

impl Checked {
    fn of(claims: &AccessClaims) -> Option<Self> {
        let actor = Actor {
            account: AccountId(claims.sub.parse().ok()?),
            role: Role::from_code(&claims.role)?,
            device: claims.dev.map(DeviceId),
        };
        let expires_at = Instant::from_timestamp(claims.exp, 0)?;
        let session = Session::of(actor, claims.sid, claims.ver, expires_at);
        Some(Self { session, not_before: Instant::from_timestamp(claims.nbf, 0)? })
    }

    fn is_current(&self, now: Instant) -> bool {
        (self.not_before..self.session.expires_at).contains(&now)
    }
}

/// How many checked tokens are remembered: more phones than that check theirs anew now and then.
const REMEMBERED: usize = 20_000;

/// Mints and checks tokens.
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    kid: String,
    /// A phone shows the same token for a quarter of an hour, and its signature is the dearest part of a small request. By their
    /// hashes, so that no token lies in memory.
    checked: Cache<Vec<u8>, Checked>,
}

impl Tokens {
    /// With the installation's keys.
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        Self {
            signing: EncodingKey::from_ed_der(keys.signing_der()),
            checking: DecodingKey::from_ed_der(keys.public()),
            kid: keys.kid.clone(),
            checked: Cache::new(REMEMBERED),
        }
    }

    /// An access token for `actor` that lives so long; `None` only where signing fails.
    #[must_use]
    pub fn mint(&self, actor: &Actor, session: i64, version: i32, now: Instant, life: TimeDelta) -> Option<String> {
        let header = Header { typ: Some(TYPE.into()), kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        let claims = AccessClaims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: actor.account.to_string(),
            role: actor.role.code().into(),
            dev: actor.device.map(|device| device.0),
            sid: session,
            ver: version,
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: (now + life).timestamp(),
        };
        encode(&header, &claims, &self.signing).ok()
    }

    /// The session a token speaks for; `None` for any token that is not ours, whole and current. Whether the session still stands
    /// is for the database to say.
    #[must_use]
    pub fn check(&self, token: &str, now: Instant) -> Option<Session> {
        let hash = sha256(token.as_bytes());
        let checked = match self.checked.get(&hash) {
            Some(checked) => checked,
            None => {
                let checked = Checked::of(&self.verify(token)?)?;
                self.checked.insert(hash, checked);
                checked
            }
        };
        checked.is_current(now).then_some(checked.session)
    }

    fn verify(&self, token: &str) -> Option<AccessClaims> {
        let header = decode_header(token).ok()?;
        let ours = header.alg == Algorithm::EdDSA
            && header.typ.as_deref() == Some(TYPE)
            && header.kid.as_deref() == Some(self.kid.as_str())
            && header.jwk.is_none();
        if !ours {
            return None;
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        // Ours is the clock that counts: see `is_current`.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        decode(token, &self.checking, &validation).ok().map(|decoded| decoded.claims)
    }
}

/// A refresh token or an activation code in clear, and the hash that is stored of it.
pub struct Secret {
    /// Given once, to its owner.
    pub clear: String,
    /// Stored.
    pub hash: Vec<u8>,
}

impl Secret {
    /// 256 bits nobody can guess; `None` where the machine has no randomness.
    #[must_use]
    pub fn token() -> Option<Self> {
        let clear = URL_SAFE_NO_PAD.encode(random::<32>().ok()?);
        Some(Self { hash: sha256(clear.as_bytes()), clear })
    }

    /// What a refresh token is exchanged for at a moment: always the same, and nobody without the key file can tell it from the
    /// token. Nothing has to be stored in clear for a repeated request to get it again.
    #[must_use]
    pub fn successor(keys: &Keys, token: &str, at_ms: i64) -> Self {
        let clear = URL_SAFE_NO_PAD.encode(keys.tag(&[b"refresh", token.as_bytes(), &at_ms.to_be_bytes()]));
        Self { hash: sha256(clear.as_bytes()), clear }
    }

    /// A code a person can type: 12 characters (60 bits) without those that look alike, in groups of four.
    #[must_use]
    pub fn code() -> Option<Self> {
        const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
        let letters: Vec<char> =
            random::<12>().ok()?.iter().map(|b| char::from(ALPHABET[usize::from(b % 32)])).collect();
        let clear = letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-");
        Some(Self { hash: Self::hash_of_code(&clear), clear })
    }

    /// The stored hash of a typed code: case and separators do not matter.
    #[must_use]
    pub fn hash_of_code(typed: &str) -> Vec<u8> {
        let normal: String =
            typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
        sha256(normal.as_bytes())
    }
}
