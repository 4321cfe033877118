//! The guard of outgoing addresses: what a workflow may call. By default the public internet on ports 80 and 443, nothing inside.
//!
//! Addresses are judged twice: a literal in the URL before anything is sent, and every answer of the resolver as it is used
//! (`resolver`), so that a name cannot change its address in between.

use super::address;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The operator's settings of the `http` task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// What may be called besides the public internet on ports 80 and 443: `stock.internal`, `10.1.0.0/16:8080`, `127.0.0.1:*`,
    /// `[::1]:9000`, `example.com:8443`. Without a port: 80 and 443.
    pub allow: Vec<String>,
}

/// An entry of the allow list that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` in the allow list of http is neither a host, an address nor a range of addresses, with an optional port (`10.0.0.0/8:8080`, `stock.internal:*`)"
)]
pub struct AllowError(String);

/// Why an address may not be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a URL.
    #[error("`{0}` is not a URL such as https://example.com/path")]
    Url(String),
    /// Not http or https.
    #[error("`{0}:` is not allowed; only http: and https: are")]
    Scheme(String),
    /// A name and password before the host.
    #[error("the URL has a user name or password before its host; use `auth`")]
    UserInfo,
    /// A port that is not open by default.
    #[error("port {0} is not allowed; an operator may allow it for this host")]
    Port(u16),
    /// An address that is not the public internet.
    #[error("`{0}` is not an address of the public internet; an operator may allow it")]
    Address(String),
}

/// What may be called.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allow: Vec<Allow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Allow {
    host: Host,
    ports: Ports,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Name(String),
    Range { bits: u128, length: u32, v4: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ports {
    Usual,
    One(u16),
    All,
}

impl Guard {
    /// The guard of an operator's settings.
    ///
    /// # Errors
    /// An entry that cannot be understood.
    pub fn new(config: &HttpConfig) -> Result<Self, AllowError> {
        let allow = config
            .allow
            .iter()
            .map(|entry| Allow::parse(entry).ok_or_else(|| AllowError(entry.clone())))
            .collect::<Result<_, _>>()?;
        Ok(Self { allow })
    }

    /// Reads a URL and judges what can be judged before its name is resolved.
    ///
    /// # Errors
    /// Why it may not be called.
    pub fn url(&self, text: &str) -> Result<Url, Refused> {
        let url = Url::parse(text).map_err(|_| Refused::Url(text.chars().take(200).collect()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::UserInfo);
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let port = url.port_or_known_default().unwrap_or(0);
        match literal(&host) {
            Some(address) => self.address(None, address, port)?,
            None => self.name(&host, port)?,
        }
        Ok(url)
    }

    /// Judges an address that a name (or nothing but itself) leads to.
    ///
    /// # Errors
    /// Why it may not be called.
    pub fn address(&self, name: Option<&str>, address: IpAddr, port: u16) -> Result<(), Refused> {
        let allowed = self.allow.iter().any(|entry| entry.ports.hold(port) && entry.host.holds(name, address));
        if allowed {
            return Ok(());
        }
        if !address::is_public(address) {
            return Err(Refused::Address(name.map_or_else(|| address.to_string(), ToOwned::to_owned)));
        }
        if Ports::Usual.hold(port) { Ok(()) } else { Err(Refused::Port(port)) }
    }

    /// Judges a name before it is resolved: those that only mean the inside, and ports that no entry opens.
    fn name(&self, name: &str, port: u16) -> Result<(), Refused> {
        let name = bare(name);
        if self
            .allow
            .iter()
            .any(|entry| entry.ports.hold(port) && matches!(&entry.host, Host::Name(allowed) if *allowed == name))
        {
            return Ok(());
        }
        let opened = self.allow.iter().any(|entry| entry.ports.hold(port) && matches!(entry.host, Host::Range { .. }));
        let inside = name.is_empty()
            || !name.contains('.')
            || ["localhost", "local", "internal", "home.arpa", "lan", "localdomain"]
                .iter()
                .any(|zone| in_zone(&name, zone));
        if inside && !opened {
            return Err(Refused::Address(name));
        }
        if Ports::Usual.hold(port) || opened { Ok(()) } else { Err(Refused::Port(port)) }
    }
}

/// The address that a host of a URL spells, which the URL parser has already brought to its usual form.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// A name without its last dot, in lower case.
pub(super) fn bare(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn in_zone(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

impl Allow {
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.trim();
        let (host, ports) = match entry.rsplit_once(':') {
            // A colon inside an IPv6 address without brackets is no port.
            Some((host, port)) if !host.contains(':') || host.contains(']') => (host, Some(port)),
            _ => (entry, None),
        };
        let ports = match ports {
            None => Ports::Usual,
            Some("*") => Ports::All,
            Some(port) => Ports::One(port.parse().ok()?),
        };
        Some(Self { host: Host::parse(host)?, ports })
    }
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        let text = text.replace(['[', ']'], "");
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text.as_str(), None),
        };
        match address.parse::<IpAddr>() {
            Ok(address) => {
                let (bits, most, v4) = bits(address);
                let length = length.unwrap_or(most);
                (length <= most).then_some(Self::Range { bits, length, v4 })
            }
            Err(_) if length.is_some() => None,
            Err(_) => {
                let name = bare(address);
                let fits =
                    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
                fits.then_some(Self::Name(name))
            }
        }
    }

    fn holds(&self, name: Option<&str>, address: IpAddr) -> bool {
        match self {
            Self::Name(allowed) => name.is_some_and(|name| bare(name) == *allowed),
            Self::Range { bits: range, length, v4 } => {
                let (found, most, is_v4) = bits(address::real(address));
                is_v4 == *v4 && (*length == 0 || (found ^ range) >> (most - length) == 0)
            }
        }
    }
}

/// An address as a number, how many bits it has, and whether it is IPv4.
fn bits(address: IpAddr) -> (u128, u32, bool) {
    match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32, true),
        IpAddr::V6(v6) => (u128::from(v6), 128, false),
    }
}

impl Ports {
    fn hold(self, port: u16) -> bool {
        match self {
            Self::Usual => matches!(port, 80 | 443),
            Self::One(one) => port == one,
            Self::All => true,
        }
    }
}
