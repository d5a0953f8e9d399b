//! The rows of the catalogue, in the order the checks run (DOMAIN 4).
//!
//! Apart from the types they are made of, because this is a table: a new rule is a new row and the check that emits it.

use super::{Entry, Kind, Severity};
use crate::text::Text;

/// Whether the reading may be the base of the next check.
const TRUSTED: bool = true;
const DOUBTED: bool = false;

macro_rules! rules {
    ($(
        $(#[$doc:meta])*
        $rule:ident = $code:literal, $kind:ident, $severity:ident, $trust:ident, $source:literal;
        $zh:literal, $en:literal;
        $help_zh:literal, $help_en:literal;
    )+) => {
        /// A check's verdict, named by its code.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Rule {
            $($(#[$doc])* $rule,)+
        }

        impl Rule {
            /// Every rule, in the order the checks run.
            pub const ALL: &'static [Self] = &[$(Self::$rule),+];

            /// Its row of the catalogue.
            #[must_use]
            pub const fn entry(self) -> Entry {
                match self {
                    $(Self::$rule => Entry {
                        code: $code,
                        kind: Kind::$kind,
                        severity: Severity::$severity,
                        trusts_reading: $trust,
                        source: $source,
                        reason: Text { zh: $zh, en: $en },
                        help: Text { zh: $help_zh, en: $help_en },
                    },)+
                }
            }
        }
    };
}

rules! {
    /// The number on the meter is not the registered one.
    WrongMeter = "wrong_meter", Register, Hard, DOUBTED, "R-2, DOMAIN 4 order 1";
        "表上的表号是 {seen_number},登记的是 {number}。", "The meter shows number {seen_number}, the register says {number}.";
        "核对是否抄错了表,或登记有误;核实前本次读数不用。", "Check whether another meter was read or the register is wrong; the reading is not used until then.";

    /// Another number and a small index: a new meter that nobody reported.
    ExchangeUnreported = "exchange_unreported", Register, Hard, DOUBTED, "R-2, DOMAIN 4 wrap";
        "表号 {seen_number} 不是登记的 {number},读数从 {previous} 变小为 {current},像是换了新表未报。", "Number {seen_number} is not the registered {number} and the index went from {previous} to a small {current}: probably an unreported exchange.";
        "查换表单,补录旧表止码和新表起码。", "Find the exchange slip; enter the old meter's last and the new meter's first index.";

    /// A figure could not be read for a display fault.
    FailedDisplay = "failed_display", Failed, Case, TRUSTED, "R-10, DOMAIN 3";
        "显示故障,读不到:{missing}。", "Display fault, not readable: {missing}.";
        "派人检修表头显示;在此之前三数无法互相校验。", "Have the display repaired; until then the three figures cannot check one another.";

    /// The dial passed its last figure and started again from zero.
    Rollover = "rollover", Reading, Note, TRUSTED, "DOMAIN 4 wrap";
        "字轮过零:{previous} → {current},用气 {consumption} m³。", "The index rolled over: {previous} → {current}, use {consumption} m³.";
        "无需处理;用气量已按过零计算。", "Nothing to do; the use is computed across the rollover.";

    /// A rollover is physically possible, but more than was to be expected.
    RolloverUnsure = "rollover_unsure", Reading, Hard, DOUBTED, "DOMAIN 4 wrap";
        "读数 {previous} → {current};若为过零,用气 {consumption} m³,与预期 {expected} m³ 或累计用气量不符。", "Index {previous} → {current}; a rollover would mean {consumption} m³, which the expected {expected} m³ or the cumulative does not support.";
        "看照片或复抄,由人判定是否过零。", "Look at the photo or re-read; a person decides whether it rolled over.";

    /// One slip of the reader explains the index.
    MisreadSuspect = "misread_suspect", Reading, Hard, DOUBTED, "R-3, DOMAIN 4 misread";
        "{figure} {current} 疑为错抄:改一位或换两邻位即可解释。", "The {figure} {current} is probably a misread: one digit changed or two swapped would explain it.";
        "复抄一次(盲抄);候选读数只给分析员看。复抄相同再查表。", "Re-read blind; candidates are for the analyst only. If the re-read agrees, look at the meter.";

    /// One slip of the previous reader explains the index.
    PreviousMisreadSuspect = "previous_misread_suspect", Reading, Hard, TRUSTED, "R-3, DOMAIN 4 misread";
        "本次 {current} 小于上次 {previous},疑为上次错抄。", "The index {current} is below the previous {previous}, which was probably a misread.";
        "查上次照片;确认后以新记录更正上次读数。", "Look at the previous photo; if confirmed, correct the previous reading by a new record.";

    /// The index went backwards and nothing explains it.
    Reverse = "reverse", Failed, Hard, DOUBTED, "R-10, DOMAIN 4 wrap";
        "读数倒走:{previous} → {current}。", "The index went backwards: {previous} → {current}.";
        "现场查看:反装、人为倒表、字轮故障或换表未报。", "Visit: meter fitted backwards, tampering, a broken counter or an unreported exchange.";

    /// More gas than can pass the meter.
    Impossible = "impossible", Reading, Hard, DOUBTED, "GB/T 6968, DOMAIN 4 ceiling";
        "{days} 天用气 {consumption} m³,超过该表可能通过的 {limit} m³。", "{consumption} m³ in {days} days is more than the {limit} m³ that can pass this meter.";
        "重抄并拍照;核对表型与位数登记。", "Re-enter with a photo; check the registered type and digits.";

    /// More gas than the meter is made for.
    Overload = "overload", Use, Case, TRUSTED, "GB/T 6968, DOMAIN 4 ceiling";
        "{days} 天用气 {consumption} m³,超过最大流量对应的 {limit} m³。", "{consumption} m³ in {days} days exceeds the {limit} m³ of the meter's maximum flow.";
        "表选小了或读数有误:核对后考虑换大表。", "The meter is too small or misread: check, then consider a larger one.";

    /// The three figures fit in exactly one other order.
    SwappedFigures = "swapped_figures", Reading, Hard, DOUBTED, "R-4, DOMAIN 4 three figures";
        "三个数填错了位置:按 {candidates} 则全部相符。", "The three figures are in the wrong fields: as {candidates} all agree.";
        "复抄或以新记录更正。", "Re-read, or correct by a new record.";

    /// The base meter moved, the module counted nothing.
    FailedElectronic = "failed_electronic", Failed, Hard, TRUSTED, "R-10, CJ/T 112, DOMAIN 4 I1";
        "基表走了 {index_use} m³,累计用气量只走 {cumulative_use} m³:计数模块失灵。", "The base meter moved {index_use} m³, the cumulative only {cumulative_use} m³: the counting module has failed.";
        "报修并按基表结算;未计气量为涉及气量。", "Report for repair and settle on the base meter; the volume not counted is at stake.";

    /// The module counted, the base meter stood still.
    FailedIndex = "failed_index", Failed, Hard, TRUSTED, "R-10, DOMAIN 4 I1";
        "累计用气量走了 {cumulative_use} m³,基表只走 {index_use} m³:基表字轮失灵。", "The cumulative moved {cumulative_use} m³, the base meter only {index_use} m³: the mechanical counter has failed.";
        "报修换表;核对本次基表读数照片。", "Have the meter exchanged; check the photo of the index.";

    /// The module counts less than the base meter.
    SlowElectronic = "slow_electronic", Slow, Hard, TRUSTED, "R-10, CJ/T 112, DOMAIN 4 I1";
        "基表走了 {index_use} m³,累计用气量少走为 {cumulative_use} m³,超出允差 {tolerance} m³。", "The base meter moved {index_use} m³, the cumulative less, {cumulative_use} m³: beyond the tolerance of {tolerance} m³.";
        "查丢脉冲;按基表结算,差额为涉及气量。", "Look for lost pulses; settle on the base meter, the difference is at stake.";

    /// The module counts more than the base meter.
    FastElectronic = "fast_electronic", Fast, Hard, TRUSTED, "R-10, CJ/T 112, DOMAIN 4 I1";
        "基表走了 {index_use} m³,累计用气量多走为 {cumulative_use} m³,超出允差 {tolerance} m³。", "The base meter moved {index_use} m³, the cumulative more, {cumulative_use} m³: beyond the tolerance of {tolerance} m³.";
        "查重复脉冲或脉冲当量设置;按基表结算。", "Look for double pulses or a wrong pulse setting; settle on the base meter.";

    /// The cumulative went backwards.
    ReverseElectronic = "reverse_electronic", Failed, Hard, TRUSTED, "R-10, DOMAIN 4 I3";
        "累计用气量倒走:{previous} → {current}。", "The cumulative went backwards: {previous} → {current}.";
        "查是否换过模块或清零;登记新的起数。", "Find out whether the module was exchanged or reset; register its new start.";

    /// The module has lost little by little since commissioning.
    SlowElectronicDrift = "slow_electronic_drift", Slow, Case, TRUSTED, "R-10, DOMAIN 4 I4";
        "投用以来累计用气量比基表共少走 {drift} m³,允差 {tolerance} m³。", "Since commissioning the cumulative has fallen {drift} m³ behind the base meter; the tolerance is {tolerance} m³.";
        "送检计数模块;处理后重新起算。", "Have the module tested; the sum starts again afterwards.";

    /// The module has gained little by little since commissioning.
    FastElectronicDrift = "fast_electronic_drift", Fast, Case, TRUSTED, "R-10, DOMAIN 4 I4";
        "投用以来累计用气量比基表共多走 {drift} m³,允差 {tolerance} m³。", "Since commissioning the cumulative has run {drift} m³ ahead of the base meter; the tolerance is {tolerance} m³.";
        "送检计数模块;处理后重新起算。", "Have the module tested; the sum starts again afterwards.";

    /// Bought gas has not reached the meter.
    PurchaseNotLoaded = "purchase_not_loaded", Purchase, Case, TRUSTED, "R-31, DOMAIN 4 I2";
        "期间购气 {purchased},表内存量比应有的少 {gap}。", "{purchased} was bought since, and the balance is {gap} short of what it should be.";
        "查未写卡、未刷卡的购气或误抄存量。", "Look for a purchase not written to the card or not loaded, or a misread balance.";

    /// Gas is in the meter that nobody sold.
    TopupUnknown = "topup_unknown", Purchase, Case, TRUSTED, "R-31, DOMAIN 4 I2";
        "期间购气 {purchased},表内存量比应有的多 {gap}。", "{purchased} was bought since, and the balance is {gap} above what it should be.";
        "查未入账的充值、补气或误抄存量。", "Look for a top-up that was not booked, a compensation, or a misread balance.";

    /// The figures would need a purchase below nothing.
    PurchaseImpossible = "purchase_impossible", Purchase, Case, TRUSTED, "R-31, DOMAIN 4 I2";
        "购气记录未知;按三数推算购气为 {implied},不可能。", "The purchases are unknown; the figures imply a purchase of {implied}, which is impossible.";
        "取得购气记录,核对存量和累计用气量。", "Get the purchase record; check the balance and the cumulative.";

    /// A balance below zero on a meter that should have shut off.
    NegativeBalance = "negative_balance", Purchase, Case, TRUSTED, "R-31, DOMAIN 4 I3";
        "表内存量为 {balance},该表型不允许透支。", "The balance is {balance}, which this type does not allow.";
        "查关阀是否失灵,或误抄存量。", "Check whether the valve fails to close, or the balance was misread.";

    /// Gas is used and the meter does not move.
    Stopped = "stopped", Failed, Hard, TRUSTED, "R-10, DOMAIN 4 stopped";
        "{days} 天只走 {consumption} m³,预期 {expected} m³,而且有用气迹象:{sign}。", "Only {consumption} m³ in {days} days where {expected} m³ were expected, and gas is in use: {sign}.";
        "当月换表;追补按规定办理。", "Exchange the meter this month; recover the gas as the rules say.";

    /// No use for the first time: stopped or empty.
    StoppedSuspect = "stopped_suspect", Zero, Case, TRUSTED, "R-10, DOMAIN 4 stopped";
        "{days} 天只走 {consumption} m³,此前一直有用气。", "Only {consumption} m³ in {days} days, where gas was in use before.";
        "上门问是否住人、用气,点火看字轮动不动。", "Ask at the door whether gas is in use; light a flame and watch the counter.";

    /// Empty premises.
    Vacant = "vacant", Zero, Note, TRUSTED, "DOMAIN 4 stopped";
        "{days} 天只走 {consumption} m³,属空置:{sign}。", "Only {consumption} m³ in {days} days; vacant: {sign}.";
        "无需处理;恢复用气后自动结束。", "Nothing to do; ends when gas is used again.";

    /// No use, and too little known to say why.
    Zero = "zero", Zero, Note, TRUSTED, "DOMAIN 4 stopped";
        "{days} 天只走 {consumption} m³。", "Only {consumption} m³ in {days} days.";
        "下次抄表时问明是否用气。", "Ask at the next visit whether gas is in use.";

    /// Gas is used where it should be shut off.
    UseWhileSuspended = "use_while_suspended", Use, Case, TRUSTED, "DOMAIN 4 stopped";
        "报停点在 {days} 天里用气 {consumption} m³。", "A suspended point used {consumption} m³ in {days} days.";
        "查是否擅自开通或报停记录有误。", "Find out whether it was opened without leave or the register is wrong.";

    /// The reading and that of the meter beside it were entered the wrong way round.
    NeighbourSwap = "neighbour_swap", Reading, Hard, DOUBTED, "R-3, DOMAIN 4 order 7";
        "与邻表 {neighbour} 的读数互换后两块表都正常(本表 {current},邻表 {other}),疑为抄串。", "Exchanged with the reading of meter {neighbour} beside it, both are plausible (this one {current}, that one {other}): probably entered the wrong way round.";
        "看两张照片或一并复抄;确认后两块表各以新记录更正。", "Look at both photos or re-read both; if confirmed, correct each by a new record.";

    /// The meter is past its life.
    OverAge = "over_age", Register, Note, TRUSTED, "R-2, JJG 577";
        "自 {since} 起使用,已超过 {years} 年期限。", "In service since {since}, past its life of {years} years.";
        "列入到期换表计划。", "Put it on the exchange plan.";

    /// A small index after a large one, and no second word on the meter's number.
    IndexRestarted = "index_restarted", Register, Hard, DOUBTED, "R-2, DOMAIN 4 wrap";
        "读数从 {previous} 变小为 {current},像是换了新表未报。", "The index went from {previous} to a small {current}: probably an unreported exchange.";
        "查表号和换表单,补录旧表止码和新表起码。", "Look at the meter's number and find the exchange slip; enter the old meter's last and the new meter's first index.";

    /// Use was to be expected for periods and none is shown: a place on the list of failed meters.
    NoUseSuspect = "no_use_suspect", Failed, Case, TRUSTED, "R-10, lists of the month";
        "已连续 {periods} 期不走字,预期共 {expected};此前 {known} 期中有 {zeros} 期为零,{how}。", "No use for {periods} period(s) where {expected} was to be expected; {zeros} of the {known} periods before had none, {how}.";
        "上门点火看字轮;空房请补记空置。停走的表与空房的数据相同,只有到现场才能分清。", "Light a flame and watch the counter; note an empty home. A stopped meter and an empty home are the same data: only a visit tells.";

    /// Lastingly below what was to be expected.
    SlowSuspect = "slow_suspect", Slow, Case, TRUSTED, "R-10, lists of the month";
        "最近 {periods} 期用量 {used},比预期 {expected} 低 {percent}%,{how};该表通常偏差在 {normal}% 以内,自身波动下低 {floor}% 以上才可断言:{standing}。", "Last {periods} period(s) {percent} % under forecast ({used} for {expected}), {how}; this meter is normally within {normal} %, and its own wander allows a claim from {floor} % on: {standing}.";
        "送检;检定结果说了算,用量只说先查哪块。先问是否少住人或换了用途。", "Send it to the bench: its result decides, the use only says which to test first. Ask whether fewer people live there.";

    /// Lastingly above what was to be expected.
    FastSuspect = "fast_suspect", Fast, Case, TRUSTED, "R-10, lists of the month";
        "最近 {periods} 期用量 {used},比预期 {expected} 高 {percent}%,{how};该表通常偏差在 {normal}% 以内,自身波动下高 {floor}% 以上才可断言:{standing}。", "Last {periods} period(s) {percent} % over forecast ({used} for {expected}), {how}; this meter is normally within {normal} %, and its own wander allows a claim from {floor} % on: {standing}.";
        "送检;先问是否新装了锅炉或换了用途。", "Send it to the bench; ask first whether a boiler was put in.";

    /// One period out of line: most likely the reading.
    JumpSuspect = "jump_suspect", Reading, Case, TRUSTED, "R-3, lists of the month";
        "本期用量 {used},{how}预期 {expected};该表通常偏差在 {normal}% 以内。", "This period's use is {used}, {how} the {expected} to be expected; this meter is normally within {normal} %.";
        "看照片或复抄;读数无误再问用气变化。", "Look at the photo or re-read; if the reading stands, ask what changed.";
}
