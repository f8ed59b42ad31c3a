//! One business number: sending through it, and what is known of its chats.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use countersign_domain::action::Action;
use countersign_domain::chat::{AccountId, MessageId, PlatformName};
use countersign_domain::outbound::{Destination, Place};
use countersign_domain::permit::OutboundPermit;
use countersign_domain::service_conversations::{RecentChat, ServiceChatId};
use countersign_ports::clock::Clock;
use countersign_ports::platform::{AccountState, NativeCommand, NoteName, Notes, PlatformError};
use countersign_ports::service_bridge::{
    BridgeError, BridgeMessage, Listing, Repeats, SendAttempt, ServiceBridge,
};
use serde_json::{Value, json};

use super::config::Settings;
use super::graph::{Graph, GraphError};
use super::list;
use super::outcomes::{Outcome, Outcomes};
use super::refusal::{Meaning, OUTSIDE, TOKEN_REFUSED};
use super::row::Rows;
use super::seen::{Seen, Window};
use crate::adapter::{PLATFORM, WhatsApp};
use crate::files::{File, Piece, Progress, keys, pieces, sent};
use crate::transport::{Ability, List, SendError, Text, Transport, attempted};

/// The longest text, and body of a list.
const LONGEST_TEXT: usize = 4096;

/// A message that was taken fails within this time, if it fails: most of what is refused is.
const FAILS_WITHIN: Duration = Duration::from_secs(3);

/// The last message of so many chats is known.
const MOST_LAST: usize = 500;

/// One business number.
pub struct Cloud {
    pub(super) settings: Settings,
    pub(super) platform: PlatformName,
    pub(super) graph: Graph,
    pub(super) rows: Rows,
    pub(super) seen: Seen,
    pub(super) outcomes: Outcomes,
    pub(super) clock: Arc<dyn Clock>,
    /// The last message of each chat: typing is shown in answer to one.
    last: Mutex<BTreeMap<ServiceChatId, String>>,
    refused: Mutex<Option<String>>,
}

/// What an account is made of besides its settings.
pub struct Parts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What is remembered.
    pub notes: Arc<dyn Notes>,
    /// The secret of the house, the same on all its nodes: rows are sealed with what follows from it.
    pub secret: [u8; 32],
}

/// Why a message was not given to the API.
enum Given {
    /// It is not made as the API wants it.
    Form(String),
    /// For whatever other reason.
    Not(SendError),
}

impl From<Given> for SendError {
    fn from(given: Given) -> Self {
        match given {
            Given::Form(why) => Self::Refused(why),
            Given::Not(error) => error,
        }
    }
}

impl From<SendError> for Given {
    fn from(error: SendError) -> Self {
        Self::Not(error)
    }
}

impl From<GraphError> for Given {
    fn from(error: GraphError) -> Self {
        match &error {
            GraphError::Refused(refusal) if refusal.meaning() == Meaning::Form => {
                Self::Form(error.to_string())
            }
            GraphError::Refused(_) | GraphError::NotConnected(_) | GraphError::Broken(_) => {
                Self::Not(error.into())
            }
        }
    }
}

impl Cloud {
    /// The number of `settings`. Nothing is connected yet. Needs a TLS provider for the process.
    pub fn new(settings: Settings, parts: Parts) -> Result<Arc<Self>, String> {
        let platform: PlatformName = PLATFORM.parse().map_err(|error| format!("{error}"))?;
        let note = NoteName {
            platform: platform.clone(),
            account: settings.account.clone(),
            name: "chats",
        };
        Ok(Arc::new(Self {
            graph: Graph::new(&settings)?,
            rows: Rows::new(&parts.secret, settings.account.as_str()),
            seen: Seen::new(parts.notes, note),
            outcomes: Outcomes::default(),
            clock: parts.clock,
            last: Mutex::default(),
            refused: Mutex::default(),
            platform,
            settings,
        }))
    }

    /// The number as a chat platform.
    pub fn platform(self: &Arc<Self>) -> Result<WhatsApp, String> {
        let adapter = WhatsApp::over(self.settings.account.clone(), self.clone())?;
        Ok(adapter.called_by(self.clone()))
    }

    /// Sends `what`, once. With `patience` it is waited for a status that says that it failed.
    async fn give(
        &self,
        chat: &ServiceChatId,
        (what, key): (&Value, &str),
        patience: Option<Duration>,
    ) -> Result<MessageId, Given> {
        let refused = |why: String| Err(Given::Not(SendError::Refused(why)));
        let Some(number) = chat.number() else {
            return refused(format!("{chat} has no number that can be written to"));
        };
        match self.seen.window(number, self.clock.now()).await {
            Ok(Window::Closed) => return refused(OUTSIDE.to_owned()),
            // Meta knows better than nobody.
            Ok(Window::Open) | Err(_) => {}
        }
        let waiting = patience.map(|patience| (patience, self.outcomes.of(key)));
        let answer = self.graph.post("messages", what).await;
        self.note_token(answer.as_ref().err());
        let answer = answer?;
        let id = answer.pointer("/messages/0/id").and_then(Value::as_str);
        let id = id
            .and_then(|id| id.parse::<MessageId>().ok())
            .ok_or_else(|| SendError::Unknown("the answer does not name the message".to_owned()))?;
        let Some((patience, mut waiting)) = waiting else { return Ok(id) };
        match tokio::time::timeout(patience, waiting.told()).await {
            Ok(Some(Outcome::Failed(refusal))) => Err(Given::Not(refusal.of_failing())),
            Ok(Some(Outcome::Arrived) | None) | Err(_) => Ok(id),
        }
    }

