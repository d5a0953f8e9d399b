//! The catalogue as phones get it: made once, since it changes only with the binary.

use super::wire::{Catalogue, CatalogueCode, CatalogueList, CatalogueRule, CatalogueTarget};
use meterbook::anomalies::Rule;
use meterbook::coverage::Settings;
use meterbook::sync::{CodeList, TargetRow, catalogue_version, code_lists, targets};
use std::sync::LazyLock;

/// The version, as cursors carry it.
pub static VERSION: LazyLock<u64> = LazyLock::new(catalogue_version);
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(make);

/// The catalogue, unless the phone holds this version.
pub fn unless_known(version: Option<u64>) -> Option<Catalogue> {
    (version != Some(*VERSION)).then(|| CATALOGUE.clone())
}

fn make() -> Catalogue {
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
        version: format!("{:016x}", *VERSION),
        lists: code_lists().map(list).into(),
        rules: Rule::ALL.iter().map(rule).collect(),
        targets: targets(&Settings::default()).map(target).into(),
    }
}
