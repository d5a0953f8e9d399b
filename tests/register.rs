//! Importing the register: every bad row is named, and nothing is imported by halves.

use crate::support::World;
use crate::support::street::{HEADER, import, register};
use meterbook::accounts::Role;
use reqwest::Method;
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

fn faults(report: &Value) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = report["faults"].as_array().unwrap().iter();
    rows.map(|fault| (fault["row"].as_u64().unwrap(), text(&fault["column"]), text(&fault["code"]))).collect()
}

fn counts(report: &Value) -> [u64; 5] {
    ["rows", "added", "changed", "unchanged", "rejected"].map(|name| report[name].as_u64().unwrap())
}

on_both_stores! {
    async fn the_same_register_again_changes_nothing_and_says_so(world: World) {
        assert_eq!(counts(&import(&world, "register", register()).await.1), [6, 6, 0, 0, 0]);
        assert_eq!(counts(&import(&world, "register", register()).await.1), [6, 0, 0, 6, 0]);
        let moved = register().replace("锦绣路2号", "锦绣路22号");
        let report = import(&world, "register", moved).await.1;
        assert_eq!(counts(&report), [6, 0, 1, 5, 0]);
        assert_eq!(report["changes"][0]["key"], json!("H2"));
    }

    async fn duplicated_numbers_are_named_and_nothing_is_imported_unless_the_good_are_wanted(world: World) {
        let twice = format!(
            "{}\nH1,居民户外,东城区/锦绣,W01,9,王,1,x,00888,G4,2020-01-01,0,在用\nH9,居民户外,东城区/锦绣,W01,9,王,1,x,00177,G4,2020-01-01,0,在用",
            register()
        );
        let (status, report) = import(&world, "register", twice.clone()).await;
        assert_eq!((status, &report["applied"]), (200, &json!(false)));
        let named: Vec<_> = faults(&report).into_iter().map(|(row, column, _)| (row, column)).collect();
        assert_eq!(named, [(8, "户号".to_owned()), (9, "表号".to_owned())], "{report}");
        let admin = world.admin().await.access;
        assert_eq!(world.get("/v1/service-points", &admin).await.1["items"], json!([]));
        let report = import(&world, "register?keep_good=true", twice).await.1;
        assert_eq!((&report["applied"], counts(&report)), (&json!(true), [8, 6, 0, 0, 2]));
        assert_eq!(world.get("/v1/service-points", &admin).await.1["items"].as_array().unwrap().len(), 6);
    }

    async fn every_bad_cell_is_reported_with_its_reason(world: World) {
        let rows = [
            "H1,居民户外,东城,W01,1,王,1,x,1.23E+15,G4,2020-01-01,0,在用",
            "H2,居民,东城,W01,2,王,1,x,00002,G4,2020-01-01,0,在用",
            "H3,居民户外,东城,W01,3,王,1,x,00003,G99,2020-01-01,0,在用",
            "H4,居民户外,东城,W01,4,王,1,x,00004,G4,2020-02-31,0,在用",
            "H5,居民户外,东城,W01,5,王,1,x,00005,G4,2020-01-01,-5,在用",
        ];
        let report = import(&world, "register", format!("{HEADER}\n{}", rows.join("\n"))).await.1;
        let columns: Vec<_> = faults(&report).into_iter().map(|(row, column, _)| (row, column)).collect();
        let expected = [(2, "表号"), (3, "类别"), (4, "表型"), (5, "通气日期"), (6, "初始读数")];
        assert_eq!(columns, expected.map(|(row, column)| (row, column.to_owned())), "{report}");
    }

    async fn a_workbook_is_read_as_offices_write_it(world: World) {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.merge_range(0, 0, 0, 5, "用户档案", &rust_xlsxwriter::Format::new()).unwrap();
        for (row, line) in register().lines().enumerate() {
            for (column, cell) in line.split(',').enumerate() {
                sheet.write_string(u32::try_from(row).unwrap() + 1, u16::try_from(column).unwrap(), cell).unwrap();
            }
        }
        let report = import(&world, "register", book.save_to_buffer().unwrap()).await.1;
        assert_eq!(counts(&report), [6, 6, 0, 0, 0], "{report}");
        let admin = world.admin().await.access;
        for search in ["H1", "00177", "王1", "139-0000-0001", "锦绣路1号"] {
            let request = world.request(Method::GET, "/v1/service-points").bearer_auth(&admin).query(&[("search", search)]);
            let found = world.send(request).await.json();
            assert_eq!(found["items"].as_array().unwrap().len(), 1, "{search}");
        }
    }

    async fn a_purchase_of_an_unknown_meter_is_named_and_a_known_one_counts_once(world: World) {
        import(&world, "register", register()).await;
        let header = "流水号,表号,充值时间,气量,金额";
        let known = format!("{header}\nP1,00199,2026-02-10T10:00:00+08:00,100.5,301.50");
        let report = import(&world, "purchases", format!("{known}\nP2,99999,2026-02-10T10:00:00+08:00,1,3.00")).await.1;
        assert_eq!(report["applied"], json!(false));
        let named: Vec<_> = faults(&report).into_iter().map(|(row, column, _)| (row, column)).collect();
        assert_eq!(named, [(3, "表号".to_owned())], "{report}");
        assert_eq!(counts(&import(&world, "purchases", known.clone()).await.1), [1, 1, 0, 0, 0]);
        assert_eq!(counts(&import(&world, "purchases", known).await.1), [1, 0, 0, 1, 0]);
    }

    /// SECURITY 11: nothing personal is readable in the database.
    async fn names_phones_and_addresses_are_sealed(world: World) {
        import(&world, "register", register()).await;
        for column in ["customer_name", "customer_phone", "address"] {
            let hex = world.database.texts(&hex_of(&world, column));
            assert_eq!(hex.len(), 6);
            for plain in ["王1", "13900000001", "锦绣路1号"] {
                let plain: String = plain.bytes().map(|byte| format!("{byte:02X}")).collect();
                assert!(hex.iter().all(|stored| !stored.to_uppercase().contains(&plain)), "{column}");
            }
        }
    }

    async fn what_is_no_register_is_refused_with_what_was_expected(world: World) {
        let (status, problem) = import(&world, "register", b"\x89PNG\r\n\x1a\nnothing".to_vec()).await;
        assert!((400..=422).contains(&status) && !problem["title"].as_str().unwrap().is_empty(), "{status} {problem}");
        let (status, problem) = import(&world, "register", "户号,类别\nH1,居民户外\n".to_owned()).await;
        assert_eq!(status, 422);
        assert!(problem.to_string().contains("表号"), "{problem}");
        let reader = world.desk(Role::Reader).await;
        let request = world.request(Method::POST, "/v1/imports/register").bearer_auth(&reader.access).body(register());
        assert_eq!(world.send(request).await.status, 403);
    }
}

fn hex_of(world: &World, column: &str) -> String {
    match world.database.kind {
        crate::support::StoreKind::Sqlite => format!("SELECT hex({column}) AS value FROM service_points"),
        crate::support::StoreKind::Postgres => format!("SELECT encode({column}, 'hex') AS value FROM service_points"),
    }
}
