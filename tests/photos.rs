//! Photos: what comes in, what is shown of it, and what is owed (PROTOCOL "Push"; SECURITY 1, 12, 14).

use crate::support::street::{Street, outcomes};
use crate::support::{Answer, SignedIn, StoreKind, World, WorldOptions};
use chrono::TimeDelta;
use futures_util::future::join_all;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use meterbook::accounts::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;

/// A picture whose left half is red and whose right half is blue; `shade` makes it another one.
pub fn picture(format: ImageFormat, shade: u8) -> Vec<u8> {
    let paint = |x, _| if x < 32 { Rgb([220, shade, 0]) } else { Rgb([0, shade, 220]) };
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::from_fn(64, 32, paint)).write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A photo of about so many bytes that can't be packed: a picture, and noise behind it.
pub fn large_photo(bytes: usize, seed: u64) -> Vec<u8> {
    let mut photo = picture(ImageFormat::Jpeg, 7);
    let mut state = seed | 1;
    photo.resize_with(bytes, || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    });
    photo
}

pub fn name(photo: &[u8]) -> String {
    meterbook_api::keys::sha256(photo).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub async fn put_as(world: &World, who: &SignedIn, name: &str, photo: Vec<u8>) -> Answer {
    let request = world.request(Method::PUT, &format!("/v1/photos/{name}")).bearer_auth(&who.access);
    world.send(request.header("content-type", "image/jpeg").body(photo)).await
}

async fn put(world: &World, who: &SignedIn, photo: &[u8]) -> Answer {
    put_as(world, who, &name(photo), photo.to_vec()).await
}

pub async fn is_there(world: &World, who: &SignedIn, name: &str) -> bool {
    let answer = world.send(world.request(Method::HEAD, &format!("/v1/photos/{name}")).bearer_auth(&who.access)).await;
    assert!(answer.body.is_empty() && [200, 404].contains(&answer.status), "{}", answer.status);
    answer.status == 200
}

async fn see(world: &World, who: &SignedIn, name: &str) -> Answer {
    world.send(world.request(Method::GET, &format!("/v1/photos/{name}")).bearer_auth(&who.access)).await
}

fn outcome(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

pub fn stored(world: &World) -> Vec<PathBuf> {
    let mut all = files(&world.database.dir.join("photos"));
    all.extend(files(&world.database.dir.join("incoming")));
    all
}

/// A reading that names photos.
fn reading_with(street: &Street<'_>, seq: i64, point: &str, names: &[String]) -> Value {
    street.record(seq, point, json!({"kind": "reading", "index": 1_010_000, "evidence": names}))
}

async fn missing(world: &World, who: &SignedIn, query: &str) -> Vec<Value> {
    let (status, page) = world.get(&format!("/v1/photos/missing{query}"), &who.access).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

/// What a decoder finds in an answer.
fn shown(answer: &Answer) -> RgbImage {
    assert_eq!((answer.status, answer.header("content-type")), (200, "image/jpeg"));
    image::load_from_memory_with_format(&answer.body, ImageFormat::Jpeg).unwrap().into_rgb8()
}

fn is_red(pixel: &Rgb<u8>) -> bool {
    pixel.0[0] > 150 && pixel.0[2] < 100
}

/// A PNG that claims to be so wide and high, and holds nothing.
fn claimed_png(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for chunk in [header, b"IDAT\x78\x9c\x63\x00\x00\x00\x02\x00\x01".to_vec()] {
        let mut crc = flate2::Crc::new();
        crc.update(&chunk);
        file.extend(u32::try_from(chunk.len() - 4).unwrap().to_be_bytes());
        file.extend(&chunk);
        file.extend(crc.sum().to_be_bytes());
    }
    file
}

/// The same JPEG, with EXIF that says it lies on its side, and where it was taken.
fn turned(jpeg: &[u8]) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.extend(b"GPS 39.9042N 116.4074E");
    let mut file = jpeg[..2].to_vec();
    file.extend([0xff, 0xe1]);
    file.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
    file.extend(exif);
    file.extend(&jpeg[2..]);
    file
}

on_both_stores! {
    async fn a_photo_is_kept_under_its_hash_however_often_it_comes(world: World) {
        let phone = world.reader_phone().await;
        for (format, media_type) in [(ImageFormat::Jpeg, "image/jpeg"), (ImageFormat::Png, "image/png"), (ImageFormat::WebP, "image/webp")] {
            let photo = picture(format, 1);
            let name = name(&photo);
            assert!(!is_there(&world, &phone, &name).await);
            let first = put(&world, &phone, &photo).await;
            assert_eq!((first.status, &first.json()), (201, &json!({"sha256": name, "media_type": media_type, "bytes": photo.len()})));
            assert!(is_there(&world, &phone, &name).await);
            for _ in 0..2 {
                let again = put(&world, &phone, &photo).await;
                assert_eq!((again.status, again.json()), (200, first.json()));
            }
            let lies_at = world.database.dir.join("photos").join(&name[..2]).join(&name[2..4]).join(&name);
            assert_eq!(std::fs::read(lies_at).unwrap(), photo);
        }
        assert_eq!(stored(&world).len(), 3);
    }

    /// SECURITY 14: nothing that is refused leaves anything behind.
    async fn what_is_no_photo_is_refused(world: World) {
        let phone = world.reader_phone().await;
        let photo = picture(ImageFormat::Jpeg, 1);
        let not: [&[u8]; 7] = [b"", b"\xff\xd8", b"<html><script>alert(1)</script></html>", b"GIF89a\x01\0\x01\0", b"%PDF-1.7 and so on and so on and so on",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", b"PK\x03\x04 a zip with more than thirty-two bytes in it"];
        for body in not {
            assert_eq!(outcome(&put(&world, &phone, body).await), is(415, "not_a_photo"), "{body:?}");
        }
        let other = name(&picture(ImageFormat::Jpeg, 2));
        assert_eq!(outcome(&put_as(&world, &phone, &other, photo.clone()).await), is(422, "hash_mismatch"));
        let most = usize::try_from(world.app.config.limits.photo_bytes).unwrap();
        let large = large_photo(most + 1, 3);
        assert_eq!(outcome(&put(&world, &phone, &large).await), is(413, "body_too_large"));
        // Without a length declared, too.
        let pieces: Vec<_> = large.chunks(1 << 16).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
        let request = world.request(Method::PUT, &format!("/v1/photos/{}", name(&large))).bearer_auth(&phone.access);
        let streamed = request.body(reqwest::Body::wrap_stream(futures_util::stream::iter(pieces)));
        assert_eq!(outcome(&world.send(streamed).await), is(413, "body_too_large"));
        let packed = world.request(Method::PUT, &format!("/v1/photos/{}", name(&photo))).bearer_auth(&phone.access);
        assert_eq!(outcome(&world.send(packed.header("content-encoding", "gzip").body(photo)).await), is(415, "unsupported_media_type"));
        assert_eq!(stored(&world), Vec::<PathBuf>::new());
        let whole = large_photo(most, 4);
        assert_eq!(put(&world, &phone, &whole).await.status, 201);
    }

    async fn names_that_are_no_hash_name_nothing(world: World) {
        let phone = world.reader_phone().await;
        let photo = picture(ImageFormat::Png, 1);
        let hash = name(&photo);
        for wrong in ["..", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f", "0", &hash[1..], &format!("{hash}0"), &hash.replace(&hash[..1], "g"), "..%5c..%5ckeys.json", "%00", "C:%5cx"] {
            for method in [Method::PUT, Method::GET, Method::HEAD] {
                let request = world.request(method.clone(), &format!("/v1/photos/{wrong}")).bearer_auth(&phone.access);
                let answer = world.send(request.body(photo.clone())).await;
                assert!([404, 405].contains(&answer.status), "{method} {wrong}: {}", answer.status);
            }
        }
        assert_eq!(stored(&world), Vec::<PathBuf>::new());
    }

    /// SECURITY 14: what is shown is pixels encoded anew, never the bytes that came.
    async fn a_polyglot_is_shown_as_a_picture_and_nothing_else(world: World) {
        let (phone, analyst) = (world.reader_phone().await, world.desk(Role::Analyst).await);
        let script = b"<html><script>fetch('/v1/me')</script></html>";
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let mut photo = picture(format, 9);
            photo.extend(script);
            assert_eq!(put(&world, &phone, &photo).await.status, 201);
            let name = name(&photo);
            let answer = see(&world, &analyst, &name).await;
            let picture = shown(&answer);
            assert_eq!(picture.dimensions(), (64, 32));
            assert!(is_red(picture.get_pixel(8, 16)) && !is_red(picture.get_pixel(56, 16)));
            assert!(!answer.body.windows(7).any(|window| window == b"<script"), "{format:?}");
            assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{name}.jpg\""));
            assert_eq!((answer.header("x-content-type-options"), answer.header("cache-control")), ("nosniff", "no-store"));
        }
    }

    async fn a_photo_is_shown_upright_and_without_its_place(world: World) {
        let (phone, analyst) = (world.reader_phone().await, world.desk(Role::Analyst).await);
        let photo = turned(&picture(ImageFormat::Jpeg, 5));
        assert_eq!(put(&world, &phone, &photo).await.status, 201);
        let answer = see(&world, &analyst, &name(&photo)).await;
        let picture = shown(&answer);
        // Turned by a quarter to the right: what was left is above.
        assert_eq!(picture.dimensions(), (32, 64));
        assert!(is_red(picture.get_pixel(16, 8)) && !is_red(picture.get_pixel(16, 56)));
        assert!(!answer.body.windows(4).any(|window| window == b"Exif" || window == b"GPS "));
    }

    /// SECURITY 12, 14: kept as evidence, and honest about what can't be shown.
    async fn what_cannot_be_decoded_is_kept_and_not_shown(world: World) {
        let (phone, analyst) = (world.reader_phone().await, world.desk(Role::Analyst).await);
        let heic = [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".as_slice(), &[0; 64]].concat();
        let cut = { let whole = picture(ImageFormat::Png, 3); whole[..whole.len() / 2].to_vec() };
        let cases = [
            (heic, "heic"),
            (claimed_png(60_000, 60_000), "too_many_pixels"),
            (claimed_png(16_000, 16_000), "too_many_pixels"),
            (claimed_png(1, u32::MAX), "too_many_pixels"),
            (cut, "damaged"),
            ([b"\xff\xd8\xff".as_slice(), &[0x41; 100]].concat(), "damaged"),
        ];
        for (photo, why) in cases {
            assert_eq!(put(&world, &phone, &photo).await.status, 201, "{why}");
            let answer = see(&world, &analyst, &name(&photo)).await;
            assert_eq!(outcome(&answer), is(406, "photo_not_shown"), "{why}");
            assert!([why, "damaged"].contains(&answer.json()["errors"][0]["code"].as_str().unwrap()), "{why}: {}", answer.json());
            assert!(is_there(&world, &phone, &name(&photo)).await);
        }
    }

    /// SECURITY 1.
    async fn a_reader_sees_only_what_his_own_records_name(world: World) {
        let street = Street::build(&world).await;
        let other = world.reader_phone().await;
        let photo = picture(ImageFormat::Jpeg, 1);
        let name = name(&photo);
        assert_eq!(put(&world, &street.phone, &photo).await.status, 201);
        assert_eq!(see(&world, &street.phone, &name).await.status, 404);
        let pushed = street.push(&[reading_with(&street, 1, "H1", std::slice::from_ref(&name))]).await;
        assert_eq!(outcomes(&pushed)[0].0, "accepted");
        assert_eq!(see(&world, &street.phone, &name).await.status, 200);
        assert_eq!(see(&world, &other, &name).await.status, 404);
        for role in [Role::Dispatcher, Role::Analyst, Role::Cashier, Role::Admin] {
            let desk = world.desk(role).await;
            assert_eq!(see(&world, &desk, &name).await.status, 200, "{role}");
            assert_eq!(outcome(&put(&world, &desk, &photo).await), is(403, "forbidden"), "{role}");
        }
        let at_a_desk = world.desk(Role::Reader).await;
        assert_eq!(outcome(&put(&world, &at_a_desk, &photo).await), is(403, "device_required"));
    }

    /// PROTOCOL "Promises" 4: readings never wait for photos, and what does not come is seen.
    async fn a_photo_that_does_not_come_is_listed_as_missing(world: World) {
        let street = Street::build(&world).await;
        let (first, second) = (picture(ImageFormat::Jpeg, 1), picture(ImageFormat::Jpeg, 2));
        let names = [name(&first), name(&second).to_uppercase()];
        let record = reading_with(&street, 1, "H1", &names);
        assert_eq!(outcomes(&street.push(std::slice::from_ref(&record)).await)[0].0, "accepted");
        assert_eq!(outcomes(&street.push(std::slice::from_ref(&record)).await)[0].0, "duplicate");
        let mut dispatcher = world.desk(Role::Dispatcher).await;
        assert_eq!(missing(&world, &dispatcher, "").await.len(), 0);
        assert_eq!(missing(&world, &dispatcher, "?older_than_days=0").await.len(), 2);
        let owed = missing(&world, &street.phone, "?older_than_days=0").await;
        assert_eq!(owed[1]["sha256"], json!(name(&second)));
        let other = world.reader_phone().await;
        assert_eq!(missing(&world, &other, "?older_than_days=0").await.len(), 0);
        put(&world, &street.phone, &first).await;
        world.advance(TimeDelta::days(7));
        dispatcher = world.sign_in(&dispatcher.login).await;
        let listed = missing(&world, &dispatcher, "?limit=1").await;
        assert_eq!(listed.len(), 1);
        let line = &listed[0];
        assert_eq!((&line["record_id"], &line["service_point_id"]), (&record["id"], &json!(street.points["H1"])));
        assert_eq!((&line["reader_id"], &line["device_id"]), (&json!(street.phone.account), &json!(street.phone.device)));
        assert_eq!(line["since"], json!("2026-03-02T01:00:00.000Z"));
        let next = format!("?after={}", line["id"]);
        assert_eq!(missing(&world, &dispatcher, &next).await.len(), 0);
        let (_, tokens) = world.refresh(&street.phone.refresh).await;
        let phone = SignedIn::of(&tokens);
        put(&world, &phone, &second).await;
        assert_eq!(missing(&world, &dispatcher, "").await.len(), 0);
        for wrong in ["?older_than_days=-1", "?older_than_days=91", "?older_than_days=x", "?limit=0", "?after=-1"] {
            assert_eq!(world.get(&format!("/v1/photos/missing{wrong}"), &dispatcher.access).await.0, 400, "{wrong}");
        }
    }

    async fn a_rejected_record_names_nothing(world: World) {
        let street = Street::build(&world).await;
        let mut record = reading_with(&street, 1, "H1", &["a".repeat(64)]);
        record["index"] = json!(-1);
        assert_eq!(outcomes(&street.push(&[record]).await)[0].0, "rejected");
        for evidence in [json!(["a".repeat(63)]), json!(["../../etc/passwd"]), json!("a"), json!([1])] {
            let record = street.record(2, "H1", json!({"kind": "reading", "index": 1_010_000, "evidence": evidence}));
            assert_eq!(outcomes(&street.push(&[record]).await)[0].0, "rejected");
        }
        assert_eq!(missing(&world, &street.phone, "?older_than_days=0").await.len(), 0);
    }

    /// A cut request leaves nothing, and the same photo comes whole later.
    async fn an_interrupted_photo_leaves_nothing(world: World) {
        let phone = world.reader_phone().await;
        let photo = large_photo(3 << 20, 11);
        let address = world.url.strip_prefix("http://").unwrap();
        let mut line = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "PUT /v1/photos/{} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
            name(&photo), phone.access, photo.len()
        );
        line.write_all(head.as_bytes()).await.unwrap();
        line.write_all(&photo[..photo.len() - 1]).await.unwrap();
        drop(line);
        // Before or after the cut was noticed, nothing may lie there.
        assert!(!is_there(&world, &phone, &name(&photo)).await);
        assert_eq!(files(&world.database.dir.join("photos")), Vec::<PathBuf>::new());
        assert_eq!(put(&world, &phone, &photo).await.status, 201);
        assert_eq!(stored(&world).len(), 1);
    }

    async fn two_nodes_take_the_same_photo_at_once(world: World) {
        let phone = world.reader_phone().await;
        let second = World::start_another(Arc::clone(&world.database), WorldOptions::default());
        for shade in 0..4 {
            let photo = picture(ImageFormat::Jpeg, 40 + shade);
            let answers = join_all((0..8).map(|n| put(if n % 2 == 0 { &world } else { &second }, &phone, &photo))).await;
            let new = answers.iter().filter(|answer| answer.status == 201).count();
            assert!(new == 1 && answers.iter().all(|answer| [200, 201].contains(&answer.status)), "{new} were new");
            assert!(is_there(&second, &phone, &name(&photo)).await);
        }
        assert_eq!(stored(&world).len(), 4);
    }

    /// What no record names goes after a month; what one names stays, and what was swept may come again.
    async fn photos_that_no_record_names_are_swept(world: World) {
        let street = Street::build(&world).await;
        let (wanted, unwanted) = (picture(ImageFormat::Jpeg, 1), picture(ImageFormat::Jpeg, 2));
        for photo in [&wanted, &unwanted] {
            assert_eq!(put(&world, &street.phone, photo).await.status, 201);
        }
        street.push(&[reading_with(&street, 1, "H1", &[name(&wanted)])]).await;
        world.advance(TimeDelta::days(29));
        assert_eq!(meterbook_api::photos::sweep(&world.app).await.unwrap(), 0);
        world.advance(TimeDelta::days(2));
        assert_eq!(meterbook_api::photos::sweep(&world.app).await.unwrap(), 1);
        let (_, tokens) = world.refresh(&street.phone.refresh).await;
        let phone = SignedIn::of(&tokens);
        assert!(is_there(&world, &phone, &name(&wanted)).await);
        assert!(!is_there(&world, &phone, &name(&unwanted)).await);
        assert_eq!(stored(&world).len(), 1);
        assert_eq!(put(&world, &phone, &unwanted).await.status, 201);
        assert_eq!(meterbook_api::photos::sweep(&world.app).await.unwrap(), 0);
    }

    /// A photo that is being swept away is not acknowledged: its sender is asked to come again.
    async fn a_photo_that_is_being_swept_is_not_acknowledged(world: World) {
        let phone = world.reader_phone().await;
        let photo = picture(ImageFormat::Jpeg, 1);
        put(&world, &phone, &photo).await;
        world.database.execute("UPDATE photos SET swept_at = 1").unwrap();
        assert!(!is_there(&world, &phone, &name(&photo)).await);
        let answer = put(&world, &phone, &photo).await;
        assert_eq!((outcome(&answer), answer.header("retry-after")), (is(503, "unavailable"), "5"));
    }

    /// A photo whose object was lost, as after a restore, is not there, and coming again it is.
    async fn a_lost_object_is_healed_by_the_next_put(world: World) {
        let phone = world.reader_phone().await;
        let photo = picture(ImageFormat::Jpeg, 1);
        put(&world, &phone, &photo).await;
        std::fs::remove_file(&stored(&world)[0]).unwrap();
        assert!(!is_there(&world, &phone, &name(&photo)).await);
        assert_eq!(put(&world, &phone, &photo).await.status, 200);
        assert!(is_there(&world, &phone, &name(&photo)).await);
    }

    async fn a_phone_brings_only_so_many_photos_that_no_record_names(world: World) {
        let street = Street::build(&world).await;
        let device = street.phone.device.unwrap();
        let hash = |n: u32| {
            if world.database.kind == StoreKind::Postgres { format!("'\\x{n:064x}'") } else { format!("x'{n:064x}'") }
        };
        let rows: Vec<String> = (0..499).map(|n| format!("({}, 'image/jpeg', 1, {device}, 1)", hash(n))).collect();
        let sql = format!("INSERT INTO photos (sha256, media_type, bytes, device_id, stored_at) VALUES {}", rows.join(", "));
        world.database.execute(&sql).unwrap();
        assert_eq!(put(&world, &street.phone, &picture(ImageFormat::Jpeg, 1)).await.status, 201);
        let photo = picture(ImageFormat::Jpeg, 2);
        assert_eq!(outcome(&put(&world, &street.phone, &photo).await), is(429, "photo_quota"));
        street.push(&[reading_with(&street, 1, "H1", &[name(&photo)])]).await;
        assert_eq!(put(&world, &street.phone, &photo).await.status, 201);
    }
}
