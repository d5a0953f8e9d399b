//! Codes with their texts: one table makes the enum, its codes and what a person reads.
//!
//! Why separate: hazards, found changes and rejections are contracts with phones in the field, and all three are such tables.

/// Makes an enum of `Name = "code": "中文", "English";` rows, with `ALL`, `code`, `text` and `from_code`.
macro_rules! coded {
    ($(#[$about:meta])* $kind:ident { $($(#[$doc:meta])* $name:ident = $code:literal: $zh:literal, $en:literal;)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $kind {
            $($(#[$doc])* $name,)+
        }

        impl $kind {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code used in the API and the database.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What a person reads.
            #[must_use]
            pub const fn text(self) -> $crate::text::Text {
                match self { $(Self::$name => $crate::text::Text { zh: $zh, en: $en },)+ }
            }

            /// The one of a [`code`](Self::code).
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }
    };
}
pub(crate) use coded;
