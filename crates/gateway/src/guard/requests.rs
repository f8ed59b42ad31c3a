//! What the guard says of HTTP requests.

use countersign_domain::action::Action;
use countersign_domain::assessment::{Finding, FindingId, Span};
use countersign_domain::outbound::{
    host_and_port, is_loopback, names_metadata_service, sends_data,
};
use countersign_domain::verdict::{Severity, Verdict};

use super::GuardParts;

/// What speaks against a request. `url` is in the tool's normal form, header names in lowercase.
pub(super) fn assess(parts: &GuardParts, action: &Action) -> Option<Finding> {
    let Action::HttpRequest { method, url, .. } = action else {
        return None;
    };
    let (id, severity, verdict, message) = rate(parts, action, method, url)?;
    let (id, span) = (FindingId::from_static(id), Span::whole(url.len()));
    Some(Finding { id, severity, verdict, span, message })
}

fn rate(
    parts: &GuardParts,
    action: &Action,
    method: &str,
    url: &str,
) -> Option<(&'static str, Severity, Verdict, String)> {
    let Some((host, port)) = host_and_port(url) else {
        let message = "Has an address that cannot be understood.".to_owned();
        return Some(("http.unclear_address", Severity::High, Verdict::Forbid, message));
    };
    if port == parts.own_port && is_this_machine(&host) {
        let message = "Talks to the gateway that controls the agent.".to_owned();
        return Some(("guard.own_api", Severity::Critical, Verdict::Forbid, message));
    }
    if names_metadata_service(&host) {
        let message = "Asks the cloud's metadata service, which hands out credentials.".to_owned();
        return Some(("http.metadata_service", Severity::Critical, Verdict::Ask, message));
    }
    if !parts.outbound.is_outbound(action) || parts.outbound.exempts(action) {
        return None;
    }
    if sends_data(action) {
        let message = format!("Sends data to {host} with `{method}`.");
        return Some(("http.sends_data", Severity::High, Verdict::Ask, message));
    }
    let usual = if url.starts_with("https:") { 443 } else { 80 };
    let place = if port == usual { host } else { format!("{host} on port {port}") };
    let message = format!("Contacts {place}, which is not in `outbound.http.allow_hosts`.");
    Some(("http.unlisted_host", Severity::Medium, Verdict::Ask, message))
}

/// Where a name leads is known only when it is connected to; the connection is checked then.
fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host.parse().is_ok_and(is_loopback)
}
