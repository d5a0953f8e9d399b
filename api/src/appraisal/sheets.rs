//! The sheets of the appraisals of a month.

use super::Appraisal;
use crate::http::Time;
use crate::reports::book::{Book, BookFault, Masthead};
use crate::reports::month::store::Scope;
use meterbook::appraisal::{Decision, DeductionKind};
use meterbook::calendar::Zone;
use meterbook::meters::Class;
use meterbook::reports::{Cell, Chart, ChartKind, Column, Measure, Sheet, words};
use meterbook::text::{Language, Text};

const SUMMARY: Sheet = Sheet {
    id: "readers",
    title: Text { zh: "考核汇总", en: "Readers" },
    about: Text {
        zh: "满分 100；公示后三日内可申诉，申诉后七日内答复（R-41）。扣分标准为公司设置。",
        en: "Out of 100. Objections within three days of publication, answers within seven (R-41). What a fact costs is the company's setting.",
    },
    columns: &[
        Column::new("抄表员", "Reader", Measure::Text, 12),
        Column::new("得分", "Marks", Measure::Marks, 8),
        Column::new("复核后", "Now", Measure::Marks, 8),
        Column::new("状态", "State", Measure::Text, 14),
        Column::new("工商业表抄见", "Commercial read", Measure::Count, 10),
        Column::new("按时", "On time", Measure::Count, 8),
        Column::new("到访未抄", "Attempts", Measure::Count, 8),
        Column::new("有照片", "Proven", Measure::Count, 8),
        Column::new("录入差错", "Entry errors", Measure::Count, 8),
        Column::new("迟更正", "Late", Measure::Count, 8),
        Column::new("缺号", "Missing", Measure::Count, 8),
        Column::new("申诉截止", "Object until", Measure::Time, 19),
        Column::new("答复期限", "Answer by", Measure::Time, 19),
    ],
    chart: Some(Chart {
        kind: ChartKind::Column,
        title: Text { zh: "得分", en: "Marks" },
        names: 0,
        values: &[2],
        most: 40,
    }),
};

const COVERAGE: Sheet = Sheet {
    id: "coverage",
    title: Text { zh: "抄见率与预期", en: "Coverage" },
    about: Text {
        zh: "预期：同册由他人抄表的历史与同类同期他人抄见率加权，不高于目标；户内表按季，季末月考核。",
        en: "Expected: the routes' history as read by others, weighed with the peers of the class; never above the target. Indoor points with the last month of their quarter.",
    },
    columns: &[
        Column::new("抄表员", "Reader", Measure::Text, 12),
        Column::new("考核期", "Period", Measure::Text, 10),
        Column::new("类别", "Class", Measure::Text, 18),
        Column::new("应抄", "Due (D)", Measure::Count, 9),
        Column::new("抄见", "Seen", Measure::Count, 9),
        Column::new("抄见率", "Rate", Measure::Rate, 10),
        Column::new("预期", "Expected", Measure::Rate, 10),
        Column::new("不足", "Short", Measure::Rate, 10),
    ],
    chart: None,
};

const DEDUCTIONS: Sheet = Sheet {
    id: "deductions",
    title: Text { zh: "扣分明细", en: "Deductions" },
    about: Text {
        zh: "每一项扣分及其依据；同类扣分达上限后不再扣，仍予列出。",
        en: "Every deduction with its evidence; beyond the most a kind may cost, facts are listed and cost nothing.",
    },
    columns: &[
        Column::new("抄表员", "Reader", Measure::Text, 12),
        Column::new("序号", "No.", Measure::Count, 6),
        Column::new("事项", "What for", Measure::Text, 20),
        Column::new("扣分", "Marks", Measure::Marks, 8),
        Column::new("户号", "Account", Measure::Text, 14),
        Column::new("时间", "When", Measure::Time, 19),
        Column::new("依据", "Evidence", Measure::Text, 44),
        Column::new("撤销", "Taken back", Measure::Text, 8),
    ],
    chart: None,
};

const OBJECTIONS: Sheet = Sheet {
    id: "objections",
    title: Text { zh: "申诉与答复", en: "Objections" },
    about: Text { zh: "", en: "" },
    columns: &[
        Column::new("抄表员", "Reader", Measure::Text, 12),
        Column::new("申诉时间", "Objected", Measure::Time, 19),
        Column::new("理由", "Reason", Measure::Text, 40),
        Column::new("答复期限", "Answer by", Measure::Time, 19),
        Column::new("答复时间", "Answered", Measure::Time, 19),
        Column::new("结果", "Decision", Measure::Text, 10),
        Column::new("答复", "Answer", Measure::Text, 40),
        Column::new("超期", "Overdue", Measure::Text, 8),
    ],
    chart: None,
};

