//! Gradient-boosted shallow trees: logistic loss, depth 3, histograms.
//!
//! Own, because core depends on dates and ids alone, and because a model must come out the same wherever it is trained: no
//! threads, no sampling, ties by order. About 120 trees of depth 3 learn in a second and answer in a microsecond.

use super::dice::Dice;

/// Levels below the root.
pub const DEPTH: usize = 3;
const NODES: usize = (1 << DEPTH) - 1;
const LEAVES: usize = 1 << DEPTH;
/// Cut points a feature is reduced to.
const BINS: usize = 64;

/// How trees are grown.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Growth {
    /// How many.
    pub trees: usize,
    /// How much of each is believed.
    pub rate: f64,
    /// Added to the second derivative of a leaf: few rows move little.
    pub ridge: f64,
    /// Least second derivative (about a quarter of the rows in doubt) on either side of a cut.
    pub least: f64,
}

impl Default for Growth {
    fn default() -> Self {
        Self { trees: 120, rate: 0.1, ridge: 5.0, least: 5.0 }
    }
}

/// One tree: seven questions and eight answers. An unknown value goes left, as the smallest.
#[derive(Clone, PartialEq, Debug)]
pub struct Tree {
    /// Feature asked at each node, from the root, level by level.
    pub feature: [u16; NODES],
    /// Goes right where the value is above this.
    pub above: [f32; NODES],
    /// What is added to the score.
    pub leaf: [f32; LEAVES],
}

impl Tree {
    fn leaf_of(&self, row: &[f32]) -> usize {
        let mut node = 0;
        for _ in 0..DEPTH {
            let value = row.get(usize::from(self.feature[node])).copied().unwrap_or(f32::NAN);
            node = 2 * node + 1 + usize::from(value > self.above[node]);
        }
        node - NODES
    }
}

/// A sum of trees: the log odds of a fault.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Booster {
    /// Log odds before any question.
    pub base: f32,
    /// The trees, in the order they were grown.
    pub trees: Vec<Tree>,
}

impl Booster {
    /// Log odds of a row of features.
    #[must_use]
    pub fn score(&self, row: &[f32]) -> f64 {
        let sum: f32 = self.trees.iter().map(|tree| tree.leaf[tree.leaf_of(row)]).sum();
        f64::from(self.base + sum)
    }
}

/// Rows to learn from, all of the same width.
#[derive(Clone, Debug, Default)]
pub struct Lessons {
    /// Features, row after row.
    pub features: Vec<f32>,
    /// Features in a row.
    pub width: usize,
    /// Whether each row is a fault.
    pub faulty: Vec<bool>,
    /// How much each row counts.
    pub weight: Vec<f32>,
}

impl Lessons {
    /// None yet.
    #[must_use]
    pub fn of_width(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: &[f32], faulty: bool, weight: f32) {
        debug_assert_eq!(row.len(), self.width);
        self.features.extend_from_slice(row);
        self.faulty.push(faulty);
        self.weight.push(weight);
    }

    fn row(&self, at: usize) -> &[f32] {
        &self.features[at * self.width..(at + 1) * self.width]
    }
}

/// Cut points of one feature, rising; a value's bin is how many of them it is above.
fn cuts_of(lessons: &Lessons, feature: usize) -> Vec<f32> {
    let mut values: Vec<f32> =
        (0..lessons.faulty.len()).map(|at| lessons.row(at)[feature]).filter(|value| !value.is_nan()).collect();
    values.sort_unstable_by(f32::total_cmp);
    let mut cuts: Vec<f32> = (1..BINS).filter_map(|part| values.get(part * values.len() / BINS).copied()).collect();
    cuts.dedup();
    cuts
}

