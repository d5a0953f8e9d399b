//! The contract: which operations there are, collected from the handlers themselves, and the document made of them.

use crate::{
    accounts, anomalies, appraisal, coverage, desks, jobs, meta, meters, photos, readings, reports, rounds, settings,
    sync, webhooks,
};
use actix_web::dev::HttpServiceFactory;
use actix_web::web;
use meterbook::accounts::{Operation, Rights};
use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, PathItem, Paths, Ref, RefOr, ResponseBuilder};
use utoipa_actix_web::OpenApiFactory;
use utoipa_actix_web::service_config::ServiceConfig;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Meterbook 抄表册",
        description = "Field meter-reading sync for city-gas companies. Volumes are integers of 0.001 m³, rates 1/10,000, \
                       times RFC 3339. Failures are RFC 9457 problems with a stable `code`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(crate::http::ProblemBody, desks::ChangedTopics))
)]
struct Base;

/// Where operations are entered.
enum Routes<'r, 'c> {
    /// In what a server's thread answers: it has no use for descriptions, which are megabytes while they are made.
    Served(&'r mut web::ServiceConfig),
    /// In a list of what there is.
    Listed(&'r mut Paths),
    /// In the document.
    Described(&'r mut ServiceConfig<'c>),
}

impl Routes<'_, '_> {
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        match self {
            Self::Served(config) => {
                config.service(operation);
            }
            Self::Listed(paths) => paths.merge(operation.paths()),
            Self::Described(config) => {
                config.service(operation);
            }
        }
        self
    }

    fn configure(&mut self, more: fn(&mut Self)) -> &mut Self {
        more(self);
        self
    }
}

/// Enters every operation in what a server's thread answers.
pub fn serve(config: &mut web::ServiceConfig) {
    enter_all(&mut Routes::Served(config));
}

/// Every route of the API.
fn enter_all(routes: &mut Routes<'_, '_>) {
    routes
        .service(meta::get_meta)
        .service(meta::get_health)
        .service(meta::get_openapi)
        .service(meta::get_map)
        .service(desks::routes::stream_events)
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
        .service(photos::routes::list_missing_photos)
        .service(photos::uploads::routes::describe_uploads)
        .service(photos::uploads::routes::create_upload)
        .service(photos::uploads::routes::check_upload)
        .service(photos::uploads::routes::continue_upload)
        .service(photos::uploads::routes::end_upload)
        .service(photos::routes::put_photo)
        .service(photos::routes::check_photo)
        .service(photos::routes::get_photo);
    figures(routes);
    case_work(routes);
    report_routes(routes);
    planning(routes);
}

/// What is counted, by what it is judged, and what is done by itself.
fn figures(routes: &mut Routes<'_, '_>) {
    routes
        .service(settings::routes::list_settings)
        .service(settings::routes::change_settings)
        .service(coverage::routes::get_coverage)
        .service(coverage::closing::routes::list_periods)
        .service(coverage::closing::routes::close_period)
        .service(coverage::closing::restated::get_restated)
        .service(coverage::closing::restated::list_restated_points)
        .service(coverage::windows::get_window)
        .service(coverage::windows::set_window)
        .service(coverage::reviews::routes::list_time_reviews)
        .service(coverage::reviews::routes::decide_time_review)
        .service(coverage::outlook::pace::get_pace)
        .service(coverage::outlook::routes::list_next_points)
        .service(coverage::outlook::routes::list_unseen_points)
        .service(jobs::routes::list_jobs);
}

/// What the checks found, and who is told.
fn case_work(routes: &mut Routes<'_, '_>) {
    routes
        .service(anomalies::cases::routes::list_cases)
        .service(anomalies::cases::routes::list_case_outcomes)
        .service(anomalies::cases::work::act_on_cases)
        .service(anomalies::cases::export::export_cases)
        .service(anomalies::cases::routes::get_case)
        .service(anomalies::cases::evidence::get_case_evidence)
        .service(anomalies::cases::work::decide_case)
        .service(anomalies::cases::work::assign_case)
        .configure(month_lists)
        .service(anomalies::lab::routes::run_rule_lab)
        .service(anomalies::lab::routes::get_lab_run)
        .service(anomalies::lab::routes::adopt_lab_run)
        .service(anomalies::integrity::routes::get_integrity)
        .service(anomalies::integrity::routes::draw_rereads)
        .service(anomalies::integrity::routes::list_rereads)
        .service(anomalies::integrity::routes::get_rereads)
        .service(webhooks::routes::create_webhook)
        .service(webhooks::routes::list_webhooks)
        .service(webhooks::routes::get_webhook_secret)
        .service(webhooks::routes::disable_webhook)
        .service(webhooks::routes::test_webhook)
        .service(webhooks::routes::list_webhook_messages)
        .service(webhooks::routes::retry_webhook_message)
        .service(anomalies::routes::list_rules);
}

/// The month's lists and their models.
fn month_lists(routes: &mut Routes<'_, '_>) {
    routes
        .service(anomalies::lists::routes::list_anomaly_lists)
        .service(anomalies::lists::routes::make_anomaly_lists)
        .service(anomalies::lists::routes::get_anomaly_list)
        .service(anomalies::lists::routes::list_anomaly_entries)
        .service(anomalies::lists::routes::get_anomaly_entry)
        .service(anomalies::lists::routes::open_anomaly_case)
        .service(anomalies::lists::model_routes::train_anomaly_model)
        .service(anomalies::lists::model_routes::list_anomaly_models)
        .service(anomalies::lists::model_routes::get_anomaly_model)
        .service(anomalies::lists::model_routes::switch_anomaly_model);
}

/// Reports and what is said of readers.
fn report_routes(routes: &mut Routes<'_, '_>) {
    routes
        .service(reports::routes::get_daily_report)
        .service(reports::routes::list_daily_records)
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

/// The routes of the planner.
fn planning(routes: &mut Routes<'_, '_>) {
    routes
        .service(rounds::plans::routes::create_plan)
        .service(rounds::plans::routes::list_plans)
        .service(rounds::plans::routes::get_plan)
        .service(rounds::plans::routes::cancel_plan)
        .service(rounds::plans::routes::list_plan_rounds)
        .service(rounds::plans::routes::list_plan_stops)
        .service(rounds::plans::routes::publish_plan)
        .service(rounds::plans::edit_routes::change_plan_stop)
        .service(rounds::readers::routes::list_reader_profiles)
        .service(rounds::readers::routes::set_reader_profile)
        .service(rounds::readers::routes::list_absences)
        .service(rounds::readers::routes::create_absence)
        .service(rounds::readers::routes::withdraw_absence)
        .service(rounds::visits::routes::get_visit_terms)
        .service(rounds::visits::routes::set_visit_terms)
        .service(rounds::visits::routes::list_appointments)
        .service(rounds::visits::routes::create_appointment)
        .service(rounds::visits::routes::withdraw_appointment);
}

/// The paths of the routes above, with their operations.
#[must_use]
pub fn paths() -> Paths {
    let mut paths = Paths::new();
    enter_all(&mut Routes::Listed(&mut paths));
    paths
}

/// The OpenAPI document of the routes above.
#[must_use]
pub fn openapi() -> Document {
    use utoipa_actix_web::AppExt as _;
    let app = actix_web::App::new().into_utoipa_app().openapi(Base::openapi());
    let (_, mut document) = app.configure(|config| enter_all(&mut Routes::Described(config))).split_for_parts();
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
