//! `approvals watch`: the live inbox in a terminal.
//!
//! Cards are printed as they come. An answer names the approval that it is for; an empty line does
//! nothing.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use super::JsonFlag;
use super::approvals::{Decided, Vote, decide, read_data};
use crate::approval::Approval;
use crate::client::{Client, ClientError, RECONNECTED, Record};
use crate::failure::{Answer, Failure, Outcome};
use crate::output::{Screen, Tone, inert_line};
use crate::typed_lines::TypedLines;

/// An abbreviation of an id has at least this many of its last digits.
const SHORTEST_ENDING: usize = 6;

const HELP: &str = "Type `approve ID`, `approve ID session`, `approve ID always`, `deny ID [reason]`, \
                    `show ID`, `list` or `quit`. ID may be its last 6 digits or more.";

/// What a person types.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Typed {
    Nothing,
    List,
    Quit,
    Help,
    Show(String),
    Vote(String, Vote),
    Unclear(String),
}

struct Inbox<'a> {
    client: &'a Client,
    screen: Screen,
    pending: BTreeMap<String, Approval>,
}

/// Shows approvals as they come, until the person has enough.
pub(super) async fn run(client: &Client, json: JsonFlag) -> Outcome {
    let mut inbox = Inbox { client, screen: Screen::detect(), pending: BTreeMap::new() };
    if json.json {
        return inbox.relay().await;
    }
    let mut events = client.events("/v1/approvals/events");
    let mut typed = TypedLines::start();
    let mut listening = true;
    let mut interrupt = signal(SignalKind::interrupt())?;
    inbox.screen.line(HELP)?;
    events.open().await?;
    if inbox.read_pending().await? == 0 {
        inbox.screen.line("Nothing waits for you.")?;
    }
    loop {
        tokio::select! {
            record = events.next() => inbox.tell(&record?).await?,
            line = typed.next(), if listening => match line {
                None => listening = false,
                Some(line) => if inbox.obey(&line).await? == Answer::No {
                    return Ok(Answer::Yes);
                },
            },
            _ = interrupt.recv() => return Ok(Answer::Yes),
        }
    }
}

