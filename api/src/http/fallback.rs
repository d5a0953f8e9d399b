//! Paths nobody serves: 404, or 405 with Allow where the path exists with other methods.

use super::{Problem, ProblemCode};
use actix_web::http::header::ALLOW;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use utoipa::openapi::{OpenApi, PathItem};

/// The paths of the contract with the methods each takes.
pub struct RouteTable {
    routes: Vec<(Vec<String>, Vec<&'static str>)>,
}

impl RouteTable {
    /// The table of a contract.
    #[must_use]
    pub fn of(contract: &OpenApi) -> Self {
        let routes = contract.paths.paths.iter().map(|(path, item)| {
            let segments = path.split('/').map(str::to_owned).collect();
            (segments, methods(item))
        });
        Self { routes: routes.collect() }
    }

    fn allowed(&self, path: &str) -> Option<&[&'static str]> {
        let asked: Vec<&str> = path.split('/').collect();
        let fits = |template: &[String]| {
            template.len() == asked.len()
                && template
                    .iter()
                    .zip(&asked)
                    .all(|(part, asked)| part.starts_with('{') && !asked.is_empty() || part == asked)
        };
        self.routes.iter().find(|(template, _)| fits(template)).map(|(_, methods)| methods.as_slice())
    }
}

fn methods(item: &PathItem) -> Vec<&'static str> {
    let known = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    known.into_iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| method).collect()
}

/// The handler for everything that no route takes.
pub async fn answer_unrouted(request: HttpRequest, table: web::Data<RouteTable>) -> HttpResponse {
    match table.allowed(request.path()) {
        None => Problem::new(ProblemCode::NotFound).error_response(),
        Some(methods) => {
            let allow = methods.join(", ");
            let detail = (format!("可用方法：{allow}"), format!("it takes {allow}"));
            let mut response = Problem::new(ProblemCode::MethodNotAllowed).detail(detail.0, detail.1).error_response();
            if let Ok(value) = allow.parse() {
                response.headers_mut().insert(ALLOW, value);
            }
            response
        }
    }
}
