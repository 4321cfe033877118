//! From the config of an `email` task to a mail.

use super::account::Account;
use super::error::EMAIL_RECIPIENT;
use crate::config::invalid;
use heddle_engine::tasks::{ErrorClass, TaskError};
use heddle_model::limits;
use heddle_model::value::Value;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The config of an `email` task.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailTask {
    pub(super) account: Option<String>,
    to: Value,
    #[serde(default)]
    cc: Value,
    #[serde(default)]
    bcc: Value,
    reply_to: Option<String>,
    subject: String,
    text: Option<String>,
    html: Option<String>,
    #[serde(default)]
    attachments: Vec<File>,
}

/// An attachment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    base64: Option<String>,
}

/// The Message-ID: equal on every attempt of a task, so that who de-duplicates sees one mail.
pub(super) fn id(key: &str, from: &Mailbox) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let text: String = digest.iter().take(20).map(|byte| format!("{byte:02x}")).collect();
    format!("<{text}@{}>", from.email.domain())
}

/// The mail of a config.
pub(super) fn message(task: &EmailTask, account: &Account, id: &str) -> Result<Message, TaskError> {
    let mut builder = Message::builder()
        .from(account.from.clone())
        .message_id(Some(id.to_owned()))
        .subject(line("subject", &task.subject, limits::EMAIL_SUBJECT_BYTES)?)
        // So that no holiday notice answers a machine (RFC 3834).
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
    let (to, cc, bcc) = (addresses("to", &task.to)?, addresses("cc", &task.cc)?, addresses("bcc", &task.bcc)?);
    if to.is_empty() {
        return Err(invalid("`to` names nobody"));
    }
    let all = to.len() + cc.len() + bcc.len();
    if all > limits::EMAIL_RECIPIENTS {
        return Err(invalid(format!("the mail has {all} recipients, more than {}", limits::EMAIL_RECIPIENTS)));
    }
    if let Some(stranger) = to.iter().chain(&cc).chain(&bcc).find(|it| !account.may_reach(it)) {
        let message = format!("mails may not go to {}; an operator may allow it", stranger.email);
        return Err(TaskError::new(ErrorClass::Business, EMAIL_RECIPIENT, message).permanent());
    }
    builder = to.into_iter().fold(builder, |builder, to| builder.to(to));
    builder = cc.into_iter().fold(builder, |builder, cc| builder.cc(cc));
    builder = bcc.into_iter().fold(builder, |builder, bcc| builder.bcc(bcc));
    if let Some(reply_to) = &task.reply_to {
        builder = builder.reply_to(address("reply_to", reply_to)?);
    }
    let failed = |error: lettre::error::Error| invalid(format!("the mail cannot be made: {error}"));
    if !task.attachments.is_empty() {
        let mixed = match body(task)? {
            Body::Both(both) => MultiPart::mixed().multipart(both),
            Body::One(one) => MultiPart::mixed().singlepart(one),
        };
        return builder.multipart(attach(mixed, &task.attachments)?).map_err(failed);
    }
    match body(task)? {
        Body::Both(both) => builder.multipart(both),
        Body::One(one) => builder.singlepart(one),
    }
    .map_err(failed)
}

enum Body {
    One(SinglePart),
    Both(MultiPart),
}

fn body(task: &EmailTask) -> Result<Body, TaskError> {
    Ok(match (&task.text, &task.html) {
        (Some(text), Some(html)) => Body::Both(MultiPart::alternative_plain_html(text.clone(), html.clone())),
        (Some(text), None) => Body::One(SinglePart::plain(text.clone())),
        (None, Some(html)) => Body::One(SinglePart::html(html.clone())),
        (None, None) => return Err(invalid("the mail has neither `text` nor `html`")),
    })
}

fn attach(mut mixed: MultiPart, files: &[File]) -> Result<MultiPart, TaskError> {
    use base64::Engine as _;
    if files.len() > limits::EMAIL_ATTACHMENTS {
        return Err(invalid(format!("the mail has more than {} attachments", limits::EMAIL_ATTACHMENTS)));
    }
    for file in files {
        let name = line("name of an attachment", &file.name, limits::NAME_BYTES)?;
        let (bytes, default) = match (&file.text, &file.base64) {
            (Some(text), None) => (text.clone().into_bytes(), "text/plain; charset=utf-8"),
            (None, Some(text)) => {
                let bytes = base64::engine::general_purpose::STANDARD.decode(text);
                (
                    bytes.map_err(|_| invalid(format!("the attachment `{name}` is not base64")))?,
                    "application/octet-stream",
                )
            }
            _ => return Err(invalid(format!("the attachment `{name}` needs one of `text` and `base64`"))),
        };
        let kind = line("type of an attachment", file.kind.as_deref().unwrap_or(default), limits::NAME_BYTES)?;
        let kind = ContentType::parse(&kind).map_err(|_| invalid(format!("`{kind}` is no type such as text/csv")))?;
        mixed = mixed.singlepart(Attachment::new(name).body(bytes, kind));
    }
    Ok(mixed)
}

/// One address, or a list of them. A text is one address, never several: a value that was put in cannot add another.
fn addresses(field: &str, value: &Value) -> Result<Vec<Mailbox>, TaskError> {
    let one = |value: &Value| match value {
        Value::String(text) => address(field, text),
        other => Err(invalid(format!("`{field}` has {other}; write an address, or a list of addresses"))),
    };
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(list) => list.iter().map(one).collect(),
        value => one(value).map(|one| vec![one]),
    }
}

fn address(field: &str, text: &str) -> Result<Mailbox, TaskError> {
    let text = line(field, text, limits::EMAIL_ADDRESS_BYTES)?;
    text.trim().parse().map_err(|_| {
        invalid(format!("`{field}` has `{text}`; write an address such as ann@example.com or Ann <ann@example.com>"))
    })
}

/// A text that stands in a header: one line, of bounded length.
fn line(field: &str, text: &str, most: usize) -> Result<String, TaskError> {
    if text.len() > most {
        return Err(invalid(format!("the {field} is longer than {most} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(format!("the {field} holds a line break or another control character")));
    }
    Ok(text.to_owned())
}
