//! What the guard says of what leaves the house.

use countersign_domain::action::Action;
use countersign_domain::assessment::{Finding, FindingId, Span};
use countersign_domain::display::one_line;
use countersign_domain::outbound::{OutboundPolicy, SecretPolicy, leaks};
use countersign_domain::verdict::{Severity, Verdict};

use super::GuardParts;
use super::files::{self, Access};

/// The finding about secrets in what would leave.
pub(crate) const SECRET: &str = "secret.in_content";

/// What speaks against a message or a mail: that somebody outside gets it, and what goes with it.
/// No rule covers files.
pub(super) fn assess(policy: &OutboundPolicy, action: &Action) -> Vec<Finding> {
    if policy.exempts(action) {
        return Vec::new();
    }
    let (id, what) = match action {
        Action::SendEmail { .. } => ("outbound.email", "mail"),
        Action::SendMessage { .. }
        | Action::HttpRequest { .. }
        | Action::Exec { .. }
        | Action::Code { .. }
        | Action::FileRead { .. }
        | Action::FileWrite { .. } => ("outbound.message", "message"),
    };
    let found = |id, message| Finding {
        id: FindingId::from_static(id),
        severity: Severity::High,
        verdict: Verdict::Ask,
        span: Span::whole(action.text().len()),
        message,
    };
    let mut findings =
        vec![found(id, format!("Sends a {what} to {}.", action.bound_destination()))];
    let files: Vec<String> =
        action.attachments().iter().map(|file| format!("`{}`", file.name.as_str())).collect();
    if !files.is_empty() {
        let what = format!(
            "Sends along {}. A mail with files is decided on by itself: no lasting choice covers it.",
            files.join(", ")
        );
        findings.push(found("outbound.attachment", what));
    }
    findings
}

/// What speaks against reading the files that go along. That somebody outside gets them makes it
/// critical, so that no exemption, rule or lasting choice covers it.
pub(super) fn files(parts: &GuardParts, action: &Action) -> Vec<Finding> {
    let span = Span::whole(action.text().len());
    let found = action.attachments().iter().filter_map(|file| {
        let path = file.path.as_deref()?;
        let reading = files::assess(parts, path, Access::Read)?;
        let message = format!("Sends `{}` along. {}", one_line(path, 300), reading.message);
        Some(Finding { severity: Severity::Critical, span, message, ..reading })
    });
    found.collect()
}

/// The secrets that would leave with `action`: which rule found them and where, not what they are.
pub(super) fn secrets(parts: &GuardParts, action: &Action) -> Vec<Finding> {
    let verdict = match parts.outbound.secrets {
        SecretPolicy::Forbid => Verdict::Forbid,
        SecretPolicy::Ask => Verdict::Ask,
        SecretPolicy::Off => return Vec::new(),
    };
    let found = leaks(action, &parts.scanner).into_iter().map(|leak| Finding {
        id: FindingId::from_static(SECRET),
        severity: Severity::Critical,
        verdict,
        span: Span::whole(action.text().len()),
        message: format!("Would send a secret: {} in {}.", leak.rule, leak.place),
    });
    found.collect()
}
