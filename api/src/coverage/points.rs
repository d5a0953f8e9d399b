//! Which points a figure of coverage counts: every number of a line has its points, under the name it has there.
//!
//! Why separate: lines are read from counters in no time; the points behind a number are looked for in the plan, and only when
//! somebody asks.

use super::as_of;
use super::routes::{class_of, period_of, wrong};
use crate::http::{Problem, ProblemCode};
use chrono::NaiveDate;
use meterbook::calendar::Period;
use meterbook::coverage::{Bucket, Mark, Unseen, classes_of};
use meterbook::meters::Class;
use serde::Deserialize;

/// Whose points, as they stand in a period.
#[derive(Deserialize, utoipa::IntoParams, Default, Clone)]
#[into_params(parameter_in = Query)]
pub struct BehindFilter {
    /// Points as they stand in this period, `2026-10` or `2026-Q4`: only those of its population, and `class` is the one that
    /// counts in it. Not together with `search`, `state`, `area` or `route`.
    pub period: Option<String>,
    /// Only those that this figure of a line of `/v1/coverage` counts, by its name: a bucket (`seen`, `no_access` …), `denominator`,
    /// `population`, `proven_attempts`, `with_evidence`, `early`, `on_time`, `late`, `repeat_unseen`, `unseen_over_180`,
    /// `unseen_over_365`; or `unseen`, which is `denominator` less `seen`. Needs `period`, as those below do.
    pub bucket: Option<String>,
    /// Only those that count in this area's line, its sub-areas not included.
    pub area_id: Option<i64>,
    /// Only those that count in this route's line; 0 for those of none.
    pub route_id: Option<i64>,
    /// Only those that count in this reader's line; 0 for those of none.
    pub reader_id: Option<i64>,
}

/// A figure that counts points.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Figure {
    /// All there are.
    Population,
    /// Those that must be read (D).
    Denominator,
    /// Those of D that are not seen.
    Unseen,
    /// Those in a bucket.
    In(Bucket),
    /// Those under a mark.
    Under(Mark),
    /// Those of D that have not been seen for more than so many days.
    UnseenOver(u32),
}

impl Figure {
    /// The figure of its name in a line.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "population" => Self::Population,
            "denominator" => Self::Denominator,
            "unseen" => Self::Unseen,
            "proven_attempts" => Self::Under(Mark::ProvenAttempt),
            "with_evidence" => Self::Under(Mark::Evidence),
            "early" => Self::Under(Mark::Early),
            "on_time" => Self::Under(Mark::OnTime),
            "late" => Self::Under(Mark::Late),
            "repeat_unseen" => Self::Under(Mark::RepeatUnseen),
            "unseen_over_180" => Self::UnseenOver(Unseen::LONG),
            "unseen_over_365" => Self::UnseenOver(Unseen::YEAR),
            code => Self::In(Bucket::from_code(code)?),
        })
    }
}

/// The points that are asked for.
#[derive(Clone, Debug)]
pub struct Behind {
    /// The period.
    pub period: Period,
    /// The classes that have this period.
    pub classes: Vec<Class>,
    /// The figure that counts them.
    pub figure: Figure,
    /// The area they count in.
    pub area_id: Option<i64>,
    /// The route they count in.
    pub route_id: Option<i64>,
    /// The reader they count for.
    pub reader_id: Option<i64>,
    /// The day ages are told as of.
    pub as_of: NaiveDate,
}

impl BehindFilter {
    /// What is asked for; `None` without a period.
    ///
    /// # Errors
    /// `invalid_parameter`.
    pub fn asked(&self, class: Option<&str>, today: NaiveDate) -> Result<Option<Behind>, Problem> {
        let Some(period) = &self.period else {
            let filters = [self.area_id, self.route_id, self.reader_id];
            if self.bucket.is_none() && filters.iter().all(Option::is_none) {
                return Ok(None);
            }
            let (zh, en) = ("缺少 period", "period is missing");
            return Err(Problem::new(ProblemCode::InvalidParameter).fault("period", "required", zh, en));
        };
        let period = period_of(period)?;
        let class = class.map(class_of).transpose()?;
        let classes: Vec<Class> =
            classes_of(period).filter(|known| class.is_none_or(|class| class == *known)).collect();
        if classes.is_empty() {
            return Err(wrong("period", "YYYY-MM / YYYY-Qn"));
        }
        let figure = Figure::parse(self.bucket.as_deref().unwrap_or("population"));
        let figure = figure.ok_or_else(|| wrong("bucket", "seen / no_access / unseen …"))?;
        let (area_id, route_id, reader_id) = (self.area_id, self.route_id, self.reader_id);
        Ok(Some(Behind { period, classes, figure, area_id, route_id, reader_id, as_of: as_of(period, today) }))
    }
}
