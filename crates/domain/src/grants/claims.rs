//! What a grant says.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::action::{Action, ActionKind};
use crate::digest::Digest;
use crate::identity::Actor;
use crate::ids::{ApprovalId, GatewayId, GrantId, InvalidId, RuleId, SessionId};
use crate::time::Timestamp;

/// The claims of a grant, in the order and under the names in which they are signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The grant's id: used once.
    pub jti: GrantId,
    /// Who issued it.
    pub iss: GatewayId,
    /// For whom: the same gateway.
    pub aud: GatewayId,
    /// When it was issued.
    pub iat: Timestamp,
    /// Not to be used before.
    pub nbf: Timestamp,
    /// Not to be used at this time or later.
    pub exp: Timestamp,
    /// The approval that was decided: this action's own, or the one that left the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appr: Option<ApprovalId>,
    /// The kind of action.
    pub act: ActionKind,
    /// The tool that carries it out.
    pub tool: String,
    /// Where it goes: [`bound_destination`] of the canonical form.
    pub dst: String,
    /// SHA-256 of the action's canonical JSON.
    pub sha: Digest,
    /// The conversation in which it was decided.
    pub ses: SessionId,
    /// Who decided; `system` for what the operator's configuration lets pass.
    pub by: Actor,
    /// By what right.
    #[serde(rename = "use")]
    pub terms: Terms,
}

/// By what right a grant was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// A person decided on exactly this action.
    Once,
    /// A rule that a person left covers it.
    Rule(RuleId),
    /// `outbound.exempt` names the destination, or the guard finds nothing to ask about.
    Exempt,
    /// `approvals.mode` is `off`.
    ApprovalsOff,
    /// It goes to a service chat whose mode lets texts go by themselves.
    ServiceChat,
}

/// What an action must match to be covered by a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The gateway that carries it out.
    pub gateway: GatewayId,
    /// The kind of action.
    pub kind: ActionKind,
    /// The tool.
    pub tool: String,
    /// Where it goes, as [`bound_destination`] writes it.
    pub destination: String,
    /// Digest of what will really run or leave.
    pub content: Digest,
    /// The conversation.
    pub session: SessionId,
}

/// The longest destination that stands in a grant as it is, in bytes.
const LONGEST_DESTINATION: usize = 512;

/// `destination` as a grant holds it: a text of more than 512 bytes as its SHA-256, written
/// `sha256:` and 64 hex digits, so that no destination makes a grant too long.
pub fn bound_destination(destination: &str) -> String {
    if destination.len() <= LONGEST_DESTINATION {
        destination.to_owned()
    } else {
        Digest::of(destination.as_bytes()).to_string()
    }
}

impl Binding {
    /// The binding of `action`, computed from what will run.
    pub fn of(action: &Action, tool: &str, session: SessionId, gateway: GatewayId) -> Self {
        Self {
            gateway,
            kind: action.kind(),
            tool: tool.to_owned(),
            destination: bound_destination(&action.bound_destination()),
            content: action.digest(),
            session,
        }
    }
}

impl Grant {
    /// The claims as they are signed: one line of JSON.
    pub fn to_json(&self) -> String {
        // A structure of texts and numbers always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Once => f.write_str("once"),
            Self::Rule(id) => id.fmt(f),
            Self::Exempt => f.write_str("exempt"),
            Self::ApprovalsOff => f.write_str("approvals_off"),
            Self::ServiceChat => f.write_str("service_chat"),
        }
    }
}

impl FromStr for Terms {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text {
            "once" => Ok(Self::Once),
            "exempt" => Ok(Self::Exempt),
            "approvals_off" => Ok(Self::ApprovalsOff),
            "service_chat" => Ok(Self::ServiceChat),
            rule => rule.parse().map(Self::Rule),
        }
    }
}

impl Serialize for Terms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Terms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