/// Every other row, so that successive trees look at different ones: which half a row is in follows from its place.
const fn half_of(row: usize) -> usize {
    ((row as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize % HALVES
}

/// Rows are dealt into this many parts; a tree is grown on one.
const HALVES: usize = 2;
/// A tree looks at every third feature, the next tree at others.
const STRIDE: usize = 3;

struct Binned {
    cuts: Vec<Vec<f32>>,
    /// Half by half: which rows, and feature after feature their bins.
    halves: [(Vec<u32>, Vec<Vec<u8>>); HALVES],
}

impl Binned {
    fn of(lessons: &Lessons) -> Self {
        let cuts: Vec<Vec<f32>> = (0..lessons.width).map(|feature| cuts_of(lessons, feature)).collect();
        let halves = std::array::from_fn(|half| {
            let rows: Vec<u32> =
                (0..lessons.faulty.len()).filter(|row| half_of(*row) == half).map(|row| row as u32).collect();
            let column = |(feature, cuts): (usize, &Vec<f32>)| {
                let bin = |at: &u32| {
                    let value = lessons.row(*at as usize)[feature];
                    // Not a number is above nothing.
                    cuts.partition_point(|cut| value > *cut) as u8
                };
                rows.iter().map(bin).collect()
            };
            let bins = cuts.iter().enumerate().map(column).collect();
            (rows, bins)
        });
        Self { cuts, halves }
    }
}

#[derive(Clone, Copy, Default)]
struct Sums {
    gradient: f64,
    hessian: f64,
}

impl Sums {
    fn gain(self, ridge: f64) -> f64 {
        self.gradient * self.gradient / (self.hessian + ridge)
    }
}

#[derive(Clone, Copy)]
struct Cut {
    feature: usize,
    bin: usize,
    gain: f64,
}

/// Learns to tell faults by the rows; the same rows in the same order give the same trees.
#[must_use]
pub fn learn(lessons: &Lessons, growth: Growth) -> Booster {
    let rows = lessons.faulty.len();
    let total: f64 = lessons.weight.iter().map(|weight| f64::from(*weight)).sum();
    let faulty: f64 = (0..rows).filter(|at| lessons.faulty[*at]).map(|at| f64::from(lessons.weight[at])).sum();
    if rows == 0 || faulty <= 0.0 || faulty >= total {
        return Booster::default();
    }
    let base = (faulty / (total - faulty)).ln();
    let binned = Binned::of(lessons);
    let mut scores = vec![base; rows];
    let mut trees = Vec::with_capacity(growth.trees);
    for number in 0..growth.trees {
        let chosen = &binned.halves[number % HALVES].0;
        let slopes: Vec<(f64, f64)> =
            chosen.iter().map(|at| slope(lessons, *at as usize, scores[*at as usize])).collect();
        let tree = grow(&binned, &slopes, number, growth);
        for (at, score) in scores.iter_mut().enumerate() {
            *score += f64::from(tree.leaf[tree.leaf_of(lessons.row(at))]);
        }
        trees.push(tree);
    }
    Booster { base: base as f32, trees }
}

/// First and second derivative of the loss.
fn slope(lessons: &Lessons, at: usize, score: f64) -> (f64, f64) {
    let odds = 1.0 / (1.0 + (-score).exp());
    let weight = f64::from(lessons.weight[at]);
    let truth = f64::from(u8::from(lessons.faulty[at]));
    (weight * (truth - odds), (weight * odds * (1.0 - odds)).max(1e-9))
}

fn grow(binned: &Binned, slopes: &[(f64, f64)], number: usize, growth: Growth) -> Tree {
    let bins = &binned.halves[number % HALVES].1;
    let mut tree = Tree { feature: [0; NODES], above: [f32::INFINITY; NODES], leaf: [0.0; LEAVES] };
    let mut place = vec![0_u8; slopes.len()];
    for level in 0..DEPTH {
        let (first, width) = ((1 << level) - 1, 1 << level);
        let cuts = best_cuts(binned, slopes, &place, (width, number), growth);
        for (node, cut) in cuts.iter().enumerate() {
            if let Some(cut) = cut {
                tree.feature[first + node] = cut.feature as u16;
                tree.above[first + node] = binned.cuts[cut.feature][cut.bin];
            }
        }
        for (at, place) in place.iter_mut().enumerate() {
            let right = cuts[usize::from(*place)].is_some_and(|cut| usize::from(bins[cut.feature][at]) > cut.bin);
            *place = 2 * *place + u8::from(right);
        }
    }
    let mut sums = [Sums::default(); LEAVES];
    for (place, (gradient, hessian)) in place.iter().zip(slopes) {
        let sum = &mut sums[usize::from(*place)];
        sum.gradient += gradient;
        sum.hessian += hessian;
    }
    for (leaf, sum) in tree.leaf.iter_mut().zip(sums) {
        *leaf = (growth.rate * sum.gradient / (sum.hessian + growth.ridge)) as f32;
    }
    tree
}

/// The best cut of every node of a level, or none where no cut helps.
fn best_cuts(
    binned: &Binned,
    slopes: &[(f64, f64)],
    place: &[u8],
    (width, number): (usize, usize),
    growth: Growth,
) -> Vec<Option<Cut>> {
    let columns = binned.halves[number % HALVES].1.iter().enumerate();
    let mut best: Vec<Option<Cut>> = vec![None; width];
    let mut table = vec![Sums::default(); width * BINS];
    // Which third: also changes from one half's tree to the next of the same half.
    for (feature, column) in
        columns.filter(|(feature, _)| binned.cuts.len() < 2 * STRIDE || mixed(*feature, number).is_multiple_of(STRIDE))
    {
        let bins = binned.cuts[feature].len() + 1;
        table[..width * BINS].fill(Sums::default());
        for ((bin, place), (gradient, hessian)) in column.iter().zip(place).zip(slopes) {
            let sum = &mut table[usize::from(*place) * BINS + usize::from(*bin)];
            sum.gradient += gradient;
            sum.hessian += hessian;
        }
        for (node, best) in best.iter_mut().enumerate() {
            let found = best_cut(&table[node * BINS..node * BINS + bins], feature, growth);
            // The earlier feature wins a tie, so that the order of the rows does not matter.
            if found.is_some_and(|found| best.is_none_or(|known| found.gain > known.gain)) {
                *best = found;
            }
        }
    }
    best
}

fn mixed(feature: usize, number: usize) -> usize {
    Dice::of(number as u64, feature as u64).below(usize::MAX)
}

fn best_cut(bins: &[Sums], feature: usize, growth: Growth) -> Option<Cut> {
    let whole = bins.iter().fold(Sums::default(), |sum, bin| Sums {
        gradient: sum.gradient + bin.gradient,
        hessian: sum.hessian + bin.hessian,
    });
    let mut left = Sums::default();
    let mut best: Option<Cut> = None;
    for (bin, sums) in bins.iter().enumerate().take(bins.len().saturating_sub(1)) {
        left = Sums { gradient: left.gradient + sums.gradient, hessian: left.hessian + sums.hessian };
        let right = Sums { gradient: whole.gradient - left.gradient, hessian: whole.hessian - left.hessian };
        if left.hessian < growth.least || right.hessian < growth.least {
            continue;
        }
        let gain = left.gain(growth.ridge) + right.gain(growth.ridge) - whole.gain(growth.ridge);
        if gain > 1e-9 && best.is_none_or(|known| gain > known.gain) {
            best = Some(Cut { feature, bin, gain });
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::dice::Dice;
    use super::*;

    fn rows(seed: u64) -> Lessons {
        let mut dice = Dice::new(seed);
        let mut lessons = Lessons::of_width(3);
        for _ in 0..4_000 {
            let row = [dice.share() as f32, dice.share() as f32, if dice.chance(0.3) { f32::NAN } else { 0.5 }];
            // A square in the corner: needs two questions.
            let faulty = row[0] > 0.7 && row[1] < 0.4;
            lessons.push(&row, faulty ^ dice.chance(0.05), 1.0);
        }
        lessons
    }

    #[test]
    fn learns_what_takes_two_questions_and_forgets_what_says_nothing() {
        let booster = learn(&rows(1), Growth { trees: 40, ..Growth::default() });
        assert!(booster.score(&[0.9, 0.1, 0.5]) > 1.5);
        for row in [[0.9, 0.9, 0.5], [0.1, 0.1, f32::NAN], [0.5, 0.7, 0.5]] {
            assert!(booster.score(&row) < -1.5, "{row:?}");
        }
    }

    #[test]
    fn the_same_rows_give_the_same_trees() {
        let growth = Growth { trees: 10, ..Growth::default() };
        assert_eq!(learn(&rows(2), growth), learn(&rows(2), growth));
        assert_ne!(learn(&rows(2), growth), learn(&rows(3), growth));
    }

    #[test]
    fn without_both_kinds_nothing_is_learnt() {
        let mut lessons = Lessons::of_width(1);
        assert_eq!(learn(&lessons, Growth::default()), Booster::default());
        lessons.push(&[1.0], false, 1.0);
        assert_eq!(learn(&lessons, Growth::default()).score(&[1.0]), 0.0);
    }
}
