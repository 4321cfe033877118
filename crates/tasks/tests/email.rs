//! The `email` task against a small mail server on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use heddle_engine::tasks::{ErrorClass, TaskType};
use heddle_model::ids::WorkspaceId;
use heddle_model::value::{Value, json};
use heddle_tasks::Secret;
use heddle_tasks::email::*;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use support::{failure, run, task};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// A mail as the server got it.
#[derive(Debug, Clone, Default)]
struct Mail {
    from: String,
    to: Vec<String>,
    data: String,
}

#[derive(Default)]
struct Server {
    mails: Mutex<Vec<Mail>>,
    /// The name and password that somebody signed in with, in base64.
    sign_ins: Mutex<Vec<String>>,
    hanging: Notify,
}

async fn serve() -> (Arc<Server>, u16) {
    let server = Arc::new(Server::default());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shared = server.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(shared.clone(), stream));
        }
    });
    (server, port)
}

/// RFC 5321, as much as it takes. Recipients say what happens: nobody@ is refused, later@ put off, hang@ never answered.
async fn talk(server: Arc<Server>, stream: TcpStream) -> Option<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut mail = Mail::default();
    write.write_all(b"220 here\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" => "250-here\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n",
            "AUTH" => {
                server.sign_ins.lock().unwrap().push(line.rsplit(' ').next()?.to_owned());
                if line.ends_with("AHdyb25nAHdyb25n") { "535 no\r\n" } else { "235 yes\r\n" }
            }
            "MAIL" => {
                mail = Mail { from: line, ..Mail::default() };
                "250 ok\r\n"
            }
            "RCPT" if line.contains("nobody@") => "550 5.1.1 no such user\r\n",
            "RCPT" if line.contains("later@") => "451 try later\r\n",
            "RCPT" if line.contains("hang@") => {
                server.hanging.notify_one();
                std::future::pending().await
            }
            "RCPT" => {
                mail.to.push(line);
                "250 ok\r\n"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                loop {
                    let line = lines.next_line().await.ok()??;
                    if line == "." {
                        break;
                    }
                    mail.data += &line;
                    mail.data += "\n";
                }
                server.mails.lock().unwrap().push(mail.clone());
                "250 queued as 7\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        write.write_all(answer.as_bytes()).await.ok()?;
    }
    Some(())
}

fn account(port: u16) -> AccountConfig {
    AccountConfig {
        host: "127.0.0.1".into(),
        port: Some(port),
        encryption: Encryption::None,
        username: None,
        password: None,
        from: "订单 <orders@example.com>".into(),
        recipients: Vec::new(),
        workspaces: Vec::new(),
    }
}

fn email(account: AccountConfig) -> Email {
    Email::new(&EmailConfig { accounts: BTreeMap::from([("default".into(), account)]), slots: None }).unwrap()
}

fn mail(to: Value) -> Value {
    json!({ "to": to, "subject": "hi", "text": "there" })
}

#[tokio::test]
async fn a_mail_arrives_whole_and_blind_copies_stay_blind() {
    let (server, port) = serve().await;
    let input = json!({ "to": ["Ann <ann@example.org>", "bob@example.org"], "cc": "cc@example.org", "bcc": ["blind@example.org"], "reply_to": "desk@example.com",
        "subject": "订单 7", "text": "line\n.\nlast line", "html": "<b>金额</b>", "attachments": [{"name": "数据.csv", "type": "text/csv", "text": "a,b"}, {"name": "x.bin", "base64": "/wA="}] });
    let output = run(&email(account(port)), input).await.unwrap();
    assert_eq!(
        output["recipients"],
        json!(["ann@example.org", "bob@example.org", "cc@example.org", "blind@example.org"])
    );
    assert!(output["answer"].as_str().unwrap().contains("queued as 7"));
    let got = server.mails.lock().unwrap()[0].clone();
    assert!(got.from.contains("<orders@example.com>") && got.to.len() == 4, "{got:?}");
    let id = output["message_id"].as_str().unwrap();
    for part in [
        &format!("Message-ID: {id}"),
        "Auto-Submitted: auto-generated",
        "Reply-To: desk@example.com",
        "Cc: cc@example.org",
        "text/csv",
        "multipart/alternative",
        "last line",
        "/wA=",
    ] {
        assert!(got.data.contains(part), "{part} in {}", got.data);
    }
    assert!(!got.data.to_lowercase().contains("bcc") && !got.data.contains("blind"), "{}", got.data);
    assert!(id.ends_with("@example.com>"));
}

