//! Resumable uploads of photos: tus 1.0, step by step and by a client of other people's making.

use crate::photos::{files, is_there, large_photo, name, stored};
use crate::support::{Answer, SignedIn, World, WorldOptions};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use reqwest::{Method, RequestBuilder};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const UPLOADS: &str = "/v1/photos/uploads";

fn tus(world: &World, method: Method, path: &str, phone: &SignedIn) -> RequestBuilder {
    world.request(method, path).bearer_auth(&phone.access).header("tus-resumable", "1.0.0")
}

fn creation(world: &World, phone: &SignedIn, photo: &[u8]) -> RequestBuilder {
    let metadata =
        format!("filename {},sha256 {}", BASE64_STANDARD.encode("../x.jpg"), BASE64_STANDARD.encode(name(photo)));
    tus(world, Method::POST, UPLOADS, phone).header("upload-length", photo.len()).header("upload-metadata", metadata)
}

async fn create(world: &World, phone: &SignedIn, photo: &[u8]) -> String {
    let answer = world.send(creation(world, phone, photo)).await;
    assert_eq!((answer.status, answer.header("tus-resumable")), (201, "1.0.0"), "{}", answer.json());
    assert!(answer.header("upload-expires").ends_with(" GMT"));
    answer.header("location").to_owned()
}

async fn bring(world: &World, phone: &SignedIn, path: &str, offset: usize, part: &[u8]) -> Answer {
    let request = tus(world, Method::PATCH, path, phone).header("upload-offset", offset);
    world.send(request.header("content-type", "application/offset+octet-stream").body(part.to_vec())).await
}

