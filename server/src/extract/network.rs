//! Where a request comes from. What a header says is believed only from proxies that the operator trusts.

use axum::http::{HeaderMap, header::HeaderName};
use std::net::IpAddr;
use std::str::FromStr;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// An address or a network, such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: u128,
    mask: u128,
}

impl Network {
    /// Whether it holds this address.
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        number(address) & self.mask == self.address
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| ())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        if bits > width {
            return Err(());
        }
        // Version 4 is held as mapped version 6: 96 bits come before it.
        let mask = u128::MAX.checked_shl(width - bits).unwrap_or(0);
        Ok(Self { address: number(address) & mask, mask })
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The client's address: the socket's, or, behind trusted proxies, the last one that none of them is.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusted.iter().any(|network| network.contains(peer)) {
        return peer;
    }
    let hops = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let hops: Vec<&str> = hops.map(str::trim).collect();
    for hop in hops.into_iter().rev() {
        match hop.parse::<IpAddr>() {
            Ok(address) if trusted.iter().any(|network| network.contains(address)) => {}
            Ok(address) => return address.to_canonical(),
            // Nonsense from beyond the last trusted proxy tells nothing.
            Err(_) => return peer,
        }
    }
    peer
}

/// Whether the client speaks TLS to a trusted proxy.
pub(crate) fn is_secure(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.contains(peer.to_canonical()))
        && headers
            .get(FORWARDED_PROTO)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn headers(forwarded: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED_FOR, forwarded.parse().unwrap());
        headers.insert(FORWARDED_PROTO, "https".parse().unwrap());
        headers
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn networks_hold_their_addresses() {
        let network: Network = "10.0.0.0/8".parse().unwrap();
        assert!(
            network.contains(ip("10.1.2.3"))
                && network.contains(ip("::ffff:10.1.2.3"))
                && !network.contains(ip("11.0.0.1"))
        );
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains(ip("8.8.8.8")) && !all.contains(ip("2001:db8::1")));
        let six: Network = "2001:db8::/32".parse().unwrap();
        assert!(six.contains(ip("2001:db8:1::1")) && !six.contains(ip("10.0.0.1")));
        for wrong in ["", "10.0.0.0/33", "x/8", "10.0.0/8", "10.0.0.0/-1"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: Vec<Network> = vec!["10.0.0.1".parse().unwrap()];
        assert_eq!(client_address(ip("9.9.9.9"), &headers("1.1.1.1"), &trusted), ip("9.9.9.9"));
        assert_eq!(client_address(ip("10.0.0.1"), &headers("6.6.6.6, 1.1.1.1"), &trusted), ip("1.1.1.1"));
        assert_eq!(client_address(ip("10.0.0.1"), &headers("1.1.1.1, 10.0.0.1"), &trusted), ip("1.1.1.1"));
        assert_eq!(client_address(ip("10.0.0.1"), &headers("nonsense"), &trusted), ip("10.0.0.1"));
        assert!(is_secure(ip("10.0.0.1"), &headers(""), &trusted) && !is_secure(ip("9.9.9.9"), &headers(""), &trusted));
    }
}
