//! Properties of the placement.
