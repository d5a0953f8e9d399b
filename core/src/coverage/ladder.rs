//! What to do about a point that stays unseen, and which points to read next (DOMAIN 3, R-1).
//!
//! Why separate: advice to dispatchers. Taking another step moves no figure; only a reading does.

use super::{Bucket, Pace};
use crate::meters::Class;
use std::cmp::Reverse;

crate::coded::coded! {
    /// The next rung for a point nobody could read.
    NextStep {
        /// It was not tried yet.
        Visit = "visit": "上门抄表", "visit";
        /// Leave a card at the door.
        Card = "card": "留到访卡", "leave a card";
        /// Call the customer.
        Phone = "phone": "电话联系", "telephone";
        /// Agree on a time.
        Appointment = "appointment": "预约上门", "make an appointment";
        /// Come in the evening or at the weekend.
        OutOfHours = "out_of_hours": "错时上门（晚间、周末）", "visit out of hours";
        /// Write to the customer.
        WrittenNotice = "written_notice": "送达书面通知", "serve a written notice";
        /// The customer is not what stands in the way.
        Repair = "repair": "派工核实（表具、环境）", "send somebody to see to meter or place";
    }
}

/// What keeps readers out, as far as the ladder asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// Nobody answered, or the door was locked.
    Away,
    /// The customer would not let the reader in.
    Refused,
    /// The meter can't be found or read, or the place is unsafe: another visit would end the same.
    Meter,
}

impl Obstacle {
    /// The obstacle behind an attempt's code; what is not known counts as nobody there.
    #[must_use]
    pub fn of(code: &str) -> Self {
        match code {
            "refused" => Self::Refused,
            "unsafe" | "meter_not_found" | "display_dark" => Self::Meter,
            _ => Self::Away,
        }
    }
}

/// The next step after visits in vain on so many days since the point was last seen. A customer who refuses is not won by
/// a card: the ladder then begins with an appointment.
#[must_use]
pub const fn next_step(tries: u32, last: Option<Obstacle>) -> NextStep {
    if let Some(Obstacle::Meter) = last {
        return NextStep::Repair;
    }
    let rung = match last {
        Some(Obstacle::Refused) => tries.saturating_add(2),
        _ => tries,
    };
    match rung {
        0 => NextStep::Visit,
        1 => NextStep::Card,
        2 => NextStep::Phone,
        3 => NextStep::Appointment,
        4 => NextStep::OutOfHours,
        _ => NextStep::WrittenNotice,
    }
}

crate::coded::coded! {
    /// Why a point should be read next; the first that holds.
    Because {
        /// The commercial window is open.
        Window = "window": "工商业抄表窗口内", "the commercial window is open";
        /// It was unseen in the period before too.
        RepeatUnseen = "repeat_unseen": "上期也未抄见", "unseen in the period before too";
        /// Its class is short of the target.
        ShortOfTarget = "short_of_target": "本类尚未达标", "its class is short of the target";
        /// All the rest.
        Unseen = "unseen": "本期未抄见", "not seen yet";
    }
}

/// A point that could be read next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// Its class.
    pub class: Class,
    /// Its bucket: of D and not seen.
    pub bucket: Bucket,
    /// How its class is doing.
    pub pace: Pace,
    /// Whether its class still needs points to meet the target.
    pub is_short: bool,
    /// Days on which it was tried in vain since it was last seen.
    pub tries: u32,
    /// Successive periods unseen before this one.
    pub missed: u8,
    /// Days since it was last seen.
    pub unseen_days: u32,
    /// Whether today lies in the commercial window.
    pub in_window: bool,
}

impl Candidate {
    /// Why it should be read.
    #[must_use]
    pub const fn because(&self) -> Because {
        match self {
            Self { in_window: true, class: Class::Commercial, .. } => Because::Window,
            Self { missed: 1.., .. } => Because::RepeatUnseen,
            Self { is_short: true, .. } => Because::ShortOfTarget,
            _ => Because::Unseen,
        }
    }

    /// Its place in the list, the most valuable first: what only these days can do; then a class that is short and can still
    /// make it; then points likely to let the reader in; then those left out longest. Every point of a class is worth the
    /// same to its target, so what decides is the chance to see it.
    #[must_use]
    pub fn rank(&self) -> impl Ord + use<> {
        let class = match (self.is_short, self.pace) {
            (true, Pace::Red) => 0,
            (true, Pace::Amber) => 1,
            (true, Pace::Green) => 2,
            (true, Pace::Lost) => 3,
            (false, _) => 4,
        };
        let window = self.because() != Because::Window;
        (window, class, self.tries.min(5), Reverse(self.missed), Reverse(self.unseen_days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_has_its_rungs_in_order() {
        let step = |tries| next_step(tries, Some(Obstacle::of("locked"))).code();
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 99].map(step),
            ["visit", "card", "phone", "appointment", "out_of_hours", "written_notice", "written_notice"]
        );
        assert_eq!(next_step(0, None), NextStep::Visit);
        assert_eq!(next_step(1, Some(Obstacle::of("refused"))), NextStep::Appointment);
        assert_eq!(next_step(u32::MAX, Some(Obstacle::of("refused"))), NextStep::WrittenNotice);
        assert_eq!(next_step(3, Some(Obstacle::of("meter_not_found"))), NextStep::Repair);
    }

    #[test]
    fn what_is_worth_most_comes_first() {
        let plain = Candidate {
            class: Class::ResidentialOutdoor,
            bucket: Bucket::Unattempted,
            pace: Pace::Green,
            is_short: true,
            tries: 0,
            missed: 0,
            unseen_days: 30,
            in_window: true,
        };
        let ordered = [
            Candidate { class: Class::Commercial, pace: Pace::Lost, ..plain },
            Candidate { pace: Pace::Red, tries: 3, ..plain },
            Candidate { missed: 2, ..plain },
            Candidate { unseen_days: 31, ..plain },
            plain,
            Candidate { tries: 1, missed: 9, ..plain },
            Candidate { pace: Pace::Lost, ..plain },
            Candidate { is_short: false, missed: 9, ..plain },
        ];
        assert!(ordered.windows(2).all(|pair| pair[0].rank() < pair[1].rank()));
        let because = ordered.map(|one| one.because());
        assert_eq!(because[..3], [Because::Window, Because::ShortOfTarget, Because::RepeatUnseen]);
        assert_eq!(Candidate { is_short: false, ..plain }.because(), Because::Unseen);
    }
}
