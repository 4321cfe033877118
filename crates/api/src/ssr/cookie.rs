//! The session cookie: its names, and the header lines that set and clear it.

use super::context::RequestContext;
use crate::view::SignedIn;

/// Its name over TLS: browsers then refuse it from other hosts, without `Secure`, or with a path.
pub const SECURE_NAME: &str = "__Host-sid";
/// Its name over plain HTTP on the loopback, where `__Host-` is not allowed.
pub const PLAIN_NAME: &str = "heddle-sid";
/// The language that a person picked, readable by the page.
pub const LANG_NAME: &str = "heddle-lang";

/// The name that goes with this request.
pub const fn name(context: &RequestContext) -> &'static str {
    if context.secure { SECURE_NAME } else { PLAIN_NAME }
}

/// The value of `Set-Cookie` after signing in.
pub fn set(context: &RequestContext, signed_in: &SignedIn) -> String {
    let secure = if context.secure { "; Secure" } else { "" };
    format!("{}={}; Path=/; HttpOnly; SameSite=Strict{secure}", name(context), signed_in.secret)
}

/// The value of `Set-Cookie` after signing out.
pub fn clear(context: &RequestContext) -> String {
    let secure = if context.secure { "; Secure" } else { "" };
    format!("{}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}", name(context))
}
