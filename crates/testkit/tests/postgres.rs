//! The kit's own promises about PostgreSQL: real, durable, separate databases, gone afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use heddle_testkit::Postgres;

#[test]
fn databases_are_separate_and_fsync_is_on() {
    let server = Postgres::shared().unwrap();
    let (one, two) = (server.database().unwrap(), server.database().unwrap());
    server.sql(&one.name, "CREATE TABLE t (n int)").unwrap();
    assert!(server.sql(&two.name, "SELECT * FROM t").is_err());
    assert_eq!(server.sql(&one.name, "SHOW fsync").unwrap(), "on");
}

#[test]
fn a_commit_survives_a_crash_and_a_kill() {
    let server = Postgres::start().unwrap();
    let database = server.database().unwrap();
    server.sql(&database.name, "CREATE TABLE t (n int); INSERT INTO t VALUES (1)").unwrap();
    server.stop_immediately().unwrap();
    server.launch().unwrap();
    server.sql(&database.name, "INSERT INTO t VALUES (2)").unwrap();
    server.kill().unwrap();
    server.launch().unwrap();
    assert_eq!(server.sql(&database.name, "SELECT count(*) FROM t").unwrap(), "2");
}

#[test]
fn nothing_is_left_behind() {
    let server = Postgres::start().unwrap();
    let port = server.port();
    drop(server);
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "the server still listens");
}
