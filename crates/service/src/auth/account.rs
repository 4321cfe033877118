//! How account names are compared.

use unicode_normalization::UnicodeNormalization;

/// The form in which names and e-mail addresses are compared: NFKC, lower case, without spaces around.
pub(crate) fn login_key(name: &str) -> String {
    name.trim().nfkc().collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_one() {
        assert_eq!(login_key(" Admin "), login_key("admin"));
        assert_eq!(login_key("ＡＤＭＩＮ"), "admin");
        assert_eq!(login_key("cafe\u{301}"), login_key("café"));
        assert_ne!(login_key("林"), login_key("林林"));
    }
}
