//! The sheets of a month-end workbook.

use super::lists::{AnomalyRow, CorrectionRow, ListRow, NotReadRow, PurchaseChangeRow, ReconciliationRow};
use super::source::{Live, Source};
use super::{ComparisonLine, MonthReport, ReportCoverage};
use crate::coverage::CoverageLine;
use crate::db::Conn;
use crate::reports::book::{Book, BookFault, Masthead, Wish};
use meterbook::calendar::Zone;
use meterbook::coverage::Bucket;
use meterbook::meters::Class;
use meterbook::quantity::Volume;
use meterbook::reports::{Cell, Chart, ChartKind, Column, Measure, Sheet, words};
use meterbook::text::Text;

const NOTHING: Text = Text { zh: "", en: "" };
const TOTAL: Cell = Cell::Word(Text { zh: "合计", en: "Total" });

const COVERAGE_COLUMNS: [Column; 17] = [
    Column::new("类别", "Class", Measure::Text, 14),
    Column::new("名称", "Name", Measure::Text, 24),
    Column::new("考核期", "Period", Measure::Text, 10),
    Column::new("应抄", "Due (D)", Measure::Count, 9),
    Column::new("抄见", "Seen", Measure::Count, 9),
    Column::new("抄见率", "Rate", Measure::Rate, 10),
    Column::new("目标", "Target", Measure::Rate, 9),
    Column::new("达标", "Met", Measure::Text, 8),
    Column::new("到访未抄", "No access", Measure::Count, 9),
    Column::new("未到访", "Unattempted", Measure::Count, 9),
    Column::new("仅自报", "Customer only", Measure::Count, 9),
    Column::new("仅估抄", "Estimate only", Measure::Count, 9),
    Column::new("仅无效", "Rejected only", Measure::Count, 9),
    Column::new("时间待定", "In review", Measure::Count, 9),
    Column::new("下期新增", "New", Measure::Count, 9),
    Column::new("已拆除", "Removed", Measure::Count, 9),
    Column::new("报停", "Suspended", Measure::Count, 9),
];

const fn coverage_sheet(id: &'static str, title: Text, names: usize, most: usize) -> Sheet {
    Sheet {
        id,
        title,
        about: Text {
            zh: "应抄 D = 抄见至时间待定七项之和；下期新增、已拆除、报停不计入。抄见率向下取整，达标按整数比较。户内表按季。",
            en: "D is the sum of the seven columns from seen to in review; new, removed and suspended are left out. Rates are rounded down, targets compared in integers. Indoor points by quarter.",
        },
        columns: &COVERAGE_COLUMNS,
        chart: Some(Chart {
            kind: ChartKind::Bar,
            title: Text { zh: "抄见率与目标", en: "Seen rate and target" },
            names,
            values: &[5, 6],
            most,
        }),
    }
}

/// By class.
pub const CLASSES: Sheet = coverage_sheet("classes", Text { zh: "抄见率汇总", en: "Coverage" }, 0, 10);
/// By area.
pub const AREAS: Sheet = coverage_sheet("areas", Text { zh: "按片区", en: "By area" }, 1, 30);
/// By route.
pub const ROUTES: Sheet =
    Sheet { chart: None, ..coverage_sheet("routes", Text { zh: "按册", en: "By route" }, 1, 0) };
/// By reader.
pub const READERS: Sheet = coverage_sheet("readers", Text { zh: "按抄表员", en: "By reader" }, 1, 40);

