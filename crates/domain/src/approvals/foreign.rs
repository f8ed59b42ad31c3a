//! Approvals of actions that another program carries out itself: it asks, is told, and gets the grant.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Approval, Status};
use crate::identity::Principal;
use crate::time::Timestamp;

/// What another program has said of its request besides the action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// What it calls it: a remark, no part of what is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who alone may approve it, of those who may anyway; empty for all of them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub approvers: BTreeSet<Principal>,
    /// Where it wants to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<Callback>,
}

/// Telling a program how its request ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// Where.
    pub url: String,
    /// How often it was attempted.
    pub attempts: u32,
    /// When it is attempted next.
    pub next_at: Option<Timestamp>,
    /// When the program has taken it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<Timestamp>,
}

/// How long after each attempt the next one follows: about a day in all.
const PAUSES: [Duration; 9] = [
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
    Duration::from_hours(2),
    Duration::from_hours(4),
    Duration::from_hours(8),
    Duration::from_hours(8),
];

impl Callback {
    /// A callback to `url`, due when the request has ended.
    pub const fn new(url: String) -> Self {
        Self { url, attempts: 0, next_at: None, taken_at: None }
    }

    fn attempted(&self, now: Timestamp) -> Self {
        let pause = usize::try_from(self.attempts).ok().and_then(|index| PAUSES.get(index));
        let next_at = pause.map(|pause| now.after(*pause));
        Self { attempts: self.attempts.saturating_add(1), next_at, ..self.clone() }
    }

    fn taken(&self, now: Timestamp) -> Self {
        Self { next_at: None, taken_at: Some(now), ..self.clone() }
    }
}

impl Approval {
    /// Whether another program carries the action out.
    pub const fn is_foreign(&self) -> bool {
        self.foreign.is_some()
    }

    /// The callback of a foreign request, if it wants one.
    pub fn callback(&self) -> Option<&Callback> {
        self.foreign.as_ref()?.callback.as_ref()
    }

    /// When the program is to be told next.
    pub(super) fn callback_due(&self) -> Option<Timestamp> {
        self.callback()?.next_at
    }

    /// The same, its program to be told now if it has just ended.
    #[must_use]
    pub(super) fn telling(self, before: Status, now: Timestamp) -> Self {
        let ended = before == Status::Pending && self.status() != Status::Pending;
        if !ended {
            return self;
        }
        self.with_callback(|callback| Callback { next_at: Some(now), ..callback })
    }

    /// The same, when an attempt to tell its program begins.
    #[must_use]
    pub fn callback_attempted(&self, now: Timestamp) -> Self {
        self.clone().with_callback(|callback| callback.attempted(now))
    }

    /// The same, when its program has been told.
    #[must_use]
    pub fn callback_taken(&self, now: Timestamp) -> Self {
        self.clone().with_callback(|callback| callback.taken(now))
    }

    fn with_callback(mut self, change: impl FnOnce(Callback) -> Callback) -> Self {
        if let Some(foreign) = &mut self.foreign {
            foreign.callback = foreign.callback.take().map(change);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_attempted_ever_more_rarely_and_not_for_ever() {
        let mut callback = Callback::new("https://a.example/".to_owned());
        let mut now = Timestamp::from_millis(0);
        let mut pauses = Vec::new();
        loop {
            callback = callback.attempted(now);
            let Some(next) = callback.next_at else { break };
            pauses.push(next.since(now));
            now = next;
        }
        assert_eq!(callback.attempts, 10);
        assert!(pauses.is_sorted() && pauses.iter().sum::<Duration>() > Duration::from_hours(23));
        assert_eq!(callback.taken(now).taken_at, Some(now));
    }
}
