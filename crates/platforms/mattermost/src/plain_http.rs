//! Addresses under which everybody on the way reads the token, or changes what is brought.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Endings of names that are of a network of one's own.
const OWN: [&str; 6] = [".local", ".localhost", ".internal", ".lan", ".home.arpa", ".intranet"];

/// What an operator is told of `url`, which `key` names, if it is plain HTTP to somewhere else.
pub(crate) fn warning(key: &str, url: &Url) -> Option<String> {
    if url.scheme() != "http" || is_near(url) {
        return None;
    }
    Some(format!(
        "`{key}` is {url}: without TLS whoever is on the way reads tokens and can change what is said \
         and decided; use https"
    ))
}

fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_own_v4(address),
        Some(Host::Ipv6(address)) => is_own_v6(address),
        // A name without dots is one of this machine, this network or these containers.
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            !name.contains('.') || OWN.iter().any(|ending| name.ends_with(ending))
        }
        None => false,
    }
}

const fn is_own_v4(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_private() || address.is_link_local()
}

fn is_own_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.to_ipv4_mapped().is_some_and(is_own_v4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_warned_of_where_it_leaves_the_own_network() {
        for (url, warned) in [
            ("https://chat.example.org", false),
            ("http://chat.example.org", true),
            ("http://203.0.113.7:8065", true),
            ("http://172.32.0.1", true),
            ("http://[2001:db8::1]", true),
            ("http://localhost:8065", false),
            ("http://127.0.0.1:8065", false),
            ("http://10.0.0.7:8065/sub", false),
            ("http://172.16.0.1", false),
            ("http://[::1]", false),
            ("http://[fd00::1]", false),
            ("http://[::ffff:192.168.0.1]", false),
            ("http://mattermost:8065", false),
            ("http://chat.corp.internal", false),
            ("http://xlocalhost.org", true),
        ] {
            let url: Url = url.parse().unwrap();
            assert_eq!(warning("url", &url).is_some(), warned, "{url}");
        }
    }
}
