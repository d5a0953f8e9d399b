//! The round planner: who reads what on the 22nd and 23rd, or any class in any window, in which order and when.
//!
//! Why separate: it proposes and never acts. A pure function of its input, a seed and a number of steps; the job around it
//! ([`Search::run`] in pieces) owns time, progress and cancelling. The objectives in their order: everything read in the window
//! agreed times kept, balanced working time, the same reader as last month, a short way. The first two are never
//! traded; the rest are weighed by [`Weights`].
//!
//! The method is simulated annealing over two kinds of change, both on lists of near neighbours: ruin and recreate, and two routes
//! that exchange their tails. It begins from the plan in force, last month's rounds or nearest neighbour. [`check_plan`] verifies every result on its own.

mod chance;
mod check;
mod indoor;
mod input;
mod layout;
mod near;
mod output;
mod problem;
mod reason;
mod search;
mod shifts;
mod start;
mod step;
mod tour;

#[cfg(test)]
mod tests;

pub use check::{Violation, check_plan, check_turn};
pub use indoor::{AccessModel, OpenDoors, Slot, Tried, Visits, choose_visits};
pub use input::{Current, Need, PlanInput, PlanReader, PlanStop, Span, Turn, Visited, Weights};
pub use layout::lay_out;
pub use output::{Carrier, Move, PlanReport, Planned, PlannedStop, PlannedTurn, RoundPlan, Unassigned};
pub use reason::{Conflict, Reason};
pub use search::{Progress, Search};
