//! Sign-in, first-run set-up, sign-out, and the preferences that strangers may set too. All are plain forms: no script is needed.

mod calls;
mod setup;
mod signin;

#[cfg(feature = "ssr")]
pub use calls::{SetLanguage, SetTheme, SetUp, SignIn, SignOut};
pub use setup::SetUpPage;
pub use signin::SignInPage;

/// Keeps redirects at home: only a path of this site is followed.
pub fn safe_next(next: &str) -> &str {
    let odd = next.starts_with("//") || next.contains('\\') || next.chars().any(char::is_control);
    if next.starts_with('/') && !odd && !next.starts_with("/app/") { next } else { "/" }
}

/// Address of the sign-in page that comes back to `path` afterwards.
pub fn signin_address(path: &str, query: &str) -> String {
    if path.is_empty() || path == "/" {
        return "/signin".to_owned();
    }
    let back = if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.trim_start_matches('?')) };
    format!("/signin?next={}", encode(&back))
}

/// Percent-encodes a query value.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_at_home() {
        for (given, followed) in [
            ("/instances?status=RUNNING", "/instances?status=RUNNING"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/x\r\nSet-Cookie: a=b", "/"),
            ("/app/sign_out", "/"),
            ("", "/"),
        ] {
            assert_eq!(safe_next(given), followed, "{given:?}");
        }
    }

    #[test]
    fn the_way_back_is_kept() {
        assert_eq!(signin_address("/", ""), "/signin");
        assert_eq!(signin_address("/workflows", "?q=订单"), "/signin?next=%2Fworkflows%3Fq%3D%E8%AE%A2%E5%8D%95");
    }
}
