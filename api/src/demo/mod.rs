//! The demonstration: a city, its phones over real HTTP for a month, and what the service made of it.
//!
//! Separate because nothing in the product may depend on it. It uses the public API only, as any client would; the one thing
//! it does that a client can't is to set the server's clock.

pub mod city;
mod office;
mod phone;
mod place;
mod run;
mod score;
mod store;
mod summary;

pub use run::{DemoOptions, run};
