//! Cards that were put into chats.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Address, MessageId};
use crate::digest::Digest;
use crate::ids::{ApprovalId, CardId, RunId};

/// What a button brings back besides the id of its card: a card of a former life, or a guess,
/// does not know it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CardNonce(String);

/// A card that was put, or is being put, into a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedCard {
    /// The card.
    pub id: CardId,
    /// The approval that it shows.
    pub approval_id: ApprovalId,
    /// The run that waits for it.
    pub run_id: RunId,
    /// Where it is.
    pub address: Address,
    /// What the nonces of its buttons are made from: see [`Self::buttons`].
    pub nonce: CardNonce,
    /// The message; `None` while the platform has not taken it.
    pub message: Option<MessageId>,
    /// The number of the event whose state it shows: it only grows.
    pub shows: u64,
    /// The digest of the action that it shows: an answer to the card is about nothing else.
    pub digest: Digest,
    /// How many calls it counts.
    pub count: u32,
    /// Whether all that matters is on it: what is cut is not approved there. Of cards that were put
    /// before this was noted it is not known.
    #[serde(default)]
    pub whole: bool,
    /// Whether the bot has said something else in the chat after the card was put there: what is said
    /// by itself can be about that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spoken_after: bool,
}

impl PostedCard {
    /// What its buttons bring back, as far as it is known what people see.
    pub fn buttons(&self) -> CardNonce {
        self.nonce.showing(self.digest, self.count)
    }
}

impl CardNonce {
    /// The nonce made of 16 random bytes.
    pub fn new(random: [u8; 16]) -> Self {
        let number = u128::from_be_bytes(random);
        Self(format!("{number:032x}"))
    }

    /// The nonce of the buttons under this action, counted so often. A click that was made before
    /// something else was shown, and is brought again, names another one.
    #[must_use]
    pub fn showing(&self, digest: Digest, count: u32) -> Self {
        let text = format!("countersign buttons\n{}\n{digest}\n{count}", self.0);
        let digest = Digest::of(text.as_bytes());
        let mut half = [0; 16];
        for (to, from) in half.iter_mut().zip(digest.as_bytes()) {
            *to = *from;
        }
        Self::new(half)
    }

    /// The nonce as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CardNonce {
    type Err = super::InvalidChatName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 32 && text.bytes().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(super::address::invalid(text, "the nonce of a card"))
        }
    }
}

impl fmt::Debug for CardNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardNonce(…)")
    }
}
