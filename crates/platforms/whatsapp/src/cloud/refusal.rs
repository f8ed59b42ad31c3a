//! What the Graph API refuses, in words for people, and what may be done about it.

use std::time::Duration;

use serde::Deserialize;

use crate::transport::SendError;

/// What is said of a text that comes too late.
pub(super) const OUTSIDE: &str = "this person has not written to the number within the last 24 hours; until they do, WhatsApp \
     takes only a template that Meta has approved, which would be needed here";

/// What an operator is told of a token that is none, or none any more.
pub(super) const TOKEN_REFUSED: &str = "Meta does not accept the access token, or not for this number: make a new one for the system \
     user (permission whatsapp_business_messaging) and restart the gateway";

/// An error, in an answer or in a status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Refusal {
    pub(super) code: u32,
    pub(super) message: String,
    /// What statuses have besides it, or instead.
    pub(super) title: String,
    pub(super) error_data: Details,
}

/// What else is said of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    pub(super) details: String,
}

/// What a code says about the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The token, or a permission that it lacks.
    Access,
    /// Too much at one time.
    TooFast(Duration),
    /// The window of 24 hours is over.
    Outside,
    /// It cannot be brought to this person.
    Undeliverable,
    /// The number itself is stopped.
    Blocked,
    /// This kind of message is not taken, or not made so.
    Form,
    /// Something broke on the other side.
    Broken,
    /// Anything else.
    Other,
}

impl Refusal {
    pub(super) const fn meaning(&self) -> Meaning {
        match self.code {
            10 | 190 | 200..=299 => Meaning::Access,
            4 | 80_007 => Meaning::TooFast(Duration::from_secs(30)),
            130_429 => Meaning::TooFast(Duration::from_secs(1)),
            131_056 => Meaning::TooFast(Duration::from_secs(6)),
            470 | 131_047 => Meaning::Outside,
            131_026 => Meaning::Undeliverable,
            368 | 131_031 | 131_048 => Meaning::Blocked,
            100 | 131_008 | 131_009 | 131_051 => Meaning::Form,
            1 | 2 | 131_000 | 131_016 => Meaning::Broken,
            _ => Meaning::Other,
        }
    }

    /// What it says, for people. The other side's own words stand behind ours.
    pub(super) fn says(&self) -> String {
        let ours = match self.meaning() {
            Meaning::Access => TOKEN_REFUSED,
            Meaning::TooFast(_) => "too many messages at one time",
            Meaning::Outside => OUTSIDE,
            Meaning::Undeliverable => {
                "it cannot be delivered: the number is not on WhatsApp, has not accepted its \
                 terms, or has blocked this one"
            }
            Meaning::Blocked => "Meta has restricted this number: see the WhatsApp Manager",
            Meaning::Form => "the message is not as the Cloud API wants it",
            Meaning::Broken => "the Cloud API is out of order",
            Meaning::Other => "the Cloud API refuses",
        };
        let title = if self.message.is_empty() { &self.title } else { &self.message };
        let theirs: String = [title.as_str(), self.error_data.details.as_str()]
            .into_iter()
            .filter(|text| !text.trim().is_empty())
            .collect::<Vec<_>>()
            .join(": ");
        let theirs: String =
            theirs.chars().filter(|c| !c.is_control()).take(LONGEST_WORDS).collect();
        format!("{ours} (code {}: {theirs})", self.code)
    }

    /// What it says of an attempt to send something.
    pub(super) fn of_sending(&self) -> SendError {
        match self.meaning() {
            // Whoever makes a new token wants what was owed meanwhile.
            Meaning::Access => SendError::NotReached(self.says()),
            Meaning::TooFast(pause) => SendError::SlowDown(pause),
            Meaning::Broken => SendError::Unknown(self.says()),
            Meaning::Outside
            | Meaning::Undeliverable
            | Meaning::Blocked
            | Meaning::Form
            | Meaning::Other => SendError::Refused(self.says()),
        }
    }

    /// What a status says of a message that was taken and has not arrived: nothing of it did.
    pub(super) fn of_failing(&self) -> SendError {
        match self.of_sending() {
            SendError::NotReached(why) | SendError::Unknown(why) => SendError::Refused(why),
            known @ (SendError::SlowDown(_) | SendError::Refused(_)) => known,
        }
    }
}

/// No more of the other side's words.
const LONGEST_WORDS: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: u32) -> SendError {
        Refusal { code, message: "(#1) Title".to_owned(), ..Refusal::default() }.of_sending()
    }

    #[test]
    fn every_documented_code_says_what_can_be_done() {
        let refused = [470, 131_047, 131_026, 368, 131_031, 131_048, 100, 131_009, 131_051, 7];
        for code in refused {
            assert!(matches!(of(code), SendError::Refused(_)), "{code}");
        }
        for code in [4, 80_007, 130_429, 131_056] {
            assert!(matches!(of(code), SendError::SlowDown(_)), "{code}");
        }
        for code in [190, 10, 200] {
            assert!(matches!(of(code), SendError::NotReached(_)), "{code}");
        }
        for code in [1, 2, 131_000, 131_016] {
            assert!(matches!(of(code), SendError::Unknown(_)), "{code}");
        }
        let SendError::Refused(why) = of(131_047) else { panic!("it is refused") };
        assert!(why.contains("template") && why.contains("24 hours"), "{why}");
    }
}
