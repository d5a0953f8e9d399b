//! Appraisal of readers (R-13, R-40, R-41, DOMAIN 8): the facts of a month, the marks they cost, and the reader's right to object.
//!
//! Why separate: this is the one place where the service speaks about a person. Every mark deducted names the fact behind it,
//! rounding is in the reader's favour, and what was said stays on record with the answer to it.
//!
//! [`expectation`] says what could be expected of a reader on his routes, [`deduct`] turns facts into marks, [`standing`] says who
//! has to act by when.

pub mod catalogue;
mod deduction;
mod expectation;
mod objection;
mod settings;

pub use deduction::{Counted, DeductionKind, deduct, marks_left};
pub use expectation::{Expectation, RouteMonth, SeenOf, baseline, expectation};
pub use objection::{AppraisalState, Decision, answer_until, may_answer, may_object, objection_until, standing};
pub use settings::AppraisalSettings;