/// What stands beside the seen rate (DOMAIN 3).
const COMPANIONS: Sheet = Sheet {
    id: "companions",
    title: Text { zh: "伴随指标", en: "Companion figures" },
    about: Text {
        zh: "到访率 =（抄见 + 有照片的到访未抄）/ 应抄；留证率 = 有照片的抄见 / 抄见；准时率 = 22–23 日窗口内抄见 / 应抄（仅工商业，R-6）。连续未抄：本期与上期均未抄见。",
        en: "Attempted = (seen + attempts with a photo) / D; evidence = seen with a photo / seen; on time = seen in the window of the 22nd–23rd / D (commercial only, R-6). Repeat: unseen in this period and in the one before.",
    },
    columns: &[
        Column::new("层级", "Level", Measure::Text, 9),
        Column::new("类别", "Class", Measure::Text, 14),
        Column::new("名称", "Name", Measure::Text, 22),
        Column::new("考核期", "Period", Measure::Text, 10),
        Column::new("应抄", "Due (D)", Measure::Count, 9),
        Column::new("到访率", "Attempted", Measure::Rate, 10),
        Column::new("留证率", "Evidence", Measure::Rate, 10),
        Column::new("准时率", "On time", Measure::Rate, 10),
        Column::new("窗口前", "Early", Measure::Count, 9),
        Column::new("窗口内", "In window", Measure::Count, 9),
        Column::new("窗口后", "Late", Measure::Count, 9),
        Column::new("连续未抄", "Repeat", Measure::Count, 9),
        Column::new("最久未抄天数", "Oldest, days", Measure::Count, 11),
        Column::new("超 180 天", "Over 180 d", Measure::Count, 9),
        Column::new("超 365 天", "Over 365 d", Measure::Count, 9),
    ],
    chart: None,
};

const ANOMALY_SUMS: Sheet = Sheet {
    id: "anomaly_sums",
    title: Text { zh: "异常汇总", en: "Anomalies by rule" },
    about: Text {
        zh: "本月抄表发现的异常；涉及气量不含已排除者，单位 m³。",
        en: "Cases of readings made in the month; volume at stake without dismissed ones, in m³.",
    },
    columns: &[
        Column::new("类型", "List", Measure::Text, 16),
        Column::new("规则", "Rule", Measure::Text, 26),
        Column::new("件数", "Cases", Measure::Count, 9),
        Column::new("待核", "Open", Measure::Count, 9),
        Column::new("确认", "Confirmed", Measure::Count, 9),
        Column::new("排除", "Dismissed", Measure::Count, 9),
        Column::new("涉及气量", "At stake", Measure::Volume, 14),
    ],
    chart: Some(Chart {
        kind: ChartKind::Bar,
        title: Text { zh: "各规则异常件数", en: "Cases by rule" },
        names: 1,
        values: &[2],
        most: 25,
    }),
};

const VOLUMES: Sheet = Sheet {
    id: "volumes",
    title: Text { zh: "气量", en: "Volumes" },
    about: Text {
        zh: "抄见气量：本月读数与前一次读数之差（不含自报、估抄与存疑读数）；售气量来自收费系统。单位 m³、元。",
        en: "Gas read: what lies between the month's readings and those before (no customers' words, estimates or doubtful readings). Gas sold as the charging system says. In m³ and yuan.",
    },
    columns: &[
        Column::new("片区", "Area", Measure::Text, 26),
        Column::new("类别", "Class", Measure::Text, 18),
        Column::new("抄见点数", "Points read", Measure::Count, 10),
        Column::new("抄见气量", "Gas read", Measure::Volume, 14),
        Column::new("购气笔数", "Purchases", Measure::Count, 10),
        Column::new("售气量", "Gas sold", Measure::Volume, 14),
        Column::new("金额", "Paid", Measure::Money, 14),
    ],
    chart: Some(Chart {
        kind: ChartKind::Bar,
        title: Text { zh: "各片区气量", en: "Volume by area" },
        names: 0,
        values: &[3, 5],
        most: 30,
    }),
};

