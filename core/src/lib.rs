//! The gas company's meter-reading regulation as code.
//!
//! Everything here is a pure function of its arguments: no HTTP, SQL, JSON, clock, randomness, environment or async. The
//! crate exists apart from `api` so that a rule (`R-n`) can be read, tested and trusted without a server around it.
//! The glossary (中文 / English / type) is in `core/README.md`.

// The planner's tests share their city with the measurement beside the crate, which knows it by its name.
#[cfg(test)]
extern crate self as meterbook;

pub mod accounts;
pub mod anomalies;
pub mod appraisal;
pub mod calendar;
mod coded;
pub mod coverage;
pub mod id;
pub mod meters;
pub mod photos;
pub mod place;
pub mod quantity;
pub mod readings;
pub mod reports;
pub mod rounds;
pub mod settings;
pub mod sync;
pub mod text;
pub mod webhooks;
