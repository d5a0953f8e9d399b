//! Photos in a bucket, on a server of other people's making.

use crate::photos::{is_there, large_photo, name, put_as};
use crate::support::{Database, StoreKind, World, WorldOptions};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use meterbook::accounts::Role;
use meterbook_api::photos::{Bucket, PhotoPlace};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// An S3 server in Python.
const SERVER: &str = "moto[server]==5.2.5";

fn run(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> bool {
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The command that serves, installed once; `None` where it is not to be had and need not be.
fn moto_server() -> Option<&'static Path> {
    static INSTALLED: OnceLock<Option<PathBuf>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("moto");
        let program = folder.join("bin/moto_server");
        let done = program.exists()
            || run("python3", &["-m", "venv", folder.to_str()?])
                && run(folder.join("bin/pip"), &["install", "--quiet", "--disable-pip-version-check", SERVER]);
        done.then_some(program)
    });
    if installed.is_none() {
        assert!(std::env::var_os("CI").is_none_or(|value| value.is_empty()), "can't be installed: {SERVER}");
        println!("skipped: can't be installed: {SERVER}");
    }
    installed.as_deref()
}

/// A running S3 server; it ends with this value.
struct Moto {
    process: Child,
    url: String,
}

impl Moto {
    fn start() -> Option<Self> {
        let program = moto_server()?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdin(Stdio::null());
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let moto = Self { process, url: format!("http://127.0.0.1:{port}") };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the S3 server did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(moto)
    }

    fn place(&self) -> PhotoPlace {
        PhotoPlace::Bucket(Bucket {
            name: "meters".into(),
            prefix: "east/photos".into(),
            endpoint: Some(self.url.clone()),
            region: "us-east-1".into(),
            key_id: "key".into(),
            secret: "secret".into(),
            allow_http: true,
        })
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

async fn photos_live_in_a_bucket(world: World, moto: &Moto) {
    let phone = world.reader_phone().await;
    let photo = large_photo(400_000, 1);
    // No bucket yet: nothing is acknowledged, and the phone comes again.
    let refused = put_as(&world, &phone, &name(&photo), photo.clone()).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "30"));
    // The server shows objects to whoever is signed in, and believes that anybody is who says so.
    let signed = ("authorization", "AWS4-HMAC-SHA256 Credential=key/20260302/us-east-1/s3/aws4_request, Signature=0");
    let headers = HeaderMap::from_iter([(HeaderName::from_static(signed.0), HeaderValue::from_static(signed.1))]);
    let outside = reqwest::Client::builder().no_proxy().default_headers(headers).build().unwrap();
    assert!(outside.put(format!("{}/meters", moto.url)).send().await.unwrap().status().is_success());
    assert!(!is_there(&world, &phone, &name(&photo)).await);
    for expected in [201, 200] {
        assert_eq!(put_as(&world, &phone, &name(&photo), photo.clone()).await.status, expected);
    }
    assert!(is_there(&world, &phone, &name(&photo)).await);
    let at = |name: &str| format!("{}/meters/east/photos/{}/{}/{name}", moto.url, &name[..2], &name[2..4]);
    let lies = outside.get(at(&name(&photo))).send().await.unwrap();
    assert_eq!((lies.status().as_u16(), lies.bytes().await.unwrap() == photo), (200, true));
    let analyst = world.desk(Role::Analyst).await;
    let seen =
        world.send(world.request(Method::GET, &format!("/v1/photos/{}", name(&photo))).bearer_auth(&analyst.access));
    assert_eq!(seen.await.status, 200);

    // Resumable, in three parts.
    let large = large_photo(3_000_000, 2);
    let tus =
        |method, path: &str| world.request(method, path).bearer_auth(&phone.access).header("tus-resumable", "1.0.0");
    let begun = tus(Method::POST, "/v1/photos/uploads").header("upload-length", large.len());
    let metadata = format!("sha256 {}", BASE64_STANDARD.encode(name(&large)));
    let begun = world.send(begun.header("upload-metadata", metadata)).await;
    let path = begun.header("location").to_owned();
    for (n, part) in large.chunks(1_000_000).enumerate() {
        let request = tus(Method::PATCH, &path).header("upload-offset", n * 1_000_000);
        let request = request.header("content-type", "application/offset+octet-stream").body(part.to_vec());
        assert_eq!(world.send(request).await.status, 204);
    }
    let lies = outside.get(at(&name(&large))).send().await.unwrap();
    assert!(lies.bytes().await.unwrap() == large);
    let listed = outside.get(format!("{}/meters", moto.url)).send().await.unwrap().text().await.unwrap();
    assert_eq!(listed.matches("<Key>").count(), 2, "{listed}");

    // What no record names goes here, too.
    world.advance(TimeDelta::days(31));
    assert_eq!(meterbook_api::photos::sweep(&world.app).await.unwrap(), 2);
    let listed = outside.get(format!("{}/meters", moto.url)).send().await.unwrap().text().await.unwrap();
    assert_eq!(listed.matches("<Key>").count(), 0, "{listed}");
}

fn in_a_bucket(kind: StoreKind) {
    let (Some(database), Some(moto)) = (Database::fresh(kind), Moto::start()) else { return };
    let options = WorldOptions { photos: Some(moto.place()), ..WorldOptions::default() };
    let world = World::start(database, options);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(photos_live_in_a_bucket(world, &moto));
}

#[test]
fn photos_live_in_a_bucket_on_sqlite() {
    in_a_bucket(StoreKind::Sqlite);
}

#[test]
fn photos_live_in_a_bucket_on_postgres() {
    in_a_bucket(StoreKind::Postgres);
}
