//! What settings look like on the wire.

use super::store::SettingRow;
use crate::http::{Time, from_ms};
use chrono::NaiveDate;
use meterbook::settings::{Rulebook, Setting};
use meterbook::text::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Every setting, as it holds on a day.
#[derive(Serialize, ToSchema)]
pub struct SettingList {
    /// The day.
    pub day: NaiveDate,
    /// Version of the rules in force on that day.
    pub rules_version: String,
    /// The settings.
    pub items: Vec<SettingEntry>,
}

/// A figure that a company may set: a whole number of its unit.
#[derive(Serialize, ToSchema)]
pub struct SettingEntry {
    /// Its key.
    pub key: String,
    /// What it is.
    pub name: String,
    /// `basis_points`, `litres`, `days`, `yes_no` …
    pub unit: String,
    /// The unit in words.
    pub unit_text: String,
    /// The least value taken.
    pub least: i64,
    /// The greatest value taken.
    pub most: i64,
    /// The value where nobody has set one.
    pub default: i64,
    /// The value on that day.
    pub value: i64,
    /// Who or what is behind it: `R-n`, DOMAIN, a standard, or what was given with the change.
    pub source: String,
    /// Since when it holds; absent for the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<NaiveDate>,
    /// All that was ever set, in the order it was said; of two for one day the later one holds.
    pub changes: Vec<SettingChange>,
}

/// One value from a day on.
#[derive(Serialize, ToSchema)]
pub struct SettingChange {
    /// The first day.
    pub valid_from: NaiveDate,
    /// The value.
    pub value: i64,
    /// Who or what is behind it.
    pub source: String,
    /// Who set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_by: Option<i64>,
    /// When it was set.
    pub set_at: Time,
}

impl SettingEntry {
    /// A setting with its history.
    #[must_use]
    pub fn of(setting: &Setting, book: &Rulebook, rows: &[SettingRow], on: NaiveDate, language: Language) -> Self {
        let known = rows.iter().filter(|row| row.key == setting.key);
        let held = book.in_force(setting, on);
        let source = held.and_then(|held| rows.iter().find(|row| row.id == held.serial)).map(|row| row.source.clone());
        let change = |row: &SettingRow| SettingChange {
            valid_from: row.valid_from,
            value: row.value.trim().parse().unwrap_or(setting.default).clamp(setting.least, setting.most),
            source: row.source.clone(),
            set_by: row.account_id,
            set_at: Time(from_ms(row.created_at)),
        };
        Self {
            key: setting.key.to_owned(),
            name: setting.name.in_language(language).to_owned(),
            unit: setting.unit.code().to_owned(),
            unit_text: setting.unit.text().in_language(language).to_owned(),
            least: setting.least,
            most: setting.most,
            default: setting.default,
            value: book.value(setting, on),
            source: source.unwrap_or_else(|| setting.source.to_owned()),
            valid_from: held.map(|held| held.valid_from),
            changes: known.map(change).collect(),
        }
    }
}

/// Sets values from a day on, all or none.
#[derive(Deserialize, ToSchema)]
pub struct ChangeSettingsRequest {
    /// The first day they hold on: tomorrow at the earliest.
    pub valid_from: NaiveDate,
    /// The regulation, decision or person behind them.
    pub source: String,
    /// The values.
    pub values: Vec<SettingValue>,
}

/// A value for a setting.
#[derive(Deserialize, ToSchema)]
pub struct SettingValue {
    /// The setting.
    pub key: String,
    /// The value, in the setting's unit.
    pub value: i64,
}