impl Inbox<'_> {
    async fn relay(&self) -> Outcome {
        let mut events = self.client.events("/v1/approvals/events");
        let mut interrupt = signal(SignalKind::interrupt())?;
        loop {
            tokio::select! {
                record = events.next() => {
                    let record = record?;
                    if record.name != RECONNECTED {
                        self.screen.json_line(&record.data)?;
                    }
                }
                _ = interrupt.recv() => return Ok(Answer::Yes),
            }
        }
    }

    /// Shows what is pending and not shown yet; how many those are.
    async fn read_pending(&mut self) -> Result<usize, Failure> {
        let page: Value = self.client.get("/v1/approvals?status=pending&limit=100").await?;
        let mut approvals: Vec<Approval> = read_data(&page)?;
        approvals.retain(|approval| !self.pending.contains_key(&approval.id));
        approvals.reverse();
        let count = approvals.len();
        for approval in approvals {
            self.show_new(approval)?;
        }
        Ok(count)
    }

    async fn tell(&mut self, record: &Record) -> Result<(), Failure> {
        if record.name == RECONNECTED {
            self.read_pending().await?;
            return Ok(());
        }
        let Some(id) = record.data.get("approval_id").and_then(Value::as_str) else {
            return Ok(());
        };
        let about_known = self.pending.contains_key(id);
        match record.name.as_str() {
            "approval.required" if !about_known => {
                // The stream may replay old events; the store says what is pending now.
                if let Some(now) = self.fetch(id).await?.filter(Approval::is_pending) {
                    self.show_new(now)?;
                }
            }
            "approval.updated" if about_known => {
                if let Some(now) = self.fetch(id).await?.filter(Approval::is_pending) {
                    let change = record.data.get("change").and_then(Value::as_str);
                    let change = inert_line(change.unwrap_or("changed"), 20);
                    let line = format!("{} {change}: {}", inert_line(id, 80), now.progress());
                    self.screen.line(self.screen.tone(Tone::Dim, &line))?;
                    // What is decided from here on is what is shown: the count may have grown.
                    self.pending.insert(now.id.clone(), now);
                }
            }
            "approval.resolved" | "approval.executed" if about_known => {
                let now = self.fetch(id).await?;
                let state = now.as_ref().map_or_else(|| "gone".to_owned(), Approval::state);
                let id = inert_line(id, 80);
                self.screen.line(self.screen.tone(Tone::Dim, &format!("{id} {state}")))?;
                if now.is_none_or(|now| !matches!(now.status.as_str(), "approved" | "claimed")) {
                    self.pending.remove(&id);
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn fetch(&self, id: &str) -> Result<Option<Approval>, Failure> {
        match self.client.get(&format!("/v1/approvals/{id}")).await {
            Ok(approval) => Ok(Some(approval)),
            Err(ClientError::Refused(refusal)) if refusal.status == 404 => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn show_new(&mut self, approval: Approval) -> Result<(), Failure> {
        self.show(&approval)?;
        self.pending.insert(approval.id.clone(), approval);
        Ok(())
    }

    fn show(&self, approval: &Approval) -> Result<(), Failure> {
        self.screen.line("")?;
        for line in approval.card(self.screen) {
            self.screen.line(line)?;
        }
        Ok(())
    }

    /// `No` when the person has enough.
    async fn obey(&mut self, line: &str) -> Outcome {
        match read(line) {
            Typed::Nothing => {}
            Typed::Quit => return Ok(Answer::No),
            Typed::Help => self.screen.line(HELP)?,
            Typed::Unclear(what) => self.screen.line(format!("{what}\n{HELP}"))?,
            Typed::List => self.list()?,
            Typed::Show(id) => match self.find(&id) {
                Ok(approval) => self.show(approval)?,
                Err(what) => self.screen.line(what)?,
            },
            Typed::Vote(id, vote) => self.vote(&id, &vote).await?,
        }
        Ok(Answer::Yes)
    }

    fn list(&self) -> Result<(), Failure> {
        let waiting = self.pending.values().filter(|approval| approval.is_pending());
        for approval in waiting {
            let what = approval.summary(60);
            self.screen.line(format!("{}  {what}", inert_line(&approval.id, 80)))?;
        }
        Ok(())
    }

    async fn vote(&mut self, id: &str, vote: &Vote) -> Result<(), Failure> {
        let approval = match self.find(id) {
            Ok(approval) => approval.clone(),
            Err(what) => return Ok(self.screen.line(what)?),
        };
        let id = &approval.id;
        match decide(self.client, &approval, vote).await {
            Ok(Decided::Done(_)) => {}
            Ok(Decided::Already(now)) => {
                self.screen.line(format!("{id} is already {}", now.state()))?;
            }
            Err(ClientError::Refused(refusal)) => {
                self.screen.line(format!("{} ({})", refusal.message, refusal.code))?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// The one approval shown here whose id is, or ends with, what was typed.
    fn find(&self, typed: &str) -> Result<&Approval, String> {
        if let Some(approval) = self.pending.get(typed) {
            return Ok(approval);
        }
        let digits = typed.chars().all(|c| c.is_ascii_hexdigit());
        let ending = digits && typed.len() >= SHORTEST_ENDING;
        let mut found = self
            .pending
            .values()
            .filter(|approval| ending && approval.is_pending() && approval.id.ends_with(typed));
        match (found.next(), found.next()) {
            (Some(approval), None) => Ok(approval),
            (Some(_), Some(_)) => Err(format!("`{typed}` fits more than one; give the whole id")),
            (None, _) => Err(format!("no approval `{}` is shown here", inert_line(typed, 80))),
        }
    }
}

fn read(line: &str) -> Typed {
    let mut words = line.split_whitespace();
    let Some(verb) = words.next() else {
        return Typed::Nothing;
    };
    let id = words.next().map(str::to_owned);
    let rest = words.collect::<Vec<_>>().join(" ");
    match (verb, id) {
        ("list", None) => Typed::List,
        ("quit" | "exit", None) => Typed::Quit,
        ("help" | "?", None) => Typed::Help,
        ("show", Some(id)) if rest.is_empty() => Typed::Show(id),
        ("deny", Some(id)) => {
            let reason = Some(rest).filter(|reason| !reason.is_empty());
            Typed::Vote(id, Vote { choice: "deny", reason })
        }
        ("approve", Some(id)) => approving(id, &rest),
        ("approve" | "deny" | "show", None) => Typed::Unclear(format!("`{verb}` needs an id.")),
        (_, _) => Typed::Unclear(format!("`{}` is not understood.", inert_line(line, 60))),
    }
}

fn approving(id: String, rest: &str) -> Typed {
    let choice = match rest {
        "" | "once" => "once",
        "session" => "session",
        "always" => "always",
        other => {
            let other = inert_line(other, 40);
            return Typed::Unclear(format!("`{other}` is not `once`, `session` or `always`."));
        }
    };
    Typed::Vote(id, Vote { choice, reason: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_line_does_nothing_and_a_verb_needs_an_id() {
        assert_eq!(read(""), Typed::Nothing);
        assert_eq!(read("  \t"), Typed::Nothing);
        for line in ["approve", "y", "yes", "once", "approve x maybe", "ok"] {
            assert!(matches!(read(line), Typed::Unclear(_)), "{line}");
        }
    }

    #[test]
    fn what_is_typed_is_understood() {
        let vote =
            |choice, reason: Option<&str>| Vote { choice, reason: reason.map(str::to_owned) };
        assert_eq!(read("approve a"), Typed::Vote("a".to_owned(), vote("once", None)));
        assert_eq!(read("approve a always"), Typed::Vote("a".to_owned(), vote("always", None)));
        assert_eq!(
            read("deny a not  now"),
            Typed::Vote("a".to_owned(), vote("deny", Some("not now")))
        );
    }
}
