//! The model that comes with the program, for fleets that have no past of their own yet.

use meterbook::anomalies::lists::model::{Model, NotAModel};

/// Learnt from the series named in `api/assets/anomalies/README.md`, read every second month.
const TEXT: &str = include_str!("../../../assets/anomalies/lists.model");

/// Periods in a year of what it was learnt from.
pub const SEASON: usize = 6;

/// The model.
///
/// # Errors
/// Never for a program that was tested: its own file is no model.
pub fn model() -> Result<Model, NotAModel> {
    Model::from_text(TEXT)
}

/// Its version, as lists name it.
#[must_use]
pub fn version() -> String {
    format!("shipped-{}", super::version_of(TEXT.as_bytes()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_shipped_is_a_model_that_knows_each_list() {
        assert!(super::model().unwrap().is_trained());
    }
}
