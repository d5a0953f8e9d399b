//! The example of a phone that syncs through RxDB (`tests/rxdb`), run against the server: it is documentation that is true.

use crate::clients::{phone_to_be, told};
use crate::support::World;
use crate::support::tools::{run, tools};

on_both_stores! {
    async fn a_phone_on_rxdb_gets_a_receipt_for_all_it_wrote(world: World) {
        let Some(tools) = tools() else { return };
        let (folder, code) = (tools.node_project("rxdb"), phone_to_be(&world).await);
        let said = run(told(tools.node(&folder).arg("day.js"), &world, &code));
        assert!(said.contains("as expected"), "{said}");
        let numbers = world.database.texts("SELECT device_seq || '' AS value FROM records WHERE device_seq IS NOT NULL ORDER BY device_seq");
        let expected: Vec<String> = (1..=96).filter(|number| *number != 5).map(|number: i64| number.to_string()).collect();
        assert_eq!(numbers, expected);
        let aside = world.database.texts("SELECT outcome AS value FROM quarantine ORDER BY id");
        assert_eq!(aside, ["rejected", "conflict"]);
    }
}
