//! Ids: twenty-six letters and digits of the server's own alphabet.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};

/// The alphabet of ids: z-base-32.
const ALPHABET: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";

/// How long every id is.
const LENGTH: usize = 26;

/// A fresh id.
pub(crate) fn fresh() -> String {
    let mut bytes = [0_u8; LENGTH];
    SystemRandom::new().fill(&mut bytes).expect("the system has randomness");
    bytes
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
        .map(|letter| char::from(*letter))
        .collect()
}

/// Whether the server takes this for an id.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str(&self.0)
            }
        }
    )+};
}

macro_rules! made_here {
    ($($name:ident),+ $(,)?) => {$(
        impl $name {
            pub(crate) fn fresh() -> Self {
                Self(fresh())
            }
        }
    )+};
}

made_here!(UserId, TeamId, ChannelId, PostId, FileId, ConnectionId);

ids! {
    /// Of a person or a bot.
    UserId,
    /// Of a team.
    TeamId,
    /// Of a channel.
    ChannelId,
    /// Of a post.
    PostId,
    /// Of a slash command that somebody registered.
    CommandId,
    /// Of a file.
    FileId,
    /// Of a socket; it outlives the socket, so that another can take over.
    ConnectionId,
}
