//! Keyset paging: the next page begins after the last id of this one, so rows added meanwhile never shift it.

use crate::config::Limits;
use crate::http::{Problem, ProblemCode};
use serde::Deserialize;

/// Where a page begins and how long it may be.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// `next_after` of the page before; 0 for the first.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// Rows wanted, 1 to 500; 100 unless told.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

impl After {
    /// The beginning, where something other than an id says what comes next.
    #[must_use]
    pub const fn first(limit: Option<i64>) -> Self {
        Self { after: None, limit }
    }

    /// The last id already seen, and how many rows to read.
    ///
    /// # Errors
    /// `invalid_parameter` out of range.
    pub fn window(&self, limits: &Limits) -> Result<(i64, i64), Problem> {
        let (after, limit) = (self.after.unwrap_or(0), self.limit.unwrap_or(100));
        let wrong = |name: &str, zh: String, en: String| {
            Problem::new(ProblemCode::InvalidParameter).fault(name, "out_of_range", zh, en)
        };
        if after < 0 {
            return Err(wrong("after", "应为不小于 0 的整数".into(), "expected a whole number from 0".into()));
        }
        if !(1..=limits.page_rows).contains(&limit) {
            let most = limits.page_rows;
            return Err(wrong(
                "limit",
                format!("应为 1 至 {most} 的整数"),
                format!("expected a whole number from 1 to {most}"),
            ));
        }
        Ok((after, limit))
    }
}

/// The id to continue after, where the page was full.
pub fn next_after<T>(rows: &[T], limit: i64, id: impl Fn(&T) -> i64) -> Option<i64> {
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
    rows.last().filter(|_| is_full).map(id)
}
