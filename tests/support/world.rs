//! A running server and somebody to talk to it.

use super::contract::Contract;
use super::database::Database;
use actix_web::dev::ServerHandle;
use chrono::TimeDelta;
use meterbook::accounts::{Profile, Role, SecondFactor};
use meterbook::calendar::Zone;
use meterbook_api::App;
use meterbook_api::clock::Clock;
use meterbook_api::config::{Config, HashCost, Limits};
use meterbook_api::db::DatabaseUrl;
use meterbook_api::meta::MapTiles;
use meterbook_api::outbound::OutboundRules;
use meterbook_api::photos::PhotoPlace;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};

/// The password of everybody here.
pub const PASSWORD: &str = "gas flows at 0.4 m3/h";

/// What a world may differ in.
#[derive(Default)]
pub struct WorldOptions {
    /// The server trusts X-Forwarded-For.
    pub behind_proxy: bool,
    /// Photos are kept elsewhere than in the world's folder.
    pub photos: Option<PhotoPlace>,
    /// How passwords must be.
    pub profile: Profile,
    /// Whether desks need a second factor.
    pub second_factor: SecondFactor,
    /// Another way to the database.
    pub database_url: Option<String>,
    /// It looks around for those who wait more rarely than is good.
    pub look_around: Option<Duration>,
    /// Where the server may send anything by itself; nowhere unless told.
    pub outbound: OutboundRules,
    /// Where the console's map has its tiles from.
    pub map_tiles: Option<MapTiles>,
}

/// A server on its own thread, with its own data and its own time. It ends with this value.
pub struct World {
    pub app: Arc<App>,
    pub clock: Clock,
    /// `http://127.0.0.1:port`.
    pub url: String,
    /// The first-run token, where the data were new.
    pub setup_token: String,
    pub client: reqwest::Client,
    pub database: Arc<Database>,
    admin: OnceCell<SignedIn>,
    desks: [OnceCell<SignedIn>; 5],
    desk_now: Mutex<Option<(meterbook::calendar::Instant, String)>>,
    logins: AtomicU32,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// Somebody with tokens.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub access: String,
    pub refresh: String,
    pub account: i64,
    pub login: String,
    pub device: Option<i64>,
}

impl SignedIn {
    /// From the answer to a sign-in, an activation or a refresh.
    pub fn of(answer: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no tokens in {answer}")).to_owned();
        Self {
            access: text(&answer["access_token"]),
            refresh: text(&answer["refresh_token"]),
            account: answer["account"]["id"].as_i64().unwrap(),
            login: text(&answer["account"]["login"]),
            device: answer["device_id"].as_i64(),
        }
    }
}

