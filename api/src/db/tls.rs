//! Reaching PostgreSQL, over TLS where the URL's `sslmode` asks for it, as libpq would.
//!
//! Why separate: the driver knows `disable`, `prefer` and `require` and no certificates at all. Who must vouch for the server is
//! settled here, before a password goes out.

mod stream;
mod trust;

use super::conn::PgConnection;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use percent_encoding::percent_decode_str;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::OnceLock;
use stream::Connector;
use tokio::runtime::Runtime;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode as Wanted};

/// What a connection must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SslMode {
    /// Plain.
    Disable,
    /// Encrypted where the server can.
    Prefer,
    /// Encrypted; whoever the server is.
    Require,
    /// Encrypted, by a server whose certificate a trusted authority has signed.
    VerifyCa,
    /// The same, and the certificate is of the host that was asked for.
    VerifyFull,
}

/// A URL with what the driver does not know taken out of it.
struct Target {
    url: String,
    config: Config,
    mode: SslMode,
    /// The authorities, as PEM; `None`: those this machine trusts.
    roots: Option<PathBuf>,
}

fn bad(text: impl Into<String>) -> ConnectionError {
    ConnectionError::BadConnection(text.into())
}

impl Target {
    fn parse(url: &str) -> ConnectionResult<Self> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut told, mut roots, mut kept) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("sslmode", mode) => told = Some(read_mode(mode)?),
                ("sslrootcert", "system") => roots = None,
                ("sslrootcert", path) => {
                    let path = percent_decode_str(path).decode_utf8();
                    let path = path.map_err(|_| bad("sslrootcert is not UTF-8"))?;
                    roots = Some(PathBuf::from(path.as_ref()));
                }
                _ => kept.push(pair),
            }
        }
        let url = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
        let config = Config::from_str(&url).map_err(|fault| bad(fault.to_string()))?;
        let mode = match told {
            Some(SslMode::Require) if roots.is_some() => SslMode::VerifyCa,
            Some(mode) => mode,
            None if config.get_hosts().iter().all(is_near) => SslMode::Disable,
            None => SslMode::Prefer,
        };
        Ok(Self { url, config, mode, roots })
    }
}

fn read_mode(mode: &str) -> ConnectionResult<SslMode> {
    match mode {
        "disable" => Ok(SslMode::Disable),
        "prefer" => Ok(SslMode::Prefer),
        "require" => Ok(SslMode::Require),
        "verify-ca" => Ok(SslMode::VerifyCa),
        "verify-full" => Ok(SslMode::VerifyFull),
        other => Err(bad(format!("sslmode is {other}, expected disable, prefer, require, verify-ca or verify-full"))),
    }
}

/// A host that no network lies before.
fn is_near(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|at: std::net::IpAddr| at.is_loopback()),
    }
}

/// Connects, from a thread that drives no async tasks.
pub(super) fn open(url: &str) -> ConnectionResult<PgConnection> {
    let target = Target::parse(url)?;
    if target.mode == SslMode::Disable {
        return <PgConnection as diesel::Connection>::establish(&target.url);
    }
    // The encrypted stream lives on threads of its own; the caller's only waits for it.
    Ok(PgConnection::from(runtime()?.block_on(connect_encrypted(&target))?))
}

/// Connects, from an async task.
pub(super) async fn connect(url: &str) -> ConnectionResult<AsyncPgConnection> {
    let target = Target::parse(url)?;
    match target.mode {
        SslMode::Disable => AsyncPgConnection::establish(&target.url).await,
        _ => connect_encrypted(&target).await,
    }
}

async fn connect_encrypted(target: &Target) -> ConnectionResult<AsyncPgConnection> {
    let connector = Connector::new(trust::client(target.mode, target.roots.as_deref()).map_err(bad)?);
    let mut config = target.config.clone();
    config.ssl_mode(if target.mode == SslMode::Prefer { Wanted::Prefer } else { Wanted::Require });
    let (client, connection) = config.connect(connector).await.map_err(|fault| {
        let cause = std::error::Error::source(&fault).map(|cause| format!(": {cause}")).unwrap_or_default();
        bad(format!("{fault}{cause}"))
    })?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

fn runtime() -> ConnectionResult<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(made) = RUNTIME.get() {
        return Ok(made);
    }
    let builder =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("db-tls").enable_all().build();
    let made = builder.map_err(|fault| bad(fault.to_string()))?;
    Ok(RUNTIME.get_or_init(|| made))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Option<(String, SslMode, Option<String>)> {
        let target = Target::parse(url).ok()?;
        Some((target.url, target.mode, target.roots.map(|path| path.display().to_string())))
    }

    #[test]
    fn the_drivers_url_keeps_what_the_driver_knows() {
        let full =
            "postgres://m:p%40@db.example:5433/x?sslmode=verify-full&connect_timeout=3&sslrootcert=/etc/a%20b.pem";
        let url = "postgres://m:p%40@db.example:5433/x?connect_timeout=3".to_owned();
        assert_eq!(parsed(full), Some((url, SslMode::VerifyFull, Some("/etc/a b.pem".into()))));
        let system = "postgres://db.example/x?sslmode=verify-ca&sslrootcert=system";
        assert_eq!(parsed(system), Some(("postgres://db.example/x".into(), SslMode::VerifyCa, None)));
    }

    #[test]
    fn what_is_not_told_is_decided_by_how_far_away_it_is() {
        let mode = |url: &str| parsed(url).map(|(_, mode, _)| mode);
        for near in
            ["postgres://localhost/x", "postgres://127.0.0.1/x", "postgres://[::1]/x", "postgres:///x?host=/run"]
        {
            assert_eq!(mode(near), Some(SslMode::Disable), "{near}");
        }
        assert_eq!(mode("postgres://10.0.0.7/x"), Some(SslMode::Prefer));
        assert_eq!(mode("postgres://localhost/x?sslmode=require"), Some(SslMode::Require));
        // Whoever names an authority wants it asked.
        assert_eq!(mode("postgres://localhost/x?sslmode=require&sslrootcert=/a.pem"), Some(SslMode::VerifyCa));
    }

    #[test]
    fn a_mode_nobody_knows_is_refused_with_those_there_are() {
        let fault = Target::parse("postgres://localhost/x?sslmode=full").err().map(|fault| fault.to_string());
        assert!(fault.is_some_and(|fault| fault.contains("verify-full")));
    }
}
