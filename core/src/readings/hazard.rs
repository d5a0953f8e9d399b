//! Hidden hazards (隐患, R-43): what a reader saw that is dangerous, and how the office works it off.
//!
//! Why separate: the codes are a contract with phones in the field, and a hazard has a life of its own beside the reading.

use crate::coded::coded;

coded! {
    /// What is dangerous.
    HazardCode {
        /// Gas can be smelt or measured.
        Leak = "leak": "疑似漏气", "gas leak suspected";
        /// The hose is old, cracked or too long.
        Hose = "hose": "软管老化、破损或超长", "hose worn, damaged or too long";
        /// The pipe rusts.
        Corrosion = "corrosion": "管道或表具锈蚀", "pipe or meter corroded";
        /// The pipe or meter is boxed in.
        Enclosed = "enclosed": "管道或表具被包封、遮挡", "pipe or meter boxed in";
        /// Somebody altered the installation.
        Altered = "altered": "私改、私接燃气设施", "installation altered without leave";
        /// The place is not ventilated.
        Ventilation = "ventilation": "通风不良", "poor ventilation";
        /// Fire, heat or power close by.
        HeatNearby = "heat_nearby": "附近有火源、热源或电源", "fire, heat or power close by";
        /// Goods that burn are stored beside.
        Flammables = "flammables": "堆放易燃易爆物品", "flammable goods stored beside";
        /// The seal is broken or the meter was tampered with.
        Seal = "seal": "铅封损坏或表具被动", "seal broken or meter tampered with";
        /// The water heater or cooker is unsafe.
        Appliance = "appliance": "燃气器具不合格或超期", "unsafe or outdated appliance";
        /// Told in words.
        Other = "other": "其他", "other";
    }
}

/// How bad a hazard is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HazardSeverity {
    /// 一般: to be put right in time.
    Minor,
    /// 较大: to be put right soon.
    Major,
    /// 重大: danger now; the reader calls the emergency line first.
    Critical,
}

impl HazardSeverity {
    /// Every severity.
    pub const ALL: [Self; 3] = [Self::Minor, Self::Major, Self::Critical];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }

    /// The severity of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.code() == code)
    }
}

/// Where a hazard stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HazardState {
    /// 待处理.
    Open,
    /// 处理中.
    InWork,
    /// 已消除.
    Resolved,
    /// 不成立.
    Dismissed,
}

impl HazardState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::InWork, Self::Resolved, Self::Dismissed];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InWork => "in_work",
            Self::Resolved => "resolved",
            Self::Dismissed => "dismissed",
        }
    }

    /// The state of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether the office may move a hazard from here to `next`: open → in work → resolved or dismissed, an open one may be
    /// dismissed at once, and what is done stays done.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Open, Self::InWork | Self::Dismissed) | (Self::InWork, Self::Resolved | Self::Dismissed)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_lead_back_and_say_something_in_both_languages() {
        let codes: BTreeSet<&str> = HazardCode::ALL.iter().map(|hazard| hazard.code()).collect();
        assert_eq!(codes.len(), HazardCode::ALL.len());
        for hazard in HazardCode::ALL {
            assert_eq!(HazardCode::from_code(hazard.code()), Some(*hazard));
            assert!(!hazard.text().zh.is_ascii() && hazard.text().en.is_ascii());
        }
        assert!(HazardSeverity::ALL.iter().all(|one| HazardSeverity::from_code(one.code()) == Some(*one)));
        assert!(HazardState::ALL.iter().all(|one| HazardState::from_code(one.code()) == Some(*one)));
    }

    #[test]
    fn what_is_done_stays_done() {
        use HazardState::{Dismissed, InWork, Open, Resolved};
        let steps: Vec<_> = HazardState::ALL
            .into_iter()
            .flat_map(|from| {
                HazardState::ALL.into_iter().filter(move |to| from.may_become(*to)).map(move |to| (from, to))
            })
            .collect();
        assert_eq!(steps, [(Open, InWork), (Open, Dismissed), (InWork, Resolved), (InWork, Dismissed)]);
    }
}
