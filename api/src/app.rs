//! The service put together: what every request shares, and the HTTP server around it.

use crate::accounts::store::{Glimpse, create_instance, find_instance, glimpses, renew_setup_token};
use crate::accounts::{LoginThrottle, PasswordHasher, Tokens};
use crate::audit::start_audit_chain;
use crate::clock::Clock;
use crate::config::Config;
use crate::contract;
use crate::db::{Conn, Isolation, Store, StoreError, Together, migrate};
use crate::desks::{self, Desks};
use crate::http::{
    IdempotencyKey, Problem, ProblemCode, RequestSpan, RouteTable, answer_in_language, answer_unrouted, check_rights,
    path_config, query_config, secure_headers,
};
use crate::keys::{KeyError, Keys, sha256};
use crate::outbound::Outbound;
use crate::photos::{Vault, VaultFault};
use crate::rounds::plans::Planner;
use crate::rounds::plans::job::keep_planning;
use crate::sync::pokes::{Pokes, watch};
use crate::sync::push::Gathered;
use actix_web::http::StatusCode;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{HttpRequest, HttpResponse, HttpServer, web};
use diesel::QueryResult;
use meterbook::accounts::Actor;
use meterbook::calendar::Instant;
use serde::Serialize;
use std::net::{IpAddr, TcpListener};
use std::sync::Arc;

