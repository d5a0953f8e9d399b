//! The demonstration: a city to show and to test against. Separate because nothing in the product may depend on it.

pub mod city;
