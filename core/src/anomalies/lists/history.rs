//! One meter's use on the grid of periods, and what was seen beside it.
//!
//! Apart because everything statistical starts from this and from nothing else: what a verdict rests on is at most
//! [`SLOTS`] numbers a meter.

/// Periods looked back upon: two years of months, four of two-month periods.
pub const SLOTS: usize = 24;

/// The use of one meter in the last periods, oldest first; the last slot is the period that is judged.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct History {
    /// Use per period in any one unit; NaN where it is not known (not read, or the reading is in doubt).
    pub volumes: Vec<f64>,
    /// Whether a reader noted that the place stood empty.
    pub notes: Vec<bool>,
    /// The step of the dial, in the same unit: smaller uses are not seen.
    pub step: f64,
}

impl History {
    /// Mean of the known uses; 0 where none is.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let known = self.volumes.iter().copied().filter(|volume| volume.is_finite());
        let (sum, count) = known.fold((0.0, 0_u32), |(sum, count), volume| (sum + volume, count + 1));
        if count == 0 { 0.0 } else { sum / f64::from(count) }
    }

    /// How many of the slots are known.
    #[must_use]
    pub fn known(&self) -> usize {
        self.volumes.iter().filter(|volume| volume.is_finite()).count()
    }
}

/// The middle of the values, the lower of two; `None` of none. Reorders them.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = (values.len() - 1) / 2;
    let (_, value, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*value)
}
