//! The macro that turns a list of messages into methods of `Words` and into a list for the tests.

/// Three blocks: `texts` (no value), `phrases` (with values), `counts` (English one and many, Chinese).
macro_rules! catalogue {
    (
        texts { $($text:ident: $text_en:literal, $text_zh:literal;)* }
        phrases { $($phrase:ident($($arg:ident: $kind:ty),+): $phrase_en:literal, $phrase_zh:literal;)* }
        counts { $($count:ident($n:ident): $one:literal, $many:literal, $count_zh:literal;)* }
    ) => {
        #[allow(missing_docs, reason = "the message is its own description")]
        impl crate::i18n::Words {
            $(pub const fn $text(self) -> &'static str {
                match self.0 {
                    ::heddle_api::Lang::En => $text_en,
                    ::heddle_api::Lang::Zh => $text_zh,
                }
            })*
            $(pub fn $phrase(self, $($arg: $kind),+) -> String {
                match self.0 {
                    ::heddle_api::Lang::En => format!($phrase_en),
                    ::heddle_api::Lang::Zh => format!($phrase_zh),
                }
            })*
            $(pub fn $count(self, $n: u64) -> String {
                let one = $n == 1;
                let $n = crate::i18n::group($n);
                match self.0 {
                    ::heddle_api::Lang::En if one => format!($one),
                    ::heddle_api::Lang::En => format!($many),
                    ::heddle_api::Lang::Zh => format!($count_zh),
                }
            })*
        }

        pub(super) const LIST: &[crate::i18n::Entry] = &[
            $((stringify!($text), $text_en, $text_zh),)*
            $((stringify!($phrase), $phrase_en, $phrase_zh),)*
            $((stringify!($count), $many, $count_zh),)*
        ];
    };
}
pub(super) use catalogue;