const COMPARISON: Sheet = Sheet {
    id: "comparison",
    title: Text { zh: "环比与同比", en: "Comparison" },
    about: Text {
        zh: "与上月（户内表为上季）及上年同月相比；已发布的以发布数为准。率的差为百分点。",
        en: "Against the month before (the quarter before for indoor points) and the same month last year, as published. Differences of rates in percentage points.",
    },
    columns: &[
        Column::new("指标", "Figure", Measure::Text, 24),
        Column::new("类别", "Class", Measure::Text, 18),
        Column::new("本月", "This month", Measure::Text, 14),
        Column::new("上月", "Last month", Measure::Text, 14),
        Column::new("环比", "Change", Measure::Text, 12),
        Column::new("上年同月", "Last year", Measure::Text, 14),
        Column::new("同比", "Change", Measure::Text, 12),
    ],
    chart: None,
};

const DIFFERENCES: Sheet = Sheet {
    id: "differences",
    title: Text { zh: "重述差异", en: "Restated" },
    about: Text {
        zh: "结账后到达的记录改变的计数；已发布的数字不变。",
        en: "Counts that records which came after closing have changed; the published figures stay.",
    },
    columns: &[
        Column::new("层级", "Level", Measure::Text, 10),
        Column::new("名称", "Name", Measure::Text, 26),
        Column::new("类别", "Class", Measure::Text, 18),
        Column::new("项目", "Bucket", Measure::Text, 16),
        Column::new("已发布", "Published", Measure::Count, 12),
        Column::new("现为", "Now", Measure::Count, 12),
    ],
    chart: None,
};

/// The sheets there are, in order.
pub const SHEETS: [Sheet; 14] = [
    CLASSES,
    AREAS,
    ROUTES,
    READERS,
    COMPANIONS,
    COMPARISON,
    VOLUMES,
    ANOMALY_SUMS,
    NotReadRow::SHEET,
    AnomalyRow::SHEET,
    ReconciliationRow::SHEET,
    CorrectionRow::SHEET,
    PurchaseChangeRow::SHEET,
    DIFFERENCES,
];

impl MonthReport {
    /// What stands at its head.
    #[must_use]
    pub fn masthead(&self, zone: Zone) -> Masthead {
        let cut_off = zone.local(self.cut_off.0).naive_local();
        let text = |zh, en| Text { zh, en };
        let state = match self.state.as_str() {
            "running" => text("进行中", "running"),
            "provisional" => text("暂定", "provisional"),
            "final" => text("定稿，未结账", "final, not closed"),
            "published" => text("已发布 v1", "published v1"),
            _ => text("重述", "restated"),
        };
        Masthead {
            title: text("抄表月报", "Month-end reading report"),
            subject: self.month.clone(),
            facts: vec![
                (text("状态", "State"), Cell::Word(state)),
                (text("截止", "Cut-off"), Cell::Time(cut_off)),
                (text("规则版本", "Rules"), Cell::Text(self.rules_version.clone())),
                (text("总体哈希", "Population"), Cell::Text(self.population_hash.clone())),
            ],
            cut_off,
        }
    }

    /// Prints it, its lists out of `source`.
    ///
    /// # Errors
    /// The disk's or the database's.
    pub fn print(
        &self,
        conn: &mut Conn,
        source: Source,
        book: &mut Book,
        (zone, wish): (Zone, &Wish),
    ) -> Result<(), BookFault> {
        for (sheet, level) in [(&CLASSES, "class"), (&AREAS, "area"), (&ROUTES, "route"), (&READERS, "reader")] {
            let lines: Vec<&ReportCoverage> = self.coverage.iter().filter(|line| line.level == level).collect();
            book.sheet(sheet, |book| lines.iter().try_for_each(|line| book.row(&coverage_row(&line.figures))))?;
        }
        book.sheet(&COMPANIONS, |book| self.coverage.iter().try_for_each(|line| book.row(&companion_row(line))))?;
        book.sheet(&COMPARISON, |book| self.comparison.iter().try_for_each(|line| book.row(&comparison_row(line))))?;
        self.print_sums(book)?;
        print_list::<NotReadRow>(conn, source, book, (zone, wish))?;
        print_list::<AnomalyRow>(conn, source, book, (zone, wish))?;
        print_list::<ReconciliationRow>(conn, source, book, (zone, wish))?;
        print_list::<CorrectionRow>(conn, source, book, (zone, wish))?;
        print_list::<PurchaseChangeRow>(conn, source, book, (zone, wish))?;
        if self.state == "restated" {
            book.sheet(&DIFFERENCES, |book| self.print_differences(book))?;
        }
        Ok(())
    }

