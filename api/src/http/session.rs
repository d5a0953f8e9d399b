//! The signed-in caller of a request, known before anything of its body is read.

use super::{Problem, ProblemCode, RouteTable};
use crate::App;
use crate::accounts::store::Standing;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, web};
use meterbook::accounts::{Actor, Operation, Rights};
use meterbook::calendar::Instant;
use std::future::Future;
use std::pin::Pin;

/// A caller whose token was checked and whose session still stands: revocation acts on the next request, on every node.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    actor: Actor,
    /// The refresh family.
    pub id: i64,
    /// The account's session version the token was minted at.
    pub version: i32,
    /// When the access token ends.
    pub expires_at: Instant,
}

impl Session {
    /// A session as a checked token tells it.
    #[must_use]
    pub const fn of(actor: Actor, id: i64, version: i32, expires_at: Instant) -> Self {
        Self { actor, id, version, expires_at }
    }

    /// Whether a session that may go on is this one.
    #[must_use]
    pub fn is(&self, standing: &Standing) -> bool {
        *standing == Standing { id: self.id, account: self.actor.account.0, version: self.version }
    }

    /// The caller, if the rights table lets the role do this. Every handler begins here.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn may(&self, operation: Operation) -> Result<Actor, Problem> {
        if operation.allows(self.actor.role) { Ok(self.actor) } else { Err(Problem::new(ProblemCode::Forbidden)) }
    }
}

/// Refuses callers without the right before a handler reads what they send: their bodies cost nothing and tell nothing.
/// Handlers ask [`Session::may`] all the same; that is where a reader finds who may do what.
pub async fn check_rights<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let table = request.app_data::<web::Data<RouteTable>>();
    let operation = table.and_then(|table| table.operation(request.method().as_str(), request.path()));
    if let Some(operation) = operation.filter(|operation| operation.rights() != Rights::Public) {
        let session = request.extract::<Session>().await;
        match session.and_then(|session| session.may(operation).map(|_| session)) {
            Ok(session) => drop(request.extensions_mut().insert(session)),
            // An answer, not an error: the middleware around this one adds headers and language to answers only.
            Err(problem) => return Ok(request.error_response(problem).map_into_right_body()),
        }
    }
    next.call(request).await.map(ServiceResponse::map_into_left_body)
}

impl FromRequest for Session {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if let Some(session) = request.extensions().get::<Self>().copied() {
            return Box::pin(std::future::ready(Ok(session)));
        }
        let app = request.app_data::<web::Data<App>>().cloned();
        let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let (token, request) = (token.map(str::to_owned), request.clone());
        Box::pin(async move {
            let refused = || Problem::new(ProblemCode::Unauthenticated);
            let app = app.ok_or_else(|| Problem::new(ProblemCode::Internal))?;
            let session = token.and_then(|token| app.tokens.check(&token, app.clock.now())).ok_or_else(refused)?;
            let glimpse = app.sessions.ask(session.id).await?;
            let glimpse = glimpse.filter(|glimpse| session.is(&glimpse.standing)).ok_or_else(refused)?;
            request.extensions_mut().insert(glimpse);
            Ok(session)
        })
    }
}
