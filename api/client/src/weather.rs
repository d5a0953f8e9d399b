//! What the way to the server does to a request, for tests and the demonstration. A real phone has no need of it: it has the sky.

use std::sync::{Mutex, PoisonError};

/// What happens to one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It arrives, and so does the answer.
    Fair,
    /// It never arrives.
    RequestLost,
    /// The server does it; the answer never arrives.
    AnswerLost,
    /// The answer arrives, and a copy of the request arrives once more, later.
    ArrivesAgain,
}

/// Decides the fate of each request.
pub struct Weather(Mutex<Box<dyn FnMut() -> Fate + Send>>);

impl Weather {
    /// Weather by a function.
    pub fn new(decide: impl FnMut() -> Fate + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(decide)))
    }

    pub(crate) fn next(&self) -> Fate {
        (self.0.lock().unwrap_or_else(PoisonError::into_inner))()
    }
}
