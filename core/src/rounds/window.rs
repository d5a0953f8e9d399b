//! The days a round is for: `from_day` ≤ d < `until_day`.
//!
//! Why separate: a window is validated once, when it is made; whoever holds one need not ask again.

use crate::text::Text;
use chrono::NaiveDate;

/// The local days a round is for. Never empty.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RoundWindow {
    from_day: NaiveDate,
    until_day: NaiveDate,
}

/// Why two days make no window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WindowFault {
    /// The last day is not after the first: no day lies between.
    Empty,
}

impl WindowFault {
    /// The code used in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "window_empty",
        }
    }

    /// What a person is told.
    #[must_use]
    pub const fn text(self) -> Text {
        match self {
            Self::Empty => {
                Text { zh: "结束日期必须晚于开始日期", en: "the end day must be after the start day" }
            }
        }
    }
}

impl RoundWindow {
    /// The days from `from_day` up to but not including `until_day`.
    ///
    /// # Errors
    /// If no day lies between.
    pub fn new(from_day: NaiveDate, until_day: NaiveDate) -> Result<Self, WindowFault> {
        if from_day < until_day { Ok(Self { from_day, until_day }) } else { Err(WindowFault::Empty) }
    }

    /// The first day.
    #[must_use]
    pub const fn from_day(self) -> NaiveDate {
        self.from_day
    }

    /// The first day after it.
    #[must_use]
    pub const fn until_day(self) -> NaiveDate {
        self.until_day
    }

    /// Whether a local day lies in it.
    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from_day <= day && day < self.until_day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_is_outside() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let window = RoundWindow::new(day("2024-02-28"), day("2024-03-01")).unwrap();
        let inside = ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01"].map(|d| window.contains(day(d)));
        assert_eq!(inside, [false, true, true, false]);
        assert_eq!(RoundWindow::new(day("2024-03-01"), day("2024-03-01")), Err(WindowFault::Empty));
        assert_eq!(RoundWindow::new(day("2024-03-02"), day("2024-03-01")), Err(WindowFault::Empty));
    }
}
