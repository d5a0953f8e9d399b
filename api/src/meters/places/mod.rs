//! Where points are: areas and routes, made as a register names them.

pub mod store;
