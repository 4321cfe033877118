//! Which addresses are the public internet. Everything else is somebody's inside and is refused unless the operator allows it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ranges of IPv4 that are not the public internet: address, bits, what it is.
const CLOSED_V4: [([u8; 4], u32, &str); 16] = [
    ([0, 0, 0, 0], 8, "this network"),
    ([10, 0, 0, 0], 8, "private"),
    ([100, 64, 0, 0], 10, "carrier-grade NAT"),
    ([127, 0, 0, 0], 8, "loopback"),
    ([169, 254, 0, 0], 16, "link-local, cloud metadata"),
    ([172, 16, 0, 0], 12, "private"),
    ([192, 0, 0, 0], 24, "protocol assignments"),
    ([192, 0, 2, 0], 24, "documentation"),
    ([192, 88, 99, 0], 24, "6to4 relays"),
    ([192, 168, 0, 0], 16, "private"),
    ([198, 18, 0, 0], 15, "benchmarks"),
    ([198, 51, 100, 0], 24, "documentation"),
    ([203, 0, 113, 0], 24, "documentation"),
    ([168, 63, 129, 16], 32, "cloud metadata"),
    ([224, 0, 0, 0], 4, "multicast"),
    ([240, 0, 0, 0], 4, "reserved and broadcast"),
];

/// Ranges within the global unicast space of IPv6 that are not the public internet: first two groups, bits.
const CLOSED_V6: [([u16; 2], u32); 4] = [
    // Protocol assignments: Teredo and ORCHID among them, whose inner address nobody can check.
    ([0x2001, 0x0000], 23),
    // Documentation.
    ([0x2001, 0x0db8], 32),
    ([0x3fff, 0x0000], 20),
    // The first block of 2000::/16 is not assigned and has no business here.
    ([0x2000, 0x0000], 16),
];

/// Whether an address is on the public internet, an IPv4 address inside an IPv6 one being judged as itself.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match inner_v4(v6) {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

/// The address that a packet really goes to: IPv4 addresses taken out of IPv6 ones.
pub(super) fn real(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => inner_v4(v6).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    CLOSED_V4.iter().all(|(range, length, _)| (bits ^ u32::from(Ipv4Addr::from(*range))) >> (32 - length) != 0)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let groups = address.segments();
    let first = u32::from(groups[0]) << 16 | u32::from(groups[1]);
    // Only 2000::/3 is the internet: loopback, link-local, unique local, multicast and the rest lie outside of it.
    let global = groups[0] >> 13 == 1;
    let closed = CLOSED_V6
        .iter()
        .any(|(range, length)| (first ^ (u32::from(range[0]) << 16 | u32::from(range[1]))) >> (32 - length) == 0);
    // ISATAP: an interface id that carries an IPv4 address.
    let isatap = matches!((groups[4], groups[5]), (0x0000 | 0x0200, 0x5efe));
    global && !closed && !isatap
}

/// The IPv4 address inside an IPv6 one: mapped, compatible, translated (NAT64, also the local-use prefix), 6to4.
fn inner_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let groups = address.segments();
    let of = |high: u16, low: u16| Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match groups {
        // Unspecified and loopback are IPv6's own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => of(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => of(high, low),
        [0x2002, high, low, ..] => of(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_ends_of_every_closed_range_are_closed_and_their_neighbours_are_not() {
        let lone = [
            "126.255.255.255", "128.0.0.0", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0",
            "192.167.255.255", "192.169.0.0", "100.63.255.255", "100.128.0.0", "169.253.255.255", "169.255.0.0",
            "223.255.255.255", "1.0.0.0", "8.8.8.8", "198.17.255.255", "198.20.0.0", "192.0.1.0", "192.0.3.0",
        ];
        for open in lone {
            assert!(is_public(open.parse().unwrap()), "{open}");
        }
        for (range, length, what) in CLOSED_V4 {
            let first = u32::from(Ipv4Addr::from(range));
            let last = first | (u64::from(u32::MAX) >> length) as u32;
            for bits in [first, last, first + (last - first) / 2] {
                assert!(!is_public(IpAddr::V4(Ipv4Addr::from(bits))), "{} ({what})", Ipv4Addr::from(bits));
            }
        }
    }

    #[test]
    fn ipv6_is_closed_but_for_the_global_unicast_space() {
        for closed in [
            "::", "::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::127.0.0.1", "::ffff:0:169.254.169.254",
            "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:c0a8:101::", "2001::1",
            "2001:0:5ef5:79fd:0:59d:a0e5:b1b", "2001:10::1", "2001:db8::1", "3fff::1", "fc00::1", "fd00:ec2::254",
            "fe80::1", "fe80::5efe:10.0.0.1", "fec0::1", "ff02::1", "100::1", "5f00::1", "4000::1", "2a00::5efe:a00:1",
            "2a00::200:5efe:10.0.0.1", "2000::1",
        ] {
            assert!(!is_public(closed.parse().unwrap()), "{closed}");
        }
        for open in [
            "2606:4700:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
            "2001:4860:4860::8888",
        ] {
            assert!(is_public(open.parse().unwrap()), "{open}");
        }
    }
}
