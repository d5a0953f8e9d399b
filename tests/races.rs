//! What happens at the same time happens one after the other (DESIGN "The store").

use crate::support::{SignedIn, World};
use diesel::sql_types::BigInt;
use diesel::{QueryResult, QueryableByName, RunQueryDsl};
use futures_util::future::join_all;
use meterbook::accounts::Role;
use meterbook_api::db::{Conn, Isolation, Lockable};
use std::collections::BTreeSet;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

fn read(conn: &mut Conn, sql: &str) -> QueryResult<i64> {
    let row: Number = match conn {
        Conn::Sqlite(conn) => diesel::sql_query(sql).get_result(&mut **conn),
        Conn::Postgres(conn) => diesel::sql_query(sql).get_result(&mut **conn),
    }?;
    Ok(row.value)
}

fn write(conn: &mut Conn, sql: &str) -> QueryResult<usize> {
    match conn {
        Conn::Sqlite(conn) => diesel::sql_query(sql).execute(&mut **conn),
        Conn::Postgres(conn) => diesel::sql_query(sql).execute(&mut **conn),
    }
}

const COUNT: &str = "SELECT highest_contiguous_seq AS value FROM devices WHERE id = 1";

/// Reads a number and writes the next, as a decision in Rust does.
fn count_up(conn: &mut Conn) -> QueryResult<()> {
    let next = read(conn, COUNT)? + 1;
    write(conn, &format!("UPDATE devices SET highest_contiguous_seq = {next} WHERE id = 1")).map(drop)
}

async fn count_in_parallel(world: &World, isolation: Isolation) -> i64 {
    const EACH: usize = 20;
    let teams = (0..8).map(|_| async {
        for _ in 0..EACH {
            let counted = world.app.store.write("count_up", isolation, move |conn| {
                if isolation == Isolation::RowLocks {
                    conn.lock(Lockable::Devices, &[1])?;
                }
                count_up(conn)
            });
            counted.await.unwrap();
        }
    });
    join_all(teams).await;
    world.app.store.read("count", |conn| read(conn, COUNT)).await.unwrap()
}

on_both_stores! {
    async fn serializable_transactions_lose_no_update(world: World) {
        world.reader_phone().await;
        assert_eq!(count_in_parallel(&world, Isolation::Serializable).await, 160);
    }

    async fn locked_rows_lose_no_update(world: World) {
        world.reader_phone().await;
        assert_eq!(count_in_parallel(&world, Isolation::RowLocks).await, 160);
    }

    async fn of_many_phones_with_one_code_one_wins(world: World) {
        let (reader, _) = world.account(Role::Reader).await;
        let code = world.activation_code(reader).await;
        let answers = join_all((0..8).map(|_| world.try_activate(&code))).await;
        let won = answers.iter().filter(|(status, _)| *status == 201).count();
        assert_eq!(won, 1, "{answers:?}");
        assert!(answers.iter().all(|(status, _)| [201, 401].contains(status)), "{answers:?}");
        let devices = world.database.texts("SELECT CAST(count(*) AS TEXT) AS value FROM devices");
        assert_eq!(devices, ["1"]);
    }

    /// Each answer may be the one that arrives, so all are the same, and one holder comes out of it (SECURITY 7).
    async fn of_one_token_refreshed_at_once_one_successor_lives(world: World) {
        let phone = world.reader_phone().await;
        let answers = join_all((0..8).map(|_| world.refresh(&phone.refresh))).await;
        assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
        let successors: BTreeSet<String> = answers.iter().map(|(_, answer)| SignedIn::of(answer).refresh).collect();
        assert_eq!(successors.len(), 1, "{answers:?}");
        for successor in successors {
            assert_eq!(world.refresh(&successor).await.0, 200);
        }
    }

    async fn of_one_idempotency_key_used_at_once_one_code_comes(world: World) {
        let admin = world.admin().await;
        let (reader, _) = world.account(Role::Reader).await;
        let mint = async || {
            let request = world.request(reqwest::Method::POST, "/v1/devices/activation-codes").bearer_auth(&admin.access);
            let request = request.header("idempotency-key", "at-once").json(&serde_json::json!({ "account_id": reader }));
            let answer = world.send(request).await;
            (answer.status, answer.json())
        };
        let answers = join_all((0..8).map(|_| mint())).await;
        assert!(answers.iter().all(|answer| answer.0 == 201 && *answer == answers[0]), "{answers:?}");
    }

    async fn of_one_login_name_made_at_once_one_account_comes(world: World) {
        let admin = world.admin().await;
        let body = serde_json::json!({ "login": "twin", "name": "李娜", "role": "reader", "password": crate::support::PASSWORD });
        let answers = join_all((0..6).map(|_| world.post("/v1/accounts", &admin.access, &body))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.0).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    }
}
