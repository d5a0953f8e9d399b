//! The password rule: long, not common, not the login (SECURITY, preamble); in the `mlps3` profile of several classes besides.
//!
//! Why separate: length and a list replace character classes and rotation (ASVS 5.0, 6.2), so the list must catch what people
//! really type when told "at least twelve": a common word with digits after it, a run over the keyboard, something repeated.

use super::Profile;
use crate::text::Text;

/// The fewest characters.
const SHORTEST: usize = 12;
/// The most characters: room for a long sentence, no room to burn the hash's time.
const LONGEST: usize = 128;
/// Classes of characters in the `mlps3` profile.
const CLASSES: usize = 3;
/// A login shorter than this is in too many words to be looked for.
const SHORTEST_LOGIN: usize = 3;

/// Why a password is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasswordFault {
    /// Fewer than 12 characters.
    TooShort,
    /// More than 128 characters.
    TooLong,
    /// On the list of common passwords.
    Common,
    /// Contains the login name.
    ContainsLogin,
    /// Of fewer than three of the four classes of characters.
    FewClasses,
    /// One the account has had.
    Reused,
}

impl PasswordFault {
    /// Every fault.
    pub const ALL: [Self; 6] =
        [Self::TooShort, Self::TooLong, Self::Common, Self::ContainsLogin, Self::FewClasses, Self::Reused];

    /// The code used in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::Common => "password_common",
            Self::ContainsLogin => "password_contains_login",
            Self::FewClasses => "password_few_classes",
            Self::Reused => "password_reused",
        }
    }

    /// What a person is told.
    #[must_use]
    pub const fn text(self) -> Text {
        match self {
            Self::TooShort => Text { zh: "密码至少 12 个字符", en: "the password needs at least 12 characters" },
            Self::TooLong => {
                Text { zh: "密码最多 128 个字符", en: "the password can have at most 128 characters" }
            }
            Self::Common => Text {
                zh: "密码过于常见,请使用几个互不相关的词",
                en: "the password is too common; use a few unrelated words",
            },
            Self::ContainsLogin => {
                Text { zh: "密码不能包含账号名", en: "the password must not contain the login name" }
            }
            Self::FewClasses => Text {
                zh: "密码须含大写字母、小写字母、数字、其他字符中的至少三类",
                en: "the password needs three of: capital letters, small letters, digits, other characters",
            },
            Self::Reused => {
                Text { zh: "不能使用用过的密码", en: "the password must not be one that was used before" }
            }
        }
    }
}

/// Checks a new password. Characters are counted as Unicode scalar values; nothing is trimmed or cut.
///
/// # Errors
/// The first fault found.
pub fn check_password(password: &str, login: &str, profile: Profile) -> Result<(), PasswordFault> {
    // Stops counting past the limit, so that a huge input costs nothing.
    match password.chars().take(LONGEST + 1).count() {
        ..SHORTEST => return Err(PasswordFault::TooShort),
        SHORTEST..=LONGEST => {}
        _ => return Err(PasswordFault::TooLong),
    }
    if profile == Profile::Mlps3 && count_classes(password) < CLASSES {
        return Err(PasswordFault::FewClasses);
    }
    let (password, login) = (normal(password), normal(login.trim()));
    if login.chars().count() >= SHORTEST_LOGIN && password.contains(&login) {
        return Err(PasswordFault::ContainsLogin);
    }
    if is_common(&password) { Err(PasswordFault::Common) } else { Ok(()) }
}

/// How many of the four classes are there; a Chinese character is of the fourth.
fn count_classes(password: &str) -> usize {
    let classes: [fn(char) -> bool; 3] = [char::is_uppercase, char::is_lowercase, char::is_numeric];
    let of_these = classes.iter().filter(|is| password.chars().any(*is)).count();
    of_these + usize::from(password.chars().any(|c| classes.iter().all(|is| !is(c))))
}

/// Lower case, with full-width forms (as a Chinese keyboard gives them) as their plain ones.
fn normal(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    };
    text.chars().map(plain).flat_map(char::to_lowercase).collect()
}

fn is_common(password: &str) -> bool {
    let characters: Vec<char> = password.chars().collect();
    let closed_up: String = characters.iter().filter(|c| **c != ' ').collect();
    entries(COMMON).any(|common| common == closed_up)
        || is_repeated(&characters)
        || is_runs(&characters)
        || is_common_words(&characters)
}

/// `p@ssw0rd` spelled as `password`.
const fn spelled(c: char) -> char {
    match c {
        '@' | '4' => 'a',
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '5' | '$' => 's',
        _ => c,
    }
}

