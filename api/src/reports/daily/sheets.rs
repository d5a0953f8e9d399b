//! The sheets of a daily report.

use super::{Daily, DailyLine};
use crate::http::Time;
use crate::reports::book::{Book, BookFault, Masthead};
use meterbook::meters::Class;
use meterbook::quantity::Volume;
use meterbook::reports::{Cell, Chart, ChartKind, Column, Measure, Sheet, words};
use meterbook::text::Text;

const NOTHING: Text = Text { zh: "", en: "" };

/// One line per reader.
pub const READERS: Sheet = Sheet {
    id: "readers",
    title: Text { zh: "抄表日报", en: "By reader" },
    about: Text {
        zh: "按抄表时间归日，不论何时上传；到访 = 抄表 + 复抄 + 用户自报 + 到访未抄。气量单位 m³。",
        en: "By the day a visit was made, whenever it arrived. Visits = readings + re-reads + customer's word + attempts. Volumes in m³.",
    },
    columns: &[
        Column::new("抄表员", "Reader", Measure::Text, 12),
        Column::new("到访", "Visits", Measure::Count, 7),
        Column::new("抄表", "Readings", Measure::Count, 8),
        Column::new("复抄", "Re-reads", Measure::Count, 7),
        Column::new("用户自报", "Customer", Measure::Count, 8),
        Column::new("到访未抄", "Attempts", Measure::Count, 8),
        Column::new("有照片", "Proven", Measure::Count, 7),
        Column::new("更正", "Corrections", Measure::Count, 7),
        Column::new("隐患", "Hazards", Measure::Count, 7),
        Column::new("缺号", "Missing", Measure::Count, 7),
        Column::new("待核", "Quarantined", Measure::Count, 7),
        Column::new("欠照片", "Photos owed", Measure::Count, 7),
        Column::new("提前", "Early", Measure::Count, 6),
        Column::new("按时", "On time", Measure::Count, 6),
        Column::new("逾期", "Late", Measure::Count, 6),
        Column::new("隔日上传", "Came later", Measure::Count, 8),
        Column::new("首次", "First", Measure::Text, 7),
        Column::new("末次", "Last", Measure::Text, 7),
        Column::new("抄见气量", "Gas read", Measure::Volume, 11),
    ],
    chart: Some(Chart {
        kind: ChartKind::Column,
        title: Text { zh: "各抄表员抄表与到访未抄", en: "Readings and attempts by reader" },
        names: 0,
        values: &[2, 5],
        most: 40,
    }),
};

/// Attempts by reader and reason.
pub const ATTEMPTS: Sheet = Sheet {
    id: "attempts",
    title: Text { zh: "到访未抄原因", en: "Attempts" },
    about: NOTHING,
    columns: &[
        Column::new("抄表员", "Reader", Measure::Text, 14),
        Column::new("门锁", "Locked", Measure::Count, 9),
        Column::new("拒绝", "Refused", Measure::Count, 9),
        Column::new("无人", "Nobody home", Measure::Count, 9),
        Column::new("危险", "Unsafe", Measure::Count, 9),
        Column::new("找不到表", "Not found", Measure::Count, 9),
        Column::new("无显示", "Display dark", Measure::Count, 9),
        Column::new("其他", "Other", Measure::Count, 9),
        Column::new("合计", "Total", Measure::Count, 9),
    ],
    chart: None,
};

/// Gas sold.
pub const SOLD: Sheet = Sheet {
    id: "sold",
    title: Text { zh: "售气日报", en: "Gas sold" },
    about: Text {
        zh: "来自收费系统的充值记录（R-30）；气量单位 m³，金额单位元。",
        en: "Purchases told by the charging system (R-30); volumes in m³, money in yuan.",
    },
    columns: &[
        Column::new("片区", "Area", Measure::Text, 26),
        Column::new("类别", "Class", Measure::Text, 18),
        Column::new("笔数", "Purchases", Measure::Count, 10),
        Column::new("售气量", "Volume", Measure::Volume, 14),
        Column::new("金额", "Paid", Measure::Money, 14),
    ],
    chart: None,
};

/// Every visit.
pub const VISITS: Sheet = Sheet {
    id: "visits",
    title: Text { zh: "明细", en: "Visits" },
    about: NOTHING,
    columns: &[
        Column::new("时间", "Time", Measure::Time, 19),
        Column::new("抄表员", "Reader", Measure::Text, 10),
        Column::new("户号", "Account", Measure::Text, 14),
        Column::new("表号", "Meter", Measure::Text, 16),
        Column::new("类别", "Class", Measure::Text, 12),
        Column::new("结果", "Result", Measure::Text, 12),
        Column::new("读数", "Index", Measure::Volume, 12),
        Column::new("气量", "Gas", Measure::Volume, 10),
        Column::new("窗口", "Window", Measure::Text, 8),
        Column::new("备注", "Notes", Measure::Text, 24),
    ],
    chart: None,
};

impl Daily {
    /// The sheets there are.
    pub const SHEETS: [Sheet; 4] = [READERS, ATTEMPTS, SOLD, VISITS];

