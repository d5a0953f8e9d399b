//! The lists of one month: every meter asked by its peers and the model, and the places given.
//!
//! Apart from [`replay`](super::replay), which lives through a file's months one after the other: a service looks at one month
//! of a fleet that may not fit into memory. So a fleet is met in three passes that can stop between any two meters: who its
//! members are, what is usual among each group's ([`usual`]), and what each is suspected of ([`suspect`]); then places are given
//! ([`choose`]).

use super::features::Portrait;
use super::grounds::Grounds;
use super::history::History;
use super::model::Model;
use super::peers::Peers;
use super::ranking::List;
use super::rules;
use super::settings::ListSettings;
use super::window::Cadence;
use std::collections::{BTreeMap, HashSet};

/// The version of what is reckoned here; the rules in force of a list are this and the settings.
pub const VERSION: u32 = 1;
/// Known periods from which on the trees are asked; below, the rules.
pub const LEAST_FOR_MODEL: usize = 7;
/// Known periods below which nothing is said at all.
pub const LEAST_FOR_RULES: usize = 4;

/// By what a meter was ranked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Method {
    /// The trees.
    Model,
    /// Plain rules: its past is too short, or there is no model.
    Rules,
}

impl Method {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Model, Self::Rules];

    /// The code in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Rules => "rules",
        }
    }

    /// The one of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.code() == code)
    }

    /// How a meter with this past is ranked; `None`: not at all yet.
    #[must_use]
    pub fn for_past(history: &History, has_model: bool) -> Option<Self> {
        match history.known() {
            0..LEAST_FOR_RULES => None,
            LEAST_FOR_MODEL.. if has_model => Some(Self::Model),
            _ => Some(Self::Rules),
        }
    }
}

/// What is usual in a group: its members' (a sample of them will do), seen against the next larger group's.
#[must_use]
pub fn usual(members: &[History], cadence: Cadence, larger: Option<&Peers>) -> Peers {
    let silent = Peers::silent(cadence.slots());
    let larger = larger.unwrap_or(&silent);
    Peers::of(members.iter(), cadence.season(), larger).with_noise(members.iter(), cadence.season())
}

/// A list that may hold a meter.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Suspect {
    /// Which.
    pub list: List,
    /// By what it was ranked.
    pub method: Method,
    /// Its score; comparable within list and method alone.
    pub score: f64,
}

/// What a meter is suspected of, list by list; empty where it can stand on none.
#[must_use]
pub fn suspect(history: &History, peers: &Peers, cadence: Cadence, model: Option<&Model>) -> Vec<Suspect> {
    let Some(method) = Method::for_past(history, model.is_some()) else { return Vec::new() };
    let Some(portrait) = Portrait::of(history, peers, cadence.season()) else { return Vec::new() };
    let lists = List::ALL.into_iter().filter(|list| list.may_hold(history, &portrait) && is_lasting(*list, &portrait));
    lists
        .map(|list| {
            let by_model = model.filter(|_| method == Method::Model);
            let score = by_model.map_or_else(
                || rules::score(list, history, &portrait),
                |model| model.booster(list).score(&portrait.row),
            );
            Suspect { list, method, score }
        })
        .collect()
}

/// What is left of a window's gain without the last period, from which on it says something.
const LEFT: f64 = 0.1;

/// One reading never convicts (DOMAIN 4): a meter is slow or fast by more than its last period, or not at all. Without this, jumps
/// would take the fast list's places, since the trees were never shown a jump as something sound.
fn is_lasting(list: List, portrait: &Portrait) -> bool {
    let sign = match list {
        List::Failed | List::Jump => return true,
        List::Slow => -1.0,
        List::Fast => 1.0,
    };
    let (used, expected) = (portrait.used[0], portrait.expected[0]);
    let longer = portrait.used.iter().zip(portrait.expected).skip(1).filter(|(_, whole)| *whole > expected);
    longer.into_iter().any(|(whole, forecast)| {
        let floor = LEFT * (forecast - expected);
        let left = ((whole - used).max(0.0) + floor) / (forecast - expected + floor);
        sign * left.ln() > LEFT
    })
}

/// The numbers behind a meter's place on a list.
#[must_use]
pub fn grounds(list: List, history: &History, peers: &Peers, cadence: Cadence) -> Option<Grounds> {
    let portrait = Portrait::of(history, peers, cadence.season())?;
    Some(Grounds::of(list, history, &portrait, peers, cadence.season()))
}

/// A suspect by its number in the fleet: numbers decide between equal scores.
pub type Numbered = (i64, Suspect);

/// A place given.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Place {
    /// The meter's number.
    pub meter: i64,
    /// 1 for the first of its list.
    pub rank: usize,
    /// For what, by what.
    pub suspect: Suspect,
}

/// How many meters each method ranks.
pub type Counts = BTreeMap<Method, usize>;

