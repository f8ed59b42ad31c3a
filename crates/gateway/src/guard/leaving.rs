//! What the guard says of what leaves the house.

use countersign_domain::action::Action;
use countersign_domain::assessment::{Finding, FindingId, Span};
use countersign_domain::display::one_line;
use countersign_domain::outbound::{Leak, OutboundPolicy, SecretPolicy, leaks};
use countersign_domain::verdict::{Severity, Verdict};

use super::GuardParts;
use super::files::{self, Access};
use crate::card::leaving_texts;

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
            "Sends along {}. What has files with it is decided on by itself: no lasting choice covers it.",
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

/// What would leave with `action` and is a secret, or looks so much like one that the card masks it:
/// which rule found it and where, or how much it is, not what it is. Whoever decides could not see
/// it, so this is the first that the card says. What only looks like a secret by its place is asked
/// about also where known ones are forbidden: a `page_token` must be able to leave.
pub(super) fn secrets(parts: &GuardParts, action: &Action) -> Vec<Finding> {
    let (verdict, severity) = match parts.outbound.secrets {
        SecretPolicy::Forbid => (Verdict::Forbid, Severity::Critical),
        SecretPolicy::Ask => (Verdict::Ask, Severity::Critical),
        // Nothing is held back; that something cannot be seen is said all the same.
        SecretPolicy::Off => (Verdict::Allow, Severity::Low),
    };
    let texts = leaving_texts(action);
    let hidden: usize = texts.iter().map(|text| parts.scanner.masked_characters(text)).sum();
    let hidden = (hidden > 0).then(|| match hidden {
        1 => "1 character is masked here and would be sent".to_owned(),
        _ => format!("{hidden} characters are masked here and would be sent"),
    });
    let leaks = if verdict == Verdict::Allow { Vec::new() } else { leaks(action, &parts.scanner) };
    let found = |verdict, message| Finding {
        id: FindingId::from_static(SECRET),
        severity,
        verdict,
        span: Span::whole(action.text().len()),
        message,
    };
    let known = |leak: &Leak| format!("Would send a secret: {} in {}", leak.rule, leak.place);
    let Some((first, rest)) = leaks.split_first() else {
        let verdict = if verdict == Verdict::Forbid { Verdict::Ask } else { verdict };
        return hidden.map(|what| found(verdict, format!("{what}."))).into_iter().collect();
    };
    let first = std::iter::once(known(first)).chain(hidden).collect::<Vec<_>>().join("; ");
    let rest = rest.iter().map(known);
    std::iter::once(first).chain(rest).map(|what| found(verdict, format!("{what}."))).collect()
}
