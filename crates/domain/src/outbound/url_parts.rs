//! Parts of URLs that a tool has brought into normal form.

/// Host in lowercase without brackets, and port.
pub fn host_and_port(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    if authority.contains('@') {
        return None;
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (authority, if scheme == "https" { 443 } else { 80 }),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    (!host.is_empty()).then(|| (host.to_ascii_lowercase(), port))
}

/// Whether `url` is one of those that `allowed` names: `example.org` is that host and `*.example.org`
/// every host below it, on the usual port of its scheme; `example.org:8443` is that port and
/// `https://example.org` that scheme only.
pub(super) fn origin_fits(url: &str, allowed: &str) -> bool {
    let allowed = allowed.to_ascii_lowercase();
    let (wanted, place) = match allowed.split_once("://") {
        Some((scheme, place)) => (Some(scheme), place),
        None => (None, allowed.as_str()),
    };
    let Some(((scheme, _), (host, port))) = url.split_once("://").zip(host_and_port(url)) else {
        return false;
    };
    let (name, its_port) = named(place);
    let its_port = its_port.unwrap_or(if scheme == "https" { "443" } else { "80" });
    wanted.is_none_or(|wanted| wanted == scheme)
        && its_port == port.to_string()
        && host_fits(&host, name)
}

/// The host and, if one is given, the port of an entry. An address of IPv6 without brackets has none.
fn named(place: &str) -> (&str, Option<&str>) {
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => (host, Some(port)),
        Some(_) | None => (place, None),
    };
    (host.trim_start_matches('[').trim_end_matches(']'), port)
}

fn host_fits(host: &str, allowed: &str) -> bool {
    match allowed.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.')),
        None => host == allowed,
    }
}

/// What stands behind the first question mark.
pub fn query(url: &str) -> &str {
    url.split_once('?').map_or("", |(_, query)| query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_means_its_host_on_its_port_by_its_scheme() {
        for (url, allowed) in [
            ("https://example.org/a", "example.org"),
            ("http://example.org/a", "Example.org"),
            ("https://example.org:443/", "example.org"),
            ("https://a.example.org/", "*.example.org"),
            ("http://example.org:8080/", "example.org:8080"),
            ("https://example.org:8080/", "https://example.org:8080"),
            ("https://example.org/", "https://example.org"),
            ("http://[::1]/", "::1"),
            ("http://[::1]:81/", "[::1]:81"),
            ("http://[::1]/", "[::1]"),
        ] {
            assert!(origin_fits(url, allowed), "{url} by {allowed}");
        }
        for (url, allowed) in [
            ("https://example.org:8443/", "example.org"),
            ("http://example.org:443/", "example.org"),
            ("http://example.org:22/", "example.org"),
            ("http://example.org/", "https://example.org"),
            ("http://example.org:443/", "https://example.org"),
            ("https://example.org/", "example.org:8443"),
            ("https://example.org/", "*.example.org"),
            ("https://a.example.org:1/", "*.example.org"),
            ("https://evilexample.org/", "*.example.org"),
            ("https://example.org.evil.test/", "example.org"),
            ("http://[::1]:81/", "::1"),
            ("https://user@example.org/", "example.org"),
        ] {
            assert!(!origin_fits(url, allowed), "{url} by {allowed}");
        }
    }
}
