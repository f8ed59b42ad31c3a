//! The chats that have been seen: the API lists none. For each its number, the id that stands for
//! the number, its name, and when something was last written in it.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::service_conversations::{ChatKind, RecentChat};
use countersign_domain::time::Timestamp;
use countersign_ports::platform::{NoteName, Notes, NotesError};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

/// So many chats are remembered; of more, the one is forgotten that was quiet for longest.
const MOST: usize = 200;

/// The longest name that is remembered, in characters.
const LONGEST_NAME: usize = 80;

/// A chat's time is written down no more often.
const NOTED_EVERY: Duration = Duration::from_mins(10);

/// For so long after somebody wrote they can be written to freely.
const WINDOW: Duration = Duration::from_hours(24);

/// Somebody whose message was brought, as Meta says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Writer {
    /// Digits.
    pub(super) number: String,
    /// The id that stands for the number at this business.
    pub(super) user_id: Option<String>,
    /// What they call themselves.
    pub(super) name: Option<String>,
}

/// What is remembered of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Chat {
    number: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// When they last wrote.
    wrote_at: Timestamp,
}

/// The chats of one number, the same on all nodes.
pub(super) struct Seen {
    notes: Arc<dyn Notes>,
    note: NoteName,
    /// Who changes what is noted does so alone.
    changing: Mutex<()>,
}

/// Whether somebody can be written to freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    /// It is known that they cannot.
    Closed,
    /// They can, or Meta knows.
    Open,
}

impl Seen {
    pub(super) fn new(notes: Arc<dyn Notes>, note: NoteName) -> Self {
        Self { notes, note, changing: Mutex::default() }
    }

    /// `writer` has written at `at`.
    pub(super) async fn note(&self, writer: Writer, at: Timestamp) -> Result<(), NotesError> {
        let name = writer.name.map(|name| name.chars().take(LONGEST_NAME).collect());
        let changing = self.changing.lock().await;
        let mut chats = self.read().await?;
        let place = chats.iter().position(|chat| chat.number == writer.number);
        let known = place.map(|place| chats.remove(place));
        let chat = Chat {
            user_id: writer.user_id.or_else(|| known.as_ref()?.user_id.clone()),
            name: name.or_else(|| known.as_ref()?.name.clone()),
            // What is brought late was written before.
            wrote_at: known.as_ref().map_or(at, |known| known.wrote_at.max(at)),
            number: writer.number,
        };
        let is_known = known.is_some_and(|known| {
            let quiet = chat.wrote_at.since(known.wrote_at);
            quiet < NOTED_EVERY && Chat { wrote_at: known.wrote_at, ..chat.clone() } == known
        });
        if is_known {
            return Ok(());
        }
        // An id stands for one number: who has another number has another id.
        if let Some(id) = &chat.user_id {
            for other in chats.iter_mut().filter(|other| other.user_id.as_ref() == Some(id)) {
                other.user_id = None;
            }
        }
        chats.insert(0, chat);
        chats.sort_by_key(|chat| std::cmp::Reverse(chat.wrote_at));
        chats.truncate(MOST);
        let text = serde_json::to_string(&chats).map_err(|error| NotesError(error.to_string()))?;
        let noted = self.notes.write(&self.note, text).await;
        drop(changing);
        noted
    }

    /// The number that an id stands for, if somebody has written under both.
    pub(super) async fn number_of(&self, user_id: &str) -> Result<Option<String>, NotesError> {
        let chats = self.read().await?;
        let found = chats.into_iter().find(|chat| chat.user_id.as_deref() == Some(user_id));
        Ok(found.map(|chat| chat.number))
    }

    /// Whether `number` can be written to freely now.
    pub(super) async fn window(&self, number: &str, now: Timestamp) -> Result<Window, NotesError> {
        let chats = self.read().await?;
        let wrote_at = chats.into_iter().find(|chat| chat.number == number);
        let wrote_at = wrote_at.map(|chat| chat.wrote_at);
        // They may have written since their time was noted.
        let over = |at: Timestamp| now.since(at) >= WINDOW + NOTED_EVERY;
        Ok(if wrote_at.is_some_and(over) { Window::Closed } else { Window::Open })
    }

