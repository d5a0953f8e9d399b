//! Cells of an imported sheet, read strictly: a number that a spreadsheet has mangled is refused, never guessed at.

use super::faults::Reason;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use meterbook::calendar::{Instant, Zone};

/// A cell as the file holds it.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text, full-width characters folded and ends trimmed.
    Text(String),
    /// A spreadsheet's own number.
    Number(f64),
    /// A spreadsheet's own date or time.
    Moment(NaiveDateTime),
    /// `#REF!`, `#N/A` and their like.
    Broken,
}

/// Digits a spreadsheet keeps exactly; beyond them it writes zeros.
const EXACT_DIGITS: f64 = 1e15;

impl Cell {
    /// A cell of plain text.
    #[must_use]
    pub fn text(raw: &str) -> Self {
        let text = fold(raw);
        // `="00123"` and `'00123` are how spreadsheets are made to leave a number alone.
        let bare = text.strip_prefix("=\"").and_then(|inner| inner.strip_suffix('"'));
        let text = bare.or_else(|| text.strip_prefix('\'')).unwrap_or(&text).trim();
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::Empty
    }

    /// Free text of at most `most` characters; `None` where the cell is empty.
    ///
    /// # Errors
    /// Too long, or a spreadsheet's error value.
    pub fn words(&self, most: usize) -> Result<Option<String>, Reason> {
        let text = match self {
            Self::Empty => return Ok(None),
            Self::Text(text) => text.clone(),
            Self::Number(number) => plain(*number),
            Self::Moment(at) => at.format("%Y-%m-%d").to_string(),
            Self::Broken => return Err(Reason::broken_cell()),
        };
        if text.chars().count() > most {
            return Err(Reason::new("too_long", format!("超过 {most} 个字符"), format!("over {most} characters")));
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t' && c != '\r') {
            return Err(Reason::new("control_character", "含有控制字符", "it holds a control character"));
        }
        Ok(Some(text))
    }

    /// A 户号, 表号 or other number that is a name: kept as text with its leading zeros.
    ///
    /// # Errors
    /// Where a spreadsheet has turned it into a quantity, so that digits are lost.
    pub fn number_name(&self) -> Result<Option<String>, Reason> {
        let text = match self {
            Self::Number(number) if number.fract() != 0.0 || *number < 0.0 => return Err(Reason::mangled()),
            Self::Number(number) if *number >= EXACT_DIGITS => return Err(Reason::digits_lost()),
            Self::Moment(_) => return Err(Reason::mangled()),
            other => other.words(64)?,
        };
        let Some(text) = text else { return Ok(None) };
        if is_scientific(&text) {
            return Err(Reason::digits_lost());
        }
        if is_decimal(&text) {
            return Err(Reason::mangled());
        }
        if text.chars().any(char::is_whitespace) {
            return Err(Reason::new("space_inside", "编号中间有空格", "there is a space inside the number"));
        }
        Ok(Some(text))
    }

    /// A quantity with at most `decimals` decimals, as an integer of the last one.
    ///
    /// # Errors
    /// Not a number, too precise or too large.
    pub fn quantity(&self, decimals: u32) -> Result<Option<i64>, Reason> {
        let text = match self {
            Self::Number(number) => Some(plain(*number)),
            Self::Moment(_) => return Err(Reason::not_a_number()),
            other => other.words(40)?,
        };
        text.map(|text| scaled(&text, decimals)).transpose()
    }

    /// A day: a date cell, `2024-3-1`, `2024/03/01`, `2024.3.1`, `2024年3月1日` or `20240301`.
    ///
    /// # Errors
    /// Anything else, and days that do not exist.
    pub fn day(&self) -> Result<Option<NaiveDate>, Reason> {
        let text = match self {
            Self::Moment(at) => return sane(at.date()).map(Some),
            Self::Number(number) => Some(plain(*number)),
            other => other.words(40)?,
        };
        let Some(text) = text else { return Ok(None) };
        day_of(&text).ok_or_else(Reason::not_a_day).and_then(sane).map(Some)
    }

    /// A moment: RFC 3339, a date cell, or local `YYYY-MM-DD HH:MM[:SS]` in the company's zone.
    ///
    /// # Errors
    /// Anything else.
    pub fn moment(&self, zone: Zone) -> Result<Option<Instant>, Reason> {
        let local = match self {
            Self::Moment(at) => *at,
            Self::Number(_) => return Err(Reason::not_a_time()),
            other => {
                let Some(text) = other.words(40)? else { return Ok(None) };
                if let Ok(at) = DateTime::parse_from_rfc3339(&text) {
                    return sane(at.date_naive()).map(|_| Some(at.to_utc()));
                }
                local_time(&text).ok_or_else(Reason::not_a_time)?
            }
        };
        sane(local.date())?;
        Ok(Some(zone.start_of(local.date()) + (local - local.date().and_time(chrono::NaiveTime::MIN))))
    }
}

/// Full-width characters to their plain forms, ends trimmed, without what nobody can see.
#[must_use]
pub fn fold(raw: &str) -> String {
    let folded = raw.chars().filter(|c| !matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}')).map(|c| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        other => other,
    });
    folded.collect::<String>().trim().to_owned()
}

/// The shortest decimal that is this number, without an exponent.
fn plain(number: f64) -> String {
    format!("{number}")
}

fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let is_signed = exponent.starts_with(['+', '-']);
    let digits = exponent.trim_start_matches(['+', '-']);
    // Without a point or a sign, `12E5` may well be what is printed on the meter.
    (is_signed || mantissa.contains('.'))
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && mantissa.starts_with(|c: char| c.is_ascii_digit())
        && mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
}

