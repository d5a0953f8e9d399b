//! Access tokens that are not ours, whole and current (SECURITY 5).

use crate::support::World;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

/// A forger who holds a true token and, for the hardest cases, the signing key.
struct Forger {
    token: String,
    header: Header,
    claims: Value,
    key: EncodingKey,
    public: Vec<u8>,
}

impl Forger {
    fn of(world: &World, token: &str) -> Self {
        let file: Value =
            serde_json::from_slice(&std::fs::read(world.database.dir.join("keys.json")).unwrap()).unwrap();
        let pkcs8 = STANDARD.decode(file["signing_pkcs8"].as_str().unwrap()).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        // PKCS #8 version 2 ends with the public key.
        let public = pkcs8[pkcs8.len() - 32..].to_vec();
        Self {
            token: token.to_owned(),
            header: jsonwebtoken::decode_header(token).unwrap(),
            claims: serde_json::from_slice(&claims).unwrap(),
            key: EncodingKey::from_ed_der(&pkcs8),
            public,
        }
    }

    /// Rightly signed, with another claim (`Null` removes it).
    fn claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().shift_remove(name);
        } else {
            claims[name] = value;
        }
        encode(&self.header, &claims, &self.key).unwrap()
    }

    /// Rightly signed, with another header.
    fn header(&self, change: impl FnOnce(&mut Header)) -> String {
        let mut header = self.header.clone();
        change(&mut header);
        encode(&header, &self.claims, &self.key).unwrap()
    }

    fn with_secret(&self, secret: &[u8], algorithm: Algorithm) -> String {
        let header = Header { alg: algorithm, ..self.header.clone() };
        encode(&header, &self.claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    /// Parts joined as they are, so that no library objects.
    fn raw(&self, header: &Value, signature: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{signature}", part(header), part(&self.claims))
    }

    fn part(&self, number: usize) -> &str {
        self.token.split('.').nth(number).unwrap()
    }
}

/// Another pair than the service's.
fn strangers_key() -> EncodingKey {
    // RFC 8032, section 7.1, test 1, as PKCS #8.
    let der = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpe3syGcQ26tcYrn9g";
    EncodingKey::from_ed_der(&STANDARD.decode(der).unwrap())
}

fn bad_tokens(forger: &Forger, refresh: &str, now: i64) -> Vec<(&'static str, String)> {
    let mut header = serde_json::to_value(&forger.header).unwrap();
    let signature = forger.part(2);
    let jwk: Jwk = serde_json::from_value(json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA",
        "x": URL_SAFE_NO_PAD.encode(&forger.public) }))
    .unwrap();
    let mut flipped = forger.token.clone().into_bytes();
    let place = forger.token.rfind('.').unwrap() + 10;
    flipped[place] = if flipped[place] == b'A' { b'B' } else { b'A' };
    header["alg"] = json!("none");
    let (none, unsigned) = (forger.raw(&header, signature), forger.raw(&header, ""));
    header["alg"] = json!("None");
    let spelt = forger.raw(&header, "");
    header["alg"] = json!("EdDSA");
    header["crit"] = json!(["exp"]);
    vec![
        ("alg none", none),
        ("alg none, unsigned", unsigned),
        ("alg None", spelt),
        ("signature missing", format!("{}.{}.", forger.part(0), forger.part(1))),
        ("signed with the public key as a secret", forger.with_secret(&forger.public, Algorithm::HS256)),
        ("signed with the kid as a secret", {
            forger.with_secret(forger.header.kid.as_deref().unwrap().as_bytes(), Algorithm::HS512)
        }),
        ("a stranger's key", encode(&forger.header, &forger.claims, &strangers_key()).unwrap()),
        ("other kid", forger.header(|header| header.kid = Some("other".into()))),
        ("kid that is a path", forger.header(|header| header.kid = Some("../../dev/null".into()))),
        ("no kid", forger.header(|header| header.kid = None)),
        ("typ JWT", forger.header(|header| header.typ = Some("JWT".into()))),
        ("no typ", forger.header(|header| header.typ = None)),
        ("embedded key", forger.header(|header| header.jwk = Some(jwk))),
        ("other issuer", forger.claim("iss", json!("elsewhere"))),
        ("no issuer", forger.claim("iss", Value::Null)),
        ("other audience", forger.claim("aud", json!("another-api"))),
        ("no audience", forger.claim("aud", Value::Null)),
        ("no subject", forger.claim("sub", Value::Null)),
        ("subject that is no number", forger.claim("sub", json!("admin"))),
        ("role that is none", forger.claim("role", json!("root"))),
        ("expired this second", forger.claim("exp", json!(now))),
        ("no expiry", forger.claim("exp", Value::Null)),
        ("expiry that is text", forger.claim("exp", json!("never"))),
        ("not yet valid", forger.claim("nbf", json!(now + 1))),
        ("no session", forger.claim("sid", Value::Null)),
        ("session that is not there", forger.claim("sid", json!(424_242))),
        ("older session version", forger.claim("ver", json!(0))),
        ("cut off", forger.token[..forger.token.len() - 4].to_owned()),
        ("signature changed", String::from_utf8(flipped).unwrap()),
        ("claims of another token", {
            let claims = URL_SAFE_NO_PAD.encode(json!({ "sub": "1", "role": "admin" }).to_string());
            format!("{}.{claims}.{signature}", forger.part(0))
        }),
        ("two parts", format!("{}.{}", forger.part(0), forger.part(1))),
        ("four parts", format!("{}.{signature}", forger.token)),
        ("unknown critical header", forger.raw(&header, signature)),
        ("refresh token", refresh.to_owned()),
        ("nothing", String::new()),
        ("no token at all", "Bearer".into()),
    ]
}

on_both_stores! {
    async fn every_bad_token_is_refused(world: World) {
        let phone = world.reader_phone().await;
        let forger = Forger::of(&world, &phone.access);
        // What the forger makes is good but for the one thing changed.
        let same = encode(&forger.header, &forger.claims, &forger.key).unwrap();
        assert_eq!(world.get("/v1/me", &same).await.0, 200);
        let bad = bad_tokens(&forger, &phone.refresh, world.clock.now().timestamp());
        assert!(bad.len() >= 20);
        for (what, token) in bad {
            let request = world.request(reqwest::Method::GET, "/v1/me").header("authorization", format!("Bearer {token}"));
            let answer = world.send(request).await;
            assert_eq!((what, answer.status, answer.json()["code"].as_str()), (what, 401, Some("unauthenticated")));
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        let basic = world.request(reqwest::Method::GET, "/v1/me").basic_auth("admin", Some("x"));
        assert_eq!(world.send(basic).await.status, 401);
    }

    async fn a_token_ends_after_a_quarter_of_an_hour(world: World) {
        let phone = world.reader_phone().await;
        world.advance(TimeDelta::minutes(15) - TimeDelta::seconds(1));
        assert_eq!(world.get("/v1/me", &phone.access).await.0, 200);
        world.advance(TimeDelta::seconds(1));
        assert_eq!(world.get("/v1/me", &phone.access).await.0, 401);
    }

    /// A role in the token that the account does not have needs the signing key; the account's id alone gives nothing.
    async fn a_token_speaks_for_its_own_account(world: World) {
        let phone = world.reader_phone().await;
        let (status, me) = world.get("/v1/me", &phone.access).await;
        assert_eq!((status, me["id"].as_i64(), &me["role"]), (200, Some(phone.account), &json!("reader")));
    }
}