/// A unit of at most six characters, over and over: `aaaaaaaaaaaa`, `abc123abc123`.
fn is_repeated(characters: &[char]) -> bool {
    (1..=6).any(|unit| characters.iter().zip(characters.iter().skip(unit)).all(|(a, b)| a == b))
}

/// Nothing but runs of three or more, and two characters after them at most: `qwertyuiop12`, `111222333444`, `abcdef654321`.
fn is_runs(characters: &[char]) -> bool {
    let mut rest = characters;
    while rest.len() > 2 {
        let length = (3..=rest.len()).take_while(|length| is_run(&rest[..*length])).last();
        let Some(length) = length else { return false };
        rest = &rest[length..];
    }
    true
}

fn is_run(characters: &[char]) -> bool {
    let forward: String = characters.iter().collect();
    let backward: String = characters.iter().rev().collect();
    characters.windows(2).all(|pair| pair[0] == pair[1])
        || entries(RUNS).any(|run| run.contains(&forward) || run.contains(&backward))
}

/// Common words, and besides them only digits and signs: `P@ssw0rd2024!`, `admin#123456`, `ranqi-chaobiao-1`. Digits and signs
/// without any word too: twelve digits are a telephone number, a birthday or an identity card.
///
/// Marks each place that can be reached from the start by stepping over a word, or over what is no letter.
fn is_common_words(characters: &[char]) -> bool {
    let mut reached = vec![false; characters.len() + 1];
    reached[0] = true;
    for start in 0..characters.len() {
        if !reached[start] {
            continue;
        }
        let rest = &characters[start..];
        reached[start + 1] |= !rest[0].is_alphabetic();
        for word in entries(WORDS).filter(|word| begins_with(rest, word)) {
            reached[start + word.chars().count()] = true;
        }
    }
    reached[characters.len()]
}

/// Whether the characters begin with a word, plain or with signs for letters.
fn begins_with(characters: &[char], word: &str) -> bool {
    characters.len() >= word.chars().count()
        && word.chars().zip(characters).all(|(w, c)| w == *c || w == spelled(*c) || (w, *c) == ('l', '1'))
}

fn entries(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split_ascii_whitespace()
}

/// Runs over the keyboard, the digits and the alphabet; they count backwards too.
const RUNS: &str = r"012345678901234567890 abcdefghijklmnopqrstuvwxyz qwertyuiop[]\ asdfghjkl;' zxcvbnm,./ !@#$%^&*()_+
    1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/ qazwsxedcrfvtgbyhnujmikolp 1q2w3e4r5t6y7u8i9o0p q1w2e3r4t5y6u7i8o9p0
    a1b2c3d4e5f6g7h8i9j0";

/// Words that carry no surprise, alone or together: from lists of leaked passwords, and of this trade and country. The last
/// line is what Chinese users put before a birthday or a run of digits: a letter or two, or a name.
const WORDS: &str =
    "password passwort passwd pass word admin administrator root user login welcome hello letmein changeme
    change me default guest test testing tester temp secret master system manager server company office account
    qwerty qwertyuiop qwer asdf asdfghjkl zxcv zxcvbnm qazwsx qaz wsx abc abcd aaa iloveyou ilove love you my
    dragon monkey sunshine princess football baseball superman batman michael summer winter spring autumn
    china beijing shanghai zhongguo woaini woaizhongguo mima gongsi guanliyuan ranqi tianranqi chaobiao
    meterbook meter gas reading reader 抄表 燃气 密码
    a ab qq wang li zhang liu chen yang huang zhao wu zhou xu sun zhu lin guo gao wei fang jing qiang lei jun";

