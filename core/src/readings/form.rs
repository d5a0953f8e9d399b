//! Form: whether a reading has the figures its meter shows, and no figure a dial cannot show (R-3, R-4, DOMAIN 3 and 4).
//!
//! Apart from the verdicts, because a fault of form rejects the record (it is kept in quarantine and can never count as
//! seen), while a suspicious but well-formed reading is accepted and counted. What merely looks wrong is not a form fault:
//! a negative balance, for one, is judged in [`anomalies`](crate::anomalies).

use super::Figures;
use crate::meters::{FigureSet, MeterTraits};
use crate::quantity::Volume;
use crate::text::Text;

/// One of the three figures of R-4.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Figure {
    /// M: base-meter index (基表读数).
    Index,
    /// E: cumulative gas used (累计用气量).
    Cumulative,
    /// B: balance left in the meter (表内存量).
    Balance,
}

impl Figure {
    /// Every figure, in the order of R-4.
    pub const ALL: [Self; 3] = [Self::Index, Self::Cumulative, Self::Balance];

    /// The member of the record it is sent in.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Cumulative => "cumulative",
            Self::Balance => "balance",
        }
    }

    /// Its amount in the unit it is sent in: 0.001 m³, or fen for a balance in money.
    pub(crate) fn amount(self, figures: &Figures) -> Option<i64> {
        match self {
            Self::Index => figures.index.map(Volume::litres),
            Self::Cumulative => figures.cumulative.map(Volume::litres),
            Self::Balance => figures.balance,
        }
    }
}

/// A fault that rejects the reading.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FormFault {
    /// A figure the meter shows is not there.
    Missing(Figure),
    /// An index or a cumulative below zero, which no counter shows.
    Negative(Figure),
    /// An index with more digits than the dial has.
    TooManyDigits(Figure),
    /// A number beyond [`Volume::WIRE_LIMIT`], which not every client can hold exactly.
    BeyondLimit(Figure),
    /// A figure the meter does not show.
    Unexpected(Figure),
}

impl FormFault {
    /// The code used in the API and the quarantine.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing(Figure::Index) => "missing_index",
            Self::Missing(Figure::Cumulative) => "missing_cumulative",
            Self::Missing(Figure::Balance) => "missing_balance",
            Self::Negative(_) => "negative_figure",
            Self::TooManyDigits(_) => "too_many_digits",
            Self::BeyondLimit(_) => "beyond_limit",
            Self::Unexpected(_) => "unexpected_figure",
        }
    }

    /// The figure at fault.
    #[must_use]
    pub const fn figure(self) -> Figure {
        match self {
            Self::Missing(figure)
            | Self::Negative(figure)
            | Self::TooManyDigits(figure)
            | Self::BeyondLimit(figure)
            | Self::Unexpected(figure) => figure,
        }
    }

    /// What is wrong, for the reader.
    #[must_use]
    pub const fn text(self) -> Text {
        let (zh, en) = match self {
            Self::Missing(Figure::Index) => ("缺少基表读数。", "The base-meter index is missing."),
            Self::Missing(Figure::Cumulative) => ("缺少累计用气量。", "The cumulative gas used is missing."),
            Self::Missing(Figure::Balance) => ("缺少表内存量。", "The balance left in the meter is missing."),
            Self::Negative(_) => ("读数不能为负。", "A counter cannot show a negative figure."),
            Self::TooManyDigits(_) => ("读数位数超过表盘位数。", "The index has more digits than the dial."),
            Self::BeyondLimit(_) => ("数字过大。", "The number is too large."),
            Self::Unexpected(_) => ("该表型不显示此项。", "This meter type does not show this figure."),
        };
        Text { zh, en }
    }
}