    fn print_sums(&self, book: &mut Book) -> Result<(), BookFault> {
        book.sheet(&VOLUMES, |book| {
            let volume = |litres| Cell::Volume(Volume::from_litres(litres));
            for line in &self.volumes {
                book.row(&[
                    Cell::Text(line.area.clone()),
                    class_cell(&line.class),
                    Cell::count(line.points),
                    volume(line.volume_read),
                    Cell::count(line.purchases),
                    volume(line.volume_sold),
                    Cell::Money(line.paid_fen),
                ])?;
            }
            book.total(&[
                TOTAL,
                Cell::Empty,
                Cell::count(self.volumes.iter().map(|line| line.points).sum()),
                volume(self.volumes.iter().map(|line| line.volume_read).sum()),
                Cell::count(self.volumes.iter().map(|line| line.purchases).sum()),
                volume(self.volumes.iter().map(|line| line.volume_sold).sum()),
                Cell::Money(self.volumes.iter().map(|line| line.paid_fen).sum()),
            ])
        })?;
        book.sheet(&ANOMALY_SUMS, |book| {
            for line in &self.anomalies {
                book.row(&[
                    words::case_kind(&line.kind).map_or_else(|| Cell::Text(line.kind.clone()), Cell::Word),
                    Cell::Text(line.rule.clone()),
                    Cell::count(line.cases),
                    Cell::count(line.open),
                    Cell::count(line.confirmed),
                    Cell::count(line.dismissed),
                    Cell::Volume(Volume::from_litres(line.stake)),
                ])?;
            }
            let sum = |of: fn(&super::AnomalyLine) -> u64| Cell::count(self.anomalies.iter().map(of).sum());
            book.total(&[
                TOTAL,
                Cell::Empty,
                sum(|line| line.cases),
                sum(|line| line.open),
                sum(|line| line.confirmed),
                sum(|line| line.dismissed),
                Cell::Volume(Volume::from_litres(self.anomalies.iter().map(|line| line.stake).sum())),
            ])
        })
    }

    fn print_differences(&self, book: &mut Book) -> Result<(), BookFault> {
        for line in &self.differences {
            book.row(&[
                level_cell(&line.level),
                Cell::Text(line.group_name.clone()),
                class_cell(&line.class),
                Bucket::from_code(&line.bucket).map_or(Cell::Empty, |bucket| Cell::Word(words::bucket(bucket))),
                Cell::count(line.published),
                Cell::count(line.now),
            ])?;
        }
        Ok(())
    }
}

fn print_list<R: Live>(
    conn: &mut Conn,
    source: Source,
    book: &mut Book,
    (zone, wish): (Zone, &Wish),
) -> Result<(), BookFault> {
    let language = wish.language;
    book.sheet(&R::SHEET, |book| Ok(source.for_each::<R>(conn, |row| book.row(&row.cells(zone, language)))?))
}

fn class_cell(code: &str) -> Cell {
    Cell::or_empty(Class::from_code(code).map(words::class), Cell::Word)
}

fn level_cell(level: &str) -> Cell {
    Cell::Word(match level {
        "class" => Text { zh: "类别", en: "class" },
        "area" => Text { zh: "片区", en: "area" },
        "route" => Text { zh: "册", en: "route" },
        _ => Text { zh: "抄表员", en: "reader" },
    })
}

