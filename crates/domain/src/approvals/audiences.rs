//! Who is shown a card, and when.
//!
//! [`route`] only plans. Whether a card really reached the approvers' channel is recorded when it
//! was tried, and surfaces say what is recorded, never what was planned.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::state::{Approval, HistoryEntry, Moment, Status};
use crate::identity::Actor;
use crate::time::Timestamp;

/// Where approvers are asked, such as `mattermost:ops`: a platform and a place on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Channel(String);

/// Why a text is not a channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a destination such as `mattermost:ops`")]
pub struct InvalidChannel(String);

/// `approvals.channel` and `approvals.escalate_after`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelPolicy {
    /// Where approvers are asked.
    pub channel: Option<Channel>,
    /// After how long they are asked there too; `None` never.
    pub escalate_after: Option<Duration>,
}

/// Whether the requester could approve the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequesterMay {
    /// They may approve it.
    Approve,
    /// Only others may.
    NotApprove,
}

/// One audience of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "audience", rename_all = "snake_case")]
pub enum Audience {
    /// The surface that the request came from; the inbox of page, API and terminal is always one.
    Requester,
    /// The approvers' channel.
    Approvers {
        /// Which.
        channel: Channel,
        /// Why there.
        occasion: Occasion,
        /// From when on.
        at: Timestamp,
        /// What came of it.
        delivery: Delivery,
    },
}

/// Why the approvers' channel is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// From the beginning: the requester may not approve.
    Opening,
    /// Nobody had decided for `approvals.escalate_after`.
    Escalation,
}

/// Whether a card reached its channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "delivery", rename_all = "snake_case")]
pub enum Delivery {
    /// Not tried yet.
    Planned,
    /// It is there.
    Sent {
        /// Since when.
        sent_at: Timestamp,
    },
    /// It is not there.
    NotSent {
        /// When it was tried.
        tried_at: Timestamp,
        /// Why not.
        why: String,
    },
}

/// Who sees the card of a question opened at `opened`, and from when on.
pub fn route(
    policy: &ChannelPolicy,
    requester: RequesterMay,
    opened: Timestamp,
    expires_at: Option<Timestamp>,
) -> Vec<Audience> {
    let mut audiences = vec![Audience::Requester];
    let when = match requester {
        RequesterMay::NotApprove => Some((Occasion::Opening, opened)),
        RequesterMay::Approve => {
            policy.escalate_after.map(|span| (Occasion::Escalation, opened.after(span)))
        }
    };
    if let (Some(channel), Some((occasion, at))) = (&policy.channel, when)
        // Asking at or after the end would ask about nothing.
        && expires_at.is_none_or(|end| at < end)
    {
        let channel = channel.clone();
        audiences.push(Audience::Approvers { channel, occasion, at, delivery: Delivery::Planned });
    }
    audiences
}

/// What a card without a channel is shown to.
pub(super) fn requester_only() -> Vec<Audience> {
    vec![Audience::Requester]
}

impl Approval {
    /// When the approvers' channel is to be asked, if that has not been tried.
    pub fn channel_due(&self) -> Option<Timestamp> {
        self.planned().map(|(_, _, at)| at)
    }

    /// The channel that is due at `now`.
    pub fn channel_to_ask(&self, now: Timestamp) -> Option<(&Channel, Occasion)> {
        if self.status() != Status::Pending {
            return None;
        }
        let (channel, occasion, at) = self.planned()?;
        (now >= at).then_some((channel, occasion))
    }

    fn planned(&self) -> Option<(&Channel, Occasion, Timestamp)> {
        self.audiences.iter().find_map(|audience| match audience {
            Audience::Approvers { channel, occasion, at, delivery: Delivery::Planned } => {
                Some((channel, *occasion, *at))
            }
            Audience::Approvers { .. } | Audience::Requester => None,
        })
    }
}

/// Records what came of asking the approvers' channel; `None` if nothing was planned any more. What
/// was not sent at first may be later.
pub fn record_delivery(
    approval: &Approval,
    outcome: Result<(), String>,
    now: Timestamp,
) -> Option<Approval> {
    if approval.status() != Status::Pending {
        return None;
    }
    let is_open = |delivery: &Delivery| match delivery {
        Delivery::Planned => true,
        Delivery::NotSent { .. } => outcome.is_ok(),
        Delivery::Sent { .. } => false,
    };
    let mut next = approval.clone();
    let slot = next.audiences.iter_mut().find_map(|audience| match audience {
        Audience::Approvers { delivery, .. } if is_open(&*delivery) => Some(delivery),
        Audience::Approvers { .. } | Audience::Requester => None,
    })?;
    let what = match outcome {
        Ok(()) => {
            *slot = Delivery::Sent { sent_at: now };
            Moment::ChannelAsked
        }
        Err(why) => {
            *slot = Delivery::NotSent { tried_at: now, why };
            Moment::ChannelNotReached
        }
    };
    next.history.push(HistoryEntry { at: now, actor: Actor::System, what, edit: None });
    Some(next)
}

impl Occasion {
    /// The word of the event that tells of it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "routed",
            Self::Escalation => "escalated",
        }
    }
}

impl Channel {
    /// The platform's name.
    pub fn platform(&self) -> &str {
        self.0.split_once(':').map_or("", |(platform, _)| platform)
    }

    /// The place on it: the id of a chat, or its name.
    pub fn place(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, place)| place)
    }

    /// The destination as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Channel {
    type Err = InvalidChannel;

    fn from_str(text: &str) -> Result<Self, InvalidChannel> {
        let platform_legal = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        };
        match text.split_once(':') {
            Some((platform, place))
                if platform_legal(platform)
                    && (1..=256).contains(&place.len())
                    && !place.chars().any(char::is_control) =>
            {
                Ok(Self(text.to_owned()))
            }
            Some(_) | None => Err(InvalidChannel(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Channel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Channel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
