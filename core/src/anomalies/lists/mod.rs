//! Month-end lists: which meters to look at first, and why.
//!
//! A month's reading convicts nobody: what is fixed is how many meters a crew can check, and the lists say which. There are
//! four, because zeros would crowd slow meters out of a common one. [`README.md`](../README.md) says how good they are, and
//! what consumption alone can never tell.
//!
//! [`history`] is a meter's use by period, [`peers`] what its neighbours did, [`forecast`] what it was to be expected to use,
//! [`features`] what is asked of the difference, [`booster`] the trees that answer, [`train`] how they learn from a history
//! with [`faults`] put into it, [`ranking`] who gets the places, [`grounds`] what a person is told. [`replay`] runs all of it
//! over a file of readings, through [`dial`]; [`month_end`] makes those of one
//! month of the service's meters, from what [`window`] makes of their accepted readings.

pub mod booster;
mod dial;
mod dice;
pub mod faults;
pub mod features;
pub mod forecast;
mod grid;
mod grounds;
pub mod history;
pub mod model;
pub mod month_end;
pub mod peers;
pub mod ranking;
pub mod replay;
pub mod rules;
pub mod settings;
mod slips;
pub mod teaching;
pub mod train;
pub mod window;

pub use dial::{Doubt, Doubted};
pub use dice::Dice;
pub use grid::Grid;
pub use grounds::Grounds;
