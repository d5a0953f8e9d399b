//! What a plan is made from: stops, readers, what each may and may not, and what a planner is asked to prefer.
//!
//! Why separate: whoever fills this in (a job, the command line, a test) needs to know nothing of the search.
//!
//! Times are whole seconds since the midnight that begins the first day of the window; places are metres east and north of any
//! common point; distances are metres on the road. [`crate::place`] makes places from coordinates.

use crate::id::{AccountId, PointId};
use crate::place::Spot;

/// A time that lies `from` ≤ t < `until`, in seconds since the first midnight of the window.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// The first second.
    pub from: i32,
    /// The first second after it.
    pub until: i32,
}

/// A reader's working day: who, and which day of the window, from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Turn {
    /// Who.
    pub reader: AccountId,
    /// The day, 0 for the first of the window.
    pub day: u16,
}

/// A key, a skill or a permit, by a number the caller chooses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Need(pub u32);

/// Where a stop stands in the plan that is in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Current {
    /// Who carries it when.
    pub turn: Turn,
    /// Its place in the order of that turn.
    pub position: u32,
}

/// A visit that has been made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Visited {
    /// By whom, on which day.
    pub turn: Turn,
    /// When it ended.
    pub end: i32,
}

/// One service point to be visited.
#[derive(Clone, Debug)]
pub struct PlanStop {
    /// Which.
    pub point: PointId,
    /// Where; a stop without a place cannot be planned.
    pub place: Option<Spot>,
    /// How long a visit takes, in seconds.
    pub service: i32,
    /// What the visit takes of the reader's capacity of a day; 1 for an ordinary stop.
    pub load: u32,
    /// When somebody can get in: the visit begins and ends within one of these. Empty: at any time.
    pub opening: Vec<Span>,
    /// When the customer was promised the visit: it begins within one of these. Empty: nothing was agreed.
    pub agreed: Vec<Span>,
    /// Keys and skills the reader must have.
    pub needs: Vec<Need>,
    /// Who read it last month.
    pub last_reader: Option<AccountId>,
    /// Where it stands in the plan in force; the search begins there.
    pub current: Option<Current>,
    /// Whether a dispatcher has said that it stays with the reader and day it is [`current`](Self::current)ly on.
    pub locked: bool,
    /// The visit, where it has been made: then nothing is left to plan.
    pub visited: Option<Visited>,
}

impl PlanStop {
    /// A stop that can be visited at any time by anybody, ten minutes long.
    #[must_use]
    pub const fn simple(point: PointId, place: Spot) -> Self {
        Self {
            point,
            place: Some(place),
            service: 600,
            load: 1,
            opening: Vec::new(),
            agreed: Vec::new(),
            needs: Vec::new(),
            last_reader: None,
            current: None,
            locked: false,
            visited: None,
        }
    }
}

/// One reader.
#[derive(Clone, Debug)]
pub struct PlanReader {
    /// Who.
    pub reader: AccountId,
    /// Where the day begins and ends.
    pub home: Spot,
    /// Keys and skills.
    pub has: Vec<Need>,
    /// The working hours of each day of the window, leaving home and being back; `None`: absent, or a day off.
    pub hours: Vec<Option<Span>>,
    /// The [`load`](PlanStop::load) that fits into one day.
    pub capacity: u32,
}

/// What the planner prefers, everything in metres of extra way that one is ready to go. The order of the objectives is fixed:
/// everything read, agreed times kept; these say how the rest weigh against each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weights {
    /// A metre of way.
    pub distance: u32,
    /// Uneven days: the way one is ready to go, per turn, for a day of full work against an empty one. It grows with the sixth
    /// power: full days are evened out, light ones left alone.
    pub balance: u32,
    /// A stop that gets another reader than last month.
    pub continuity: u32,
    /// A stop that leaves the reader and day of the plan in force.
    pub change: u32,
}

impl Default for Weights {
    /// The published weights. What each of them buys and costs on the city of 5,000 stops is measured in `README.md` beside this
    /// file; a heavier balance would send two readers to a market that one does in a short morning.
    fn default() -> Self {
        Self { distance: 1, balance: 20_000, continuity: 650, change: 8_000 }
    }
}

/// All there is to plan.
#[derive(Clone, Debug)]
pub struct PlanInput {
    /// How many days the window has.
    pub days: u16,
    /// The stops.
    pub stops: Vec<PlanStop>,
    /// The readers.
    pub readers: Vec<PlanReader>,
    /// Seconds a kilometre takes on the way from stop to stop.
    pub seconds_per_km: u32,
    /// The moment from which on can be planned; what lies before is past. 0 for a plan made ahead.
    pub now: i32,
    /// What is preferred.
    pub weights: Weights,
}
