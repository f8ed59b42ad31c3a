//! The card of an approval as a chat shows it: one text from what the store says.

use countersign_command_risk::render::{Fit, Surface, block, inline, label};
use countersign_domain::approvals::{
    Approval, ApprovalState, CancelReason, Choice, OutcomeStatus, Status,
};
use countersign_domain::runs::ApprovalRaised;
use countersign_ports::platform::{About, Feature, Markup};

use super::answer::decided;
use super::numbers::answers;
use super::speaker::surface;
use crate::gateway::Gateway;

/// A card's text and buttons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CardText {
    pub(super) text: String,
    pub(super) buttons: Vec<Choice>,
    /// Whether all of it is there.
    pub(super) whole: bool,
}

impl Gateway {
    /// The card of `approval` as it stands, for a platform.
    pub(super) fn chat_card(&self, approval: &Approval, about: &About) -> CardText {
        let shown = crate::card::card(approval, &self.redactor);
        let surface = surface(about.markup);
        let mut lines = Lines { surface, lines: vec![label(&headline(approval), surface)] };
        let content = contents(&shown, &mut lines);
        self.facts(approval, &shown, &mut lines);
        let longest = answers(&offered(approval, &shown, true), about).unwrap_or_default();
        let how = longest.encode_utf16().count() + 3;
        let mut room = about.longest_text.saturating_sub(lines.units() + how);
        // What does not fit is counted in the text, and cannot be approved here.
        let spans: Vec<_> = shown.findings.iter().map(|finding| finding.span).collect();
        let mut body = block(&content, surface, Fit::within(room, &spans));
        let whole = body.whole() && room > 0;
        if !whole && let Some(link) = self.web_link(approval, about.markup) {
            lines.lines.push(format!("{}: {link}", label("All of it", surface)));
            room = about.longest_text.saturating_sub(lines.units() + how);
            body = block(&content, surface, Fit::within(room, &spans));
        }
        let mut text = String::new();
        for (place, line) in lines.lines.iter().enumerate() {
            text.push_str(line);
            text.push('\n');
            if place == 0 {
                text.push_str(&body.text);
                text.push('\n');
            }
        }
        if let Some(how) = answers(&offered(approval, &shown, whole), about) {
            text.push_str(&label(&how, surface));
            text.push('\n');
        }
        let fits = text.trim_end().encode_utf16().count() <= about.longest_text;
        if !fits {
            text = too_long(approval, &shown, surface);
            if let Some(link) = self.web_link(approval, about.markup) {
                text = format!("{text}\n{link}");
            }
        }
        let whole = whole && fits;
        let buttons = buttons(approval, &shown, about, whole);
        CardText { text: text.trim_end().to_owned(), buttons, whole }
    }

    /// Where people see all of it. The address is the operator's own and is not made inert.
    fn web_link(&self, approval: &Approval, markup: Markup) -> Option<String> {
        let base = self.settings.chat.web_page.as_deref()?.trim_end_matches('/');
        let address = format!("{base}/approvals/{}", approval.id);
        Some(match markup {
            Markup::Mattermost | Markup::Discord | Markup::Slack => format!("<{address}>"),
            Markup::Text | Markup::TelegramHtml | Markup::WhatsApp => address,
        })
    }

    fn facts(&self, approval: &Approval, shown: &ApprovalRaised, lines: &mut Lines) {
        lines.fact("Host", &self.settings.host);
        lines.optional("Directory", shown.cwd.as_deref());
        for finding in &shown.findings {
            lines.fact(&format!("Why ({})", finding.severity.as_str()), &finding.message);
        }
        lines.fact("Asked by", &shown.requested_by.to_string());
        lines.fact("Session", &shown.session_id.to_string());
        for tried in &shown.attention.tried_before {
            lines.optional("Denied before", tried.reason.as_deref().or(Some("(no reason given)")));
        }
        if shown.attention.count > 1 {
            lines.fact("For so many identical calls", &shown.attention.count.to_string());
        }
        if shown.attention.votes_needed > 1 {
            let (given, needed) = (shown.attention.votes.len(), shown.attention.votes_needed);
            lines.fact("Votes", &format!("{given} of {needed}"));
        }
        if approval.status() == Status::Pending {
            let end = shown.expires_at.map(|end| end.to_string());
            lines.fact("Open until", end.as_deref().unwrap_or("somebody decides"));
            lines.optional("session covers", shown.covers.session.as_deref());
            lines.optional("always covers", shown.covers.always.as_deref());
        }
        lines.fact("Digest", &shown.digest.short());
        lines.fact("Id", &approval.id.to_string());
    }
}

