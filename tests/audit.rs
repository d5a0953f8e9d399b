//! The audit log is one chain that nobody without the key can mend (SECURITY 13, I12).

use crate::startup::{meterbook, said};
use crate::support::{Database, StoreKind, World};
use futures_util::future::join_all;
use meterbook::accounts::Role;
use meterbook_api::audit::{Anchor, ChainFault, verify_chain};
use std::process::{Command, Output};

async fn verdict(world: &World, anchor: Option<Anchor>) -> Result<Anchor, ChainFault> {
    let walked = world.app.store.read("verify", move |conn| verify_chain(conn, anchor.as_ref()));
    walked.await.unwrap().map(Anchor)
}

/// The database's owner, with nothing in his way.
fn as_superuser(database: &Database, sql: &str) {
    let free = match database.kind {
        StoreKind::Postgres => "SET session_replication_role = replica; ",
        StoreKind::Sqlite => {
            "PRAGMA foreign_keys = OFF; DROP TRIGGER IF EXISTS audit_log_no_update; DROP TRIGGER IF EXISTS audit_log_no_delete; \
             DROP TRIGGER IF EXISTS audit_links_no_update; DROP TRIGGER IF EXISTS audit_links_no_delete; "
        }
    };
    database.execute(&format!("{free}{sql}")).unwrap();
}

const TABLES: [&str; 3] = ["audit_log", "audit_links", "audit_head"];

fn save(database: &Database) {
    for table in TABLES {
        as_superuser(database, &format!("CREATE TABLE saved_{table} AS SELECT * FROM {table}"));
    }
}