/// Every form fault of `figures`, in the order of R-4. Empty: the reading is complete.
///
/// `display_fault` says that the reader gave a display-fault code with a photo: a three-figure meter is then complete with
/// any two figures (DOMAIN 3), and the verdict opens a *failed* case.
#[must_use]
pub fn form_faults(traits: &MeterTraits, figures: &Figures, display_fault: bool) -> Vec<FormFault> {
    let shown = shown_by(traits.figures);
    let present = shown.iter().filter(|figure| figure.amount(figures).is_some()).count();
    let excused = display_fault && shown.len() == 3 && present == 2;
    Figure::ALL
        .into_iter()
        .filter_map(|figure| match figure.amount(figures) {
            None if shown.contains(&figure) && !excused => Some(FormFault::Missing(figure)),
            None => None,
            Some(_) if !shown.contains(&figure) => Some(FormFault::Unexpected(figure)),
            Some(amount) => fault_of_amount(traits, figure, amount),
        })
        .collect()
}

const fn shown_by(set: FigureSet) -> &'static [Figure] {
    match set {
        FigureSet::Index => &[Figure::Index],
        FigureSet::Three { .. } => &Figure::ALL,
    }
}

fn fault_of_amount(traits: &MeterTraits, figure: Figure, amount: i64) -> Option<FormFault> {
    let counter = figure != Figure::Balance;
    if amount.unsigned_abs() > Volume::WIRE_LIMIT.unsigned_abs() {
        Some(FormFault::BeyondLimit(figure))
    } else if counter && amount < 0 {
        Some(FormFault::Negative(figure))
    } else if figure == Figure::Index && amount >= traits.digits.wrap().litres() {
        Some(FormFault::TooManyDigits(figure))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meters::{BalanceUnit, Digits};

    fn traits(figures: FigureSet) -> MeterTraits {
        MeterTraits {
            digits: Digits { integer: 5, decimal: 0 },
            resolution: Volume::from_m3(1),
            pulse: Volume::from_m3(1),
            qmax_per_hour: Volume::from_m3(6),
            figures,
        }
    }

    fn codes(set: FigureSet, figures: [Option<i64>; 3], display_fault: bool) -> Vec<(&'static str, &'static str)> {
        let [index, cumulative, balance] = figures;
        let figures =
            Figures { index: index.map(Volume::from_m3), cumulative: cumulative.map(Volume::from_m3), balance };
        let faults = form_faults(&traits(set), &figures, display_fault);
        faults.into_iter().map(|fault| (fault.code(), fault.figure().code())).collect()
    }

    const THREE: FigureSet = FigureSet::Three { balance: BalanceUnit::Volume, overdraft: false };

    #[test]
    fn r4_a_commercial_reading_has_three_figures() {
        assert_eq!(codes(THREE, [Some(1), Some(1), Some(1)], false), []);
        assert_eq!(
            codes(THREE, [Some(1), None, None], false),
            [("missing_cumulative", "cumulative"), ("missing_balance", "balance")]
        );
        assert_eq!(codes(THREE, [None, Some(1), Some(1)], false), [("missing_index", "index")]);
    }

    #[test]
    fn domain3_two_figures_and_a_display_fault_are_complete_but_one_figure_is_not() {
        assert_eq!(codes(THREE, [Some(1), None, Some(1)], true), []);
        assert_eq!(codes(THREE, [Some(1), None, None], true).len(), 2);
        assert_eq!(codes(FigureSet::Index, [None, None, None], true), [("missing_index", "index")]);
    }

    #[test]
    fn a_figure_the_dial_cannot_show_is_a_fault() {
        assert_eq!(codes(FigureSet::Index, [Some(99_999), None, None], false), []);
        assert_eq!(codes(FigureSet::Index, [Some(100_000), None, None], false), [("too_many_digits", "index")]);
        assert_eq!(codes(FigureSet::Index, [Some(-1), None, None], false), [("negative_figure", "index")]);
        assert_eq!(codes(FigureSet::Index, [Some(1), None, Some(1)], false), [("unexpected_figure", "balance")]);
    }

    #[test]
    fn a_negative_balance_is_judged_not_rejected_and_the_wire_limit_holds() {
        assert_eq!(codes(THREE, [Some(1), Some(1), Some(-1)], false), []);
        assert_eq!(codes(THREE, [Some(1), Some(1), Some(i64::MIN)], false), [("beyond_limit", "balance")]);
    }
}