/// The sheets there are.
pub const SHEETS: [Sheet; 4] = [SUMMARY, COVERAGE, DEDUCTIONS, OBJECTIONS];

/// What stands at the head.
#[must_use]
pub fn masthead(scope: &Scope, appraisals: &[Appraisal]) -> Masthead {
    let cut_off = scope.zone.local(scope.cut_off).naive_local();
    let rules_version = appraisals.first().map(|one| one.rules_version.clone()).unwrap_or_default();
    let is_draft = appraisals.first().is_none_or(|one| one.published_at.is_none());
    let state = if is_draft { Text { zh: "草稿", en: "draft" } } else { Text { zh: "已公示", en: "published" } };
    Masthead {
        title: Text { zh: "抄表员考核", en: "Appraisal of readers" },
        subject: scope.month.to_string(),
        facts: vec![
            (Text { zh: "状态", en: "State" }, Cell::Word(state)),
            (Text { zh: "截止", en: "Cut-off" }, Cell::Time(cut_off)),
            (Text { zh: "规则版本", en: "Rules" }, Cell::Text(rules_version)),
        ],
        cut_off,
    }
}

/// Prints the appraisals.
///
/// # Errors
/// The disk's.
pub fn print(book: &mut Book, appraisals: &[Appraisal], zone: Zone, language: Language) -> Result<(), BookFault> {
    let time = |at: Option<Time>| Cell::or_empty(at, |at| Cell::Time(zone.local(at.0).naive_local()));
    book.sheet(&SUMMARY, |book| {
        appraisals.iter().try_for_each(|one| {
            book.row(&[
                Cell::Text(one.reader_name.clone()),
                Cell::Marks(one.marks),
                Cell::Marks(one.marks_now),
                Cell::Word(one.standing().text()),
                Cell::count(one.commercial_read),
                Cell::count(one.commercial_on_time),
                Cell::count(one.attempts),
                Cell::count(one.attempts_proven),
                Cell::count(one.misentries),
                Cell::count(one.late_corrections),
                Cell::count(one.missing_records),
                time(one.objection_until),
                time(one.answer_until),
            ])
        })
    })?;
    book.sheet(&COVERAGE, |book| {
        let lines = appraisals.iter().flat_map(|one| one.coverage.iter().map(move |line| (one, line)));
        for (one, line) in lines {
            book.row(&[
                Cell::Text(one.reader_name.clone()),
                Cell::Text(line.period.clone()),
                Cell::or_empty(Class::from_code(&line.class).map(words::class), Cell::Word),
                Cell::count(line.denominator),
                Cell::count(line.seen),
                Cell::Rate(line.rate_bp.into()),
                Cell::Rate(line.expected_bp.into()),
                Cell::Rate(line.shortfall_bp.into()),
            ])?;
        }
        Ok(())
    })?;
    book.sheet(&DEDUCTIONS, |book| {
        let lines = appraisals.iter().flat_map(|one| one.deductions.iter().map(move |line| (one, line)));
        for (one, line) in lines {
            let detail = if language == Language::Chinese { &line.detail_zh } else { &line.detail_en };
            let is_withdrawn = one.withdrawn.contains(&line.number);
            book.row(&[
                Cell::Text(one.reader_name.clone()),
                Cell::Count(line.number.into()),
                Cell::or_empty(DeductionKind::from_code(&line.kind), |kind| Cell::Word(kind.text())),
                Cell::Marks(line.marks),
                Cell::Text(line.service_point_number.clone().unwrap_or_default()),
                time(line.at),
                Cell::Text(detail.clone()),
                if is_withdrawn { Cell::Word(YES) } else { Cell::Empty },
            ])?;
        }
        Ok(())
    })?;
    book.sheet(&OBJECTIONS, |book| {
        for one in appraisals.iter().filter(|one| one.objected_at.is_some()) {
            let decision = one.decision.as_deref().and_then(Decision::from_code);
            book.row(&[
                Cell::Text(one.reader_name.clone()),
                time(one.objected_at),
                Cell::Text(one.objection_reason.clone().unwrap_or_default()),
                time(one.answer_until),
                time(one.answered_at),
                Cell::or_empty(decision, |decision| Cell::Word(decision.text())),
                Cell::Text(one.answer_reason.clone().unwrap_or_default()),
                if one.answer_overdue { Cell::Word(YES) } else { Cell::Empty },
            ])?;
        }
        Ok(())
    })
}

const YES: Text = Text { zh: "是", en: "yes" };
