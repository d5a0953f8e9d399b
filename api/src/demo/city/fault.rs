//! The kinds of fault that are planted (DOMAIN 4). Separate because a fault's name is all that its finder and its planter
//! share.

use meterbook::meters::Class;

/// A kind of fault, named as its rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fault {
    /// The index passed its last digit; no fault, and must be accepted.
    Rollover,
    /// One digit of the new index is wrong.
    MisreadSuspect,
    /// One digit of the last index was wrong.
    PreviousMisreadSuspect,
    /// The index went back.
    Reverse,
    /// More gas than the meter can pass.
    Impossible,
    /// More gas than Qmax, less than the meter can pass.
    Overload,
    /// Another meter of the city was read.
    WrongMeter,
    /// A meter nobody has registered hangs there.
    ExchangeUnreported,
    /// The electronics stopped counting.
    FailedElectronic,
    /// The mechanical index stopped.
    FailedIndex,
    /// The electronics lose pulses.
    SlowElectronic,
    /// The electronics count too much.
    FastElectronic,
    /// Paid for, not in the meter.
    PurchaseNotLoaded,
    /// In the meter, not paid for.
    TopupUnknown,
    /// Figures entered in each other's field.
    SwappedFigures,
    /// Nothing used where something always was.
    StoppedSuspect,
    /// Nothing counted, and gas in use.
    Stopped,
    /// Nobody lives there.
    Vacant,
    /// Gas used at a suspended point.
    UseWhileSuspended,
    /// Older than its years.
    OverAge,
    /// Half of the gas uncounted for months.
    SlowSuspect,
    /// Half as much again for months.
    FastSuspect,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 22] = [
        Self::Rollover,
        Self::MisreadSuspect,
        Self::PreviousMisreadSuspect,
        Self::Reverse,
        Self::Impossible,
        Self::Overload,
        Self::WrongMeter,
        Self::ExchangeUnreported,
        Self::FailedElectronic,
        Self::FailedIndex,
        Self::SlowElectronic,
        Self::FastElectronic,
        Self::PurchaseNotLoaded,
        Self::TopupUnknown,
        Self::SwappedFigures,
        Self::StoppedSuspect,
        Self::Stopped,
        Self::Vacant,
        Self::UseWhileSuspended,
        Self::OverAge,
        Self::SlowSuspect,
        Self::FastSuspect,
    ];

    /// The rule's code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rollover => "rollover",
            Self::MisreadSuspect => "misread_suspect",
            Self::PreviousMisreadSuspect => "previous_misread_suspect",
            Self::Reverse => "reverse",
            Self::Impossible => "impossible",
            Self::Overload => "overload",
            Self::WrongMeter => "wrong_meter",
            Self::ExchangeUnreported => "exchange_unreported",
            Self::FailedElectronic => "failed_electronic",
            Self::FailedIndex => "failed_index",
            Self::SlowElectronic => "slow_electronic",
            Self::FastElectronic => "fast_electronic",
            Self::PurchaseNotLoaded => "purchase_not_loaded",
            Self::TopupUnknown => "topup_unknown",
            Self::SwappedFigures => "swapped_figures",
            Self::StoppedSuspect => "stopped_suspect",
            Self::Stopped => "stopped",
            Self::Vacant => "vacant",
            Self::UseWhileSuspended => "use_while_suspended",
            Self::OverAge => "over_age",
            Self::SlowSuspect => "slow_suspect",
            Self::FastSuspect => "fast_suspect",
        }
    }

    /// How many there are of it among this many points of a class.
    #[must_use]
    pub fn number(self, class: Class, points: usize) -> usize {
        let many = match class {
            Class::Commercial => points / 80,
            _ => points / 260,
        };
        match (self.hosts(), class) {
            (Hosts::Both, Class::Commercial) => 1.max(many / 2),
            (Hosts::Both, Class::ResidentialOutdoor) | (Hosts::Homes, Class::ResidentialOutdoor) => 2.max(many),
            (Hosts::Businesses, Class::Commercial) => 2.max(many),
            _ => 0,
        }
    }

    /// What a meter must be to have the fault.
    const fn hosts(self) -> Hosts {
        match self {
            Self::FailedElectronic
            | Self::FailedIndex
            | Self::SlowElectronic
            | Self::FastElectronic
            | Self::PurchaseNotLoaded
            | Self::TopupUnknown
            | Self::SwappedFigures
            | Self::StoppedSuspect => Hosts::Businesses,
            Self::Rollover | Self::MisreadSuspect | Self::Overload | Self::WrongMeter | Self::OverAge => Hosts::Both,
            _ => Hosts::Homes,
        }
    }
}

/// Where a fault can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hosts {
    Businesses,
    Homes,
    Both,
}
