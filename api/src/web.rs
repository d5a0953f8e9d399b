//! The pages a person opens: the reader's app at `/app`, the console at `/console`, and the contract made readable at `/docs`, drawn by
//! the server from the document itself.

mod assets;

use crate::contract;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpResponse, get, web};
use meterbook::accounts::{Operation, Rights, Role};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Adds the pages.
pub fn pages(config: &mut web::ServiceConfig) {
    config.service(home).service(docs).service(style).service(report_style).configure(assets::apps);
}

#[get("/")]
async fn home() -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, "/docs")).finish()
}

#[get("/docs")]
async fn docs() -> HttpResponse {
    static PAGE: LazyLock<String> =
        LazyLock::new(|| page(&serde_json::to_value(contract::openapi()).unwrap_or_default()));
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(PAGE.as_str())
}

#[get("/docs.css")]
async fn style() -> HttpResponse {
    let body = include_str!("../assets/docs.css");
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(body)
}

/// The style of printed reports.
#[get("/report.css")]
async fn report_style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(crate::reports::book::style())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn members<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.pointer(pointer).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn page(document: &Value) -> String {
    let title = escaped(document.pointer("/info/title").and_then(Value::as_str).unwrap_or_default());
    let about = escaped(document.pointer("/info/description").and_then(Value::as_str).unwrap_or_default());
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} API</title><link rel=\"stylesheet\" href=\"/docs.css\"><body><main><h1>{title} API</h1><p>{about}</p>\
         <nav><a href=\"#operations\">Operations 操作</a><a href=\"#schemas\">Schemas 数据结构</a>\
         <a href=\"/v1/openapi.yaml\">openapi.yaml</a></nav><h2 id=\"operations\">Operations 操作</h2>"
    );
    for (path, item) in members(document, "/paths") {
        for (method, operation) in
            item.as_object().into_iter().flat_map(Map::iter).filter(|(_, item)| item.get("operationId").is_some())
        {
            describe_operation(&mut html, path, method, operation);
        }
    }
    html.push_str("<h2 id=\"schemas\">Schemas 数据结构</h2>");
    for (name, schema) in members(document, "/components/schemas") {
        describe_schema(&mut html, name, schema);
    }
    html.push_str("</main></body></html>");
    html
}

fn describe_operation(html: &mut String, path: &str, method: &str, operation: &Value) {
    let id = text(operation, "operationId");
    let (method, path) = (method.to_uppercase(), escaped(path));
    // Writing to a String can't fail.
    let _ =
        write!(html, "<h3 id=\"{id}\"><span class=\"method\">{method}</span> <span class=\"path\">{path}</span></h3>");
    let words = [text(operation, "summary"), text(operation, "description")].map(escaped).join(" ");
    let _ = write!(html, "<p>{words}<br><span class=\"quiet\">{} · {}</span></p>", escaped(id), callers(id));
    let mut rows = String::new();
    for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
        let (name, place, about) = (text(parameter, "name"), text(parameter, "in"), text(parameter, "description"));
        let _ =
            write!(rows, "<tr><td><code>{}</code></td><td>{place}</td><td>{}</td></tr>", escaped(name), escaped(about));
    }
    for (_, content) in members(operation, "/requestBody/content") {
        let _ = write!(rows, "<tr><td>body 请求体</td><td>{}</td><td></td></tr>", type_of(&content["schema"]));
    }
    for (status, answer) in members(operation, "/responses").filter(|(status, _)| *status != "default") {
        let body =
            members(answer, "/content").next().map(|(_, content)| type_of(&content["schema"])).unwrap_or_default();
        let _ =
            write!(rows, "<tr><td>{status}</td><td>{body}</td><td>{}</td></tr>", escaped(text(answer, "description")));
    }
    let _ = write!(html, "<table>{rows}</table>");
}

/// Who may call an operation, from the rights table.
fn callers(id: &str) -> String {
    match Operation::from_id(id).map(Operation::rights) {
        Some(Rights::Public) => "public 公开".into(),
        Some(Rights::Roles(roles)) => roles.iter().copied().map(Role::code).collect::<Vec<_>>().join(", "),
        None => String::new(),
    }
}

fn describe_schema(html: &mut String, name: &str, schema: &Value) {
    let _ = write!(
        html,
        "<h3 id=\"schema-{0}\">{0}</h3><p>{1}</p><table>",
        escaped(name),
        escaped(text(schema, "description"))
    );
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    for (member, of) in members(schema, "/properties") {
        let must =
            if required.contains(&member.as_str()) { "" } else { "<span class=\"quiet\">optional 可选</span>" };
        let about = escaped(text(of, "description"));
        let _ = write!(
            html,
            "<tr><td><code>{}</code></td><td>{} {must}</td><td>{about}</td></tr>",
            escaped(member),
            type_of(of)
        );
    }
    html.push_str("</table>");
}

fn type_of(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.rsplit('/').next()) {
        return format!("<a href=\"#schema-{0}\">{0}</a>", escaped(name));
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    };
    match (kind.as_str(), schema.get("items")) {
        ("array", Some(items)) => format!("{} []", type_of(items)),
        _ => format!("{kind} {}", text(schema, "format")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_and_schema_is_on_the_page() {
        let document = serde_json::to_value(contract::openapi()).unwrap();
        let html = page(&document);
        for operation in Operation::ALL {
            assert!(html.contains(&format!("id=\"{}\"", operation.id())), "{}", operation.id());
        }
        for (name, _) in members(&document, "/components/schemas") {
            assert!(html.contains(&format!("id=\"schema-{name}\"")), "{name}");
        }
    }
}
