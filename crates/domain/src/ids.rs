//! Typed, sortable identifiers: a prefix that names the kind and the 32 hex digits of a UUIDv7.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::time::Timestamp;

/// Why a text is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of the form `{prefix}` followed by 32 hex digits")]
pub struct InvalidId {
    text: String,
    prefix: &'static str,
}

fn parse(text: &str, prefix: &'static str) -> Result<Uuid, InvalidId> {
    let invalid = || InvalidId { text: text.chars().take(64).collect(), prefix };
    let digits = text.strip_prefix(prefix).ok_or_else(invalid)?;
    // `Uuid` accepts braces, hyphens and capitals; one id has one spelling here.
    if digits.len() != 32 || !digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(invalid());
    }
    Uuid::try_parse(digits).map_err(|_| invalid())
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// The id that carries `uuid`, which should be a UUIDv7 so that ids sort by age.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The first id of those that were made at `at`: every older one sorts before it.
            pub fn first_at(at: Timestamp) -> Self {
                let millis = u64::try_from(at.as_millis()).unwrap_or(0);
                Self(Uuid::from_u128(u128::from(millis) << 80))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text, $prefix).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

typed_id!(
    /// An approval: the durable question about one action.
    ApprovalId, "appr_");
typed_id!(
    /// A run: one piece of work of the agent, from an input to an end.
    RunId, "run_");
typed_id!(
    /// A session: one conversation, which runs share.
    SessionId, "sess_");
typed_id!(
    /// A rule that a `session` or `always` decision left behind.
    RuleId, "rule_");
typed_id!(
    /// One attempt of the model at one message; a repeated attempt has another id.
    MessageId, "msg_");
typed_id!(
    /// One tool call of a run.
    CallId, "call_");
typed_id!(
    /// An API key.
    KeyId, "key_");
typed_id!(
    /// A sign-in of the web page.
    WebSessionId, "web_");
typed_id!(
    /// A gateway: the issuer and the audience of what it signs.
    GatewayId, "gw_");
typed_id!(
    /// A grant: the signed proof of a decision.
    GrantId, "grant_");
typed_id!(
    /// A card that was put into a chat.
    CardId, "card_");
typed_id!(
    /// Somebody who asks to be heard, or is.
    PairingId, "pair_");
typed_id!(
    /// A message in the thread of a service chat.
    SaidId, "said_");
typed_id!(
    /// A node: one life of one process that works on a store.
    NodeId, "node_");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_time_that_they_were_made() {
        let made = |millis: u64, rest: u128| {
            RunId::from_uuid(Uuid::from_u128(u128::from(millis) << 80 | 7 << 76 | rest))
        };
        let bound = RunId::first_at(Timestamp::from_millis(1000));
        assert!(made(999, u128::MAX >> 64) < bound && bound < made(1000, 0));
        assert!(RunId::first_at(Timestamp::from_millis(-1)) < made(0, 0));
    }

    #[test]
    fn an_id_reads_back_what_it_prints() {
        let id = ApprovalId::from_uuid(Uuid::from_u128(7));
        assert_eq!(id.to_string(), "appr_00000000000000000000000000000007");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_id_has_one_spelling() {
        for text in [
            "",
            "appr_",
            "run_00000000000000000000000000000007",
            "appr_0000000000000000000000000000000",
            "appr_0000000000000000000000000000000G",
            "appr_0000000000000000000000000000000A",
            "appr_00000000-0000-0000-0000-000000000007",
            " appr_00000000000000000000000000000007",
        ] {
            assert!(text.parse::<ApprovalId>().is_err(), "{text}");
        }
    }
}
