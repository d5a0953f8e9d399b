//! The long lists of a month: what one row of each says.
//!
//! A row is kept as JSON when the report is published, so its members are a contract: add, never change.

use crate::http::Time;
use meterbook::anomalies::{Rule, reason};
use meterbook::calendar::Zone;
use meterbook::coverage::Bucket;
use meterbook::meters::Class;
use meterbook::quantity::Volume;
use meterbook::reports::figures::Verdict;
use meterbook::reports::{Cell, Column, Measure, PurchaseChange, Sheet, words};
use meterbook::text::{Language, Text};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A row of a long list.
pub trait ListRow: Serialize + DeserializeOwned + Send + 'static {
    /// How it is printed; its id names the list.
    const SHEET: Sheet;
    /// Orders the rows; the last of a page is the `after` of the next.
    fn key(&self) -> i64;
    /// Its cells.
    fn cells(&self, zone: Zone, language: Language) -> Vec<Cell>;
}

fn time(at: Option<Time>, zone: Zone) -> Cell {
    Cell::or_empty(at, |at| Cell::Time(zone.local(at.0).naive_local()))
}

fn day(at: Option<Time>, zone: Zone) -> Cell {
    Cell::or_empty(at, |at| Cell::Day(zone.day(at.0)))
}

fn volume(litres: Option<i64>) -> Cell {
    Cell::or_empty(litres, |litres| Cell::Volume(Volume::from_litres(litres)))
}

fn word(text: Option<Text>, code: &str) -> Cell {
    text.map_or_else(|| Cell::Text(code.to_owned()), Cell::Word)
}

/// A point that must be read and was not.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct NotReadRow {
    /// The point.
    pub service_point_id: i64,
    /// 户号.
    pub service_point_number: String,
    /// 表号; empty where no meter hangs.
    pub meter_number: String,
    /// The class.
    pub class: String,
    /// The area's path.
    pub area: String,
    /// The route's code; empty for none.
    pub route: String,
    /// Place on the route.
    pub office_order: i32,
    /// Who was to read it; empty for nobody.
    pub reader: String,
    /// Why it is not seen.
    pub bucket: String,
    /// Attempts in the period.
    pub attempts: u64,
    /// The reason of the last attempt; empty for none.
    pub last_attempt: String,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempt_at: Option<Time>,
    /// When a reader last read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Time>,
    /// Whole days between that and the report's cut-off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen_days: Option<i64>,
}

impl ListRow for NotReadRow {
    const SHEET: Sheet = Sheet {
        id: "not_read",
        title: Text { zh: "未抄清单", en: "Not read" },
        about: Text {
            zh: "应抄而未抄见的用气点及原因；户内表在季末月列出。",
            en: "Points that must be read and were not, with the reason; indoor points in the last month of their quarter.",
        },
        columns: &[
            Column::new("户号", "Account", Measure::Text, 14),
            Column::new("表号", "Meter", Measure::Text, 16),
            Column::new("类别", "Class", Measure::Text, 12),
            Column::new("片区", "Area", Measure::Text, 22),
            Column::new("册号", "Route", Measure::Text, 10),
            Column::new("册内序号", "Order", Measure::Count, 8),
            Column::new("抄表员", "Reader", Measure::Text, 10),
            Column::new("原因", "Reason", Measure::Text, 12),
            Column::new("到访次数", "Attempts", Measure::Count, 8),
            Column::new("末次到访结果", "Last attempt", Measure::Text, 12),
            Column::new("末次到访", "On", Measure::Day, 12),
            Column::new("上次抄见", "Last seen", Measure::Day, 12),
            Column::new("未见天数", "Days unseen", Measure::Count, 9),
        ],
        chart: None,
    };

    fn key(&self) -> i64 {
        self.service_point_id
    }

    fn cells(&self, zone: Zone, _: Language) -> Vec<Cell> {
        vec![
            Cell::Text(self.service_point_number.clone()),
            Cell::Text(self.meter_number.clone()),
            word(Class::from_code(&self.class).map(words::class), &self.class),
            Cell::Text(self.area.clone()),
            Cell::Text(self.route.clone()),
            Cell::Count(self.office_order.into()),
            Cell::Text(self.reader.clone()),
            word(Bucket::from_code(&self.bucket).map(words::bucket), &self.bucket),
            Cell::count(self.attempts),
            word(words::record_code(&self.last_attempt), &self.last_attempt),
            day(self.last_attempt_at, zone),
            day(self.last_seen_at, zone),
            Cell::or_empty(self.unseen_days, Cell::Count),
        ]
    }
}

/// A case of a reading made in the month.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct AnomalyRow {
    /// The case.
    pub case_id: i64,
    /// 户号.
    pub service_point_number: String,
    /// 表号.
    pub meter_number: String,
    /// The list it is worked from.
    pub kind: String,
    /// The rule.
    pub rule: String,
    /// Where it stood.
    pub state: String,
    /// Volume at stake, 0.001 m³.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stake: Option<i64>,
    /// When the reading was made.
    pub observed_at: Time,
    /// The figures behind the reason.
    pub evidence: BTreeMap<String, String>,
}

