//! tmp
pub mod demo;
