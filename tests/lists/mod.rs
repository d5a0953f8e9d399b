//! The lists of suspect meters on real series with faults put into them; meters are judged by trees that never saw them.
//!
//! `cargo bench -p acceptance --bench lists` prints the whole table.

pub mod rules_of_thumb;
pub mod score;
pub mod series;
pub mod street;

mod command;
mod held_out;
