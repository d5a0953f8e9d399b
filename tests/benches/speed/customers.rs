//! People and places for a round: what a first pull mostly consists of. Sealed as the service seals them.

use crate::dice::Dice;
use crate::ground::STOPS;
use meterbook_api::keys::Keys;
use std::path::Path;

const ESTATES: [&str; 14] = [
    "四川北路1850弄",
    "曲阳路800弄",
    "玉田路388弄",
    "密云路503弄",
    "赤峰路630弄",
    "天宝路881号",
    "临平北路19弄",
    "大连西路250弄",
    "虹口区东体育会路111弄明珠苑",
    "凉城路1315弄锦苑小区",
    "水电路1388弄",
    "广灵四路116弄",
    "祥德路274弄祥德花园",
    "欧阳路568弄",
];
const SURNAMES: [&str; 40] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高",
    "罗", "郑", "梁", "谢", "宋", "唐", "许", "韩", "冯", "邓", "曹", "彭", "曾", "肖", "田", "董", "潘", "袁", "蔡",
    "欧阳", "诸葛",
];
const GIVEN: [&str; 72] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀", "霞",
    "平", "刚", "桂", "英", "华", "玉", "兰", "萍", "红", "建", "国", "志", "文", "海", "波", "宁", "贵", "福", "生",
    "龙", "元", "全", "胜", "学", "祥", "才", "发", "武", "新", "利", "清", "飞", "彬", "富", "顺", "信", "子", "昌",
    "成", "康", "星", "光", "天", "达", "安", "岩", "中", "茂", "进", "林", "有", "坚", "和",
];
const NOTES: [&str; 8] = [
    "表在厨房吊柜内，需住户开门",
    "门禁找物业值班室",
    "白天无人，晚六点后联系",
    "养狗，请先打电话",
    "楼道灯坏，带手电",
    "钥匙在居委会",
    "表箱锁锈，轻拧",
    "地下室入口在北侧",
];

/// Statements that give every stop of the first round an address, a name, perhaps a note, a place, and a meter with a number and
/// a history as real ones have. `bytes` writes hex digits as a value.
pub fn statements(folder: &Path, bytes: fn(&str) -> String) -> String {
    let keys = Keys::load_or_create(&folder.join("keys.json")).unwrap();
    let mut dice = Dice::new(7);
    let mut all = String::from("BEGIN;");
    for point in 1..=STOPS {
        let sealed = |column, plain: &str| {
            let hex: String = keys.seal(column, plain).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
            bytes(&format!("'{hex}'"))
        };
        // An estate holds some forty homes in the order they are walked.
        let estate = ESTATES[(point / 43) as usize];
        let (building, storey, door) = (point / 12 % 24 + 1, point / 2 % 6 + 1, dice.below(4) + 1);
        let address = sealed("address", &format!("上海市虹口区{estate}{building}号{storey}0{door}室"));
        let second = if dice.below(3) > 0 { dice.one_of(&GIVEN) } else { "" };
        let name = format!("{}{}{second}", dice.one_of(&SURNAMES), dice.one_of(&GIVEN));
        let name = sealed("customer_name", &name);
        let note = if dice.below(12) == 0 { sealed("access_note", dice.one_of(&NOTES)) } else { "NULL".into() };
        let (lat, lng) = (31_270_000 + point / 43 * 1_500 + dice.below(900), 121_480_000 + dice.below(14_000));
        all.push_str(&format!(
            "UPDATE service_points SET number = '{}', address = {address}, customer_name = {name}, access_note = {note}, \
             lat_micro = {lat}, lng_micro = {lng}, datum = 'gcj02' WHERE id = {point};",
            3_100_200_000_i64 + point * 10 + dice.below(10)
        ));
        all.push_str(&format!(
            "UPDATE meters SET number = '{}', inlet_side = '{}', installed_on = '20{}-{:02}-{:02}' WHERE id = {point};",
            210_000_000_000_i64 + dice.below(90_000_000) * 997 % 89_999_999_999,
            dice.one_of(&["left", "right"]),
            12 + dice.below(13),
            dice.below(12) + 1,
            dice.below(28) + 1
        ));
    }
    all.push_str("COMMIT");
    all
}
