//! How many places each list has: dated settings, because a crew's size is the company's business and changes.
//!
//! Apart from the settings of the checks because nothing here says what is right or wrong with a meter, only how many can be
//! looked at in a month. The defaults are ANOMALY's: one meter in a hundred of those read, 30 : 40 : 15 : 15.

use super::ranking::List;
use crate::settings::{Setting, narrow};

crate::settings::settings! {
    /// The settings of the month's lists.
    SETTINGS {
        PLACES_FAILED = "list_places_failed_bp": BasisPoints 0..=10_000, 30, "R-10, ANOMALY 2", "失灵名单名额(占当月抄见表)", "Places on the failed list, of the meters read in the month";
        PLACES_SLOW = "list_places_slow_bp": BasisPoints 0..=10_000, 40, "R-10, ANOMALY 2", "慢表名单名额(占当月抄见表)", "Places on the slow list, of the meters read in the month";
        PLACES_FAST = "list_places_fast_bp": BasisPoints 0..=10_000, 15, "R-10, ANOMALY 2", "快表名单名额(占当月抄见表)", "Places on the fast list, of the meters read in the month";
        PLACES_JUMP = "list_places_jump_bp": BasisPoints 0..=10_000, 15, "R-10, ANOMALY 2", "突变名单名额(占当月抄见表)", "Places on the jump list, of the meters read in the month";
        REST_MONTHS = "list_rest_months": Count 0..=60, 12, "R-10, ANOMALY 2", "上过名单的表停列月数", "Months in which a meter that stood on a list takes no place";
    }
}

/// What the lists of a month are made by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListSettings {
    /// Places of each list in basis points of the meters read, in the order of [`List::ALL`].
    pub places_bp: [usize; 4],
    /// Months, this one included, in which a meter stands on a list once.
    pub rest_months: u32,
}

impl Default for ListSettings {
    fn default() -> Self {
        Self::in_force(|setting| setting.default)
    }
}

impl ListSettings {
    /// The settings by what holds of each row of the catalogue.
    #[must_use]
    pub fn in_force(value: impl Fn(&Setting) -> i64) -> Self {
        let places = [&PLACES_FAILED, &PLACES_SLOW, &PLACES_FAST, &PLACES_JUMP];
        Self {
            places_bp: places.map(|setting| narrow(value(setting), usize::MAX)),
            rest_months: narrow(value(&REST_MONTHS), u32::MAX),
        }
    }

    /// Places of a list where so many meters were read, rounded up: a list that has any has one.
    #[must_use]
    pub const fn places(&self, list: List, read: usize) -> usize {
        (read * self.places_bp[list as usize]).div_ceil(10_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_a_share_of_what_was_read_rounded_up() {
        let settings = ListSettings::default();
        assert_eq!(List::ALL.map(|list| settings.places(list, 10_000)), [30, 40, 15, 15]);
        assert_eq!(List::ALL.map(|list| settings.places(list, 10)), [1, 1, 1, 1]);
        assert_eq!(List::ALL.map(|list| settings.places(list, 0)), [0, 0, 0, 0]);
        let none = ListSettings::in_force(|setting| if setting.key == PLACES_FAST.key { 0 } else { setting.default });
        assert_eq!(none.places(List::Fast, 1_000_000), 0);
    }
}
