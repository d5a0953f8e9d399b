//! The contract: which operations there are, collected from the handlers themselves, and the document made of them.

use crate::{accounts, anomalies, appraisal, coverage, meta, meters, photos, readings, reports, rounds, sync};
use meterbook::accounts::{Operation, Rights};
use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, PathItem, Ref, RefOr, ResponseBuilder};
use utoipa_actix_web::service_config::ServiceConfig;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Meterbook 抄表册",
        description = "Field meter-reading sync for city-gas companies. Volumes are integers of 0.001 m³, rates 1/10,000, \
                       times RFC 3339. Failures are RFC 9457 problems with a stable `code`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(crate::http::ProblemBody))
)]
struct Base;

/// Every route of the API.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(meta::get_meta)
        .service(meta::get_health)
        .service(meta::get_openapi)
        .service(accounts::routes::claim_setup)
        .service(accounts::routes::sign_in)
        .service(accounts::routes::activate_device)
        .service(accounts::routes::refresh_tokens)
        .service(accounts::factor::routes::enrol_second_factor)
        .service(accounts::factor::routes::confirm_second_factor)
        .service(accounts::factor::routes::remove_second_factor)
        .service(accounts::factor::routes::reset_second_factor)
        .service(accounts::factor::routes::change_password)
        .service(accounts::routes::logout)
        .service(accounts::routes::get_me)
        .service(accounts::routes::list_accounts)
        .service(accounts::routes::create_account)
        .service(accounts::routes::disable_account)
        .service(accounts::routes::create_activation_code)
        .service(accounts::routes::list_devices)
        .service(accounts::routes::revoke_device)
        .service(meters::routes::list_areas)
        .service(meters::routes::list_routes)
        .service(meters::routes::list_meter_types)
        .service(meters::routes::list_service_points)
        .service(meters::routes::get_service_point)
        .service(meters::routes::list_meters)
        .service(meters::routes::get_meter)
        .service(meters::routes::list_meter_readings)
        .service(meters::import_routes::import_register)
        .service(meters::import_routes::import_purchases)
        .service(meters::import_routes::import_readings)
        .service(rounds::routes::create_round)
        .service(rounds::routes::list_rounds)
        .service(rounds::routes::get_round)
        .service(rounds::routes::assign_round)
        .service(rounds::routes::cancel_round)
        .service(sync::pull::pull_changes)
        .service(sync::pull::pull_round)
        .service(sync::pull::stream_pokes)
        .service(sync::routes::push_records)
        .service(sync::offer::offer_records)
        .service(sync::quarantine::routes::list_quarantine)
        .service(sync::quarantine::routes::get_quarantined)
        .service(sync::quarantine::routes::release_quarantined)
        .service(sync::quarantine::routes::reject_quarantined)
        .service(sync::gaps::routes::list_gaps)
        .service(sync::gaps::routes::get_device_gaps)
        .service(sync::gaps::routes::explain_gaps)
        .service(sync::gaps::routes::get_device_chain)
        .service(readings::routes::list_report_codes)
        .service(readings::routes::list_hazards)
        .service(readings::routes::get_hazard)
        .service(readings::routes::decide_hazard)
        .service(readings::routes::list_found_changes)
        .service(readings::routes::decide_found_change)
        .service(readings::routes::list_point_records)
        .service(coverage::routes::get_coverage)
        .service(coverage::closing::routes::list_periods)
        .service(coverage::closing::routes::close_period)
        .service(anomalies::routes::list_cases)
        .service(anomalies::routes::get_case)
        .service(anomalies::routes::list_rules)
        .service(photos::routes::list_missing_photos)
        .service(photos::uploads::routes::describe_uploads)
        .service(photos::uploads::routes::create_upload)
        .service(photos::uploads::routes::check_upload)
        .service(photos::uploads::routes::continue_upload)
        .service(photos::uploads::routes::end_upload)
        .service(photos::routes::put_photo)
        .service(photos::routes::check_photo)
        .service(photos::routes::get_photo);
    report_routes(config);
}

/// Reports and what is said of readers.
fn report_routes(config: &mut ServiceConfig) {
    config
        .service(reports::routes::get_daily_report)
        .service(reports::routes::export_daily_report)
        .service(reports::month::routes::list_published_reports)
        .service(reports::month::routes::get_month_report)
        .service(reports::month::routes::export_month_report)
        .service(reports::month::routes::list_not_read)
        .service(reports::month::routes::list_month_anomalies)
        .service(reports::month::routes::list_reconciliation)
        .service(reports::month::routes::list_corrections)
        .service(reports::month::routes::list_purchase_changes)
        .service(appraisal::routes::list_appraisals)
        .service(appraisal::routes::export_appraisals)
        .service(appraisal::routes::list_objections)
        .service(appraisal::routes::publish_appraisals)
        .service(appraisal::routes::object_to_appraisal)
        .service(appraisal::routes::answer_objection);
}

/// The OpenAPI document of the routes above.
#[must_use]
pub fn openapi() -> Document {
    use utoipa_actix_web::AppExt as _;
    let (_, mut document) =
        actix_web::App::new().into_utoipa_app().openapi(Base::openapi()).configure(routes).split_for_parts();
    document.info.version = env!("CARGO_PKG_VERSION").into();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
    for item in document.paths.paths.values_mut() {
        complete(item);
    }
    without_nulls(document)
}

/// A member that may be left out is never sent as null, so no type has a null branch: generated clients stay usable.
fn without_nulls(document: Document) -> Document {
    let Ok(mut value) = serde_json::to_value(&document) else { return document };
    drop_nulls(&mut value);
    serde_json::from_value(value).unwrap_or(document)
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(drop_nulls),
        Value::Object(members) => {
            members.values_mut().for_each(drop_nulls);
            if let Some(Value::Array(kinds)) = members.get_mut("type") {
                kinds.retain(|kind| kind != "null");
                if let [kind] = kinds.as_slice() {
                    let kind = kind.clone();
                    members.insert("type".into(), kind);
                }
            }
            if let Some(Value::Array(choices)) = members.get_mut("oneOf") {
                choices.retain(|choice| choice["type"] != "null");
                if let [Value::Object(choice)] = choices.as_slice() {
                    let choice = choice.clone();
                    members.remove("oneOf");
                    members.extend(choice);
                }
            }
        }
        _ => {}
    }
}

/// The document as it stands in `openapi.yaml`.
///
/// # Errors
/// Where it can't be written as YAML.
pub fn openapi_yaml() -> Result<String, Box<dyn std::error::Error>> {
    Ok(openapi().to_yaml()?)
}

/// Adds what follows from the rights table and holds for every operation: who may call it, and how it fails.
fn complete(item: &mut PathItem) {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemBody"))).build();
    let problem = ResponseBuilder::new()
        .description("A problem (RFC 9457), in the language of Accept-Language")
        .content("application/problem+json", problem)
        .build();
    let (read, written) = ([&mut item.get, &mut item.head, &mut item.options], [&mut item.post, &mut item.put]);
    let changed = [&mut item.patch, &mut item.delete];
    for operation in read.into_iter().chain(written).chain(changed).flatten() {
        operation.responses.responses.insert("default".into(), RefOr::T(problem.clone()));
        let known = operation.operation_id.as_deref().and_then(Operation::from_id);
        if known.is_none_or(|known| known.rights() != Rights::Public) {
            operation.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
        }
    }
}
