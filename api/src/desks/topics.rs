//! What a committed transaction may have changed for a desk, by the transaction's name.
//!
//! Why by name: it costs a push one comparison of a text, and no statement. A name that is not here may have changed anything, so
//! a new transaction is never forgotten; it is only told of too widely until it has its line.

use serde::Serialize;
use std::ops::BitOr;
use utoipa::ToSchema;

/// Some of the topics a desk looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Topics(u8);

impl Topics {
    /// None.
    pub const NONE: Self = Self(0);
    /// Rounds, their stops and plans; what readers and customers were promised.
    pub const ROUNDS: Self = Self(1);
    /// Cases and what else waits for a decision.
    pub const CASES: Self = Self(2);
    /// Coverage, its periods, what is not seen.
    pub const COVERAGE: Self = Self(4);
    /// Quarantine.
    pub const QUARANTINE: Self = Self(8);
    /// Phones, their missing records and photos.
    pub const PHONES: Self = Self(16);
    /// All of them.
    pub const ALL: Self = Self(31);

    const NAMES: [(&'static str, Self); 5] = [
        ("rounds", Self::ROUNDS),
        ("cases", Self::CASES),
        ("coverage", Self::COVERAGE),
        ("quarantine", Self::QUARANTINE),
        ("phones", Self::PHONES),
    ];

    /// As one number.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Those of a number.
    #[must_use]
    pub const fn of_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their names.
    #[must_use]
    pub fn names(self) -> Vec<String> {
        Self::NAMES.into_iter().filter(|(_, topic)| self.0 & topic.0 != 0).map(|(name, _)| name.to_owned()).collect()
    }

    /// What a transaction of this name may have changed.
    #[must_use]
    pub fn of_transaction(name: &str) -> Self {
        match name {
            // What beats by itself, and what no desk's page shows.
            "announce_changes"
            | "claim_job"
            | "claim_plan"
            | "plan_beat"
            | "keep_pasts"
            | "learn_walk"
            | "purge_feed"
            | "lease_webhooks"
            | "settle_webhooks"
            | "get_webhook_secret"
            | "create_webhook"
            | "disable_webhook"
            | "test_webhook"
            | "retry_webhook_message"
            | "login"
            | "logout"
            | "refresh_tokens"
            | "claim_setup"
            | "prepare_instance"
            | "start_audit_chain"
            | "create_account"
            | "change_password"
            | "enrol_second_factor"
            | "confirm_second_factor"
            | "remove_second_factor"
            | "reset_second_factor"
            | "create_upload"
            | "add_upload_piece"
            | "end_upload"
            | "end_expired_upload"
            | "forget_photo"
            | "mark_going_photos"
            | "publish_report"
            | "publish_appraisals"
            | "object_to_appraisal"
            | "answer_objection"
            | "run_rule_lab"
            | "finish_lab_run"
            | "draw_rereads" => Self::NONE,
            "create_plan"
            | "cancel_plan"
            | "change_plan_stop"
            | "end_plan"
            | "fail_plan"
            | "set_reader_profile"
            | "create_absence"
            | "withdraw_absence"
            | "create_appointment"
            | "withdraw_appointment"
            | "set_visit_terms" => Self::ROUNDS,
            "create_round" | "assign_round" | "cancel_round" | "publish_plan" => Self::ROUNDS | Self::COVERAGE,
            "put_round_away" => Self::ROUNDS | Self::PHONES,
            "act_on_cases" | "decide_hazard" => Self::CASES,
            "declare_period" | "lay_out_period" | "period_laid_out" | "close_period" | "job_step" | "set_window"
            | "apply_window" => Self::COVERAGE,
            "decide_time_review" => Self::COVERAGE | Self::CASES,
            "reject_quarantined" => Self::QUARANTINE | Self::PHONES,
            "create_activation_code" | "activate_device" | "revoke_device" => Self::PHONES,
            "explain_gaps" | "note_photo" | "match_photo_names" => Self::PHONES | Self::COVERAGE,
            _ => Self::ALL,
        }
    }
}

impl BitOr for Topics {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What an event says.
#[derive(Serialize, ToSchema)]
pub struct ChangedTopics {
    /// `rounds`, `cases`, `coverage`, `quarantine`, `phones`.
    pub topics: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_nobody_wrote_down_may_have_changed_anything() {
        assert_eq!(Topics::of_transaction("something_new"), Topics::ALL);
        assert_eq!(Topics::of_transaction("push_records"), Topics::ALL);
        assert!(Topics::of_transaction("refresh_tokens").is_empty());
        assert_eq!(Topics::of_transaction("create_round").names(), ["rounds", "coverage"]);
    }

    #[test]
    fn all_are_the_named_ones() {
        let named = Topics::NAMES.into_iter().fold(Topics::NONE, |sum, (_, topic)| sum | topic);
        assert_eq!((named, Topics::of_bits(u8::MAX)), (Topics::ALL, Topics::ALL));
    }
}
