//! An approval as the API tells it, and its card on a terminal: the same facts as everywhere.

use std::collections::BTreeMap;

use countersign_command_risk::render::visible;
use serde::{Deserialize, Serialize};

use crate::approval_attention::Attention;
use crate::output::{Screen, Tone, inert, inert_line};

/// An approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Approval {
    #[serde(rename = "approval_id")]
    pub(crate) id: String,
    pub(crate) session_id: String,
    pub(crate) run_id: String,
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) command: Option<String>,
    #[serde(default)]
    pub(crate) language: Option<String>,
    #[serde(default)]
    pub(crate) cwd: Option<String>,
    #[serde(default)]
    pub(crate) destination: Option<String>,
    #[serde(default)]
    pub(crate) content: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) env: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<File>,
    #[serde(default)]
    pub(crate) draft: Option<String>,
    #[serde(default)]
    pub(crate) revealed: Vec<Revealed>,
    #[serde(default)]
    pub(crate) attachments: Vec<Attachment>,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) findings: Vec<Finding>,
    pub(crate) digest: String,
    #[serde(default)]
    pub(crate) choices: Vec<String>,
    #[serde(default)]
    pub(crate) covers: Covers,
    #[serde(default)]
    pub(crate) requested_by: String,
    #[serde(default)]
    pub(crate) expires_at: Option<String>,
    #[serde(flatten)]
    pub(crate) attention: Attention,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) decision: Option<Decision>,
    #[serde(default)]
    pub(crate) outcome: Option<Outcome>,
    #[serde(default)]
    pub(crate) host: Option<String>,
}

/// Code that would run and that a reader of the command does not see as such.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Revealed {
    pub(crate) how: String,
    pub(crate) text: String,
}

/// A file that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) digest: String,
    #[serde(default)]
    pub(crate) text: Option<String>,
}

/// One reason why a person is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Finding {
    pub(crate) id: String,
    pub(crate) severity: String,
    pub(crate) span: (usize, usize),
    pub(crate) message: String,
}

/// A file that the action is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) named: Option<String>,
    pub(crate) size: u64,
    #[serde(default)]
    pub(crate) sha256: Option<String>,
    pub(crate) runs: bool,
    #[serde(default)]
    pub(crate) preview: Option<Preview>,
}

/// What a script says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Preview {
    pub(crate) as_shown: bool,
    #[serde(default)]
    pub(crate) text: Option<String>,
    #[serde(default)]
    pub(crate) truncated: bool,
}

/// What the lasting choices would cover.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Covers {
    #[serde(default)]
    pub(crate) session: Option<String>,
    #[serde(default)]
    pub(crate) always: Option<String>,
}

/// A person's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decision {
    pub(crate) choice: String,
    pub(crate) by: String,
    #[serde(default)]
    pub(crate) reason: Option<String>,
    pub(crate) at: String,
}

/// Whether it ran, and how that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) exit_code: Option<i64>,
    #[serde(default)]
    pub(crate) duration_ms: Option<u64>,
}

impl Approval {
    /// Whether nobody has decided.
    pub(crate) fn is_pending(&self) -> bool {
        self.status == "pending"
    }

    /// What is to be decided, in one line.
    pub(crate) fn summary(&self, limit: usize) -> String {
        let text = self.command.as_deref().or(self.destination.as_deref());
        inert_line(text.unwrap_or_default(), limit)
    }

    /// What became of it, in one sentence.
    pub(crate) fn state(&self) -> String {
        let mut text = match &self.decision {
            Some(decision) => {
                let by = inert_line(&decision.by, 80);
                let word = if decision.choice == "deny" {
                    "denied".to_owned()
                } else {
                    format!("approved ({})", inert_line(&decision.choice, 20))
                };
                let reason = decision
                    .reason
                    .as_deref()
                    .map_or_else(String::new, |reason| format!(": {}", inert_line(reason, 300)));
                format!("{word} by {by}{reason}")
            }
            None => self.attention.votes().map_or_else(
                || inert_line(&self.status, 30),
                |votes| format!("{}, {votes}", inert_line(&self.status, 30)),
            ),
        };
        if let Some(outcome) = &self.outcome {
            text.push_str(&ran(outcome));
        }
        text
    }

    /// How far it has come, in one line.
    pub(crate) fn progress(&self) -> String {
        let count = self.attention.count;
        let calls = if count > 1 { format!(", {count} calls") } else { String::new() };
        format!("{}{calls}", self.state())
    }

    /// The card.
    pub(crate) fn card(&self, screen: Screen) -> Vec<String> {
        let mut lines = vec![self.headline(screen), String::new()];
        let text = self.command.as_deref().or(self.destination.as_deref());
        lines.extend(block(text.unwrap_or_default()));
        lines.extend(self.revealed.iter().flat_map(Revealed::lines));
        if let Some(content) = self.content.as_deref().filter(|text| !text.is_empty()) {
            lines.push(String::new());
            lines.extend(block(content));
        }
        for file in &self.files {
            lines.extend(file.lines());
        }
        lines.extend(self.attachments.iter().flat_map(Attachment::lines));
        lines.push(String::new());
        let shown = text.unwrap_or_default();
        for finding in &self.findings {
            lines.push(format!("  why      {}", finding.line(screen, shown)));
        }
        if self.findings.is_empty() {
            lines.push(format!("  why      {}", inert_line(&self.description, 300)));
        }
        lines.extend(self.attention.lines(screen));
        lines.push(format!("  where    {}", self.place()));
        lines.push(format!(
            "  asks     {} in session {}, run {}",
            inert_line(&self.requested_by, 80),
            inert_line(&self.session_id, 80),
            inert_line(&self.run_id, 80),
        ));
        if !self.env.is_empty() {
            let pairs = self.env.iter().map(|(name, value)| format!("{name}={value}"));
            let pairs: Vec<String> = pairs.collect();
            lines.push(format!("  env      {}", inert_line(&pairs.join(" "), 600)));
        }
        lines.push(format!("  digest   {}", short_digest(&self.digest)));
        let until = self.expires_at.as_deref().unwrap_or("somebody decides");
        lines.push(format!("  until    {}", inert_line(until, 40)));
        if self.is_pending() {
            lines.extend(self.offers(screen));
        } else {
            lines.push(format!("  outcome  {}", self.state()));
        }
        lines
    }

