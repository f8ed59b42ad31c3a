//! What the guard says of HTTP requests.

use std::collections::BTreeMap;
use std::net::IpAddr;

use countersign_domain::assessment::{Finding, FindingId, Span};
use countersign_domain::verdict::{Severity, Verdict};

use super::GuardParts;

/// Headers that replace the method of a request.
const METHOD_OVERRIDES: [&str; 3] =
    ["x-http-method-override", "x-http-method", "x-method-override"];

/// What speaks against a request. `url` is in the tool's normal form, header names in lowercase.
pub(super) fn assess(
    parts: &GuardParts,
    method: &str,
    url: &str,
    headers: &BTreeMap<String, String>,
) -> Option<Finding> {
    let (id, severity, verdict, message) = rate(parts, method, url, headers)?;
    let (id, span) = (FindingId::from_static(id), Span::whole(url.len()));
    Some(Finding { id, severity, verdict, span, message })
}

fn rate(
    parts: &GuardParts,
    method: &str,
    url: &str,
    headers: &BTreeMap<String, String>,
) -> Option<(&'static str, Severity, Verdict, String)> {
    let Some((host, port)) = host_and_port(url) else {
        let message = "Has an address that cannot be understood.".to_owned();
        return Some(("http.unclear_address", Severity::High, Verdict::Forbid, message));
    };
    if port == parts.own_port && is_this_machine(&host) {
        let message = "Talks to the gateway that controls the agent.".to_owned();
        return Some(("guard.own_api", Severity::Critical, Verdict::Forbid, message));
    }
    if is_metadata_service(&host) {
        let message = "Asks the cloud's metadata service, which hands out credentials.".to_owned();
        return Some(("http.metadata_service", Severity::Critical, Verdict::Ask, message));
    }
    // Some servers do what such a header says instead of what the method says.
    let overridden = headers.keys().any(|name| METHOD_OVERRIDES.contains(&name.as_str()));
    if overridden || !matches!(method, "GET" | "HEAD") {
        let message = format!("Sends data to {host} with `{method}`.");
        return Some(("http.sends_data", Severity::High, Verdict::Ask, message));
    }
    if parts.allow_hosts.iter().any(|allowed| host_fits(&host, allowed)) {
        return None;
    }
    let message = format!("Contacts {host}, which is not in `outbound.http.allow_hosts`.");
    Some(("http.unlisted_host", Severity::Medium, Verdict::Ask, message))
}

/// Host in lowercase without brackets, and port; of a URL that the tool has normalised.
fn host_and_port(url: &str) -> Option<(String, u16)> {
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

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| {
            let ip = ip.to_canonical();
            ip.is_loopback() || ip.is_unspecified()
        })
}

fn is_metadata_service(host: &str) -> bool {
    let named = ["metadata.google.internal", "metadata", "instance-data"].contains(&host);
    named
        || host.parse::<IpAddr>().is_ok_and(|ip| match ip.to_canonical() {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local() || host == "fd00:ec2::254",
        })
}

/// `example.org` allows that host, `*.example.org` every host below it.
fn host_fits(host: &str, allowed: &str) -> bool {
    let allowed = allowed.to_ascii_lowercase();
    match allowed.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.')),
        None => host == allowed,
    }
}