/// What is to happen, verbatim: what is shown in the block. The rest goes to `lines`.
fn contents(shown: &ApprovalRaised, lines: &mut Lines) -> String {
    let main = shown.command.as_ref().or(shown.content.as_ref());
    let main = main.or(shown.destination.as_ref()).cloned().unwrap_or_default();
    lines.fact("Kind", shown.kind.as_str());
    lines.optional("Language", shown.language.as_deref());
    lines.optional("To", shown.destination.as_deref());
    for code in &shown.revealed {
        lines.fact("Decoded from it", &code.text);
    }
    for file in &shown.attachments {
        lines.fact("Attached", &format!("{} ({} bytes)", file.name, file.size));
        lines.optional("It says", file.text.as_deref());
    }
    for (name, value) in &shown.env {
        lines.fact("Environment", &format!("{name}={value}"));
    }
    for file in &shown.files {
        lines.fact("Bound file", &file.path);
    }
    main
}

struct Lines {
    surface: Surface,
    lines: Vec<String>,
}

impl Lines {
    /// How long they are together, in UTF-16 units.
    fn units(&self) -> usize {
        self.lines
            .iter()
            .map(|line| line.encode_utf16().count() + 1)
            .sum::<usize>()
            .saturating_sub(1)
    }

    fn fact(&mut self, name: &str, value: &str) {
        let name = label(name, self.surface);
        let value = inline(value, self.surface, Fit::WHOLE).text;
        self.lines.push(format!("{name}: {value}"));
    }

    fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.fact(name, value);
        }
    }
}

/// The card of what has no room for its facts: where all of it is.
fn too_long(approval: &Approval, shown: &ApprovalRaised, surface: Surface) -> String {
    let words = format!(
        "{}\nThis card is too long for this chat: all of it is in the web page.\nDigest: {}\nId: {}",
        headline(approval),
        shown.digest.short(),
        approval.id
    );
    label(&words, surface)
}

/// What has become of it, first of all.
fn headline(approval: &Approval) -> String {
    let by = decided(approval).map_or_else(String::new, |told| format!(": {told}"));
    match &approval.state {
        ApprovalState::Pending => "Approval needed".to_owned(),
        ApprovalState::Approved { .. } => format!("Approved{by}. It has not run yet."),
        ApprovalState::Claimed { .. } => format!("Approved{by}. It is running."),
        ApprovalState::Denied { .. } => format!("Denied{by}. Nothing was run."),
        ApprovalState::Expired { .. } => "Expired, nothing was run.".to_owned(),
        ApprovalState::Cancelled { reason, .. } => {
            let why = match reason {
                CancelReason::RunStopped => "the run was stopped",
                CancelReason::RunFailed => "the run failed",
                CancelReason::DeniedTooOften => "the same was denied too often",
                CancelReason::ChatRevoked => "the service chat was revoked",
            };
            format!("Cancelled, nothing was run: {why}.")
        }
        ApprovalState::Executed { outcome, .. } => {
            let status =
                outcome.exit_code.map_or_else(String::new, |code| format!(", exit {code}"));
            let how = match outcome.status {
                OutcomeStatus::Ok => "well",
                OutcomeStatus::Failed => "it failed",
            };
            format!("Approved{by}. It ran: {how}{status}, {} ms.", outcome.duration_ms)
        }
        ApprovalState::Indeterminate { .. } => {
            format!("Approved{by}. It may have run: the gateway was interrupted.")
        }
        ApprovalState::Lapsed { .. } => format!("Approved{by}. It was never run."),
    }
}

/// The buttons of a card: none once it is decided, and nothing that approves what is not all there.
fn buttons(approval: &Approval, shown: &ApprovalRaised, about: &About, whole: bool) -> Vec<Choice> {
    if !about.features.contains(&Feature::Buttons) {
        return Vec::new();
    }
    let mut buttons = offered(approval, shown, whole);
    buttons.truncate(about.most_buttons);
    buttons.sort();
    buttons
}

/// What can be answered: nothing once it is decided, and nothing that approves what is not all there.
/// The answer that must not be missing where there is little room goes first.
fn offered(approval: &Approval, shown: &ApprovalRaised, whole: bool) -> Vec<Choice> {
    if approval.status() != Status::Pending {
        return Vec::new();
    }
    let wanted = [Choice::Deny, Choice::Once, Choice::Session, Choice::Always];
    let offered = wanted
        .into_iter()
        .filter(|choice| shown.choices.contains(choice))
        .filter(|choice| whole || !choice.approves());
    offered.collect()
}
