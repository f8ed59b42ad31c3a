//! The card of an approval: the same facts for every surface, with secrets masked.

use std::collections::BTreeMap;

use countersign_domain::action::Action;
use countersign_domain::approvals::{Approval, Choice, Status};
use countersign_domain::assessment::Revealed;
use countersign_domain::files::BoundFile;
use countersign_domain::outbound::{EmailAddress, Subject};
use countersign_domain::redaction::Redactor;
use countersign_domain::runs::{ApprovalRaised, Covers, ShownFinding};

use crate::card_attention::attention;

/// The card of `approval`.
pub fn card(approval: &Approval, redactor: &Redactor) -> ApprovalRaised {
    let text = redactor.mask(approval.action.text());
    let findings = approval.assessment.findings().iter().map(|finding| ShownFinding {
        id: finding.id.clone(),
        severity: finding.severity,
        span: text.place(finding.span),
        message: redactor.redact(&finding.message).into_owned(),
    });
    let findings: Vec<ShownFinding> = findings.collect();
    let revealed = approval.revealed.iter().map(|code| Revealed {
        how: code.how,
        text: redactor.redact(&code.text).into_owned(),
        span: text.place(code.span),
    });
    let revealed: Vec<Revealed> = revealed.collect();
    let shown = text.text;
    let (command, language, destination) = match &approval.action {
        Action::Exec { .. } => (Some(shown), None, None),
        Action::Code { language, .. } => {
            (Some(shown), Some(redactor.redact(language).into_owned()), None)
        }
        Action::FileRead { .. } | Action::FileWrite { .. } | Action::HttpRequest { .. } => {
            (None, None, Some(shown))
        }
        Action::SendMessage { .. } | Action::SendEmail { .. } => {
            (None, None, Some(redactor.redact(&recipients(&approval.action)).into_owned()))
        }
    };
    ApprovalRaised {
        approval_id: approval.id,
        session_id: approval.requester.session_id,
        kind: approval.action.kind(),
        command,
        language,
        cwd: approval.action.cwd().map(|cwd| redactor.redact(cwd).into_owned()),
        destination,
        content: content(&approval.action, redactor),
        attachments: approval
            .action
            .attachments()
            .iter()
            .map(|file| file.shown(redactor))
            .collect(),
        revealed,
        env: env(approval, redactor),
        files: approval.action.files().iter().map(|file| shown_file(file, redactor)).collect(),
        description: described(approval, &findings, redactor),
        findings,
        digest: approval.digest,
        choices: approval.offer.choices.clone(),
        covers: covers(approval, redactor),
        requested_by: approval.requester.principal.clone(),
        created_at: approval.created_at,
        expires_at: approval.expires_at,
        attention: attention(approval, redactor),
    }
}

/// Why it is asked; for another program's own action, by whom and as what.
fn described(approval: &Approval, findings: &[ShownFinding], redactor: &Redactor) -> String {
    let Some(foreign) = &approval.foreign else {
        return description(findings);
    };
    // It is asked about because it was asked about, whether or not anything is found.
    let why = if findings.is_empty() { String::new() } else { description(findings) };
    let who = &approval.requester.principal;
    // It ends where our quotes do.
    let quoted = |title: &str| redactor.redact(title).replace(['“', '”'], "'");
    let title = foreign.title.as_deref().map(quoted);
    let called = title.map(|title| format!(" and calls it “{title}”")).unwrap_or_default();
    format!("{who} would do this itself{called}. {why}").trim_end().to_owned()
}

/// What is sent or written.
fn content(action: &Action, redactor: &Redactor) -> Option<String> {
    Some(redactor.redact(&plain_content(action)?).into_owned())
}

/// The texts of a card that leave the house, before anything is masked in them.
pub(crate) fn leaving_texts(action: &Action) -> Vec<String> {
    let place = match action {
        Action::HttpRequest { url, .. } => url.clone(),
        Action::SendMessage { .. } => recipients(action),
        // Recipients are a part of the content.
        Action::SendEmail { .. } => String::new(),
        Action::Exec { .. }
        | Action::Code { .. }
        | Action::FileRead { .. }
        | Action::FileWrite { .. } => return Vec::new(),
    };
    let files = action.attachments().iter().flat_map(|file| {
        let name = file.name.as_str().to_owned();
        [Some(name), file.text().map(str::to_owned)]
    });
    [Some(place), plain_content(action)].into_iter().chain(files).flatten().collect()
}

