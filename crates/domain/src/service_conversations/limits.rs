//! What is counted, over windows that slide.

use std::time::Duration;

use crate::time::Timestamp;

use super::ServiceChatId;

/// The window of new chats.
pub const DAY: Duration = Duration::from_hours(24);

/// The window of what is sent without asking.
pub const HOUR: Duration = Duration::from_hours(1);

/// So many within a span, and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// What was counted at or before this does not count any more.
    pub since: Timestamp,
    /// How many there may be.
    pub most: u32,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CountedKind {
    /// A chat that was to be begun. All chats count together.
    NewChat,
    /// A text that went without asking. Each chat counts for itself.
    AutoSend,
    /// Somebody who is not known has written for the first time. All count together.
    Stranger,
}

/// One that counts, to be stored unless its window is full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// What it is counted for: the approval of a first message, the call that sends a text.
    pub id: String,
    /// In which chat.
    pub chat: ServiceChatId,
    /// What.
    pub kind: CountedKind,
    /// When.
    pub at: Timestamp,
    /// How many there may be.
    pub window: Window,
}

impl Window {
    /// The window that ends now.
    pub fn ending(now: Timestamp, span: Duration, most: u32) -> Self {
        Self { since: now.before(span), most }
    }

    /// Whether there is room for one more after `counted`.
    pub fn has_room(self, counted: u64) -> bool {
        counted < u64::from(self.most)
    }
}

impl CountedKind {
    /// The word that the store has.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewChat => "new_chat",
            Self::AutoSend => "auto_send",
            Self::Stranger => "stranger",
        }
    }

    /// The span in which it counts.
    pub const fn span(self) -> Duration {
        match self {
            Self::NewChat | Self::Stranger => DAY,
            Self::AutoSend => HOUR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides_over_midnight_and_full_hours() {
        let now = Timestamp::from_millis(10 * 86_400_000 + 5);
        let day = Window::ending(now, DAY, 3);
        assert_eq!(day.since, Timestamp::from_millis(9 * 86_400_000 + 5));
        assert!(day.has_room(2) && !day.has_room(3));
        assert!(!Window::ending(now, HOUR, 0).has_room(0));
    }
}
