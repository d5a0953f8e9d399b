//! What is wrong with a row of an imported file, said in both languages and at its place.

/// Why a value was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable code.
    pub code: &'static str,
    /// 中文.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A refused row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// The row as the sheet counts it, from 1.
    pub row: u32,
    /// The column's name as this service writes it.
    pub column: &'static str,
    /// Why.
    pub reason: Reason,
}

impl Reason {
    /// A reason. It never repeats a personal value: reports are printed and mailed.
    pub fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, zh: zh.into(), en: en.into() }
    }

    /// At a row's column.
    #[must_use]
    pub const fn at(self, row: u32, column: &'static str) -> RowFault {
        RowFault { row, column, reason: self }
    }

    /// Nothing where something is needed.
    #[must_use]
    pub fn missing() -> Self {
        Self::new("missing", "必填，但为空", "it is empty, and a value is needed")
    }

    /// One of a fixed set of words was expected.
    #[must_use]
    pub fn not_one_of(words: &str) -> Self {
        Self::new("not_one_of", format!("应为：{words}"), format!("expected one of: {words}"))
    }

    /// A spreadsheet's error value.
    #[must_use]
    pub fn broken_cell() -> Self {
        Self::new(
            "broken_cell",
            "单元格是表格软件的错误值（如 #N/A）",
            "the cell holds a spreadsheet error such as #N/A",
        )
    }

    /// Scientific notation, or more digits than a spreadsheet keeps.
    #[must_use]
    pub fn digits_lost() -> Self {
        Self::new(
            "digits_lost",
            "编号被表格软件改成了科学计数，末位数字已丢失；请把该列设为“文本”后重新填写",
            "the spreadsheet turned this number into scientific notation and lost digits: format the column as text and enter it again",
        )
    }

    /// A number that has become a decimal, a negative or a date.
    #[must_use]
    pub fn mangled() -> Self {
        Self::new(
            "mangled_number",
            "编号被表格软件改成了小数、负数或日期；请把该列设为“文本”后重新填写",
            "the spreadsheet turned this number into a decimal, a negative or a date: format the column as text and enter it again",
        )
    }

    /// Not a number.
    #[must_use]
    pub fn not_a_number() -> Self {
        Self::new("not_a_number", "应为数字，例如 1234.5", "expected a number such as 1234.5")
    }

    /// Beyond what can be.
    #[must_use]
    pub fn too_large() -> Self {
        Self::new("out_of_range", "数值超出范围", "the value is out of range")
    }

    /// Not a day.
    #[must_use]
    pub fn not_a_day() -> Self {
        Self::new("not_a_day", "应为日期，例如 2024-03-01", "expected a day such as 2024-03-01")
    }

    /// Not a time.
    #[must_use]
    pub fn not_a_time() -> Self {
        Self::new(
            "not_a_time",
            "应为时间，例如 2024-03-01 08:30 或 2024-03-01T08:30:00+08:00",
            "expected a time such as 2024-03-01 08:30 or 2024-03-01T08:30:00+08:00",
        )
    }

    /// After now.
    #[must_use]
    pub fn in_the_future() -> Self {
        Self::new("in_the_future", "日期或时间晚于现在", "it lies in the future")
    }

    /// The same key further up in the file.
    #[must_use]
    pub fn repeated(first: u32) -> Self {
        Self::new("repeated", format!("与第 {first} 行重复"), format!("row {first} has the same"))
    }

    /// No such meter.
    #[must_use]
    pub fn unknown_meter() -> Self {
        Self::new("unknown_meter", "系统中没有此表号", "no meter has this number")
    }
}
