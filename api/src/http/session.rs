//! The signed-in caller of a request.

use super::{Problem, ProblemCode};
use crate::App;
use crate::accounts::store::session_stands;
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use meterbook::accounts::{Actor, Operation};
use std::future::Future;
use std::pin::Pin;

/// A caller whose token was checked and whose session still stands: revocation acts on the next request, on every node.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    actor: Actor,
    /// The refresh family.
    pub id: i64,
}

impl Session {
    /// The caller, if the rights table lets the role do this. Every handler begins here.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn may(&self, operation: Operation) -> Result<Actor, Problem> {
        if operation.allows(self.actor.role) { Ok(self.actor) } else { Err(Problem::new(ProblemCode::Forbidden)) }
    }
}

impl FromRequest for Session {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<web::Data<App>>().cloned();
        let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let token = token.map(str::to_owned);
        Box::pin(async move {
            let refused = || Problem::new(ProblemCode::Unauthenticated);
            let app = app.ok_or_else(|| Problem::new(ProblemCode::Internal))?;
            let (actor, claims) =
                token.and_then(|token| app.tokens.check(&token, app.clock.now())).ok_or_else(refused)?;
            let stands =
                app.store.read("check_session", move |conn| session_stands(conn, claims.sid, claims.ver)).await?;
            if stands { Ok(Self { actor, id: claims.sid }) } else { Err(refused()) }
        })
    }
}