#[tokio::test]
async fn every_attempt_has_the_same_message_id_and_every_task_its_own() {
    let (server, port) = serve().await;
    let email = email(account(port));
    let mut ids = Vec::new();
    for (key, attempt) in [("wi_1/a/1", 1), ("wi_1/a/1", 2), ("wi_1/a/2", 1)] {
        let mut task = task(mail(json!("ann@example.org")));
        (task.key, task.attempt) = (key.to_owned(), attempt);
        ids.push(email.execute(task).await.unwrap().output["message_id"].as_str().unwrap().to_owned());
    }
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
    assert_eq!(server.mails.lock().unwrap().iter().filter(|mail| mail.data.contains(&ids[0])).count(), 2);
}

#[tokio::test]
async fn nothing_that_is_put_in_becomes_a_header_or_a_recipient() {
    let (server, port) = serve().await;
    let email = email(account(port));
    for (field, value) in [
        ("subject", json!("hi\r\nBcc: evil@example.net")),
        ("subject", json!("hi\nX: 1")),
        ("subject", json!("hi\u{0}")),
        ("subject", json!("x".repeat(999))),
        ("to", json!("ann@example.org\r\nRCPT TO:<evil@example.net>")),
        ("to", json!("ann@example.org, evil@example.net")),
        ("to", json!("ann@example.org> <evil@example.net")),
        ("to", json!("Ann\r\nBcc: evil@example.net <ann@example.org>")),
        ("to", json!([])),
        ("to", json!(["ann@example.org", 5])),
        ("to", json!("nonsense")),
        ("to", json!(vec!["ann@example.org"; 51])),
        ("cc", json!("a@b\nc")),
        ("bcc", json!("\r\n")),
        ("reply_to", json!("a@example.org\r\nBcc: evil@example.net")),
        ("from", json!("ceo@example.com")),
        ("text", json!(null)),
        ("attachments", json!([{"name": "a\r\nX: 1", "text": "x"}])),
        ("attachments", json!([{"name": "a", "type": "text/csv\r\nX: 1", "text": "x"}])),
        ("attachments", json!([{"name": "a", "base64": "§"}])),
        ("attachments", json!([{"name": "a"}])),
    ] {
        let mut input = mail(json!("ann@example.org"));
        input[field] = value.clone();
        assert_eq!(
            failure(&email, input).await,
            ("CONFIG_INVALID".into(), ErrorClass::Business, false),
            "{field}: {value}"
        );
    }
    assert!(server.mails.lock().unwrap().is_empty());
    // What looks like a header inside the text, or the end of the mail, stays text.
    let mut input = mail(json!("ann@example.org"));
    input["text"] = json!("x\r\n.\r\nMAIL FROM:<evil@example.net>\r\n\r\nBcc: evil@example.net");
    run(&email, input).await.unwrap();
    let mails = server.mails.lock().unwrap();
    assert_eq!((mails.len(), mails[0].to.len()), (1, 1), "{mails:?}");
}

