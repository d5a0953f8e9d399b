//! Looking at the rules behind the verdicts.

use super::cases::store::rule_counts;
use super::wire::{RuleEntry, RuleList};
use crate::App;
use crate::http::{Problem, RequestLanguage, Session};
use actix_web::get;
use actix_web::web::{Data, Json};
use meterbook::accounts::{Operation, Role};
use meterbook::anomalies::Rule;

/// The rules behind the verdicts, with what to do about each, and how often each was right.
#[utoipa::path(operation_id = "list_rules", tag = "anomalies", responses((status = 200, description = "Rules", body = RuleList)))]
#[get("/v1/rules")]
pub async fn list_rules(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
) -> Result<Json<RuleList>, Problem> {
    let actor = session.may(Operation::ListRules)?;
    // A reader is told what the rules mean, not how his readings fared.
    let counts = match actor.role {
        Role::Reader => None,
        _ => Some(app.store.read("list_rules", rule_counts).await?),
    };
    let entry = |rule: &Rule| {
        let count = counts.as_ref().map(|counts| counts.get(rule.code()).copied().unwrap_or_default());
        RuleEntry::of(*rule, count, language.0)
    };
    Ok(Json(RuleList { items: Rule::ALL.iter().map(entry).collect() }))
}