fn name_cell(line: &CoverageLine) -> Cell {
    match (line.group_id, &line.group_name) {
        (None, _) => Cell::Word(Text { zh: "全部", en: "all" }),
        (Some(0), _) | (_, None) => Cell::Word(Text { zh: "（无）", en: "(none)" }),
        (Some(_), Some(name)) => Cell::Text(name.clone()),
    }
}

fn rate_cell(rate_bp: Option<u32>) -> Cell {
    Cell::or_empty(rate_bp, |rate| Cell::Rate(rate.into()))
}

fn companion_row(line: &ReportCoverage) -> [Cell; 15] {
    let ReportCoverage { level, figures } = line;
    [
        level_cell(level),
        class_cell(&figures.class),
        name_cell(figures),
        Cell::Text(figures.period.clone()),
        Cell::count(figures.denominator),
        rate_cell(figures.attempted_bp),
        rate_cell(figures.evidence_bp),
        rate_cell(figures.on_time_bp),
        Cell::count(figures.early),
        Cell::count(figures.on_time),
        Cell::count(figures.late),
        Cell::count(figures.repeat_unseen),
        Cell::count(figures.oldest_unseen_days.into()),
        Cell::count(figures.unseen_over_180),
        Cell::count(figures.unseen_over_365),
    ]
}

fn coverage_row(line: &CoverageLine) -> [Cell; 17] {
    let met = line.met.map(|met| match met {
        true => Text { zh: "达标", en: "met" },
        false => Text { zh: "未达标", en: "NOT met" },
    });
    [
        class_cell(&line.class),
        name_cell(line),
        Cell::Text(line.period.clone()),
        Cell::count(line.denominator),
        Cell::count(line.seen),
        rate_cell(line.rate_bp),
        Cell::Rate(line.target_bp.into()),
        Cell::or_empty(met, Cell::Word),
        Cell::count(line.no_access),
        Cell::count(line.unattempted),
        Cell::count(line.customer_only),
        Cell::count(line.estimate_only),
        Cell::count(line.rejected_only),
        Cell::count(line.time_review),
        Cell::count(line.new_next_period),
        Cell::count(line.removed),
        Cell::count(line.suspended),
    ]
}

fn comparison_row(line: &ComparisonLine) -> [Cell; 7] {
    let figure = match line.figure.as_str() {
        "seen" => Text { zh: "抄见", en: "Seen" },
        "denominator" => Text { zh: "应抄", en: "Due (D)" },
        "rate" => Text { zh: "抄见率", en: "Seen rate" },
        "volume_read" => Text { zh: "抄见气量 m³", en: "Gas read, m³" },
        "volume_sold" => Text { zh: "售气量 m³", en: "Gas sold, m³" },
        "paid" => Text { zh: "售气金额 元", en: "Paid, yuan" },
        "cases" => Text { zh: "异常件数", en: "Cases" },
        "attempts" => Text { zh: "到访未抄次数", en: "Attempts" },
        "corrections" => Text { zh: "更正次数", en: "Corrections" },
        _ => NOTHING,
    };
    let cell = |value: Option<i64>| {
        Cell::or_empty(value, |value| match line.unit.as_str() {
            "bp" => Cell::Rate(value),
            "litres" => Cell::Volume(Volume::from_litres(value)),
            "fen" => Cell::Money(value),
            _ => Cell::Count(value),
        })
    };
    let change = |from: Option<i64>| match line.this.zip(from) {
        None => Cell::Empty,
        Some((this, from)) if line.unit == "bp" => Cell::Points(this.saturating_sub(from)),
        Some((_, 0)) => Cell::Empty,
        Some((this, from)) => {
            let change = (i128::from(this) - i128::from(from)) * 10_000;
            Cell::or_empty(i64::try_from(change.div_euclid(i128::from(from))).ok(), Cell::Rate)
        }
    };
    [
        Cell::Word(figure),
        class_cell(&line.class),
        cell(line.this),
        cell(line.last_month),
        change(line.last_month),
        cell(line.last_year),
        change(line.last_year),
    ]
}
