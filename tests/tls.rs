//! PostgreSQL over TLS: `sslmode` as libpq has it (DESIGN "Stores").

use crate::startup::{meterbook, said};
use crate::support::street::{Street, outcomes};
use crate::support::tools::run;
use crate::support::{Cluster, Database, World, WorldOptions, cluster, cluster_with_tls};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

/// Authorities and a certificate of `localhost` alone.
struct Certificates(PathBuf);

impl Certificates {
    fn make() -> Self {
        let folder = std::env::temp_dir().join(format!("meterbook-tls-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir(&folder).unwrap();
        let openssl = |line: &str| run(Command::new("openssl").current_dir(&folder).args(line.split(' ')));
        for authority in ["ours", "strange"] {
            openssl(&format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={authority} -keyout {authority}.key -out {authority}.pem"
            ));
        }
        openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
        );
        std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost").unwrap();
        openssl(
            "x509 -req -days 2 -in server.csr -CA ours.pem -CAkey ours.key -CAcreateserial -extfile names -out server.pem",
        );
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// `meterbook migrate` at that address.
fn migrate(url: &str, folder: &Path) -> Output {
    let mut command = Command::new(meterbook());
    command.env_clear().arg("migrate").arg("--data-dir").arg(folder).args(["--database", url]).output().unwrap()
}

/// The same database, at another host and with that asked of the connection.
fn asking(cluster: &Cluster, host: &str, query: &str) -> (Arc<Database>, String) {
    let database = Database::inside(cluster);
    let url = format!("{}?{query}", database.url.replace("127.0.0.1", host));
    (Arc::new(database), url)
}

#[test]
fn a_connection_is_what_sslmode_asks_for() {
    if cluster().is_none() {
        return;
    }
    let made = Certificates::make();
    let encrypted = cluster_with_tls(&made.path("server.pem"), &made.path("server.key")).unwrap();
    let [ours, strange] = ["ours.pem", "strange.pem"].map(|name| made.path(name).display().to_string());
    let root = |mode: &str, authority: &str| format!("sslmode={mode}&sslrootcert={authority}");
    let good = [
        ("127.0.0.1", "sslmode=disable".to_owned()),
        ("127.0.0.1", "sslmode=prefer".to_owned()),
        ("127.0.0.1", "sslmode=require".to_owned()),
        ("127.0.0.1", root("verify-ca", &ours)),
        ("localhost", root("verify-full", &ours)),
    ];
    for (host, query) in good {
        let (database, url) = asking(&encrypted, host, &query);
        let output = migrate(&url, &database.dir);
        assert!(output.status.success(), "{host} {query}: {}", said(&output));
    }
    let bad = [
        // The certificate is of another name; an authority nobody asked; one that this machine does not know; none at all.
        ("127.0.0.1", root("verify-full", &ours), "certificate"),
        ("localhost", root("verify-full", &strange), "certificate"),
        ("localhost", root("verify-ca", &strange), "certificate"),
        ("localhost", root("require", &strange), "certificate"),
        ("localhost", "sslmode=verify-full".to_owned(), "certificate"),
        ("localhost", root("verify-full", "/nowhere.pem"), "/nowhere.pem"),
        ("localhost", "sslmode=full".to_owned(), "verify-full"),
    ];
    for (host, query, word) in bad {
        let (database, url) = asking(&encrypted, host, &query);
        let output = migrate(&url, &database.dir);
        assert!(!output.status.success() && said(&output).contains(word), "{host} {query}: {}", said(&output));
    }
    // A server that speaks no TLS is refused where it is asked for, and taken where it is only preferred.
    for (query, is_taken) in [("sslmode=require", false), ("sslmode=prefer", true)] {
        let (database, url) = asking(cluster().unwrap(), "127.0.0.1", query);
        let output = migrate(&url, &database.dir);
        assert_eq!(output.status.success(), is_taken, "{query}: {}", said(&output));
    }
}

/// Everything the service does, over TLS: no connection of it is plain, the one that listens among them.
#[test]
fn a_service_over_tls_has_no_plain_connection() {
    if cluster().is_none() {
        return;
    }
    let made = Certificates::make();
    let encrypted = cluster_with_tls(&made.path("server.pem"), &made.path("server.key")).unwrap();
    let database = Arc::new(Database::inside(&encrypted));
    let query = format!("sslmode=verify-full&sslrootcert={}", made.path("ours.pem").display());
    let url = format!("{}?{query}", database.url.replace("127.0.0.1", "localhost"));
    let options = WorldOptions { database_url: Some(url), ..WorldOptions::default() };
    let world = World::start_another(Arc::clone(&database), options);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let street = Street::build(&world).await;
        let answer = street.push(&[street.reading(1, "H1", 1030), street.reading(2, "H2", 1010)]).await;
        assert!(outcomes(&answer).iter().all(|(outcome, _)| outcome == "accepted"), "{answer}");
    });
    let connections = "SELECT CASE WHEN ssl THEN 'tls' ELSE 'plain' END || ' ' || (query LIKE 'LISTEN%') AS value \
        FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY 1";
    let mut found = database.texts(connections);
    while !found.contains(&"tls true".to_owned()) {
        std::thread::yield_now();
        found = database.texts(connections);
    }
    assert!(found.len() >= 11 && found.iter().all(|connection| connection.starts_with("tls")), "{found:?}");
}