/// Where an upload stands; `None` where it is gone.
async fn offset(world: &World, phone: &SignedIn, path: &str) -> Option<usize> {
    let answer = world.send(tus(world, Method::HEAD, path, phone)).await;
    assert!([200, 404].contains(&answer.status), "{}", answer.status);
    assert_eq!((answer.header("cache-control"), answer.header("tus-resumable")), ("no-store", "1.0.0"));
    answer.header("upload-offset").parse().ok()
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

on_both_stores! {
    async fn an_upload_goes_on_where_it_stood_on_any_node(world: World) {
        let phone = world.reader_phone().await;
        let photo = large_photo(2_500_000, 1);
        let path = create(&world, &phone, &photo).await;
        let second = World::start_another(Arc::clone(&world.database), WorldOptions::default());
        assert_eq!(bring(&world, &phone, &path, 0, &photo[..1_000_000]).await.status, 204);
        assert_eq!(offset(&second, &phone, &path).await, Some(1_000_000));
        let answer = bring(&second, &phone, &path, 1_000_000, &photo[1_000_000..1_000_001]).await;
        assert_eq!(answer.header("upload-offset"), "1000001");
        assert_eq!(code(&bring(&world, &phone, &path, 1_000_000, &photo[1_000_000..]).await), is(409, "offset_mismatch"));
        assert_eq!(bring(&world, &phone, &path, 1_000_001, &[]).await.status, 204);
        assert!(!is_there(&world, &phone, &name(&photo)).await);
        let last = bring(&world, &phone, &path, 1_000_001, &photo[1_000_001..]).await;
        assert_eq!((last.status, last.header("upload-offset")), (204, "2500000"));
        assert!(is_there(&second, &phone, &name(&photo)).await);
        // Who lost the last answer asks and learns that it is whole.
        assert_eq!(offset(&world, &phone, &path).await, Some(2_500_000));
        let lying: Vec<PathBuf> = stored(&world);
        assert_eq!((lying.len(), std::fs::read(&lying[0]).unwrap() == photo), (1, true));
    }

    async fn what_came_before_a_cut_is_kept(world: World) {
        let phone = world.reader_phone().await;
        let photo = large_photo(2_000_000, 2);
        let path = create(&world, &phone, &photo).await;
        let address = world.url.strip_prefix("http://").unwrap();
        let mut line = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "PATCH {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\n\
             content-type: application/offset+octet-stream\r\ncontent-length: {}\r\n\r\n",
            phone.access, photo.len()
        );
        line.write_all(head.as_bytes()).await.unwrap();
        line.write_all(&photo[..1_200_000]).await.unwrap();
        line.shutdown().await.unwrap();
        // The server closes once it has done with what came.
        drop(line.read_to_end(&mut Vec::new()).await);
        let mut stands = 0;
        for _ in 0..10_000 {
            stands = offset(&world, &phone, &path).await.unwrap();
            if stands > 0 {
                break;
            }
        }
        assert!(stands > 0 && stands <= 1_200_000, "{stands}");
        assert_eq!(bring(&world, &phone, &path, stands, &photo[stands..]).await.status, 204);
        assert!(is_there(&world, &phone, &name(&photo)).await);
    }

    async fn what_does_not_match_is_refused_and_gone(world: World) {
        let phone = world.reader_phone().await;
        let (photo, mut other) = (large_photo(300_000, 3), large_photo(300_000, 3));
        other[200_000] ^= 1;
        let path = create(&world, &phone, &photo).await;
        assert_eq!(bring(&world, &phone, &path, 0, &other[..100_000]).await.status, 204);
        assert_eq!(code(&bring(&world, &phone, &path, 100_000, &other[100_000..]).await), is(422, "hash_mismatch"));
        assert_eq!(offset(&world, &phone, &path).await, None);
        let page = b"<html>".repeat(100);
        let path = create(&world, &phone, &page).await;
        assert_eq!(code(&bring(&world, &phone, &path, 0, &page).await), is(415, "not_a_photo"));
        assert_eq!(stored(&world), Vec::<PathBuf>::new());
        let path = create(&world, &phone, &photo[..1000]).await;
        assert_eq!(code(&bring(&world, &phone, &path, 0, &photo[..1001]).await), is(413, "body_too_large"));
        assert_eq!(offset(&world, &phone, &path).await, Some(0));
    }

    /// SECURITY 1.
    async fn an_upload_belongs_to_its_phone(world: World) {
        let phone = world.reader_phone().await;
        let (stranger, sibling) = (world.reader_phone().await, world.phone_of(phone.account).await);
        let photo = large_photo(200_000, 4);
        let path = create(&world, &phone, &photo).await;
        for other in [&stranger, &sibling] {
            assert_eq!(offset(&world, other, &path).await, None);
            assert_eq!(bring(&world, other, &path, 0, &photo).await.status, 404);
            assert_eq!(world.send(tus(&world, Method::DELETE, &path, other)).await.status, 404);
        }
        assert_eq!(offset(&world, &phone, &path).await, Some(0));
        assert_eq!(bring(&world, &phone, &path, 0, &photo[..100]).await.status, 204);
        assert_eq!(world.send(tus(&world, Method::DELETE, &path, &phone)).await.status, 204);
        assert_eq!(offset(&world, &phone, &path).await, None);
        assert_eq!(stored(&world), Vec::<PathBuf>::new());
    }

    async fn the_first_bytes_may_come_with_the_creation(world: World) {
        let phone = world.reader_phone().await;
        let photo = large_photo(400_000, 5);
        let part = |bytes: &[u8]| {
            let request = creation(&world, &phone, &photo).header("content-type", "application/offset+octet-stream");
            request.body(bytes.to_vec())
        };
        let answer = world.send(part(&photo[..1_000])).await;
        assert_eq!((answer.status, answer.header("upload-offset")), (201, "1000"));
        let path = answer.header("location").to_owned();
        assert_eq!(offset(&world, &phone, &path).await, Some(1_000));
        let answer = world.send(part(&photo)).await;
        assert_eq!((answer.status, answer.header("upload-offset")), (201, "400000"));
        assert!(is_there(&world, &phone, &name(&photo)).await);
    }

    async fn a_damaged_part_is_not_taken(world: World) {
        let phone = world.reader_phone().await;
        let photo = large_photo(100_000, 6);
        let path = create(&world, &phone, &photo).await;
        let checked = async |part: &[u8], checksum: String| {
            let request = tus(&world, Method::PATCH, &path, &phone).header("upload-offset", 0).header("upload-checksum", checksum);
            world.send(request.header("content-type", "application/offset+octet-stream").body(part.to_vec())).await
        };
        let good = BASE64_STANDARD.encode(meterbook_api::keys::sha256(&photo[..50]));
        assert_eq!(code(&checked(&photo[1..51], format!("sha256 {good}")).await), is(460, "checksum_mismatch"));
        assert_eq!(code(&checked(&photo[..50], format!("crc32 {good}")).await), is(400, "invalid_parameter"));
        assert_eq!(offset(&world, &phone, &path).await, Some(0));
        assert_eq!(checked(&photo[..50], format!("sha256 {good}")).await.status, 204);
        assert_eq!(offset(&world, &phone, &path).await, Some(50));
    }

    async fn what_the_service_can_do_is_told(world: World) {
        let answer = world.send(world.request(Method::OPTIONS, UPLOADS)).await;
        assert_eq!((answer.status, answer.header("tus-version")), (204, "1.0.0"));
        assert_eq!(answer.header("tus-max-size"), world.app.config.limits.photo_bytes.to_string());
        assert!(answer.header("tus-extension").contains("creation") && answer.header("tus-checksum-algorithm").contains("sha1"));
        let phone = world.reader_phone().await;
        let photo = large_photo(1_000, 7);
        let old = creation(&world, &phone, &photo).build().unwrap();
        let mut headers = old.headers().clone();
        headers.insert("tus-resumable", "0.2.2".parse().unwrap());
        let answer = world.send(world.request(Method::POST, UPLOADS).headers(headers)).await;
        assert_eq!((code(&answer), answer.header("tus-version")), (is(412, "tus_version"), "1.0.0"));
        let with = |length: &str, metadata: &str| {
            tus(&world, Method::POST, UPLOADS, &phone).header("upload-length", length).header("upload-metadata", metadata)
        };
        let hash = format!("sha256 {}", BASE64_STANDARD.encode(name(&photo)));
        for (length, metadata, expected) in [
            ("10485761", hash.as_str(), is(413, "body_too_large")),
            ("0", hash.as_str(), is(415, "not_a_photo")),
            ("-1", hash.as_str(), is(400, "invalid_parameter")),
            ("1e3", hash.as_str(), is(400, "invalid_parameter")),
            ("99999999999999999999", hash.as_str(), is(400, "invalid_parameter")),
            ("10", "", is(400, "invalid_parameter")),
            ("10", "sha256 Li4vLi4v", is(400, "invalid_parameter")),
        ] {
            assert_eq!(code(&world.send(with(length, metadata)).await), expected, "{length} {metadata}");
        }
        for path in ["/v1/photos/uploads/0", "/v1/photos/uploads/..%2f..%2fkeys.json"] {
            assert_eq!(bring(&world, &phone, path, 0, &photo).await.status, 404);
        }
    }

    async fn an_upload_nobody_finishes_expires(world: World) {
        let phone = world.reader_phone().await;
        let photo = large_photo(100_000, 8);
        let path = create(&world, &phone, &photo).await;
        bring(&world, &phone, &path, 0, &photo[..60_000]).await;
        assert_eq!(stored(&world).len(), 1);
        world.advance(TimeDelta::days(7));
        let (_, tokens) = world.refresh(&phone.refresh).await;
        let phone = SignedIn::of(&tokens);
        assert_eq!(offset(&world, &phone, &path).await, None);
        meterbook_api::photos::sweep(&world.app).await.unwrap();
        assert_eq!(stored(&world), Vec::<PathBuf>::new());
        // A piece that no upload knows goes by its age, which is that of the file.
        let stray = world.database.dir.join("photos/uploads/0123456789abcdef0123456789abcdef");
        std::fs::write(&stray, "x").unwrap();
        world.clock.set("2226-01-01T00:00:00Z".parse().unwrap());
        meterbook_api::photos::sweep(&world.app).await.unwrap();
        assert_eq!(files(&world.database.dir.join("photos")), Vec::<PathBuf>::new());
    }

    async fn a_phone_has_only_so_many_uploads_under_way(world: World) {
        let phone = world.reader_phone().await;
        let photo = large_photo(1_000, 9);
        for _ in 0..20 {
            create(&world, &phone, &photo).await;
        }
        assert_eq!(code(&world.send(creation(&world, &phone, &photo)).await), is(429, "photo_quota"));
    }
}

