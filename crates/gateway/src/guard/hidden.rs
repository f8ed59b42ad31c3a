//! Characters that a reader does not see, or takes for others.

use countersign_domain::action::Action;
use countersign_domain::assessment::{Finding, FindingId, Span};
use countersign_domain::display::is_deceptive;
use countersign_domain::verdict::{Severity, Verdict};

/// The first such character in anything that `action` sends, writes or names. The shell engine
/// reports those in commands itself.
pub(super) fn characters(action: &Action, judged_as_shell: bool) -> Option<Finding> {
    if judged_as_shell {
        return None;
    }
    let whole = Span::whole(action.text().len());
    let (c, span, does) = match action {
        Action::SendMessage { .. } | Action::SendEmail { .. } => {
            (in_message(action)?, whole, "Sends")
        }
        Action::Exec { .. }
        | Action::Code { .. }
        | Action::FileRead { .. }
        | Action::FileWrite { .. }
        | Action::HttpRequest { .. } => match in_text(action.text()) {
            Some((span, c)) => (c, span, "Holds"),
            None => (in_rest(action)?, whole, "Holds"),
        },
    };
    Some(Finding {
        id: FindingId::from_static("text.deceptive"),
        severity: Severity::High,
        verdict: Verdict::Ask,
        span,
        message: format!("{does} the invisible or deceptive character U+{:04X}.", u32::from(c)),
    })
}

fn in_text(text: &str) -> Option<(Span, char)> {
    let (start, c) = text.char_indices().find(|(_, c)| is_deceptive(*c))?;
    Some((Span { start, end: start + c.len_utf8() }, c))
}

/// In what somebody would get who cannot see it.
fn in_message(action: &Action) -> Option<char> {
    let subject = match action {
        Action::SendEmail { subject, .. } => subject.as_str(),
        Action::SendMessage { name, .. } => name.as_deref().unwrap_or_default(),
        Action::Exec { .. }
        | Action::Code { .. }
        | Action::FileRead { .. }
        | Action::FileWrite { .. }
        | Action::HttpRequest { .. } => "",
    };
    let text = action.content().unwrap_or_default();
    let files = action.attachments().iter();
    let files = files.map(|file| [file.name.as_str(), file.text().unwrap_or_default()]);
    [subject, text].into_iter().chain(files.flatten()).find_map(in_content)
}

/// In what goes to a file, or along with an address.
fn in_rest(action: &Action) -> Option<char> {
    match action {
        Action::FileWrite { content, .. } => in_content(content),
        Action::HttpRequest { headers, body, .. } => {
            let headers = headers.iter().flat_map(|(name, value)| [name, value]);
            headers.chain([body]).find_map(|text| in_content(text))
        }
        Action::Exec { .. }
        | Action::Code { .. }
        | Action::FileRead { .. }
        | Action::SendMessage { .. }
        | Action::SendEmail { .. } => None,
    }
}

/// In a text of lines, which may end in a carriage return and a line feed.
fn in_content(text: &str) -> Option<char> {
    let line = |line: &str| {
        let line = line.strip_suffix("\r\n").unwrap_or(line);
        line.chars().find(|c| is_deceptive(*c))
    };
    text.split_inclusive('\n').find_map(line)
}
