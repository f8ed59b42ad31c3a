//! Addresses that mean something else than another machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Names by which clouds call the service that hands out credentials.
const METADATA_NAMES: [&str; 7] = [
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "metadata.azure.internal",
    "metadata.tencentyun.com",
    "instance-data",
    "instance-data.ec2.internal",
];

/// Its addresses beside those of the link: Alibaba's, Azure's and Oracle's.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];

/// Amazon's and Google's.
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

/// Whether `host`, a name or an address, says of itself that it is a cloud's metadata service.
pub fn names_metadata_service(host: &str) -> bool {
    METADATA_NAMES.contains(&host) || host.parse().is_ok_and(is_metadata_service)
}

/// Whether a cloud's metadata service answers there, or something else of the link that is nobody's
/// host.
pub fn is_metadata_service(address: IpAddr) -> bool {
    match reached(address) {
        IpAddr::V4(v4) => v4.is_link_local() || METADATA_V4.contains(&v4),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || METADATA_V6.contains(&v6),
    }
}

/// Whether this machine itself answers there, whatever addresses it has.
pub fn is_loopback(address: IpAddr) -> bool {
    let reached = reached(address);
    reached.is_loopback() || reached.is_unspecified()
}

/// Where packets to `address` end up: IPv6 has many ways to write an address of IPv4.
fn reached(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => embedded(v6).map_or(address, IpAddr::V4),
    }
}

fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        // The IPv6 loopback and the unspecified address are themselves.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // Compatible, mapped, translated (SIIT), and NAT64 with the well-known prefix or one within
        // a network (of 96 bits).
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, _, _, _, high, low]
        // 6to4.
        | [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metadata_service_is_known_in_every_spelling() {
        for host in [
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fe80::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "::ffff:0:a9fe:a9fe",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "64:ff9b::6464:64c8",
            "::ffff:168.63.129.16",
            "metadata.google.internal",
            "metadata",
        ] {
            assert!(names_metadata_service(host), "{host}");
        }
        for host in ["127.0.0.1", "::1", "169.253.1.1", "fd00::1", "2001:db8::1", "example.org"] {
            assert!(!names_metadata_service(host), "{host}");
        }
    }

    #[test]
    fn this_machine_is_known_in_every_spelling() {
        for address in ["127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"] {
            assert!(is_loopback(address.parse().unwrap()), "{address}");
        }
        for address in ["::127.0.0.1", "64:ff9b::7f00:1", "::ffff:0:0", "2002:7f00:1::"] {
            assert!(is_loopback(address.parse().unwrap()), "{address}");
        }
        for address in ["128.0.0.1", "::2:1", "2001:db8::1", "10.0.0.1"] {
            assert!(!is_loopback(address.parse().unwrap()), "{address}");
        }
    }
}