impl ListRow for AnomalyRow {
    const SHEET: Sheet = Sheet {
        id: "anomalies",
        title: Text { zh: "异常清单", en: "Anomalies" },
        about: Text {
            zh: "异常是需要核实的迹象，不是结论；涉及气量单位 m³。",
            en: "An anomaly is a reason to look, not a verdict; volumes at stake in m³.",
        },
        columns: &[
            Column::new("户号", "Account", Measure::Text, 14),
            Column::new("表号", "Meter", Measure::Text, 16),
            Column::new("类型", "List", Measure::Text, 12),
            Column::new("规则", "Rule", Measure::Text, 22),
            Column::new("状态", "State", Measure::Text, 9),
            Column::new("涉及气量", "At stake", Measure::Volume, 11),
            Column::new("抄表时间", "Read at", Measure::Time, 19),
            Column::new("依据", "Why", Measure::Text, 70),
        ],
        chart: None,
    };

    fn key(&self) -> i64 {
        self.case_id
    }

    fn cells(&self, zone: Zone, language: Language) -> Vec<Cell> {
        let value = |name: &str| self.evidence.get(name).map(String::as_str);
        let why = Rule::from_code(&self.rule).map(|rule| reason(rule, value, language)).unwrap_or_default();
        vec![
            Cell::Text(self.service_point_number.clone()),
            Cell::Text(self.meter_number.clone()),
            word(words::case_kind(&self.kind), &self.kind),
            Cell::Text(self.rule.clone()),
            word(words::case_state(&self.state), &self.state),
            volume(self.stake),
            time(Some(self.observed_at), zone),
            Cell::Text(why),
        ]
    }
}

/// The three figures of one commercial meter over the month.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct ReconciliationRow {
    /// The meter.
    pub meter_id: i64,
    /// 表号.
    pub meter_number: String,
    /// 户号.
    pub service_point_number: String,
    /// The area's path.
    pub area: String,
    /// `agree`, `index_against_electronic`, `balance`, `both`, `purchases_unknown` or `incomplete`.
    pub verdict: String,
    /// The reading before the month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening_at: Option<Time>,
    /// The last reading of the month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing_at: Option<Time>,
    /// dM, 0.001 m³.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_use: Option<i64>,
    /// dE, 0.001 m³.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cumulative_use: Option<i64>,
    /// dM − dE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<i64>,
    /// How far they may differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<i64>,
    /// Bought between the two readings, 0.001 m³; absent where the charging system never spoke of the meter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bought: Option<i64>,
    /// Missing from the balance, 0.001 m³; of a balance in money, fen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<i64>,
    /// Whether the balance counts money.
    pub in_money: bool,
}

impl ListRow for ReconciliationRow {
    const SHEET: Sheet = Sheet {
        id: "reconciliation",
        title: Text { zh: "三数核对", en: "Three figures" },
        about: Text {
            zh: "基表用量 dM 与累计用量 dE 之差应在容差内；余量差 = 期初余量 + 购气 − dE − 期末余量。单位 m³（余额为金额的表以元计）。",
            en: "dM by the index and dE by the cumulative must differ by no more than the tolerance; balance off = opening + bought − dE − closing. In m³ (yuan where the balance is money).",
        },
        columns: &[
            Column::new("户号", "Account", Measure::Text, 14),
            Column::new("表号", "Meter", Measure::Text, 16),
            Column::new("片区", "Area", Measure::Text, 22),
            Column::new("结论", "Verdict", Measure::Text, 16),
            Column::new("期初", "Opening", Measure::Day, 12),
            Column::new("期末", "Closing", Measure::Day, 12),
            Column::new("dM", "dM", Measure::Volume, 11),
            Column::new("dE", "dE", Measure::Volume, 11),
            Column::new("dM−dE", "dM−dE", Measure::Volume, 10),
            Column::new("容差", "Tolerance", Measure::Volume, 9),
            Column::new("购气", "Bought", Measure::Volume, 11),
            Column::new("余量差", "Balance off", Measure::Text, 12),
        ],
        chart: None,
    };

    fn key(&self) -> i64 {
        self.meter_id
    }

    fn cells(&self, zone: Zone, language: Language) -> Vec<Cell> {
        // Gas in most rows, money in some: the unit stands with the number, so that no column mixes them silently.
        let missing = self.missing.map(|missing| match self.in_money {
            true => Cell::Text(format!("¥{}", Cell::Money(missing).shown(language))),
            false => Cell::Volume(Volume::from_litres(missing)),
        });
        vec![
            Cell::Text(self.service_point_number.clone()),
            Cell::Text(self.meter_number.clone()),
            Cell::Text(self.area.clone()),
            word(Verdict::from_code(&self.verdict).map(Verdict::text), &self.verdict),
            day(self.opening_at, zone),
            day(self.closing_at, zone),
            volume(self.index_use),
            volume(self.cumulative_use),
            volume(self.gap),
            volume(self.tolerance),
            volume(self.bought),
            missing.unwrap_or(Cell::Empty),
        ]
    }
}

