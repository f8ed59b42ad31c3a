//! What the model says, for readers who cannot be told to forget anything.
//!
//! An attempt of the model can break off and be repeated. What was sent of it cannot be taken back:
//! as long as the new attempt says the same it is not said again, and from where it differs it is said
//! in a new paragraph.

use countersign_domain::ids::MessageId;

/// What has been said so far.
#[derive(Debug, Default)]
pub(super) struct Speech {
    /// The attempt that is being heard.
    attempt: Option<MessageId>,
    /// What it has said.
    heard: String,
    /// What was sent of it, and of broken off attempts before it.
    sent: String,
    /// Whether its message is complete.
    complete: bool,
    /// Whether anything was ever sent.
    pub(super) begun: bool,
}

impl Speech {
    /// A piece of an attempt; what is to be sent for it.
    pub(super) fn hear(&mut self, attempt: MessageId, piece: &str) -> String {
        self.turn_to(attempt);
        self.heard.push_str(piece);
        self.unsent()
    }

    /// The whole of an attempt that ended well; what is still to be sent of it.
    pub(super) fn complete(&mut self, attempt: MessageId, whole: &str) -> String {
        self.turn_to(attempt);
        let all_sent = self.sent == self.heard;
        let unsent = if all_sent && !whole.starts_with(&self.sent) {
            // It was written otherwise than it was said, but it was said.
            String::new()
        } else {
            whole.clone_into(&mut self.heard);
            self.unsent()
        };
        self.complete = true;
        unsent
    }

    fn turn_to(&mut self, attempt: MessageId) {
        if self.attempt == Some(attempt) {
            return;
        }
        if self.complete {
            self.sent.clear();
        }
        self.attempt = Some(attempt);
        self.heard.clear();
        self.complete = false;
    }

    fn unsent(&mut self) -> String {
        if self.sent.starts_with(&self.heard) {
            return String::new();
        }
        let follows = self.heard.strip_prefix(self.sent.as_str()).filter(|_| !self.sent.is_empty());
        let unsent = match follows {
            Some(rest) => rest.to_owned(),
            None if self.begun => format!("\n\n{}", self.heard),
            None => self.heard.clone(),
        };
        self.heard.clone_into(&mut self.sent);
        self.begun = true;
        unsent
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> MessageId {
        MessageId::from_uuid(Uuid::from_u128(n))
    }

    fn said(pieces: &[(u128, &str, bool)]) -> String {
        let mut speech = Speech::default();
        let mut said = String::new();
        for (attempt, text, whole) in pieces {
            said += &if *whole {
                speech.complete(id(*attempt), text)
            } else {
                speech.hear(id(*attempt), text)
            };
        }
        said
    }

    #[test]
    fn everything_is_said_once_and_nothing_is_taken_back() {
        for (pieces, wanted) in [
            (&[(1, "a", false), (1, "b", false), (1, "ab", true)][..], "ab"),
            (&[(1, "ab", true)], "ab"),
            (&[(1, "a", false), (1, "ab", true), (2, "c", false), (2, "cd", true)], "ab\n\ncd"),
            (&[(1, "a", false), (2, "a", false), (2, "b", false), (2, "ab", true)], "ab"),
            (&[(1, "abc", false), (2, "a", false), (2, "abcd", true)], "abcd"),
            (&[(1, "abc", false), (2, "x", false), (2, "y", false), (2, "xy", true)], "abc\n\nxy"),
            (&[(1, "token=1", false), (1, "token=…", true), (2, "b", true)], "token=1\n\nb"),
            (&[(1, "", true), (2, "b", true)], "b"),
        ] {
            assert_eq!(said(pieces), wanted, "{pieces:?}");
        }
    }
}