    /// Sends a piece of a letter, and waits for a status that says that it failed.
    async fn give_piece(&self, piece: &Piece<'_>) -> Result<MessageId, SendError> {
        let (what, chat, key) = match piece {
            Piece::Text(text) => (list::text(text), text.chat, text.key),
            Piece::File(file) => (self.uploaded(file).await?, file.chat, file.key),
        };
        Ok(self.give(chat, (&what, key), Some(FAILS_WITHIN)).await?)
    }

    /// Whether the token is still accepted is seen by what is sent.
    pub(super) fn note_token(&self, error: Option<&GraphError>) {
        let denied = matches!(error, Some(GraphError::Refused(refusal))
            if refusal.meaning() == Meaning::Access);
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if denied {
            *refused = Some(TOKEN_REFUSED.to_owned());
        } else if error.is_none() {
            *refused = None;
        }
    }

    /// Something was written in `chat`.
    pub(super) fn note_last(&self, chat: &ServiceChatId, message: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= MOST_LAST && !last.contains_key(chat) {
            last.clear();
        }
        last.insert(chat.clone(), message.to_owned());
    }
}

#[async_trait]
impl Transport for Cloud {
    fn abilities(&self) -> BTreeSet<Ability> {
        BTreeSet::from([Ability::Lists, Ability::Typing, Ability::Menu])
    }

    fn longest_text(&self) -> usize {
        LONGEST_TEXT
    }

    async fn send_text(&self, text: &Text<'_>) -> Result<MessageId, SendError> {
        Ok(self.give(text.chat, (&list::text(text), text.key), None).await?)
    }

    async fn send_file(&self, file: &File<'_>) -> Result<MessageId, SendError> {
        let what = self.uploaded(file).await?;
        Ok(self.give(file.chat, (&what, file.key), None).await?)
    }

    async fn fetch(&self, id: &str, most: u64) -> Result<Bytes, PlatformError> {
        self.fetched(id, most).await
    }

    async fn send_list(&self, list: &List<'_>) -> Result<MessageId, SendError> {
        let what = list::list(list, &self.rows);
        // It can be tapped as soon as it is there: nothing is waited for.
        let given = self.give(list.chat, (&what, list.key), None).await;
        let Err(Given::Form(why)) = given else { return Ok(given?) };
        tracing::warn!(%why, "a list was not taken: its card is sent as a text");
        let (chat, key, card) = (list.chat, list.key, list.card);
        let text = Text { chat, text: &card.text, key, reply_to: card.reply_to.as_ref() };
        self.send_text(&text).await
    }

    async fn show_typing(&self, chat: &ServiceChatId) -> Result<(), SendError> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).get(chat).cloned();
        // There is nothing that could be answered.
        let Some(last) = last else { return Ok(()) };
        let body = json!({
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": last,
            "typing_indicator": {"type": "text"},
        });
        Ok(self.graph.post("messages", &body).await.map(drop)?)
    }

    async fn show_menu(&self, commands: &[NativeCommand]) -> Result<(), SendError> {
        let done = self.graph.post("conversational_automation", &list::menu(commands)).await;
        self.note_token(done.as_ref().err());
        Ok(done.map(drop)?)
    }

    fn state(&self) -> AccountState {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        refused.map_or(AccountState::Connected, |why| AccountState::Refused { why })
    }
}

/// Service conversations, held from the business number: for whoever is written to it is the number
/// of a business.
#[async_trait]
impl ServiceBridge for Cloud {
    fn account(&self) -> &AccountId {
        &self.settings.account
    }

    fn listing(&self) -> Listing {
        Listing::Seen
    }

    async fn chats(&self, limit: usize) -> Result<Vec<RecentChat>, BridgeError> {
        let seen = self.seen.chats(limit).await;
        seen.map_err(|error| BridgeError::Unavailable(error.to_string()))
    }

    /// Meta brings what is said; nothing is to be fetched.
    async fn messages(&self, wait: Duration) -> Result<Vec<BridgeMessage>, BridgeError> {
        tokio::time::sleep(wait).await;
        Ok(Vec::new())
    }

    async fn acknowledge(&self, _: &str) -> Result<(), BridgeError> {
        Ok(())
    }

    fn check(&self, destination: &Destination) -> Result<(), String> {
        let chat = ServiceChatId::at(destination);
        match (destination.place(), chat.as_ref().and_then(ServiceChatId::number)) {
            (Place::Chat { thread: None, .. }, Some(_)) => Ok(()),
            (Place::Chat { .. } | Place::Email(_) | Place::Webhook(_), _) => {
                Err(format!("{destination} is no chat with one person's number"))
            }
        }
    }

    fn repeats(&self) -> Repeats {
        Repeats::Each
    }

    async fn send(&self, message: &OutboundPermit) -> SendAttempt {
        let Action::SendMessage { destination, text, attachments, .. } = message.action() else {
            return SendAttempt::Refused("it is no message to a chat".to_owned());
        };
        let Some(chat) = ServiceChatId::at(destination) else {
            return SendAttempt::Refused(format!("{destination} is no chat with one person"));
        };
        if text.encode_utf16().count() > LONGEST_TEXT {
            let what = format!("a message has at most {LONGEST_TEXT} characters here");
            return SendAttempt::Refused(what);
        }
        let (key, files) = (message.grant().to_string(), sent(attachments));
        let keys = keys(&key, files.len());
        let text = Text { chat: &chat, text, key: &key, reply_to: None };
        let pieces = if files.is_empty() {
            vec![Piece::Text(text)]
        } else {
            match pieces(text, &files, &keys) {
                Ok(pieces) => pieces,
                Err(why) => return SendAttempt::Refused(why),
            }
        };
        let mut progress = Progress::default();
        for piece in pieces {
            if let Err(error) = progress.note(self.give_piece(&piece).await) {
                return attempted(Err(error));
            }
        }
        attempted(progress.end())
    }
}
