//! Paths nobody serves: 404, or 405 with Allow where the path exists with other methods.

use super::{Problem, ProblemCode};
use actix_web::http::header::ALLOW;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use meterbook::accounts::Operation;
use utoipa::openapi::path::Operation as Described;
use utoipa::openapi::{PathItem, Paths};

/// The operations of the contract by path and method.
pub struct RouteTable {
    routes: Vec<Route>,
}

struct Route {
    segments: Vec<String>,
    method: &'static str,
    /// `None`: it has no row in the rights table.
    operation: Option<Operation>,
}

impl Route {
    fn fits(&self, path: &str) -> bool {
        let mut asked = path.split('/');
        let fits = |part: &String, asked: &str| part.starts_with('{') && !asked.is_empty() || part == asked;
        self.segments.iter().all(|part| asked.next().is_some_and(|asked| fits(part, asked))) && asked.next().is_none()
    }
}

impl RouteTable {
    /// The table of a contract's paths.
    #[must_use]
    pub fn of(contract: &Paths) -> Self {
        let mut routes: Vec<Route> = Vec::new();
        for (path, item) in &contract.paths {
            let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
            routes.extend(operations(item).map(|(method, operation)| Route {
                segments: segments.clone(),
                method,
                operation: operation.operation_id.as_deref().and_then(Operation::from_id),
            }));
        }
        // A fixed path goes before a parameter.
        routes.sort_by_key(|route| route.segments.iter().filter(|part| part.starts_with('{')).count());
        Self { routes }
    }

    /// The operation a request asks for; `None` where the contract has none.
    #[must_use]
    pub fn operation(&self, method: &str, path: &str) -> Option<Operation> {
        self.routes.iter().find(|route| route.method == method && route.fits(path))?.operation
    }

    fn allowed(&self, path: &str) -> Vec<&'static str> {
        const ORDER: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let is_there = |method: &&str| self.routes.iter().any(|route| route.method == *method && route.fits(path));
        ORDER.into_iter().filter(is_there).collect()
    }
}

fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Described)> {
    let known = [
        ("GET", &item.get),
        ("HEAD", &item.head),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
        ("OPTIONS", &item.options),
    ];
    known.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// The handler for everything that no route takes.
pub async fn answer_unrouted(request: HttpRequest, table: web::Data<RouteTable>) -> HttpResponse {
    match table.allowed(request.path()).join(", ") {
        allow if allow.is_empty() => Problem::new(ProblemCode::NotFound).error_response(),
        allow => {
            let detail = (format!("可用方法：{allow}"), format!("it takes {allow}"));
            let mut response = Problem::new(ProblemCode::MethodNotAllowed).detail(detail.0, detail.1).error_response();
            if let Ok(value) = allow.parse() {
                response.headers_mut().insert(ALLOW, value);
            }
            response
        }
    }
}
