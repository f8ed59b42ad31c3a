//! What a card says besides the action: for how many calls, who agreed, what was denied before,
//! and who else is asked.

use serde::{Deserialize, Serialize};

use crate::output::{Screen, Tone, inert_line};

/// What people should know of an approval besides the action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attention {
    #[serde(default = "one")]
    pub(crate) count: u32,
    #[serde(default = "one")]
    pub(crate) votes_needed: u32,
    #[serde(default)]
    pub(crate) votes: Vec<GivenVote>,
    #[serde(default)]
    pub(crate) tried_before: Vec<TriedBefore>,
    #[serde(default)]
    pub(crate) audiences: Vec<Audience>,
}

/// One approving vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GivenVote {
    pub(crate) choice: String,
    pub(crate) by: String,
    #[serde(default)]
    pub(crate) on_behalf_of: Option<String>,
}

/// An earlier denial of the same effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TriedBefore {
    pub(crate) approval_id: String,
    pub(crate) at: String,
    pub(crate) denied_by: String,
    #[serde(default)]
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) same_action: bool,
}

/// Somebody who is shown the card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Audience {
    #[serde(default)]
    pub(crate) channel: Option<String>,
    #[serde(default)]
    pub(crate) at: Option<String>,
    #[serde(default)]
    pub(crate) delivery: Option<String>,
    #[serde(default)]
    pub(crate) problem: Option<String>,
}

impl Attention {
    /// `1 of 2 votes`, where one is not enough.
    pub(crate) fn votes(&self) -> Option<String> {
        let (given, needed) = (self.votes.len(), self.votes_needed);
        (needed > 1).then(|| format!("{given} of {needed} votes"))
    }

    /// The lines of the card.
    pub(crate) fn lines(&self, screen: Screen) -> Vec<String> {
        let mut lines = Vec::new();
        for tried in &self.tried_before {
            let warning = screen.tone(Tone::Bad, &tried.line());
            lines.push(format!("  before   {warning}"));
        }
        if self.count > 1 {
            lines.push(format!("  count    {} identical calls wait for this", self.count));
        }
        if let Some(votes) = self.votes() {
            let given: Vec<String> = self.votes.iter().map(GivenVote::words).collect();
            let who =
                if given.is_empty() { String::new() } else { format!(": {}", given.join(", ")) };
            lines.push(format!("  votes    {votes}{who}"));
        }
        let asked = self.audiences.iter().filter_map(Audience::line);
        lines.extend(asked.map(|line| format!("  channel  {line}")));
        lines
    }
}

impl GivenVote {
    fn words(&self) -> String {
        let by = inert_line(&self.by, 80);
        let choice = inert_line(&self.choice, 20);
        match &self.on_behalf_of {
            Some(other) => format!("{choice} by {by} for {}", inert_line(other, 80)),
            None => format!("{choice} by {by}"),
        }
    }
}

impl TriedBefore {
    fn line(&self) -> String {
        let how = if self.same_action {
            "the same action was denied"
        } else {
            "the same effect by other means was denied"
        };
        let reason = self
            .reason
            .as_deref()
            .map_or_else(String::new, |reason| format!(": {}", inert_line(reason, 300)));
        format!(
            "{how} by {} at {}{reason} ({})",
            inert_line(&self.denied_by, 80),
            inert_line(&self.at, 40),
            inert_line(&self.approval_id, 80),
        )
    }
}

impl Audience {
    /// Where else it is asked, as far as that is true.
    fn line(&self) -> Option<String> {
        let channel = inert_line(self.channel.as_deref()?, 260);
        Some(match self.delivery.as_deref() {
            Some("sent") => format!("sent to {channel}"),
            Some("planned") => {
                let at = inert_line(self.at.as_deref().unwrap_or("a later time"), 40);
                format!("to be sent to {channel} at {at}")
            }
            Some(_) | None => {
                let why =
                    inert_line(self.problem.as_deref().unwrap_or("the reason is not known"), 300);
                format!("not sent to {channel}: {why}")
            }
        })
    }
}

const fn one() -> u32 {
    1
}
