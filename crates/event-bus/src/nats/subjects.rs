//! What messages are called on the server, and what they may hold: ids, and nothing else.

use std::fmt;

use countersign_domain::runs::Stream;
use countersign_ports::event_bus::{Call, Topic};

/// The longest payload that means something: an id.
const LONGEST: usize = 64;

/// What one message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hint {
    /// Somebody may have missed something: look at everything.
    All,
    /// To whoever listens.
    Call(Call),
    /// To those who follow it.
    Topic(Topic),
}

/// The subjects of one house.
#[derive(Debug, Clone)]
pub(super) struct Subjects {
    prefix: Prefix,
}

/// What the subjects of a house begin with, so that several can share a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

/// Why a text is no prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("use letters, digits, `-` and `_`, in parts with dots between them; 64 characters at most")]
pub struct InvalidPrefix;

impl Prefix {
    /// The prefix that `text` is.
    pub fn parse(text: &str) -> Result<Self, InvalidPrefix> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_part = |part: &str| !part.is_empty() && part.chars().all(is_plain);
        if text.len() <= LONGEST && text.split('.').all(is_part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPrefix)
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Subjects {
    pub(super) const fn new(prefix: Prefix) -> Self {
        Self { prefix }
    }

    /// Where a topic is announced. The payload is empty.
    pub(super) fn topic(&self, topic: Topic) -> String {
        match topic {
            Topic::Events(Stream::Run(id)) => format!("{}.stream.run.{id}", self.prefix),
            Topic::Events(Stream::Approvals) => format!("{}.stream.approvals", self.prefix),
            Topic::AuditLog => format!("{}.stream.audit", self.prefix),
        }
    }

    /// Everything that is said to all nodes.
    pub(super) fn calls(&self) -> String {
        format!("{}.call.*", self.prefix)
    }

    /// Where nobody listens.
    pub(super) fn nobody(&self) -> String {
        format!("{}.nobody", self.prefix)
    }

    /// Where answers come.
    pub(super) fn inbox(&self) -> String {
        format!("{}.inbox", self.prefix)
    }

    /// The subject and payload of a message.
    pub(super) fn message(&self, hint: Hint) -> (String, String) {
        let call = |name: &str| format!("{}.call.{name}", self.prefix);
        match hint {
            Hint::All => (call("all"), String::new()),
            Hint::Call(Call::Run(id)) => (call("run"), id.to_string()),
            Hint::Call(Call::Timers) => (call("timers"), String::new()),
            Hint::Call(Call::Work) => (call("work"), String::new()),
            Hint::Topic(topic) => (self.topic(topic), String::new()),
        }
    }

    /// What a message below [`Self::calls`] says; nothing if it is none of ours.
    pub(super) fn heard(&self, subject: &str, payload: &[u8]) -> Option<Hint> {
        let name = subject.strip_prefix(&self.prefix.0)?.strip_prefix(".call.")?;
        let payload = payload.get(..payload.len().min(LONGEST + 1))?;
        match (name, std::str::from_utf8(payload).ok()?) {
            ("all", "") => Some(Hint::All),
            ("timers", "") => Some(Hint::Call(Call::Timers)),
            ("work", "") => Some(Hint::Call(Call::Work)),
            ("run", id) => Some(Hint::Call(Call::Run(id.parse().ok()?))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::ids::RunId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_said_is_what_is_heard() {
        let subjects = Subjects::new(Prefix::parse("a.b").unwrap());
        let run = RunId::from_uuid(Uuid::from_u128(7));
        for hint in [
            Hint::All,
            Hint::Call(Call::Run(run)),
            Hint::Call(Call::Timers),
            Hint::Call(Call::Work),
        ] {
            let (subject, payload) = subjects.message(hint);
            assert!(subject.starts_with("a.b.call."), "{subject}");
            assert_eq!(subjects.heard(&subject, payload.as_bytes()), Some(hint));
        }
        let (subject, payload) = subjects.message(Hint::Topic(Stream::Run(run).into()));
        assert_eq!(subject, format!("a.b.stream.run.{run}"));
        assert_eq!(payload, "");
    }

    #[test]
    fn garbage_says_nothing() {
        let subjects = Subjects::new(Prefix::parse("a").unwrap());
        let long = vec![b'0'; 1 << 20];
        for (subject, payload) in [
            ("a.call.run", &b""[..]),
            ("a.call.run", b"appr_00000000000000000000000000000007"),
            ("a.call.run", b"run_0000000000000000000000000000000G"),
            ("a.call.run", &[0xff, 0xfe]),
            ("a.call.run", &long),
            ("a.call.timers", b"now"),
            ("a.call.work", &long),
            ("a.call.all", b" "),
            ("a.call.approve", b"appr_00000000000000000000000000000007"),
            ("b.call.work", b""),
            ("a.stream.work", b""),
            ("", b""),
        ] {
            assert_eq!(subjects.heard(subject, payload), None, "{subject}");
        }
    }

    #[test]
    fn a_prefix_is_made_of_plain_parts() {
        for good in ["countersign", "a.b-2.c_d", "A"] {
            assert_eq!(Prefix::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", ".", "a.", ".a", "a..b", "a b", "a.*", "a.>", "ä", &"a".repeat(65)] {
            assert_eq!(Prefix::parse(bad), Err(InvalidPrefix), "{bad}");
        }
    }
}