/// Passwords of twelve or more characters known from leaked lists that no pattern above catches; spaces are left out.
const COMMON: &str = "correcthorsebatterystaple a1234567890a zaq12wsxcde3 1qazxsw23edc 1qaz@wsx3edc 1qaz!qaz2wsx
    !qaz2wsx#edc qweasdzxc123 123qweasdzxc qwe123asd456 asd123qwe456 iloveyou4ever trustno1trustno1
    thisisapassword nopassword123 jesuschrist1 starwars1977 woaiwojia1314 woaiwolaopo1 wodemima1234";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn fault(password: &str) -> Option<PasswordFault> {
        check_password(password, "lixiaoming", Profile::Modern).err()
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(fault("tram-velvet"), Some(PasswordFault::TooShort));
        assert_eq!(fault("tram-velvets"), None);
        assert_eq!(fault("春眠不觉晓处处闻啼鸟夜"), Some(PasswordFault::TooShort));
        assert_eq!(fault("春眠不觉晓处处闻啼鸟夜来"), None);
        let long: String = "tram velvet orchid ".chars().cycle().take(129).collect();
        assert_eq!(fault(&long), Some(PasswordFault::TooLong));
        assert_eq!(fault(&long[..128]), None);
    }

    #[test]
    fn mlps3_asks_for_three_of_four_classes() {
        let fault = |password: &str| check_password(password, "lixiaoming", Profile::Mlps3).err();
        for few in [
            "tramvelvetorchid",
            "tram velvet orchid",
            "tramvelvet7391",
            "TRAM VELVET ORCHID",
            "春眠不觉晓处处闻啼鸟夜来",
        ] {
            assert_eq!(fault(few), Some(PasswordFault::FewClasses), "{few}");
        }
        for good in ["Tram velvet orchid", "tram velvet 7391", "TRAM-VELVET-7391", "春眠不觉晓Tram处处闻啼"] {
            assert_eq!(fault(good), None, "{good}");
        }
        assert_eq!(fault("tram-velvet"), Some(PasswordFault::TooShort));
        assert_eq!(fault("P@ssw0rd2024!"), Some(PasswordFault::Common));
    }

    #[test]
    fn what_people_type_when_told_twelve_is_common() {
        for common in entries(
 "passwordpassword Password1234 P@ssw0rd2024! ｐａｓｓｗｏｒｄ１２３４ aaaaaaaaaaaa abcabcabcabc 123456789012
             098765432109 qwertyuiop12 QWERTY123456 1qaz2wsx3edc 1q2w3e4r5t6y 111222333444 abcdefghijkl
             zyxwvutsrqpo admin1234567 Administrator1 woaini5201314 woaini123456 ranqi2024chaobiao
             a12345678901 Aa123456789! qq1234567890 wang19900101 zhangwei1990 198805121988 138-1234-5678-0 we1come12345
             meterbook2026 MeterBook-Admin-1 welcome#12345 燃气抄表密码123456 iloveyou1234 asdfghjkl;'zxc",
) {
            assert_eq!(fault(common), Some(PasswordFault::Common), "{common}");
        }
    }

    #[test]
    fn a_few_unrelated_words_are_let_through() {
        for good in [
            "tram velvet orchid",
            "7 grey herons at dusk",
            "kJ8#vLq2!mXz",
            "Schiff-Kerze-Regal",
            "白杨树下卖糖葫芦的老张",
        ] {
            assert_eq!(fault(&format!("{good}.")), None, "{good}");
        }
        // A common word inside an uncommon sentence is no fault.
        assert_eq!(fault("the gas lamp hums 3 tunes"), None);
    }

    #[test]
    fn the_login_is_found_in_any_case_and_width() {
        assert_eq!(fault("orchid-LiXiaoMing"), Some(PasswordFault::ContainsLogin));
        assert_eq!(fault("orchid-ｌｉｘｉａｏｍｉｎｇ"), Some(PasswordFault::ContainsLogin));
        assert_eq!(check_password("tram velvet orchid", "tr", Profile::Modern), Ok(()));
        assert_eq!(check_password("tram velvet orchid", "", Profile::Modern), Ok(()));
        assert_eq!(check_password("tram velvet orchid", " orc ", Profile::Modern), Err(PasswordFault::ContainsLogin));
    }

    #[test]
    fn the_lists_are_normal_and_hold_nothing_twice() {
        for list in [WORDS, COMMON, RUNS] {
            assert_eq!(normal(list), list);
            assert_eq!(entries(list).collect::<BTreeSet<_>>().len(), entries(list).count());
        }
        assert!(entries(COMMON).all(|common| common.chars().count() >= SHORTEST));
    }

    #[test]
    fn every_fault_has_its_own_code_and_both_texts() {
        let codes: BTreeSet<&str> = PasswordFault::ALL.iter().map(|fault| fault.code()).collect();
        assert_eq!(codes.len(), PasswordFault::ALL.len());
        assert!(PasswordFault::ALL.iter().all(|fault| !fault.text().zh.is_ascii() && fault.text().en.is_ascii()));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(password in ".{0,200}", login in ".{0,20}") {
            let answer = check_password(&password, &login, Profile::Modern);
            let length = password.chars().count();
            prop_assert_eq!(answer == Err(PasswordFault::TooShort), length < SHORTEST);
            prop_assert_eq!(answer == Err(PasswordFault::TooLong), length > LONGEST);
        }

        #[test]
        fn case_never_makes_a_common_password_good(which in prop::sample::select(entries(COMMON).collect::<Vec<_>>()), upper: u64) {
            let flip = |(index, c): (usize, char)| if upper >> (index % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c };
            let password: String = which.chars().enumerate().map(flip).collect();
            prop_assert_eq!(fault(&password), Some(PasswordFault::Common));
        }
    }
}
