//! The catalogue as phones get it: the lists and rules change only with the binary, the targets with the settings in force.

use super::wire::{Catalogue, CatalogueCode, CatalogueList, CatalogueRule, CatalogueTarget};
use chrono::NaiveDate;
use meterbook::anomalies::Rule;
use meterbook::settings::Rulebook;
use meterbook::sync::{CodeList, TargetRow, catalogue_version, code_lists, lists_version, targets};
use std::sync::LazyLock;

static LISTS_VERSION: LazyLock<u64> = LazyLock::new(lists_version);

/// What a phone is to know on a day.
#[derive(Clone, Copy)]
pub struct CatalogueOfDay {
    /// The version, as cursors carry it.
    pub version: u64,
    targets: [TargetRow; 3],
}

impl CatalogueOfDay {
    /// By the settings in force.
    pub fn of(book: &Rulebook, day: NaiveDate) -> Self {
        let targets = targets(book, day);
        Self { version: catalogue_version(*LISTS_VERSION, &targets), targets }
    }

    /// The catalogue, unless the phone holds this version.
    pub fn unless_known(&self, version: Option<u64>) -> Option<Catalogue> {
        (version != Some(self.version)).then(|| make(self))
    }
}

fn make(of_day: &CatalogueOfDay) -> Catalogue {
    let list = |list: CodeList| CatalogueList {
        name: list.name.into(),
        codes: list
            .codes
            .iter()
            .map(|row| CatalogueCode { code: row.code.into(), zh: row.text.zh.into(), en: row.text.en.into() })
            .collect(),
    };
    let rule = |rule: &Rule| {
        let entry = rule.entry();
        CatalogueRule {
            code: entry.code.into(),
            kind: entry.kind.code().into(),
            severity: entry.severity.code().into(),
            reason_zh: entry.reason.zh.into(),
            reason_en: entry.reason.en.into(),
            help_zh: entry.help.zh.into(),
            help_en: entry.help.en.into(),
        }
    };
    let target = |row: TargetRow| CatalogueTarget {
        class: row.class.code().into(),
        target_bp: row.target_bp,
        period: row.period.into(),
    };
    Catalogue {
        version: format!("{:016x}", of_day.version),
        lists: code_lists().map(list).into(),
        rules: Rule::ALL.iter().map(rule).collect(),
        targets: of_day.targets.map(target).into(),
    }
}