/// What every request shares.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The data.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// The keys.
    pub keys: Arc<Keys>,
    /// Access tokens.
    pub tokens: Tokens,
    /// Whether a session stands, and whether there is something new for it.
    pub sessions: Together<i64, Glimpse>,
    /// Phones' pushes, taken together.
    pub pushes: Gathered,
    /// Password hashing.
    pub hasher: PasswordHasher,
    /// Sign-in tries.
    pub throttle: LoginThrottle,
    /// Phones that wait for their feeds.
    pub pokes: Arc<Pokes>,
    /// Desks that follow what changes.
    pub desks: Arc<Desks>,
    /// What wakes the planning job.
    pub planner: Planner,
    /// The photos.
    pub vault: Vault,
    /// A report's file is made only by who holds a permit; see [`crate::reports::press`].
    pub press: tokio::sync::Semaphore,
    /// What this service sends by itself.
    pub outbound: Outbound,
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database can't be opened.
    #[error("the database can't be opened: {0}")]
    Open(#[from] diesel::ConnectionError),
    /// The schema can't be brought up to date.
    #[error(transparent)]
    Migrate(#[from] crate::db::MigrationError),
    /// The keys can't be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A statement failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys are not those the data were sealed with.
    #[error("the key file is not the one this database was made with: bring back the right {0}")]
    OtherKeys(std::path::PathBuf),
    /// The photos' place can't be used.
    #[error(transparent)]
    Photos(#[from] VaultFault),
    /// The machine gives no randomness, or hashing does not work.
    #[error("this machine's cryptography does not work")]
    Crypto,
    /// The address can't be listened at.
    #[error("can't listen: {0}")]
    Listen(#[from] std::io::Error),
}

/// The token of a first run, to be shown once.
pub struct SetupToken(pub String);

impl App {
    /// Opens the data (bringing the schema up to date) and prepares the service. The token is there while no administrator is.
    ///
    /// # Errors
    /// Every reason not to start, said so that a person can act on it.
    pub async fn build(config: Config, clock: Clock) -> Result<(Self, Option<SetupToken>), StartError> {
        std::fs::create_dir_all(&config.data_dir)?;
        let keys = Arc::new(Keys::load_or_create(&config.keys)?);
        let (url, its_keys) = (config.database.clone(), Arc::clone(&keys));
        let opened = tokio::task::spawn_blocking(move || {
            migrate(&url)?;
            Store::open(url, &its_keys).map_err(StartError::from)
        });
        let store = opened.await.map_err(|_| StartError::Crypto)??;
        let setup = prepare_instance(&config, &store, &keys, clock.now()).await?;
        start_audit_chain(&store, clock.now()).await?;
        let tokens = Tokens::new(&keys);
        let sessions = Together::new(&store, "check_sessions", glimpses);
        let pushes = Gathered::new(&store);
        let hasher = PasswordHasher::new(config.hash_cost);
        let pokes = Arc::new(Pokes::default());
        let told = Arc::clone(&pokes);
        store.on_feed_move(move |moved| told.moved(moved));
        let desks = Arc::new(Desks::new(uuid::Uuid::now_v7().as_u64_pair().1));
        let told = Arc::clone(&desks);
        store.on_commit(move |transaction| told.committed(transaction));
        let outbound = Outbound::new(config.outbound.clone()).map_err(|_| StartError::Crypto)?;
        let press = tokio::sync::Semaphore::new(crate::reports::press::PRESSES);
        let (vault, throttle) = (Vault::open(&config.photos, &config.data_dir)?, LoginThrottle::default());
        Ok((
            Self {
                config,
                store,
                clock,
                keys,
                tokens,
                sessions,
                pushes,
                hasher,
                throttle,
                pokes,
                desks,
                planner: Planner::default(),
                vault,
                press,
                outbound,
            },
            setup,
        ))
    }

    /// The epoch of the data (PROTOCOL, "Meta"), asked each time: a restore under running nodes must not find one that remembers.
    ///
    /// # Errors
    /// The database's.
    pub async fn epoch(&self) -> Result<uuid::Uuid, StoreError> {
        let found = self.store.read("find_epoch", find_instance).await?;
        found.map(|instance| instance.epoch.0).ok_or(StoreError::Database(diesel::NotFound))
    }

    /// Serves HTTP at a listener until the returned server is stopped.
    ///
    /// # Errors
    /// Where the listener can't be used.
    pub fn serve(self: Arc<Self>, listener: TcpListener, workers: usize) -> std::io::Result<actix_web::dev::Server> {
        let every = self.config.look_around;
        let (pokes, desks) = (Arc::clone(&self.pokes), Arc::clone(&self.desks));
        actix_web::rt::spawn(desks::watch(Arc::clone(&desks), self.store.clone(), self.clock.clone(), every));
        actix_web::rt::spawn(watch(pokes, desks, self.store.clone(), self.clock.clone(), every));
        actix_web::rt::spawn(keep_planning(Arc::clone(&self)));
        let limits = web::Data::new(self.config.limits);
        let routes = web::Data::new(RouteTable::of(&contract::paths()));
        let app = web::Data::from(self);
        let factory = move || {
            actix_web::App::new()
                .app_data(app.clone())
                .app_data(limits.clone())
                .app_data(routes.clone())
                .app_data(path_config())
                .app_data(query_config())
                .wrap(from_fn(check_rights))
                .wrap(Compress::default())
                .wrap(from_fn(answer_in_language))
                .wrap(from_fn(secure_headers))
                .wrap(tracing_actix_web::TracingLogger::<RequestSpan>::new())
                .configure(contract::serve)
                .configure(crate::web::pages)
                .default_service(web::route().to(answer_unrouted))
        };
        let server = HttpServer::new(factory)
            .workers(workers)
            .shutdown_timeout(10)
            .client_request_timeout(std::time::Duration::from_secs(20));
        Ok(server.listen(listener)?.run())
    }

    /// Where a request comes from, as far as one can know.
    #[must_use]
    pub fn client_address(&self, request: &HttpRequest) -> Option<IpAddr> {
        let forwarded = self.config.behind_proxy.then(|| {
            let header = request.headers().get("x-forwarded-for")?.to_str().ok()?;
            header.rsplit(',').next()?.trim().parse().ok()
        });
        forwarded.flatten().or_else(|| request.peer_addr().map(|peer| peer.ip()))
    }

    /// Does something that mints ids once per Idempotency-Key: the same key and input get the first answer again.
    ///
    /// # Errors
    /// The deed's own refusal, or a key used for another request.
    pub async fn once<T, F>(
        &self,
        actor: Actor,
        key: IdempotencyKey,
        operation: &'static str,
        input: &impl Serialize,
        status: u16,
        mut deed: F,
    ) -> Result<HttpResponse, Problem>
    where
        T: Serialize,
        F: FnMut(&mut Conn, Instant) -> QueryResult<Result<T, Problem>> + Send + 'static,
    {
        let now = self.clock.now();
        let asked = serde_json::to_vec(&(operation, input)).map_err(|_| Problem::new(ProblemCode::Internal))?;
        let hash = sha256(&asked);
        let answer = self.store.write(operation, Isolation::Serializable, move |conn| {
            use crate::http::{Remembered, recall, remember};
            if let IdempotencyKey(Some(key)) = &key {
                match recall(conn, actor.account, key, &hash)? {
                    Remembered::New => {}
                    Remembered::Answered(status, body) => return Ok(Ok((status, body))),
                    Remembered::Mismatch => return Ok(Err(Problem::new(ProblemCode::IdempotencyMismatch))),
                }
            }
            let made = match deed(conn, now)? {
                Ok(made) => made,
                Err(problem) => return Ok(Err(problem)),
            };
            let body = serde_json::to_string(&made)
                .map_err(|fault| diesel::result::Error::SerializationError(fault.into()))?;
            if let IdempotencyKey(Some(key)) = &key {
                remember(conn, actor.account, key, &hash, (status, &body), now)?;
            }
            Ok(Ok((status, body)))
        });
        let (status, body) = answer.await??;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Ok(HttpResponse::build(status).content_type("application/json").body(body))
    }
}

/// Finds or makes the installation's own row; a new set-up token while nobody has claimed it (SECURITY 10).
async fn prepare_instance(
    config: &Config,
    store: &Store,
    keys: &Keys,
    now: Instant,
) -> Result<Option<SetupToken>, StartError> {
    let found = store.read("find_instance", find_instance).await?;
    if found.as_ref().is_some_and(|instance| instance.key_fingerprint != keys.fingerprint()) {
        return Err(StartError::OtherKeys(config.keys.clone()));
    }
    if found.is_some_and(|instance| instance.claimed_at.is_some()) {
        return Ok(None);
    }
    let token = crate::accounts::setup_token().ok_or(StartError::Crypto)?;
    let (hash, fingerprint) = (sha256(token.as_bytes()), keys.fingerprint().to_vec());
    let epoch = uuid::Uuid::now_v7();
    let prepared = store.write("prepare_instance", Isolation::Serializable, move |conn| match find_instance(conn)? {
        None => create_instance(conn, epoch, &fingerprint, &hash, now),
        Some(_) => renew_setup_token(conn, &hash),
    });
    prepared.await?;
    Ok(Some(SetupToken(token)))
}
