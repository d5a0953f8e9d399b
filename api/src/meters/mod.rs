//! The register: areas, routes, service points, meters, and importing them (DOMAIN 1, R-2).
//!
//! Reading a file (`table`, `xlsx`, `cells`, `columns`) and deciding what its rows change (`register`, `purchases`,
//! `past_readings`) touch no database, so that a bad file is refused before anything is.

pub mod cells;
pub mod columns;
pub mod faults;
pub mod found;
pub mod import;
pub mod import_routes;
pub mod past_readings;
pub mod places;
pub mod purchases;
pub mod register;
pub mod routes;
pub mod store;
pub mod table;
pub mod traits;
mod wire;
mod xlsx;

pub use import::{ImportKind, ImportOptions, ImportReport, import};
pub use wire::*;