/// One answer, already held against the contract.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body; `Null` where there is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header as text, empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl World {
    /// Starts a server on a database.
    pub fn start(database: Database, options: WorldOptions) -> Self {
        Self::start_another(Arc::new(database), options)
    }

    /// Starts one more server on the same database.
    pub fn start_another(database: Arc<Database>, options: WorldOptions) -> Self {
        let clock = Clock::set_at("2026-03-02T01:00:00Z".parse().unwrap());
        let config = Config {
            data_dir: database.dir.clone(),
            database: DatabaseUrl::parse(options.database_url.as_deref().unwrap_or(&database.url)),
            keys: database.dir.join("keys.json"),
            listen: ([127, 0, 0, 1], 0).into(),
            behind_proxy: options.behind_proxy,
            zone: Zone::east_minutes(480).unwrap(),
            limits: Limits::default(),
            hash_cost: HashCost::FLOOR,
            photos: options.photos.unwrap_or_else(|| PhotoPlace::Folder(database.dir.join("photos"))),
            photo_keep_unnamed_days: 30,
            profile: options.profile,
            second_factor: options.second_factor,
            look_around: options.look_around.unwrap_or(Duration::from_secs(2)),
            outbound: options.outbound,
            map_tiles: options.map_tiles,
        };
        let (started, is_started) = mpsc::channel();
        let its_clock = clock.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let (app, setup) = App::build(config, its_clock).await.unwrap();
                let app = Arc::new(app);
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let address = listener.local_addr().unwrap();
                let server = Arc::clone(&app).serve(listener, 1).unwrap();
                started.send((app, setup, address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (app, setup, address, server) = is_started.recv().expect("the server did not start");
        // The server closes what has been idle for five seconds: a connection it is just closing must not be used again.
        let idle = Duration::from_secs(2);
        let client = reqwest::Client::builder().no_proxy().pool_idle_timeout(idle).build().unwrap();
        Self {
            app,
            clock,
            url: format!("http://{address}"),
            setup_token: setup.map(|token| token.0).unwrap_or_default(),
            client,
            database,
            admin: OnceCell::new(),
            desks: Default::default(),
            desk_now: Mutex::default(),
            logins: AtomicU32::new(0),
            server,
            thread: Some(thread),
        }
    }

    /// The epoch of the data, as `/v1/meta` tells it.
    pub async fn epoch(&self) -> String {
        let (_, meta) = self.get("/v1/meta", "").await;
        meta["epoch"].as_str().unwrap().to_owned()
    }

    /// Lets time pass.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.set(self.clock.now() + by);
    }

    /// A request to a path.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Sends a request and holds the answer against the contract.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap()
    }

    /// The same where the connection may be closed under it.
    pub async fn try_send(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let request = request.build()?;
        let (method, path) = (request.method().to_string(), request.url().path().to_owned());
        let mut response = self.client.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // A stream has no end to wait for: its first words do.
        let body = if headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            response.chunk().await?.unwrap_or_default()
        } else {
            response.bytes().await?
        };
        let answer = Answer { status, headers, body: body.to_vec() };
        let content_type = answer.headers.get("content-type").and_then(|value| value.to_str().ok());
        if method != "HEAD" && method != "OPTIONS" {
            Contract::get().check(&method, &path, status, content_type, &answer.body);
        }
        Ok(answer)
    }

    /// GET; `token` may be empty.
    pub async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        self.exchange(Method::GET, path, token, None).await
    }

    /// POST of JSON; `token` may be empty, and `Null` sends no body.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> (u16, Value) {
        self.exchange(Method::POST, path, token, Some(body)).await
    }

    async fn exchange(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> (u16, Value) {
        let mut request = self.request(method, path);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body.filter(|body| !body.is_null()) {
            request = request.json(body);
        }
        let answer = self.send(request).await;
        (answer.status, answer.json())
    }

    /// The first administrator, made at the first call.
    pub async fn admin(&self) -> SignedIn {
        let made = self.admin.get_or_init(|| async {
            let body =
                json!({ "setup_token": self.setup_token, "login": "admin", "password": PASSWORD, "name": "管理员" });
            assert_eq!(self.post("/v1/setup", "", &body).await.0, 201);
            self.sign_in("admin").await
        });
        made.await.clone()
    }

    /// An access token of the administrator that is good now, however much time has passed.
    pub async fn desk_admin(&self) -> String {
        let now = self.clock.now();
        let mut desk = self.desk_now.lock().await;
        // A desk's token lives for a quarter of an hour; signing in each time would be taken for guessing.
        if let Some((at, access)) = desk.as_ref()
            && (TimeDelta::zero()..TimeDelta::minutes(10)).contains(&(now - *at))
        {
            return access.clone();
        }
        self.admin().await;
        let access = self.sign_in("admin").await.access;
        *desk = Some((now, access.clone()));
        access
    }

    /// Makes an account, without signing in. Its id and login name.
    pub async fn account(&self, role: Role) -> (i64, String) {
        let admin = self.admin().await;
        let login = format!("{role}-{}", self.logins.fetch_add(1, Ordering::Relaxed));
        let body = json!({ "login": login, "name": "张伟", "role": role.code(), "password": PASSWORD });
        let (status, answer) = self.post("/v1/accounts", &admin.access, &body).await;
        assert_eq!(status, 201, "{answer}");
        (answer["id"].as_i64().unwrap(), login)
    }

    /// Somebody with this role, signed in at a desk.
    pub async fn desk(&self, role: Role) -> SignedIn {
        let (_, login) = self.account(role).await;
        self.sign_in(&login).await
    }

    /// The same desk for a role each time, or one that may be signed out.
    pub async fn cached_desk(&self, role: Role, to_be_ended: bool) -> SignedIn {
        if to_be_ended {
            return self.desk(role).await;
        }
        self.desks[role as usize].get_or_init(|| self.desk(role)).await.clone()
    }

    /// Signs in with the password everybody has here.
    pub async fn sign_in(&self, login: &str) -> SignedIn {
        let (status, answer) = self.try_sign_in(login, PASSWORD).await;
        assert_eq!(status, 200, "{answer}");
        SignedIn::of(&answer)
    }

    /// Tries to sign in.
    pub async fn try_sign_in(&self, login: &str, password: &str) -> (u16, Value) {
        self.post("/v1/auth/login", "", &json!({ "login": login, "password": password })).await
    }

    /// An activation code for a reader.
    pub async fn activation_code(&self, reader: i64) -> String {
        let admin = self.admin().await;
        let (status, answer) =
            self.post("/v1/devices/activation-codes", &admin.access, &json!({ "account_id": reader })).await;
        assert_eq!(status, 201, "{answer}");
        answer["code"].as_str().unwrap().to_owned()
    }

    /// Tries to activate a phone.
    pub async fn try_activate(&self, code: &str) -> (u16, Value) {
        self.post("/v1/auth/activate", "", &json!({ "code": code, "label": "华为", "platform": "android" })).await
    }

    /// A phone of a new reader.
    pub async fn reader_phone(&self) -> SignedIn {
        let (reader, _) = self.account(Role::Reader).await;
        self.phone_of(reader).await
    }

    /// One more phone of a reader.
    pub async fn phone_of(&self, reader: i64) -> SignedIn {
        let code = self.activation_code(reader).await;
        let (status, answer) = self.try_activate(&code).await;
        assert_eq!(status, 201, "{answer}");
        SignedIn::of(&answer)
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&self, token: &str) -> (u16, Value) {
        self.post("/v1/auth/refresh", "", &json!({ "refresh_token": token })).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The order is sent before the future is first polled; the thread's end is the answer.
        drop(self.server.stop(false));
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) && !std::thread::panicking() {
            panic!("the server panicked");
        }
    }
}

/// A folder of its own for a test.
pub fn scratch_dir() -> PathBuf {
    let dir = std::env::temp_dir().join(format!("meterbook-test-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}