/// What is sent or written, with nothing masked. A request shows its method, headers and body,
/// because all of them leave the house.
fn plain_content(action: &Action) -> Option<String> {
    Some(match action {
        Action::Exec { .. } | Action::Code { .. } | Action::FileRead { .. } => return None,
        Action::FileWrite { content, .. } => content.clone(),
        Action::SendMessage { text, .. } => text.clone(),
        Action::SendEmail { from, to, cc, subject, body, .. } => {
            mail_head(from, to, cc, subject) + body
        }
        Action::HttpRequest { method, headers, body, .. } => {
            let mut lines = vec![method.clone()];
            lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
            if !body.is_empty() {
                lines.extend([String::new(), body.clone()]);
            }
            lines.join("\n")
        }
    })
}

/// The environment of the process; what it holds may be secret.
fn env(approval: &Approval, redactor: &Redactor) -> BTreeMap<String, String> {
    let variables = approval.action.env().into_iter().flatten();
    let shown = |(name, value): (&String, &String)| {
        let value = if names_secret(name) {
            format!("…({} characters)", value.chars().count())
        } else {
            redactor.redact(value).into_owned()
        };
        (name.clone(), value)
    };
    variables.map(shown).collect()
}

/// Whether a variable of this name holds a secret, going by its name.
fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "API_KEY", "APIKEY", "PRIVATE"]
        .iter()
        .any(|word| name.contains(word))
}

fn shown_file(file: &BoundFile, redactor: &Redactor) -> BoundFile {
    let shown = |path: &str| redactor.redact(path).into_owned();
    BoundFile { path: shown(&file.path), named: file.named.as_deref().map(shown), ..file.clone() }
}

/// What a person may change. Masked content cannot be sent back, so that is not offered.
pub(crate) fn draft(approval: &Approval, redactor: &Redactor) -> Option<String> {
    let content = approval.action.content()?;
    let editable = approval.status() == Status::Pending
        && !approval.is_foreign()
        && approval.action.with_content(String::new()).is_some()
        && !redactor.finds_secret(content);
    editable.then(|| content.to_owned())
}

/// Where a message goes: the resolved id, and the name by which it was called.
fn recipients(action: &Action) -> String {
    match action {
        Action::SendMessage { destination, name: Some(name), .. } => {
            // The findings point into what stands first.
            format!("{destination} ({name})")
        }
        Action::SendEmail { to, cc, .. } => {
            let all: Vec<&str> = to.iter().chain(cc).map(EmailAddress::as_str).collect();
            all.join(", ")
        }
        Action::SendMessage { name: None, .. }
        | Action::Exec { .. }
        | Action::Code { .. }
        | Action::FileRead { .. }
        | Action::FileWrite { .. }
        | Action::HttpRequest { .. } => action.bound_destination(),
    }
}

/// The head of a mail, as its reader will see it.
fn mail_head(
    from: &EmailAddress,
    to: &[EmailAddress],
    cc: &[EmailAddress],
    subject: &Subject,
) -> String {
    let list = |addresses: &[EmailAddress]| {
        let all: Vec<&str> = addresses.iter().map(EmailAddress::as_str).collect();
        all.join(", ")
    };
    let mut lines = vec![format!("From: {from}"), format!("To: {}", list(to))];
    if !cc.is_empty() {
        lines.push(format!("Cc: {}", list(cc)));
    }
    lines.extend([format!("Subject: {}", subject.as_str()), String::new(), String::new()]);
    lines.join("\n")
}

fn description(findings: &[ShownFinding]) -> String {
    match findings {
        [] => "The operator's rules ask for a decision.".to_owned(),
        [only] => sentence(&only.message),
        [first, rest @ ..] => {
            let more = if rest.len() == 1 { "finding" } else { "findings" };
            format!("{} ({} more {more})", sentence(&first.message), rest.len())
        }
    }
}

fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}

fn covers(approval: &Approval, redactor: &Redactor) -> Covers {
    let sentence = |choice| {
        let coverage = approval.offer.covers.as_ref()?;
        let offered = approval.offer.choices.contains(&choice);
        offered.then(|| redactor.redact(&coverage.describes).into_owned())
    };
    Covers {
        session: sentence(Choice::Session).map(|what| format!("In this session: {what}")),
        always: sentence(Choice::Always).map(|what| format!("Always: {what}")),
    }
}
