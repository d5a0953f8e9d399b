//! What was seen of meters over a span of time, with the look before it: what volumes and reconciliations are made of.

pub mod store;

use meterbook::meters::MeterTraits;
use meterbook::reports::{Dial, Standing, Step, steps};

/// A meter and the looks at it.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The meter.
    pub meter: i64,
    /// The point it served at the last look.
    pub point: i64,
    /// What its dial and counter can show.
    pub traits: MeterTraits,
    /// Trusted looks by time: the last one before the span where there is one, then those in it.
    pub looks: Vec<Standing>,
}

impl Looked {
    /// The gas between the looks.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let dial = |look: &Standing| Some(Dial { at: look.at, index: look.figures.index? });
        steps(&self.looks.iter().filter_map(dial).collect::<Vec<_>>(), self.traits.digits.wrap())
    }
}
