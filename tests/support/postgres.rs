//! One throw-away PostgreSQL cluster for the whole test process.
//!
//! It is kept by a small shell that reads a pipe from this process. However this process ends, the pipe ends with it; the
//! shell then stops the server and removes its folder. The data are in memory where the machine allows it: `fsync` stays on,
//! since the service refuses to start without, and costs nothing there.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const SUPERVISOR: &str = r#"
bin=$1; folder=$2; port=$3; shift 3; settings=$*
trap '' HUP INT TERM
cd "$folder" || exit 1
start() {
  "$bin/postgres" -D data -p "$port" -h 127.0.0.1 -k "$folder" -c max_connections=400 $settings >>postgres.log 2>&1 </dev/null &
  server=$!
}
stop() { [ -z "$server" ] || { kill -QUIT "$server"; wait "$server"; server=; }; }
"$bin/initdb" -D data -U meterbook -A trust -E UTF8 --locale=C --no-sync >initdb.log 2>&1 </dev/null && start
while read -r order; do
  case $order in stop | start) "$order" ;; esac
done
stop
cd / && rm -rf "$folder"
"#;

/// How to get PostgreSQL.
const INSTALL: &str = "apt-get install -y postgresql";

/// A running cluster.
pub struct Cluster {
    port: u16,
    /// Where it lives.
    pub folder: PathBuf,
    /// Its standard input is the pipe that keeps the cluster alive.
    supervisor: Child,
}

impl Cluster {
    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://meterbook@127.0.0.1:{}/{database}", self.port)
    }

    /// Starts one in a folder of its own under `base`, with settings as for `postgres -c`.
    pub fn start(bin: &Path, base: &Path, settings: &[&str]) -> Self {
        let owner = unprivileged_user();
        let folder = base.join(format!("meterbook-{}-{}", std::process::id(), uuid::Uuid::now_v7().simple()));
        std::fs::create_dir(&folder).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISOR, "keep-postgres"]).arg(bin).arg(&folder).arg(port.to_string());
        command.args(settings.iter().flat_map(|setting| ["-c", setting]));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").process_group(0);
        if let Some((uid, gid)) = owner {
            chown(&folder, Some(uid), Some(gid)).unwrap();
            command.uid(uid).gid(gid);
        }
        let cluster = Self { port, folder, supervisor: command.spawn().unwrap() };
        cluster.wait_until_ready();
        cluster
    }

    /// Ends the server at once, as a power cut would: `pg_ctl stop -m immediate`.
    pub fn stop_at_once(&self) {
        self.order("stop\n");
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            assert!(Instant::now() < deadline, "PostgreSQL did not stop");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts it again after [`stop_at_once`](Self::stop_at_once), and waits until it has recovered.
    pub fn start_again(&self) {
        self.order("start\n");
        self.wait_until_ready();
    }

    fn order(&self, order: &str) {
        let mut pipe = self.supervisor.stdin.as_ref().unwrap();
        pipe.write_all(order.as_bytes()).unwrap();
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while super::database::try_execute(&self.url("postgres"), "SELECT 1").is_err() {
            let log = |name: &str| std::fs::read_to_string(self.folder.join(name)).unwrap_or_default();
            assert!(
                Instant::now() < deadline,
                "PostgreSQL did not start:\n{}{}",
                log("initdb.log"),
                log("postgres.log")
            );
            std::thread::sleep(Duration::from_millis(25));
        }
    }
}

/// The cluster of this process; `None` where PostgreSQL is not installed and need not be.
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    let found = CLUSTER.get_or_init(|| programs().map(|bin| Cluster::start(&bin, &memory(), &["shared_buffers=64MB"])));
    if found.is_none() {
        assert!(!missing_postgres_is_fatal(), "PostgreSQL is missing: {INSTALL}");
        println!("skipped on PostgreSQL, which is not installed: {INSTALL}");
    }
    found.as_ref()
}

/// A cluster nobody else uses, so that it can be stopped; it ends with this value.
pub fn cluster_of_ones_own() -> Option<Cluster> {
    cluster().and_then(|_| programs()).map(|bin| Cluster::start(&bin, &memory(), &["shared_buffers=64MB"]))
}

/// A cluster that acknowledges what it has not written; it ends with this value.
pub fn cluster_without_fsync() -> Option<Cluster> {
    cluster().and_then(|_| programs()).map(|bin| Cluster::start(&bin, &memory(), &["shared_buffers=64MB", "fsync=off"]))
}

/// A cluster that speaks TLS too, with this certificate and its key; it ends with this value.
pub fn cluster_with_tls(certificate: &Path, key: &Path) -> Option<Cluster> {
    if let Some((uid, gid)) = unprivileged_user() {
        // PostgreSQL refuses a key that is not its own.
        chown(key, Some(uid), Some(gid)).unwrap();
    }
    let told = [("ssl_cert_file", certificate), ("ssl_key_file", key)];
    let [certificate, key] = told.map(|(name, path)| format!("{name}={}", path.display()));
    let settings = ["shared_buffers=64MB", "ssl=on", &certificate, &key];
    cluster().and_then(|_| programs()).map(|bin| Cluster::start(&bin, &memory(), &settings))
}

/// Under CI nothing is skipped silently.
fn missing_postgres_is_fatal() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// Where its programs are.
pub fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
        .collect();
    let version = |bin: &Path| bin.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    found.sort_by_key(|bin| version(bin));
    found.pop()
}

fn memory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let probe = memory.join(format!("meterbook-probe-{}", std::process::id()));
    let base = if std::fs::write(&probe, b"").is_ok() { memory.to_owned() } else { std::env::temp_dir() };
    drop(std::fs::remove_file(probe));
    base
}

/// PostgreSQL refuses to run as root; whom it runs as then. `None` where we are not root.
fn unprivileged_user() -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(|field| field.parse::<u32>().ok());
        Some((fields.next()??, fields.next()??))
    };
    Some(ids("postgres").or_else(|| ids("nobody")).expect("neither postgres nor nobody is a user here"))
}
