//! The trees of the four lists, and how they are written down.
//!
//! Apart from training because a model outlives it: it is a small text that anybody can keep, compare and give back, so that a
//! verdict can be computed again from what is stored. Numbers are written so that they come back to the bit.

use super::booster::{Booster, DEPTH, Tree};
use super::features::WIDTH;
use super::ranking::List;
use std::fmt::Write as _;

/// The version of what is asked of a history and how it is written: another version is another rule.
pub const VERSION: u32 = 1;
const NODES: usize = (1 << DEPTH) - 1;
const LEAVES: usize = 1 << DEPTH;

/// Trees for each list.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Model {
    /// In the order of [`List::ALL`].
    pub boosters: [Booster; 4],
}

/// Why a text is no model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotAModel {
    /// Another version, or no model at all.
    Version,
    /// A line that does not read as it should; lines count from 1.
    Line(usize),
}

impl Model {
    /// The trees of a list.
    #[must_use]
    pub const fn booster(&self, list: List) -> &Booster {
        &self.boosters[list as usize]
    }

    /// Whether it knows each list.
    #[must_use]
    pub fn is_trained(&self) -> bool {
        self.boosters.iter().all(|booster| !booster.trees.is_empty())
    }

    /// As a text: a line for the version, then for each list a line and one line for each tree.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("meterbook-lists {VERSION}\n");
        for list in List::ALL {
            let booster = self.booster(list);
            let _ = writeln!(text, "list {} {}", list.code(), booster.base);
            for tree in &booster.trees {
                let asked = tree.feature.iter().zip(tree.above).map(|(feature, above)| format!("{feature}>{above}"));
                let leaves = tree.leaf.iter().map(f32::to_string);
                let _ = writeln!(text, "{}", asked.chain(leaves).collect::<Vec<_>>().join(" "));
            }
        }
        text
    }

    /// From [`to_text`](Self::to_text).
    ///
    /// # Errors
    /// [`NotAModel`].
    pub fn from_text(text: &str) -> Result<Self, NotAModel> {
        let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
        let first = lines.next().map_or("", |(_, line)| line);
        if first.strip_prefix("meterbook-lists ").and_then(|version| version.trim().parse().ok()) != Some(VERSION) {
            return Err(NotAModel::Version);
        }
        let mut model = Self::default();
        let mut current = None;
        for (at, line) in lines {
            if let Some(head) = line.strip_prefix("list ") {
                let (code, base) = head.split_once(' ').ok_or(NotAModel::Line(at))?;
                let list = List::from_code(code).ok_or(NotAModel::Line(at))?;
                model.boosters[list as usize].base = number(base).ok_or(NotAModel::Line(at))?;
                current = Some(list);
            } else {
                let list = current.ok_or(NotAModel::Line(at))?;
                model.boosters[list as usize].trees.push(tree(line).ok_or(NotAModel::Line(at))?);
            }
        }
        Ok(model)
    }
}

fn number(text: &str) -> Option<f32> {
    text.parse().ok().filter(|number: &f32| !number.is_nan())
}

fn tree(line: &str) -> Option<Tree> {
    let mut words = line.split(' ');
    let mut tree = Tree { feature: [0; NODES], above: [0.0; NODES], leaf: [0.0; LEAVES] };
    for (asked, above) in tree.feature.iter_mut().zip(&mut tree.above) {
        let (feature, threshold) = words.next()?.split_once('>')?;
        *asked = feature.parse().ok().filter(|feature| usize::from(*feature) < WIDTH)?;
        *above = number(threshold)?;
    }
    for leaf in &mut tree.leaf {
        *leaf = number(words.next()?).filter(|leaf| leaf.is_finite())?;
    }
    words.next().is_none().then_some(tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        let mut tree = Tree { feature: [3; NODES], above: [0.1; NODES], leaf: [-1.5e-7; LEAVES] };
        tree.above[4] = f32::INFINITY;
        let booster = Booster { base: -2.125_03, trees: vec![tree.clone(), tree] };
        Model { boosters: std::array::from_fn(|_| booster.clone()) }
    }

    #[test]
    fn a_model_comes_back_to_the_bit() {
        assert_eq!(Model::from_text(&model().to_text()), Ok(model()));
        assert!(model().is_trained() && !Model::default().is_trained());
    }

    #[test]
    fn what_is_no_model_is_refused_with_its_line() {
        assert_eq!(Model::from_text(""), Err(NotAModel::Version));
        assert_eq!(Model::from_text("meterbook-lists 999\n"), Err(NotAModel::Version));
        let text = model().to_text();
        assert_eq!(Model::from_text(&text.replacen("3>0.1", "99>0.1", 1)), Err(NotAModel::Line(3)));
        assert_eq!(Model::from_text(&text.replacen("3>0.1", "3>NaN", 1)), Err(NotAModel::Line(3)));
        assert_eq!(Model::from_text(&text.replacen("list slow", "list low", 1)), Err(NotAModel::Line(5)));
        assert_eq!(Model::from_text(&format!("{text}1 2 3\n")), Err(NotAModel::Line(14)));
    }
}