    fn headline(&self, screen: Screen) -> String {
        let id = screen.tone(Tone::Strong, &inert_line(&self.id, 80));
        let kind = inert_line(&self.kind, 30);
        let language = self
            .language
            .as_deref()
            .map_or_else(String::new, |name| format!(" ({})", inert_line(name, 30)));
        format!("{id}  {kind}{language}  {}", inert_line(&self.status, 30))
    }

    fn place(&self) -> String {
        let host = self.host.as_deref().map(|host| inert_line(host, 80));
        let cwd = self.cwd.as_deref().map(|cwd| inert_line(cwd, 400));
        match (host, cwd) {
            (Some(host), Some(cwd)) => format!("{cwd} on {host}"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => "this gateway's machine".to_owned(),
        }
    }

    fn offers(&self, screen: Screen) -> Vec<String> {
        let covered = |choice: &str| match choice {
            "once" if self.attention.count > 1 => {
                format!("these {} calls only", self.attention.count)
            }
            "once" => "this action only".to_owned(),
            "session" => covers(self.covers.session.as_deref()),
            "always" => covers(self.covers.always.as_deref()),
            _ => "it does not run".to_owned(),
        };
        let offer = |choice: &String| {
            let choice = inert_line(choice, 20);
            let padding = " ".repeat(8_usize.saturating_sub(choice.len()));
            format!("  {}{padding} {}", screen.tone(Tone::Strong, &choice), covered(&choice))
        };
        self.choices.iter().map(offer).collect()
    }
}

impl Revealed {
    /// What would run, under a line that says how it was found.
    pub(crate) fn lines(&self) -> Vec<String> {
        let how = if self.how == "decoded" { "decoded" } else { "resolved" };
        let mut lines = vec![String::new(), format!("  {how}, this would run")];
        lines.extend(block(&self.text));
        lines
    }
}

impl File {
    /// The file with what it says.
    fn lines(&self) -> Vec<String> {
        let named = inert_line(self.named.as_deref().unwrap_or(&self.path), 400);
        let leads = self
            .named
            .as_ref()
            .map_or_else(String::new, |_| format!(" → {}", inert_line(&self.path, 400)));
        let how = if self.runs { "runs" } else { "reads" };
        let state = match &self.sha256 {
            Some(sha256) => format!("{} bytes, {}", self.size, short_digest(sha256)),
            None => "does not exist".to_owned(),
        };
        let mut lines = vec![String::new(), format!("  {how} {named}{leads}: {state}")];
        match &self.preview {
            Some(Preview { as_shown: false, .. }) => {
                lines.push("  it has changed since: an approval would run nothing".to_owned());
            }
            Some(Preview { text: Some(text), truncated, .. }) => {
                lines.extend(block(text));
                if *truncated {
                    lines.push("  (only its beginning is shown)".to_owned());
                }
            }
            Some(Preview { text: None, .. }) | None => {}
        }
        lines
    }
}

impl Attachment {
    /// What goes along: its name, size and digest, and what it says if it is a text.
    fn lines(&self) -> Vec<String> {
        let (name, digest) = (inert_line(&self.name, 300), inert_line(&self.digest, 80));
        let mut lines =
            vec![String::new(), format!("  file     {name}, {} bytes, {digest}", self.size)];
        match self.text.as_deref() {
            Some(text) => lines.extend(block(text)),
            None => lines.push("           (no text: its content is not shown)".to_owned()),
        }
        lines
    }
}

impl Finding {
    /// The finding in one line, with the part of `text` that it is about.
    pub(crate) fn line(&self, screen: Screen, text: &str) -> String {
        let tone = match self.severity.as_str() {
            "critical" | "high" => Tone::Bad,
            "medium" => Tone::Warn,
            _ => Tone::Dim,
        };
        let (start, end) = self.span;
        let part = text.get(start..end).filter(|part| *part != text);
        let part = part.map_or_else(String::new, |part| format!("  «{}»", inert_line(part, 80)));
        format!(
            "{} {}{part}  {}",
            screen.tone(tone, &inert_line(&self.severity, 20)),
            inert_line(&self.message, 300),
            screen.tone(Tone::Dim, &inert_line(&self.id, 80)),
        )
    }
}

/// The first twelve digits, as every surface shows them.
pub(crate) fn short_digest(digest: &str) -> String {
    let digits = digest.strip_prefix("sha256:").unwrap_or(digest);
    visible(&digits.chars().take(12).collect::<String>())
}

/// What a lasting choice would cover; the gateway's sentence says where.
fn covers(what: Option<&str>) -> String {
    what.map_or_else(|| "this action".to_owned(), |what| inert_line(what, 600))
}

fn ran(outcome: &Outcome) -> String {
    let code = outcome.exit_code.map_or_else(String::new, |code| format!(", exit status {code}"));
    let took = outcome.duration_ms.map_or_else(String::new, |took| format!(" after {took} ms"));
    format!("; {}{code}{took}", inert_line(&outcome.status, 30))
}

/// All of a text, inert, each line with a bar before it: no line of it can pass for the card's.
fn block(text: &str) -> Vec<String> {
    inert(text).split('\n').map(|line| format!("  │ {line}")).collect()
}
