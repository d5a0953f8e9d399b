//! Identifiers. One type per thing, so that a meter's id can never be passed for a service point's.

use std::fmt;

macro_rules! number_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

number_ids! {
    /// A person's account (账号).
    AccountId,
    /// An area (片区).
    AreaId,
    /// A case (异常).
    CaseId,
    /// A reader's phone.
    DeviceId,
    /// A gas meter (燃气表).
    MeterId,
    /// A meter type (表型).
    MeterTypeId,
    /// A service point (用气点).
    PointId,
    /// A round: the stops given to one reader for a date window.
    RoundId,
    /// A route (册).
    RouteId,
    /// A stop: one service point in a round.
    StopId,
}

/// The id of a record, minted on the phone as a UUIDv7 before the record is first sent. Its time part orders nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RecordId(pub uuid::Uuid);

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}