/// A correction made in the month.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct CorrectionRow {
    /// Its place in the list, from 1.
    pub position: i64,
    /// The correction.
    pub record_id: String,
    /// The record it names.
    pub target_id: String,
    /// Who made both.
    pub reader_id: i64,
    /// The reader's name.
    pub reader: String,
    /// 户号.
    pub service_point_number: String,
    /// Why.
    pub reason: String,
    /// When the corrected record was made; absent while it has not arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Time>,
    /// When the correction was made.
    pub corrected_at: Time,
    /// 基表读数 before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// 基表读数 after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// `linked`, `waiting` or `refused`.
    pub state: String,
    /// Made more than a day after the reading (setting).
    pub late: bool,
}

impl ListRow for CorrectionRow {
    const SHEET: Sheet = Sheet {
        id: "corrections",
        title: Text { zh: "更正清单", en: "Corrections" },
        about: Text {
            zh: "更正记在作者名下（R-40）；迟更正：抄表一天以后作出。",
            en: "A correction is recorded against its author (R-40); late: made more than a day after the reading.",
        },
        columns: &[
            Column::new("更正时间", "Corrected", Measure::Time, 19),
            Column::new("抄表员", "Reader", Measure::Text, 10),
            Column::new("户号", "Account", Measure::Text, 14),
            Column::new("原因", "Reason", Measure::Text, 12),
            Column::new("抄表时间", "Read", Measure::Time, 19),
            Column::new("原读数", "Before", Measure::Volume, 12),
            Column::new("更正为", "After", Measure::Volume, 12),
            Column::new("迟更正", "Late", Measure::Text, 8),
            Column::new("状态", "State", Measure::Text, 10),
        ],
        chart: None,
    };

    fn key(&self) -> i64 {
        self.position
    }

    fn cells(&self, zone: Zone, _: Language) -> Vec<Cell> {
        let state = match self.state.as_str() {
            "linked" => Text { zh: "已生效", en: "counts" },
            "waiting" => Text { zh: "待原记录", en: "waits for its record" },
            _ => Text { zh: "未采纳", en: "refused" },
        };
        vec![
            time(Some(self.corrected_at), zone),
            Cell::Text(self.reader.clone()),
            Cell::Text(self.service_point_number.clone()),
            word(words::record_code(&self.reason), &self.reason),
            time(self.read_at, zone),
            volume(self.before),
            volume(self.after),
            if self.late { Cell::Word(Text { zh: "迟", en: "late" }) } else { Cell::Empty },
            Cell::Word(state),
        ]
    }
}

/// A customer whose purchases changed.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct PurchaseChangeRow {
    /// The meter.
    pub meter_id: i64,
    /// 表号.
    pub meter_number: String,
    /// 户号; empty where the meter hangs nowhere now.
    pub service_point_number: String,
    /// The area's path.
    pub area: String,
    /// `stopped`, `fell` or `rose`.
    pub change: String,
    /// Bought in the month, 0.001 m³.
    pub this: i64,
    /// The mean of the three months before.
    pub usual: i64,
    /// In the same month last year; absent where the books do not reach back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_year: Option<i64>,
}

impl ListRow for PurchaseChangeRow {
    const SHEET: Sheet = Sheet {
        id: "purchase_changes",
        title: Text { zh: "购气变化", en: "Purchases" },
        about: Text {
            zh: "与前三月均值（有上年同月时并与之）相比，购气停止、减半以下或加倍以上的用户（R-31）。单位 m³。",
            en: "Customers who stopped buying, or buy less than half or more than double of the mean of three months and, where known, of the same month last year (R-31). In m³.",
        },
        columns: &[
            Column::new("户号", "Account", Measure::Text, 14),
            Column::new("表号", "Meter", Measure::Text, 16),
            Column::new("片区", "Area", Measure::Text, 24),
            Column::new("变化", "Change", Measure::Text, 12),
            Column::new("本月", "This month", Measure::Volume, 12),
            Column::new("前三月均值", "Usual", Measure::Volume, 12),
            Column::new("上年同月", "Last year", Measure::Volume, 12),
        ],
        chart: None,
    };

    fn key(&self) -> i64 {
        self.meter_id
    }

    fn cells(&self, _: Zone, _: Language) -> Vec<Cell> {
        vec![
            Cell::Text(self.service_point_number.clone()),
            Cell::Text(self.meter_number.clone()),
            Cell::Text(self.area.clone()),
            word(PurchaseChange::from_code(&self.change).map(PurchaseChange::text), &self.change),
            volume(Some(self.this)),
            volume(Some(self.usual)),
            volume(self.last_year),
        ]
    }
}
