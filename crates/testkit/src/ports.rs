//! Finding a free TCP port on the loopback address.

use anyhow::{Context, Result};
use std::net::TcpListener;

/// A port of 127.0.0.1 that nobody listened on a moment ago.
///
/// Another process may take it before it is used: whoever starts a server on it must notice that and ask again.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}