    /// Every chat, newest first.
    pub(super) async fn chats(&self, limit: usize) -> Result<Vec<RecentChat>, NotesError> {
        let chats = self.read().await?.into_iter().take(limit);
        let recent = |chat: Chat| RecentChat {
            id: format!("{}@s.whatsapp.net", chat.number),
            name: chat.name,
            kind: ChatKind::Direct,
            last_message_at: Some(chat.wrote_at),
            unread: 0,
        };
        Ok(chats.map(recent).collect())
    }

    async fn read(&self) -> Result<Vec<Chat>, NotesError> {
        let noted = self.notes.read(&self.note).await?;
        // What cannot be read any more is begun anew: Meta knows what matters of it.
        Ok(noted.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use async_trait::async_trait;

    use super::*;

    #[derive(Default)]
    struct Paper {
        text: StdMutex<Option<String>>,
        written: StdMutex<u32>,
    }

    #[async_trait]
    impl Notes for Paper {
        async fn read(&self, _: &NoteName) -> Result<Option<String>, NotesError> {
            Ok(self.text.lock().unwrap().clone())
        }

        async fn write(&self, _: &NoteName, text: String) -> Result<(), NotesError> {
            *self.text.lock().unwrap() = Some(text);
            *self.written.lock().unwrap() += 1;
            Ok(())
        }
    }

    fn seen() -> (Arc<Paper>, Seen) {
        let paper = Arc::new(Paper::default());
        let note = NoteName {
            platform: "whatsapp".parse().unwrap(),
            account: "main".parse().unwrap(),
            name: "chats",
        };
        (paper.clone(), Seen::new(paper, note))
    }

    fn writer(number: &str) -> Writer {
        let name = Some("Ann".to_owned());
        Writer { number: number.to_owned(), user_id: Some(format!("ES.{number}")), name }
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(1_795_000_000_000 + minutes * 60_000)
    }

    #[tokio::test]
    async fn the_newest_are_listed_first_and_too_many_are_forgotten() {
        let (_, seen) = seen();
        for number in 0..250 {
            seen.note(writer(&format!("346000{number:05}")), at(number)).await.unwrap();
        }
        let listed = seen.chats(500).await.unwrap();
        assert_eq!(listed.len(), MOST);
        assert_eq!(listed[0].id, "34600000249@s.whatsapp.net");
        assert_eq!(listed[199].id, "34600000050@s.whatsapp.net");
        assert_eq!(seen.chats(3).await.unwrap().len(), 3);
    }

    #[tokio::test]
    async fn what_changes_little_is_not_written_down_each_time() {
        let (paper, seen) = seen();
        for minute in 0..30 {
            seen.note(writer("34600111222"), at(minute)).await.unwrap();
        }
        assert_eq!(*paper.written.lock().unwrap(), 3);
        // What comes late takes nothing back.
        seen.note(writer("34600111222"), at(-500)).await.unwrap();
        let listed = seen.chats(1).await.unwrap();
        assert_eq!(listed[0].last_message_at, Some(at(20)));
    }

    #[tokio::test]
    async fn a_window_is_closed_only_where_that_is_known() {
        let (_, seen) = seen();
        assert_eq!(seen.window("34600111222", at(0)).await.unwrap(), Window::Open);
        seen.note(writer("34600111222"), at(0)).await.unwrap();
        let day = 24 * 60;
        for (minute, window) in [
            (day - 1, Window::Open),
            (day + 9, Window::Open),
            (day + 10, Window::Closed),
            (10 * day, Window::Closed),
        ] {
            assert_eq!(seen.window("34600111222", at(minute)).await.unwrap(), window, "{minute}");
        }
    }

    #[tokio::test]
    async fn an_id_stands_for_the_number_that_it_last_came_with() {
        let (_, seen) = seen();
        seen.note(writer("34600111222"), at(0)).await.unwrap();
        let moved = Writer { number: "34600111333".to_owned(), ..writer("34600111222") };
        seen.note(moved, at(1)).await.unwrap();
        let number = seen.number_of("ES.34600111222").await.unwrap();
        assert_eq!(number.as_deref(), Some("34600111333"));
        assert_eq!(seen.number_of("ES.1").await.unwrap(), None);
    }
}
