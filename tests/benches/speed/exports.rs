//! What a list of a million rows costs in memory: the points nobody has read in a month before all readings, as a file.

use crate::node::as_service;
use crate::table::Table;
use meterbook::calendar::Period;
use meterbook_api::App;
use meterbook_api::coverage::open_period;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Exports them as a workbook and as CSV.
pub fn measure(
    table: &mut Table,
    store: &str,
    (folder, url): (&Path, Option<&str>),
    runtime: &Runtime,
    app: &App,
    points: i64,
) {
    let now = app.config.zone.day(app.clock.now());
    // The last month of a quarter, so that indoor points are in its list too; twelve months of readings end well after it.
    let quarter = (0..5).fold(Period::quarter_of(now), |quarter, _| quarter.previous());
    let month = Period::month_of(quarter.end_day().pred_opt().unwrap());
    runtime.block_on(async {
        for period in [month, quarter] {
            open_period(app, period).await.unwrap();
        }
    });
    for kind in ["csv", "xlsx"] {
        let file = folder.join(format!("unread.{kind}"));
        let mut command = as_service(folder, url);
        command.args(["report", "month-end", "--live", "--sheet", "not_read", "--month", &month.to_string(), "--out"]);
        command.arg(&file);
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut most = 0.0;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            most = crate::node::peak_memory_mib(child.id()).unwrap_or(most);
            // It only ever grows, and the file takes seconds: a sample this dense misses next to nothing.
            std::thread::sleep(Duration::from_millis(20));
        };
        assert!(status.success(), "{status}");
        if kind == "csv" {
            let rows = rows_told(&file);
            assert!(rows >= points, "the list has {rows} rows, not one for each of {points} points");
            table.note(format!("{store}: unread points listed"), rows.to_string());
        }
        table.note(format!("{store}: as {kind}, s"), format!("{:.1}", began.elapsed().as_secs_f64()));
        table.at_most(&format!("{store}: as {kind}, most memory, MiB"), most, 150.0);
    }
}

/// The row count a CSV file ends with.
fn rows_told(file: &Path) -> i64 {
    let mut file = std::fs::File::open(file).unwrap();
    file.seek(SeekFrom::End(-300)).unwrap();
    let mut end = Vec::new();
    file.read_to_end(&mut end).unwrap();
    let end = String::from_utf8_lossy(&end).into_owned();
    end.split("#,rows,").nth(1).and_then(|rest| rest.split(',').next()).unwrap().parse().unwrap()
}