/// Reads `-1,234.5` as an integer of 10^-decimals.
fn scaled(text: &str, decimals: u32) -> Result<i64, Reason> {
    let (sign, magnitude) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
    let whole = ungrouped(whole).ok_or_else(Reason::not_a_number)?;
    let is_number = !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    if !is_number || magnitude.ends_with('.') {
        return Err(Reason::not_a_number());
    }
    let fraction = fraction.trim_end_matches('0');
    let Some(missing) = (decimals as usize).checked_sub(fraction.len()) else {
        return Err(Reason::new(
            "too_precise",
            format!("最多 {decimals} 位小数"),
            format!("at most {decimals} decimals are kept"),
        ));
    };
    let digits = format!("{whole}{fraction}{}", "0".repeat(missing));
    let value: i64 = digits.parse().map_err(|_| Reason::too_large())?;
    if value > meterbook::quantity::Volume::WIRE_LIMIT {
        return Err(Reason::too_large());
    }
    Ok(sign * value)
}

/// Takes thousands separators away where they stand where they should.
fn ungrouped(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let is_grouped = rest.iter().all(|group| group.len() == 3) && (rest.is_empty() || (1..=3).contains(&first.len()));
    is_grouped.then(|| format!("{first}{}", rest.concat()))
}

fn day_of(text: &str) -> Option<NaiveDate> {
    let digits = |part: &str, most: usize| {
        ((1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
    };
    if text.len() == 8
        && let Some(number) = digits(text, 8)
    {
        return NaiveDate::from_ymd_opt((number / 10_000) as i32, number / 100 % 100, number % 100);
    }
    let text = text.trim_end_matches('日').replace(['/', '.', '年', '月'], "-");
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let (year, month, day): (u32, u32, u32) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
    NaiveDate::from_ymd_opt(year as i32, month, day)
}

fn local_time(text: &str) -> Option<NaiveDateTime> {
    let (day, time) = text.split_once([' ', 'T'])?;
    let time = time.trim();
    let time = ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|form| chrono::NaiveTime::parse_from_str(time, form).ok())?;
    Some(day_of(day)?.and_time(time))
}

/// Days outside 1950–2100 are slips of the pen.
fn sane(day: NaiveDate) -> Result<NaiveDate, Reason> {
    use chrono::Datelike as _;
    if (1950..=2100).contains(&day.year()) { Ok(day) } else { Err(Reason::not_a_day()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> Cell {
        Cell::text(raw)
    }

    #[test]
    fn numbers_that_are_names_keep_their_zeros_and_lose_their_width() {
        for (raw, kept) in [("　００１２３ ", "00123"), ("'00456", "00456"), ("=\"007\"", "007"), ("12E5", "12E5")]
        {
            assert_eq!(text(raw).number_name(), Ok(Some(kept.to_owned())), "{raw}");
        }
        assert_eq!(Cell::Number(1_000_234.0).number_name(), Ok(Some("1000234".to_owned())));
    }

    #[test]
    fn numbers_a_spreadsheet_mangled_are_refused() {
        let code = |cell: Cell| cell.number_name().unwrap_err().code;
        assert_eq!(code(text("1.23E+15")), "digits_lost");
        assert_eq!(code(text("1e+15")), "digits_lost");
        assert_eq!(code(Cell::Number(1.234_567_890_123_456_7e17)), "digits_lost");
        assert_eq!(code(text("100234.0")), "mangled_number");
        assert_eq!(code(Cell::Number(1234.5)), "mangled_number");
        assert_eq!(code(text("12 34")), "space_inside");
    }

    #[test]
    fn days_are_read_in_every_usual_form() {
        let expected = NaiveDate::from_ymd_opt(2024, 3, 1);
        for raw in ["2024-03-01", "2024/3/1", "2024.3.1", "20240301", "2024年3月1日", "２０２４－０３－０１"]
        {
            assert_eq!(text(raw).day(), Ok(expected), "{raw}");
        }
        for raw in ["2024-02-30", "24-3-1", "1/3/2024", "3月1日", "0001-01-01", "soon"] {
            assert!(text(raw).day().is_err(), "{raw}");
        }
    }

    #[test]
    fn quantities_are_exact() {
        assert_eq!(text("1,234.5").quantity(3), Ok(Some(1_234_500)));
        assert_eq!(text("-0.125").quantity(3), Ok(Some(-125)));
        assert_eq!(Cell::Number(0.3).quantity(3), Ok(Some(300)));
        assert_eq!(text("12.3400").quantity(2), Ok(Some(1234)));
        for raw in ["1.2345", "12,34", "1e3", "", "1.", ".5", "九", "99999999999999999"] {
            assert!(!matches!(text(raw).quantity(3), Ok(Some(_))), "{raw}");
        }
    }

    #[test]
    fn local_times_are_the_companys() {
        let at = |raw: &str| text(raw).moment(Zone::default()).unwrap().unwrap().to_rfc3339();
        assert_eq!(at("2024-03-01 08:30"), "2024-03-01T00:30:00+00:00");
        assert_eq!(at("2024/3/1 08:30:15"), "2024-03-01T00:30:15+00:00");
        assert_eq!(at("2024-03-01T08:30:00+09:00"), "2024-02-29T23:30:00+00:00");
        assert!(text("2024-03-01").moment(Zone::default()).is_err());
        assert!(text("2024-03-01 25:00").moment(Zone::default()).is_err());
    }
}