#[tokio::test]
async fn answers_of_the_server_are_told_apart() {
    let (server, port) = serve().await;
    let plain = email(account(port));
    // All or nobody: the first recipient gets no mail either.
    assert_eq!(
        failure(&plain, mail(json!(["ann@example.org", "nobody@example.org"]))).await,
        (EMAIL_REFUSED.into(), ErrorClass::Business, false)
    );
    assert_eq!(failure(&plain, mail(json!("later@example.org"))).await, (EMAIL_LATER.into(), ErrorClass::System, true));
    let error = run(&plain, mail(json!("nobody@example.org"))).await.unwrap_err();
    assert_eq!(error.details, json!({ "status": 550 }));
    let wrong =
        AccountConfig { username: Some("wrong".into()), password: Some(Secret::from("wrong")), ..account(port) };
    assert_eq!(
        failure(&email(wrong), mail(json!("ann@example.org"))).await,
        (EMAIL_SIGN_IN.into(), ErrorClass::System, false)
    );
    let right = AccountConfig { username: Some("ann".into()), password: Some(Secret::from("geheim")), ..account(port) };
    run(&email(right), mail(json!("ann@example.org"))).await.unwrap();
    assert_eq!(server.sign_ins.lock().unwrap().len(), 2);
    // A server that offers no encryption is not spoken to in plain text.
    {
        let encryption = Encryption::Starttls;
        let guarded = AccountConfig {
            encryption,
            username: Some("ann".into()),
            password: Some(Secret::from("geheim")),
            ..account(port)
        };
        let error = run(&email(guarded), mail(json!("ann@example.org"))).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.class), (EMAIL_CONNECTION, ErrorClass::System), "{error}");
    }
    assert_eq!((server.sign_ins.lock().unwrap().len(), server.mails.lock().unwrap().len()), (2, 1));
    let dead = heddle_testkit::free_port().unwrap();
    assert_eq!(
        failure(&email(account(dead)), mail(json!("ann@example.org"))).await,
        (EMAIL_CONNECTION.into(), ErrorClass::System, true)
    );
}

#[tokio::test]
async fn a_cancelled_mail_is_not_sent() {
    let (server, port) = serve().await;
    let email = email(account(port));
    let task = task(mail(json!(["ann@example.org", "hang@example.org"])));
    let (cancelled, running) = (task.cancelled.clone(), tokio::spawn(async move { email.execute(task).await }));
    server.hanging.notified().await;
    cancelled.cancel();
    assert_eq!(running.await.unwrap().unwrap_err().code, "CANCELLED");
    assert!(server.mails.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_operator_says_who_may_write_to_whom() {
    let (_server, port) = serve().await;
    let near = AccountConfig { recipients: vec!["Example.org".into(), "one@example.net".into()], ..account(port) };
    let near = email(near);
    run(&near, mail(json!(["ann@EXAMPLE.org", "one@example.net"]))).await.unwrap();
    for stranger in ["two@example.net", "ann@sub.example.org", "ann@example.org.evil.net"] {
        let mut input = mail(json!("ann@example.org"));
        input["bcc"] = json!(stranger);
        assert_eq!(failure(&near, input).await, (EMAIL_RECIPIENT.into(), ErrorClass::Business, false));
    }
    let other = AccountConfig { workspaces: vec![WorkspaceId::from_u128(9)], ..account(port) };
    assert_eq!(failure(&email(other), mail(json!("ann@example.org"))).await.0, EMAIL_NO_ACCOUNT);
    let mut input = mail(json!("ann@example.org"));
    input["account"] = json!("none");
    assert_eq!(failure(&near, input).await, (EMAIL_NO_ACCOUNT.into(), ErrorClass::Business, false));
}

#[test]
fn accounts_that_cannot_be_used_are_told_at_the_start() {
    let make = |account: AccountConfig| {
        Email::new(&EmailConfig { accounts: BTreeMap::from([("a".into(), account)]), slots: None }).err()
    };
    let secret = || Some(Secret::from("geheim"));
    let plain = AccountConfig {
        host: "mail.example.com".into(),
        username: Some("u".into()),
        password: secret(),
        ..account(25)
    };
    assert_eq!(make(plain.clone()), Some(AccountError::Plain("a".into())));
    assert_eq!(make(AccountConfig { encryption: Encryption::Starttls, ..plain.clone() }), None);
    assert_eq!(make(AccountConfig { encryption: Encryption::Tls, ..plain.clone() }), None);
    assert_eq!(make(AccountConfig { username: None, ..plain.clone() }), Some(AccountError::SignIn("a".into())));
    assert_eq!(make(AccountConfig { from: "nobody".into(), ..account(25) }), Some(AccountError::From("a".into())));
    assert!(!format!("{plain:?}").contains("geheim"));
}
