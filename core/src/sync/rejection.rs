//! Why an item of a push is rejected: the table of codes, each with its text (PROTOCOL, Push; DOMAIN 7).
//!
//! Why separate: a rejected record is kept with its code for ever and shown to its reader and the dispatcher, so the codes are
//! a contract and the texts must tell a person what to do. Faults of the figures have codes of their own in `readings`.

use crate::coded::coded;

coded! {
    /// Why an item is rejected. It lies in quarantine with its full body.
    Rejection {
        /// Not an object of the protocol at all.
        Malformed = "malformed": "记录格式错误,无法识别", "the record is malformed";
        /// A member has another type than the contract says.
        WrongType = "wrong_type": "字段类型不符", "a member has the wrong type";
        /// A member that this kind needs is not there.
        MissingMember = "missing_member": "缺少必填字段", "a required member is missing";
        /// A kind this release does not know.
        UnknownKind = "unknown_kind": "未知的记录类型,请升级服务端后重新处理", "unknown kind of record; process it again after an upgrade";
        /// An enum member holds a value this release does not know.
        UnknownMemberValue = "unknown_member_value": "字段取值无法识别", "a member has an unknown value";
        /// A number outside its range.
        NumberOutOfRange = "number_out_of_range": "数值超出范围", "a number is out of range";
        /// A text longer than its limit.
        TextTooLong = "text_too_long": "文字过长", "a text is too long";
        /// The item is bigger than the limit in meta.
        TooLarge = "too_large": "单条记录过大", "the record is too large";
        /// The id is no UUID of version 7.
        InvalidId = "invalid_id": "记录编号无效", "the record's id is not a UUIDv7";
        /// No such service point.
        UnknownPoint = "unknown_point": "用气点不存在", "unknown service point";
        /// No such meter.
        UnknownMeter = "unknown_meter": "燃气表不存在", "unknown meter";
        /// The point is in no round this reader holds or held within the grace.
        NotYourStop = "not_your_stop": "该用气点不在你的抄表任务内", "the service point is in none of your rounds";
        /// A correction or notice names a record of another reader.
        NotYourRecord = "not_your_record": "只能更正自己的记录", "only your own records can be corrected";
        /// A correction names itself or leads back to itself.
        CorrectsItself = "corrects_itself": "更正记录不能指向自身", "a correction cannot lead back to itself";
        /// A correction says something of another kind than the record it names.
        CorrectionKindMismatch = "correction_kind_mismatch": "更正的类型与原记录不符", "a correction must be of the kind it corrects";
        /// A correction speaks of another service point than the record it names.
        CorrectionPointMismatch = "correction_point_mismatch": "更正的用气点与原记录不符", "a correction must be of the service point it corrects";
        /// A chain of corrections without end.
        TooManyCorrections = "too_many_corrections": "更正次数过多", "too many corrections of one record";
        /// A reader can never make an estimate.
        EstimateNotAllowed = "estimate_not_allowed": "抄表员不得估抄", "a reader may not estimate";
        /// The device number belongs to another record already.
        SequenceReused = "sequence_reused": "设备流水号已被另一条记录占用", "the device sequence number belongs to another record";
        /// A time the calendar cannot hold.
        TimeOutOfRange = "time_out_of_range": "时间超出范围", "the time is out of range";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_its_own_and_leads_back() {
        let codes: BTreeSet<&str> = Rejection::ALL.iter().map(|rejection| rejection.code()).collect();
        assert_eq!(codes.len(), Rejection::ALL.len());
        for rejection in Rejection::ALL {
            assert_eq!(Rejection::from_code(rejection.code()), Some(*rejection));
        }
    }

    #[test]
    fn every_text_is_there_in_both_languages() {
        for text in Rejection::ALL.iter().map(|rejection| rejection.text()) {
            assert!(!text.zh.is_ascii() && text.en.is_ascii() && !text.en.is_empty(), "{text:?}");
        }
    }
}