    /// What stands at its head.
    #[must_use]
    pub fn masthead(&self) -> Masthead {
        let (report, local) = (&self.report, |at: Time| self.zone.local(at.0).naive_local());
        let mut facts = vec![(Text { zh: "截止", en: "Cut-off" }, Cell::Time(local(report.cut_off)))];
        if let [only] = report.readers.as_slice() {
            let name = only.reader_name.clone().unwrap_or_default();
            facts.push((Text { zh: "抄表员", en: "Reader" }, Cell::Text(name)));
        }
        facts.push((Text { zh: "规则版本", en: "Rules" }, Cell::Text(report.rules_version.clone())));
        Masthead {
            title: Text { zh: "抄表日报表", en: "Daily reading report" },
            subject: report.day.to_string(),
            facts,
            cut_off: local(report.cut_off),
        }
    }

    /// Prints it.
    ///
    /// # Errors
    /// The disk's.
    pub fn print(&self, book: &mut Book) -> Result<(), BookFault> {
        let report = &self.report;
        book.sheet(&READERS, |book| {
            report.readers.iter().try_for_each(|line| book.row(&self.reader_row(line)))?;
            book.total(&self.reader_row(&report.office))
        })?;
        book.sheet(&ATTEMPTS, |book| {
            report.readers.iter().try_for_each(|line| book.row(&attempt_row(line)))?;
            book.total(&attempt_row(&report.office))
        })?;
        book.sheet(&SOLD, |book| {
            for line in &report.sold {
                let class = Class::from_code(&line.class).map(words::class);
                book.row(&[
                    Cell::Text(line.area.clone()),
                    Cell::or_empty(class, Cell::Word),
                    Cell::count(line.purchases),
                    Cell::Volume(Volume::from_litres(line.volume)),
                    Cell::Money(line.paid_fen),
                ])?;
            }
            let purchases = report.sold.iter().map(|line| line.purchases).sum();
            book.total(&[
                TOTAL,
                Cell::Empty,
                Cell::count(purchases),
                Cell::Volume(Volume::from_litres(report.volume_sold)),
                Cell::Money(report.paid_fen),
            ])
        })?;
        book.sheet(&VISITS, |book| self.print_visits(book))
    }

    fn reader_row(&self, line: &DailyLine) -> [Cell; 19] {
        let clock =
            |at: Option<Time>| Cell::or_empty(at, |at| Cell::Text(self.zone.local(at.0).format("%H:%M").to_string()));
        [
            line.reader_name.clone().map_or(TOTAL, Cell::Text),
            Cell::count(line.visits),
            Cell::count(line.readings),
            Cell::count(line.rereads),
            Cell::count(line.customer_told),
            Cell::count(line.attempts),
            Cell::count(line.attempts_proven),
            Cell::count(line.corrections),
            Cell::count(line.hazards),
            Cell::count(line.missing_records),
            Cell::count(line.quarantined),
            Cell::count(line.photos_owed),
            Cell::count(line.early),
            Cell::count(line.on_time),
            Cell::count(line.late),
            Cell::count(line.came_later),
            clock(line.first_at),
            clock(line.last_at),
            Cell::Volume(Volume::from_litres(line.volume)),
        ]
    }

    fn print_visits(&self, book: &mut Book) -> Result<(), BookFault> {
        let name = |id: i64| {
            let line = self.report.readers.iter().find(|line| line.reader_id == Some(id));
            line.and_then(|line| line.reader_name.clone()).unwrap_or_default()
        };
        for (record, visit) in &self.visits {
            let flags = record.flags.split(',').filter(|flag| !flag.is_empty());
            let notes: Vec<&str> = flags.filter(|flag| *flag != "proof").collect();
            book.row(&[
                Cell::Time(self.zone.local(visit.at).naive_local()),
                Cell::Text(name(record.reader)),
                Cell::Text(record.point_number.clone()),
                Cell::Text(record.meter_number.clone().unwrap_or_default()),
                Cell::or_empty(Class::from_code(&record.class).map(words::class), Cell::Word),
                words::record_code(&record.code).map_or_else(|| Cell::Text(record.code.clone()), Cell::Word),
                Cell::or_empty(record.index, |index| Cell::Volume(Volume::from_litres(index))),
                Cell::or_empty(visit.volume, Cell::Volume),
                Cell::or_empty(visit.punctuality.map(words::punctuality), Cell::Word),
                Cell::Text(notes.join(" ")),
            ])?;
        }
        Ok(())
    }
}

const TOTAL: Cell = Cell::Word(Text { zh: "合计", en: "Total" });

fn attempt_row(line: &DailyLine) -> [Cell; 9] {
    [
        line.reader_name.clone().map_or(TOTAL, Cell::Text),
        Cell::count(line.attempts_locked),
        Cell::count(line.attempts_refused),
        Cell::count(line.attempts_nobody_home),
        Cell::count(line.attempts_unsafe),
        Cell::count(line.attempts_meter_not_found),
        Cell::count(line.attempts_display_dark),
        Cell::count(line.attempts_other),
        Cell::count(line.attempts),
    ]
}
