//! Names of nobody. Separate so that anyone can check at a glance that no real person, firm or number is in the city.

use super::dice::Dice;

/// Districts (区).
pub const DISTRICTS: [&str; 4] = ["东城区", "西城区", "南湖区", "北岭区"];

/// Communities (小区); used up in order, then numbered.
pub const COMMUNITIES: [&str; 24] = [
    "锦绣小区",
    "翠竹苑",
    "和平里",
    "春晓花园",
    "向阳新村",
    "清河家园",
    "书香苑",
    "金桂园",
    "望山小区",
    "银杏苑",
    "华庭",
    "安居苑",
    "丁香园",
    "明月新村",
    "松涛苑",
    "福安里",
    "晨光小区",
    "玉兰花园",
    "朝霞里",
    "青松家园",
    "荷塘苑",
    "枫林小区",
    "北辰新村",
    "广福里",
];

/// Streets with shops.
pub const STREETS: [&str; 8] = ["人民路", "胜利街", "光明路", "学府路", "滨河路", "振兴街", "长安里", "南门街"];

/// Meter readers (抄表员) and their logins.
pub const READERS: [(&str, &str); 12] = [
    ("周启明", "zhouqiming"),
    ("吴海燕", "wuhaiyan"),
    ("郑国栋", "zhengguodong"),
    ("孙秀兰", "sunxiulan"),
    ("钱立新", "qianlixin"),
    ("冯玉梅", "fengyumei"),
    ("陈大勇", "chendayong"),
    ("褚小芳", "chuxiaofang"),
    ("魏长河", "weichanghe"),
    ("蒋文静", "jiangwenjing"),
    ("沈建军", "shenjianjun"),
    ("韩春生", "hanchunsheng"),
];

const SURNAMES: [&str; 24] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马",
    "罗", "梁", "宋", "谢", "唐",
];
const GIVEN: [&str; 24] = [
    "建国", "秀英", "志强", "丽华", "海涛", "玉珍", "文斌", "桂芳", "晓东", "婷婷", "永福", "淑兰", "磊", "静", "俊杰",
    "雪梅", "德明", "红", "伟", "春花", "振华", "敏", "长青", "小雨",
];
const BRANDS: [&str; 20] = [
    "顺和",
    "福满",
    "鑫源",
    "老街坊",
    "好味道",
    "东来",
    "金穗",
    "清香",
    "万家",
    "同庆",
    "小巷",
    "聚贤",
    "百味",
    "天香",
    "泰和",
    "永兴",
    "一品",
    "好邻居",
    "瑞丰",
    "吉祥",
];
const TRADES: [&str; 14] = [
    "面馆",
    "饭店",
    "火锅城",
    "酒楼",
    "包子铺",
    "烧烤店",
    "洗浴中心",
    "宾馆",
    "食品厂",
    "幼儿园",
    "中学食堂",
    "养老院",
    "医院食堂",
    "洗衣房",
];
const NOTES: [&str; 8] = [
    "门禁密码问物业",
    "家中有狗,先敲门",
    "白天上班,晚七点后在家",
    "表在厨房橱柜内",
    "表在楼道夹层,需梯子",
    "先联系物业开表箱",
    "老人独居,请慢敲门",
    "表箱锁已坏,轻开",
];

/// A person of nobody.
pub fn person(dice: &mut Dice) -> String {
    format!("{}{}", dice.pick(&SURNAMES), dice.pick(&GIVEN))
}

/// A business of nobody.
pub fn business(dice: &mut Dice) -> String {
    format!("{}{}", dice.pick(&BRANDS), dice.pick(&TRADES))
}

/// A telephone number that cannot be dialled: no mobile number in China begins with 100.
pub fn phone(dice: &mut Dice) -> String {
    format!("100{:08}", dice.below(100_000_000))
}

/// How to get at the meter, for one point in eight.
pub fn access_note(dice: &mut Dice) -> Option<&'static str> {
    dice.chance(125).then(|| dice.pick(&NOTES))
}
