//! What a mail fails with.

use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::limits;
use heddle_model::value::json;
use lettre::transport::smtp::Error;
use std::error::Error as _;

/// No account of this name is open to this workspace.
pub const EMAIL_NO_ACCOUNT: &str = "EMAIL_NO_ACCOUNT";
/// The operator does not let mails go to this address.
pub const EMAIL_RECIPIENT: &str = "EMAIL_RECIPIENT";
/// The mail server cannot be reached, or the connection broke. Worth a retry.
pub const EMAIL_CONNECTION: &str = "EMAIL_CONNECTION";
/// The mail server did not answer in time. Worth a retry.
pub const EMAIL_TIMEOUT: &str = "EMAIL_TIMEOUT";
/// The mail server does not take the account's name and password.
pub const EMAIL_SIGN_IN: &str = "EMAIL_SIGN_IN";
/// The mail server says "not now" (4xx). Worth a retry.
pub const EMAIL_LATER: &str = "EMAIL_LATER";
/// The mail server says no (5xx): it does not know the recipient, or does not like the mail.
pub const EMAIL_REFUSED: &str = "EMAIL_REFUSED";

/// Answers of a server about who signs in (RFC 4954).
const SIGN_IN: [u16; 4] = [530, 534, 535, 538];

pub(super) fn failed(error: &Error) -> TaskError {
    let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let reason: String = reason.chars().take(limits::EMAIL_ANSWER_CHARS).collect();
    let Some(status) = error.status().map(u16::from) else {
        if error.is_timeout() {
            return TaskError::new(ErrorClass::Timeout, EMAIL_TIMEOUT, "the mail server did not answer in time");
        }
        return TaskError::new(
            ErrorClass::System,
            EMAIL_CONNECTION,
            format!("the mail server cannot be used: {reason}"),
        );
    };
    let mut found = if SIGN_IN.contains(&status) {
        // Trying a wrong password again and again locks accounts.
        TaskError::new(ErrorClass::System, EMAIL_SIGN_IN, "the mail server refused the account's sign-in").permanent()
    } else if error.is_transient() {
        TaskError::new(
            ErrorClass::System,
            EMAIL_LATER,
            format!("the mail server cannot take the mail now ({status}): {reason}"),
        )
    } else {
        TaskError::new(
            ErrorClass::Business,
            EMAIL_REFUSED,
            format!("the mail server refused the mail ({status}): {reason}"),
        )
        .permanent()
    };
    found.details = json!({ "status": status });
    found
}