/// Gives the places of a month in which `read` meters were read: list by list, to each meter once, to none of the resting. Where
/// both methods rank meters, each fills its share of a list's places, the model's first; what one cannot fill the other may.
#[must_use]
pub fn choose(
    mut suspects: Vec<Numbered>,
    resting: &HashSet<i64>,
    (settings, read): (&ListSettings, usize),
    ranked: &Counts,
) -> Vec<Place> {
    suspects.retain(|(meter, _)| !resting.contains(meter));
    suspects.sort_by(|(one, a), (other, b)| {
        let key = |suspect: &Suspect| (suspect.list, suspect.method);
        key(a).cmp(&key(b)).then(b.score.total_cmp(&a.score)).then(one.cmp(other))
    });
    let mut taken: HashSet<i64> = HashSet::new();
    let mut given = Vec::new();
    for list in List::ALL {
        let places = settings.places(list, read);
        let by_model = share(places, ranked);
        let of = |method: Method| suspects.iter().filter(move |(_, s)| s.list == list && s.method == method);
        let free = |(meter, _): &&Numbered| !taken.contains(meter);
        let (model, rules): (Vec<&Numbered>, Vec<&Numbered>) =
            (of(Method::Model).filter(free).collect(), of(Method::Rules).filter(free).collect());
        let of_model = model.len().min(by_model.max(places.saturating_sub(rules.len())));
        let of_rules = rules.len().min(places - of_model.min(places));
        let chosen = model.into_iter().take(of_model).chain(rules.into_iter().take(of_rules)).copied();
        let chosen: Vec<Place> =
            chosen.zip(1..).map(|((meter, suspect), rank)| Place { meter, rank, suspect }).collect();
        taken.extend(chosen.iter().map(|place| place.meter));
        given.extend(chosen);
    }
    given
}

/// The model's share of a list's places, rounded to the nearest.
fn share(places: usize, ranked: &Counts) -> usize {
    let count = |method| ranked.get(&method).copied().unwrap_or(0);
    let (model, all) = (count(Method::Model), count(Method::Model) + count(Method::Rules));
    (places * model * 2 + all).checked_div(2 * all).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspect(meter: i64, list: List, method: Method, score: f64) -> Numbered {
        (meter, Suspect { list, method, score })
    }

    fn settings(places_bp: [usize; 4]) -> ListSettings {
        ListSettings { places_bp, rest_months: 12 }
    }

    fn lists_of(last: &[f64]) -> Vec<List> {
        let sound = [30.0, 31.0, 29.0, 30.0, 32.0, 30.0, 31.0, 29.0, 30.0];
        let volumes = [&sound[..], last].concat();
        let history = History { notes: vec![false; volumes.len()], volumes, step: 1.0 };
        let peers = Peers::silent(Cadence::Monthly.slots());
        super::suspect(&history, &peers, Cadence::Monthly, None).into_iter().map(|one| one.list).collect()
    }

    #[test]
    fn one_reading_makes_nobody_slow_or_fast() {
        assert_eq!(lists_of(&[210.0]), [List::Jump]);
        assert_eq!(lists_of(&[8.0]), [List::Jump]);
        assert!(lists_of(&[60.0, 62.0, 60.0]).contains(&List::Fast));
        for lasting in [&[15.0, 14.0, 15.0][..], &[15.0, 14.0, 15.0, 15.0, 14.0, 16.0, 15.0]] {
            let lists = lists_of(lasting);
            assert!(lists.contains(&List::Slow) && !lists.contains(&List::Fast), "{lists:?}");
        }
        assert_eq!(lists_of(&[0.0]), [List::Failed]);
        assert_eq!(lists_of(&[30.0]), []);
    }

    #[test]
    fn places_go_to_the_highest_scores_once_a_meter_and_never_to_the_resting() {
        let all = vec![
            suspect(1, List::Slow, Method::Model, 3.0),
            suspect(1, List::Failed, Method::Model, 1.0),
            suspect(2, List::Slow, Method::Model, 2.0),
            suspect(3, List::Slow, Method::Model, 9.0),
            suspect(4, List::Slow, Method::Model, 2.0),
        ];
        let ranked = Counts::from([(Method::Model, 100)]);
        let places = choose(all, &HashSet::from([3]), (&settings([100, 200, 0, 0]), 100), &ranked);
        let given: Vec<_> = places.iter().map(|place| (place.suspect.list, place.rank, place.meter)).collect();
        assert_eq!(given, [(List::Failed, 1, 1), (List::Slow, 1, 2), (List::Slow, 2, 4)]);
    }

    #[test]
    fn two_methods_share_the_places_by_what_each_ranks_and_fill_in_for_one_another() {
        let of = |method, first: i64, count: i64| {
            (first..first + count).map(move |meter| suspect(meter, List::Slow, method, 50.0 - meter as f64))
        };
        let ranked = Counts::from([(Method::Model, 75), (Method::Rules, 25)]);
        let chosen = |model: i64, rules: i64| {
            let all = of(Method::Model, 1, model).chain(of(Method::Rules, 20, rules)).collect();
            let places = choose(all, &HashSet::new(), (&settings([0, 400, 0, 0]), 100), &ranked);
            assert!(places.iter().zip(1..).all(|(place, rank)| place.rank == rank));
            let by = |method| places.iter().filter(|place| place.suspect.method == method).count();
            (by(Method::Model), by(Method::Rules))
        };
        assert_eq!(chosen(9, 9), (3, 1));
        assert_eq!(chosen(1, 9), (1, 3));
        assert_eq!(chosen(9, 0), (4, 0));
        assert_eq!(chosen(1, 1), (1, 1));
    }
}
