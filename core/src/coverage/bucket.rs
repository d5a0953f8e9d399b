//! The ten buckets a point of the population falls into (DOMAIN 3).
//!
//! Why separate: the numbers below are on disk in every plan row and counter, so they live alone and never change meaning.

/// Where one point stands in one period. Exclusive: a point is in exactly one (DOMAIN 3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Bucket {
    /// 已抄见: at least one reading that counts.
    Seen,
    /// 到访未抄: nobody let the reader in, or the meter could not be read; whether proven or not. Stays in D, always.
    NoAccess,
    /// 未到访: no reader's visit is known.
    Unattempted,
    /// 仅用户自报: the best there is was told by the customer.
    CustomerOnly,
    /// 仅估抄: the best there is was computed by the office.
    EstimateOnly,
    /// 仅无效读数: a reading was brought back, but it is rejected or incomplete.
    RejectedOnly,
    /// 时间待定: a good reading whose period a person must decide (DOMAIN 2).
    TimeReview,
    /// 下期新增: first put into gas after the cut-in day; due from the next period on.
    NewNextPeriod,
    /// 已拆除: removed in the period before it was seen.
    Removed,
    /// 报停: suspended at the period's first instant; printed beside the rate.
    Suspended,
}

impl Bucket {
    /// How many buckets there are.
    pub const COUNT: usize = 10;

    /// Every bucket, in the order of [`number`](Self::number); the first seven are D.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Seen,
        Self::NoAccess,
        Self::Unattempted,
        Self::CustomerOnly,
        Self::EstimateOnly,
        Self::RejectedOnly,
        Self::TimeReview,
        Self::NewNextPeriod,
        Self::Removed,
        Self::Suspended,
    ];

    /// The code used in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::NoAccess => "no_access",
            Self::Unattempted => "unattempted",
            Self::CustomerOnly => "customer_only",
            Self::EstimateOnly => "estimate_only",
            Self::RejectedOnly => "rejected_only",
            Self::TimeReview => "time_review",
            Self::NewNextPeriod => "new_next_period",
            Self::Removed => "removed",
            Self::Suspended => "suspended",
        }
    }

    /// The bucket of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bucket| bucket.code() == code)
    }

    /// The number stored in the database, 1 to 10. Never renumber: rows and closed reports hold it.
    #[must_use]
    pub const fn number(self) -> i16 {
        match self {
            Self::Seen => 1,
            Self::NoAccess => 2,
            Self::Unattempted => 3,
            Self::CustomerOnly => 4,
            Self::EstimateOnly => 5,
            Self::RejectedOnly => 6,
            Self::TimeReview => 7,
            Self::NewNextPeriod => 8,
            Self::Removed => 9,
            Self::Suspended => 10,
        }
    }

    /// The bucket of a [`number`](Self::number).
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|bucket| bucket.number() == number)
    }

    /// Whether it belongs to the denominator D (DOMAIN 3): the first seven.
    #[must_use]
    pub const fn in_denominator(self) -> bool {
        !matches!(self, Self::NewNextPeriod | Self::Removed | Self::Suspended)
    }

    /// Its place in [`ALL`](Self::ALL), for arrays indexed by bucket.
    pub(super) const fn index(self) -> usize {
        self.number() as usize - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_numbers_lead_back_to_their_bucket() {
        for (index, bucket) in Bucket::ALL.into_iter().enumerate() {
            assert_eq!(Bucket::from_code(bucket.code()), Some(bucket));
            assert_eq!(Bucket::from_number(bucket.number()), Some(bucket));
            assert_eq!(bucket.index(), index);
            assert_eq!(bucket.in_denominator(), index < 7);
        }
        assert_eq!(Bucket::from_number(0), None);
        assert_eq!(Bucket::from_number(11), None);
        assert_eq!(Bucket::from_code("Seen"), None);
    }

    #[test]
    fn stored_numbers_are_frozen() {
        let stored = Bucket::ALL.map(|bucket| (bucket.number(), bucket.code()));
        assert_eq!(stored[0], (1, "seen"));
        assert_eq!(stored[6], (7, "time_review"));
        assert_eq!(stored[9], (10, "suspended"));
    }
}
