//! `meterbook anomalies evaluate` as somebody with a file would use it.

use super::series::{CLASSES, load};
use super::street::{Recipe, build, write_readings};
use std::collections::BTreeMap;
use std::process::Command;

#[test]
fn a_file_of_readings_becomes_a_file_of_alarms() {
    let folder = std::env::temp_dir().join(format!("meterbook-evaluate-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (readings, alarms) = (folder.join("readings.csv"), folder.join("alarms.csv"));
    let all = load();
    let some: Vec<_> = all.iter().step_by(3).collect();
    let (meters, _) = build(&some, Recipe::of(5));
    let mut text = write_readings(&meters, &CLASSES);
    text.push_str("odd,rs,no day,1,5,\n");
    std::fs::write(&readings, text).unwrap();
    let run = Command::new(crate::startup::meterbook())
        .args(["anomalies", "evaluate", "--share", "2", "--readings"])
        .arg(&readings)
        .arg("--out")
        .arg(&alarms)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{said}");
    assert!(said.contains("1 left out") && said.contains("YYYY-MM-DD"), "{said}");
    let text = std::fs::read_to_string(&alarms).unwrap();
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("period,list,place,meter,class,read_date,score,check,rule,stake,"));
    let mut places: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.splitn(4, ',').collect();
        places.entry((cells[0].into(), cells[1].into())).or_default().push(cells[2].parse().unwrap());
    }
    assert!(places.values().all(|given| given.iter().copied().eq(1..=given.len())), "{places:?}");
    let lists: std::collections::BTreeSet<&str> = places.keys().map(|(_, list)| list.as_str()).collect();
    assert_eq!(lists.into_iter().collect::<Vec<_>>(), ["exception", "failed", "fast", "jump", "slow"]);
    assert!(text.contains("该表通常偏差在") && text.contains("this meter is normally within"));
    std::fs::remove_dir_all(&folder).unwrap();
}
