//! Gas through a meter over time, as knots joined by straight lines. Separate because index, pulses and purchases are all
//! read off it, and because bending it is how a meter breaks.

use meterbook::calendar::Instant;

/// Knots of (second, litres since commissioning), both rising.
#[derive(Clone, Debug, Default)]
pub struct Curve(Vec<(i64, i64)>);

impl Curve {
    /// Gas that goes on from the last knot.
    pub fn push(&mut self, at: Instant, used: i64) {
        let total = self.0.last().map_or(0, |&(_, total)| total) + used;
        self.0.push((at.timestamp(), total));
    }

    /// Litres from commissioning to a moment; level before the first knot and after the last.
    #[must_use]
    pub fn at(&self, at: Instant) -> i64 {
        self.at_second(at.timestamp())
    }

    fn at_second(&self, second: i64) -> i64 {
        let after = self.0.partition_point(|&(knot, _)| knot <= second);
        let Some(&(left, from)) = after.checked_sub(1).and_then(|before| self.0.get(before)) else {
            return self.0.first().map_or(0, |&(_, total)| total);
        };
        let Some(&(right, to)) = self.0.get(after) else { return from };
        from + (i128::from(to - from) * i128::from(second - left) / i128::from((right - left).max(1))) as i64
    }

    /// The same gas until `at`, and `percent` of it afterwards: 0 is a stuck register.
    #[must_use]
    pub fn bent_after(&self, at: Instant, percent: i64) -> Self {
        let second = at.timestamp();
        let level = self.at_second(second);
        let mut knots: Vec<_> = self.0.iter().copied().filter(|&(knot, _)| knot < second).collect();
        knots.push((second, level));
        let later = self.0.iter().filter(|&&(knot, _)| knot > second);
        knots.extend(later.map(|&(knot, total)| (knot, level + (total - level) * percent / 100)));
        Self(knots)
    }

    /// The same gas until `at`, and this many litres per hour afterwards.
    #[must_use]
    pub fn at_rate_after(&self, at: Instant, litres_per_hour: i64) -> Self {
        let mut curve = self.bent_after(at, 0);
        let (second, level) = (at.timestamp(), self.at(at));
        curve.0.retain(|&(knot, _)| knot <= second);
        curve.0.push((second + 100 * 86_400, level + litres_per_hour * 24 * 100));
        curve
    }
}