fn put_back(database: &Database) {
    for table in TABLES {
        as_superuser(database, &format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM saved_{table}"));
    }
}

fn ids(database: &Database) -> Vec<i64> {
    let ids = database.texts("SELECT CAST(id AS TEXT) AS value FROM audit_log ORDER BY id");
    ids.iter().map(|id| id.parse().unwrap()).collect()
}

fn verify_command(database: &Database, arguments: &[&str]) -> Output {
    let mut command = Command::new(meterbook());
    command.env_clear().arg("--data-dir").arg(&database.dir).args(["--database", &database.url, "audit", "verify"]);
    command.args(arguments).output().unwrap()
}

on_both_stores! {
    async fn deeds_make_a_chain_that_verifies(world: World) {
        for _ in 0..2 {
            world.reader_phone().await;
        }
        let newest = verdict(&world, None).await.unwrap();
        assert_eq!(newest.0.position, i64::try_from(ids(&world.database).len()).unwrap());
        assert!(newest.0.position >= 5, "{newest}");
        let output = verify_command(&world.database, &[]);
        assert!(output.status.success() && said(&output).contains(&newest.to_string()), "{}", said(&output));
        // An anchor noted earlier stays good when the log grows.
        world.reader_phone().await;
        let output = verify_command(&world.database, &["--anchor", &newest.to_string()]);
        assert!(output.status.success(), "{}", said(&output));
    }

    async fn deeds_at_the_same_time_on_two_nodes_make_one_chain(world: World) {
        if world.database.kind == StoreKind::Sqlite {
            return;
        }
        let admin = world.admin().await;
        let other = World::start_another(std::sync::Arc::clone(&world.database), crate::support::WorldOptions::default());
        let (reader, _) = world.account(Role::Reader).await;
        let mint = async |node: &World| {
            let body = serde_json::json!({ "account_id": reader });
            node.post("/v1/devices/activation-codes", &admin.access, &body).await.0
        };
        let statuses = join_all((0..16).map(|n| mint(if n % 2 == 0 { &world } else { &other }))).await;
        assert!(statuses.iter().all(|status| *status == 201), "{statuses:?}");
        let newest = verdict(&world, None).await.unwrap();
        assert_eq!(newest.0.position, i64::try_from(ids(&world.database).len()).unwrap());
        assert!(newest.0.position > 16);
    }

    async fn every_change_of_every_row_is_named(world: World) {
        for _ in 0..2 {
            world.reader_phone().await;
        }
        save(&world.database);
        let changes = [
            "at = at + 1", "account_id = COALESCE(account_id, 0) + 1", "action = action || 'x'",
            "subject = subject || 'x'", "detail = detail || 'x'",
        ];
        for id in ids(&world.database) {
            for change in changes {
                as_superuser(&world.database, &format!("UPDATE audit_log SET {change} WHERE id = {id}"));
                assert_eq!(verdict(&world, None).await, Err(ChainFault::Changed(id)), "{change}");
                put_back(&world.database);
            }
            as_superuser(&world.database, &format!("UPDATE audit_links SET hash = (SELECT hash FROM audit_links WHERE audit_id <> {id} ORDER BY audit_id LIMIT 1) WHERE audit_id = {id}"));
            assert_eq!(verdict(&world, None).await, Err(ChainFault::Changed(id)));
            put_back(&world.database);
        }
        assert!(verdict(&world, None).await.is_ok());
    }

    async fn every_row_taken_out_is_named(world: World) {
        for _ in 0..2 {
            world.reader_phone().await;
        }
        save(&world.database);
        let ids = ids(&world.database);
        for (at, id) in ids.iter().enumerate() {
            as_superuser(&world.database, &format!("DELETE FROM audit_log WHERE id = {id}"));
            assert_eq!(verdict(&world, None).await, Err(ChainFault::Removed(*id)));
            // With its link it is as if it had never been, but for its neighbours.
            as_superuser(&world.database, &format!("DELETE FROM audit_links WHERE audit_id = {id}"));
            let before = if at == 0 { 0 } else { ids[at - 1] };
            let expected = match ids.get(at + 1) {
                Some(after) => ChainFault::RemovedBetween(before, *after),
                None => ChainFault::EndRemoved(before),
            };
            assert_eq!(verdict(&world, None).await, Err(expected));
            // Numbering the later links anew does not mend it.
            if let Some(after) = ids.get(at + 1) {
                as_superuser(&world.database, &format!("UPDATE audit_links SET position = -(position - 1) WHERE audit_id > {id}"));
                as_superuser(&world.database, "UPDATE audit_links SET position = -position WHERE position < 0");
                assert_eq!(verdict(&world, None).await, Err(ChainFault::Changed(*after)));
            }
            put_back(&world.database);
            as_superuser(&world.database, &format!("DELETE FROM audit_links WHERE audit_id = {id}"));
            assert_eq!(verdict(&world, None).await, Err(ChainFault::Unchained(*id)));
            put_back(&world.database);
        }
    }

    async fn rows_put_in_or_exchanged_are_named(world: World) {
        for _ in 0..2 {
            world.reader_phone().await;
        }
        save(&world.database);
        let ids = ids(&world.database);
        let last = ids[ids.len() - 1];
        let forged = |id: i64| format!("INSERT INTO audit_log (id, at, action, subject, detail) VALUES ({id}, 1, 'revoke_device', 'device/1', '')");
        for id in [0, last + 1] {
            as_superuser(&world.database, &forged(id));
            assert_eq!(verdict(&world, None).await, Err(ChainFault::Unchained(id)));
            put_back(&world.database);
        }
        for pair in ids.windows(2) {
            let (one, other) = (pair[0], pair[1]);
            as_superuser(&world.database, &format!("UPDATE audit_log SET id = -1 WHERE id = {one}"));
            as_superuser(&world.database, &format!("UPDATE audit_log SET id = {one} WHERE id = {other}"));
            as_superuser(&world.database, &format!("UPDATE audit_log SET id = {other} WHERE id = -1"));
            assert_eq!(verdict(&world, None).await, Err(ChainFault::Changed(one)));
            put_back(&world.database);
        }
        as_superuser(&world.database, &forged(last + 1));
        let output = verify_command(&world.database, &[]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(&format!("audit row {} is not in the chain", last + 1)), "{}", said(&output));
    }

    /// What no chain can show from inside: its end cut off without a trace. The anchor shows it.
    async fn an_end_cut_off_with_its_traces_fails_against_the_anchor(world: World) {
        world.reader_phone().await;
        let newest = verdict(&world, None).await.unwrap();
        let last = *ids(&world.database).last().unwrap();
        as_superuser(&world.database, &format!("DELETE FROM audit_log WHERE id = {last}; DELETE FROM audit_links WHERE audit_id = {last}"));
        assert!(matches!(verdict(&world, None).await, Err(ChainFault::EndRemoved(_))));
        let position = newest.0.position - 1;
        as_superuser(&world.database, &format!("UPDATE audit_head SET position = {position}, hash = (SELECT hash FROM audit_links WHERE position = {position})"));
        assert!(verdict(&world, None).await.is_ok());
        assert_eq!(verdict(&world, Some(newest.clone())).await, Err(ChainFault::Anchor(newest.0.position)));
        let output = verify_command(&world.database, &["--anchor", &newest.to_string()]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    }

    /// Rows from before the chain are linked at the first start with it, and never again.
    async fn a_log_from_before_the_chain_is_linked_once(world: World) {
        world.reader_phone().await;
        as_superuser(&world.database, "DELETE FROM audit_head; DELETE FROM audit_links");
        let (database, before) = (std::sync::Arc::clone(&world.database), ids(&world.database).len());
        drop(world);
        let world = World::start_another(database, crate::support::WorldOptions::default());
        assert_eq!(verdict(&world, None).await.unwrap().0.position, i64::try_from(before).unwrap() + 1);
        let starts = world.database.texts("SELECT subject AS value FROM audit_log WHERE action = 'start_audit_chain' ORDER BY id");
        assert_eq!(starts, ["rows/0".to_owned(), format!("rows/{before}")]);
        as_superuser(&world.database, "DELETE FROM audit_head");
        let database = std::sync::Arc::clone(&world.database);
        drop(world);
        let world = World::start_another(database, crate::support::WorldOptions::default());
        assert!(matches!(verdict(&world, None).await, Err(ChainFault::Head(_))));
    }
}