/// The client in `node/tus`, installed once; `None` where npm is not to be had and need not be.
fn node_client() -> Option<&'static Path> {
    static INSTALLED: OnceLock<Option<PathBuf>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/tus");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tus");
        std::fs::create_dir_all(&folder).unwrap();
        for file in ["package.json", "package-lock.json", "upload.mjs"] {
            std::fs::copy(source.join(file), folder.join(file)).unwrap();
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&folder).stdin(Stdio::null());
        npm.stdout(Stdio::null()).status().is_ok_and(|status| status.success()).then_some(folder)
    });
    if installed.is_none() {
        assert!(std::env::var_os("CI").is_none_or(|value| value.is_empty()), "npm can't install tus-js-client");
        println!("skipped: npm can't install tus-js-client");
    }
    installed.as_deref()
}

on_both_stores! {
    async fn tus_js_client_resumes_after_a_cut_line(world: World) {
        let Some(client) = node_client() else { return };
        let phone = world.reader_phone().await;
        let photo = large_photo(4_000_000, 21);
        let file = world.database.dir.join("photo.jpg");
        std::fs::write(&file, &photo).unwrap();
        let mut node = Command::new("node");
        node.arg(client.join("upload.mjs")).args([&world.url, &phone.access]).arg(&file).arg(name(&photo));
        let output = tokio::task::spawn_blocking(move || node.output().unwrap()).await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let told: serde_json::Value = serde_json::from_str(&said).unwrap();
        let requests: Vec<&str> = told["requests"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        assert_eq!((told["isCut"].as_bool(), &requests[..2]), (Some(true), &["POST", "PATCH 0"][..]), "{requests:?}");
        // It went on in the middle, not from the beginning.
        let last = requests.last().unwrap().strip_prefix("PATCH ").unwrap();
        assert!(requests.contains(&"HEAD") && last.parse::<usize>().unwrap() > 0, "{requests:?}");
        assert!(is_there(&world, &phone, &name(&photo)).await);
    }
}
