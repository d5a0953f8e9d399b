//! What is kept of a meter's past for its next verdict is always what its records say.

use crate::support::World;
use crate::support::street::{Street, import, outcomes};
use chrono::TimeDelta;
use serde_json::{Value, json};

/// Points of which something is kept.
fn kept(world: &World) -> usize {
    world.database.texts("SELECT CAST(installation_id AS TEXT) AS value FROM meter_pasts").len()
}

fn assert_right(world: &World) {
    assert_eq!(world.database.wrong_pasts(), Vec::<i64>::new());
}

/// A home's reading of so many hours ago.
fn reading(street: &Street<'_>, seq: i64, point: &str, m3: i64, hours: i64) -> Value {
    let mut item = street.reading(seq, point, m3);
    let at = street.world.clock.now() - TimeDelta::hours(hours);
    item["read_at"] = json!(at.to_rfc3339());
    item["read_elapsed_ms"] = json!(at.timestamp_millis());
    item
}

on_both_stores! {
    async fn what_is_kept_follows_the_records_whatever_comes(world: World) {
        let street = Street::build(&world).await;
        let accepted = |answer: &Value| assert!(outcomes(answer).iter().all(|(outcome, _)| outcome == "accepted"), "{answer}");
        accepted(&street.push(&[reading(&street, 1, "H1", 1010, 50), reading(&street, 2, "H2", 1020, 49)]).await);
        assert_right(&world);
        assert_eq!(kept(&world), 2);
        // In order, twice in one batch, and one that is set aside.
        let again = [reading(&street, 3, "H1", 1011, 40), reading(&street, 4, "H1", 1012, 39), reading(&street, 5, "H2", 90_000, 38)];
        accepted(&street.push(&again).await);
        assert_right(&world);
        assert_eq!(kept(&world), 2);
        // One that comes late: read from the records again next time.
        accepted(&street.push(&[reading(&street, 6, "H1", 1011, 45)]).await);
        assert_right(&world);
        assert_eq!(kept(&world), 1);
        accepted(&street.push(&[reading(&street, 7, "H1", 1013, 30)]).await);
        assert_right(&world);
        assert_eq!(kept(&world), 2);
        // Resent, nothing happens.
        street.push(&again).await;
        assert_eq!(kept(&world), 2);
        // Corrected, by figures and to an attempt.
        let wrong = reading(&street, 8, "H2", 1022, 20);
        accepted(&street.push(std::slice::from_ref(&wrong)).await);
        let what = json!({"kind": "correction", "corrects": wrong["id"], "reason_code": "mistyped", "index": 1_021_000});
        accepted(&street.push(&[street.record(9, "H2", what)]).await);
        assert_right(&world);
        assert_eq!(kept(&world), 1);
        accepted(&street.push(&[reading(&street, 10, "H2", 1023, 10), reading(&street, 11, "H3", 1030, 9)]).await);
        assert_right(&world);
        assert_eq!(kept(&world), 3);
        // Another system's readings come in between.
        let (status, report) = import(&world, "readings", "表号,抄表时间,类型,表读数\n00177,2026-01-05 08:00,实抄,1005\n").await;
        assert_eq!((status, &report["applied"]), (200, &json!(true)), "{report}");
        assert_right(&world);
        assert_eq!(kept(&world), 2);
        // A dial of other digits reckons otherwise.
        world.database.execute("UPDATE meters SET digits_integer = 4 WHERE number = '00377'").unwrap();
        assert_right(&world);
        accepted(&street.push(&[reading(&street, 12, "H1", 1014, 2), reading(&street, 13, "H3", 1031, 2)]).await);
        assert_right(&world);
        assert_eq!(kept(&world), 3);
    }

    /// The check can fail.
    async fn a_kept_past_that_is_wrong_is_named(world: World) {
        let street = Street::build(&world).await;
        street.push(&[reading(&street, 1, "H1", 1010, 50), reading(&street, 2, "H2", 1020, 49)]).await;
        assert_right(&world);
        world.database.execute(
            "UPDATE meter_pasts SET digest = (SELECT other.digest FROM meter_pasts other ORDER BY other.installation_id DESC LIMIT 1)",
        ).unwrap();
        assert_eq!(world.database.wrong_pasts(), [street.points["H1"]]);
        let checked = crate::startup::run(&world.database, &["check"]);
        assert_eq!(checked.status.code(), Some(1), "{}", crate::startup::said(&checked));
    }
}
