//! The gateway's side of the bridge.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use countersign_domain::action::Action;
use countersign_domain::chat::{AccountId, MessageId};
use countersign_domain::outbound::{Destination, Place};
use countersign_domain::permit::OutboundPermit;
use countersign_domain::service_conversations::{RecentChat, ServiceChatId};
use countersign_ports::causes::with_causes;
use countersign_ports::platform::{AccountState, PlatformError};
use countersign_ports::service_bridge::{
    BridgeError, BridgeMessage, Repeats, SendAttempt, ServiceBridge,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect};
use serde::de::DeserializeOwned;

use crate::files::{File, PATIENCE, Progress, keys, no_such_file, pieces, sent, too_large};
use crate::transport::{Ability, SendError, Text, Transport, attempted};
use crate::wire::{Ack, Chats, Messages, Refused, Send, SendMedia, Sent, Typing, Upload};

/// How long the bridge has for what it does not wait with.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The longest text of a card or an answer: people read it on a phone. Bridges take more.
const LONGEST_TEXT: usize = 4096;

/// The largest answer that is read.
const LARGEST: u64 = 8 * 1024 * 1024;

/// Where the bridge is.
#[derive(Debug, Clone)]
pub struct BridgeSettings {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// What requests prove themselves with.
    pub token: String,
    /// The account, as its deliveries are remembered.
    pub account: AccountId,
}

/// A bridge.
pub struct BridgeClient {
    settings: BridgeSettings,
    client: Client,
    /// How the link fared when it was last looked at.
    fares: Mutex<AccountState>,
}

impl BridgeClient {
    /// The client of the bridge there. Nothing is connected yet.
    pub fn new(settings: BridgeSettings) -> Result<Self, String> {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { settings, client, fares: Mutex::new(AccountState::Connected) })
    }

    /// The link was looked at, and fares so.
    pub(crate) fn note_link(&self, state: &AccountState) {
        self.fares.lock().unwrap_or_else(PoisonError::into_inner).clone_from(state);
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        let request = self.client.get(format!("{}{path}", self.settings.url));
        request.bearer_auth(&self.settings.token)
    }

    fn post(&self, path: &str) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.settings.url));
        request.bearer_auth(&self.settings.token).timeout(TIMEOUT)
    }

    /// The account, as its deliveries are remembered.
    pub(crate) const fn account_id(&self) -> &AccountId {
        &self.settings.account
    }

    async fn attempt(&self, request: RequestBuilder) -> Result<MessageId, SendError> {
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => {
                let why = format!("cannot connect: {}", words(&error));
                return Err(SendError::NotReached(why));
            }
            Err(error) => return Err(SendError::Unknown(words(&error))),
        };
        let status = answer.status();
        if status.is_success() {
            let sent: Sent =
                read(answer).await.map_err(|error| SendError::Unknown(error.to_string()))?;
            return sent.message_id.parse().map_err(|_| {
                SendError::Unknown("its answer does not name the message".to_owned())
            });
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(SendError::SlowDown(wanted_pause(&answer)));
        }
        let why = refusal(answer).await;
        Err(match status {
            // Nothing was done, which is what this answer means here.
            StatusCode::SERVICE_UNAVAILABLE => SendError::NotReached(why),
            refused if refused.is_client_error() => SendError::Refused(why),
            _ => SendError::Unknown(why),
        })
    }
}

#[async_trait]
impl Transport for BridgeClient {
    fn abilities(&self) -> BTreeSet<Ability> {
        BTreeSet::from([Ability::Once, Ability::Typing])
    }

    fn longest_text(&self) -> usize {
        LONGEST_TEXT
    }

    async fn send_text(&self, text: &Text<'_>) -> Result<MessageId, SendError> {
        let jid = text.chat.jid();
        let reply_to = text.reply_to.map(MessageId::as_str);
        let (text, idempotency_key) = (text.text, text.key);
        let message = Send { chat_id: &jid, text, idempotency_key, reply_to };
        self.attempt(self.post("/send").json(&message)).await
    }

    async fn send_file(&self, file: &File<'_>) -> Result<MessageId, SendError> {
        let (jid, base64) = (file.chat.jid(), STANDARD.encode(file.content));
        let message = SendMedia {
            chat_id: &jid,
            file: Upload { media_type: file.media_type, name: file.name, base64 },
            idempotency_key: file.key,
            caption: file.caption,
            reply_to: file.reply_to.map(MessageId::as_str),
        };
        self.attempt(self.post("/send-media").json(&message).timeout(PATIENCE)).await
    }

    async fn fetch(&self, id: &str, most: u64) -> Result<Bytes, PlatformError> {
        if !is_plain(id) {
            return Err(no_such_file());
        }
        let request = self.get(&format!("/media/{id}")).timeout(PATIENCE);
        let unreachable = |error: &reqwest::Error| PlatformError::Unavailable(words(error));
        let mut answer = request.send().await.map_err(|error| unreachable(&error))?;
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_client_error() => {
                return Err(PlatformError::Refused(refusal(answer).await));
            }
            _ => return Err(PlatformError::Unavailable(refusal(answer).await)),
        }
        let read = limited(&mut answer, most).await.map_err(|error| unreachable(&error))?;
        read.ok_or_else(|| too_large(most))
    }

    async fn show_typing(&self, chat: &ServiceChatId) -> Result<(), SendError> {
        let jid = chat.jid();
        let answer = self.post("/typing").json(&Typing { chat_id: &jid }).send().await;
        let answer = answer.map_err(|error| SendError::NotReached(words(&error)))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            StatusCode::SERVICE_UNAVAILABLE => Err(SendError::NotReached(refusal(answer).await)),
            _ => Err(SendError::Refused(refusal(answer).await)),
        }
    }

    fn state(&self) -> AccountState {
        self.fares.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl ServiceBridge for BridgeClient {
    fn account(&self) -> &AccountId {
        &self.settings.account
    }

    async fn chats(&self, limit: usize) -> Result<Vec<RecentChat>, BridgeError> {
        let request = self.get(&format!("/chats?limit={limit}")).timeout(TIMEOUT);
        let listed: Chats = answered(request).await?;
        Ok(listed.chats.into_iter().map(crate::wire::Chat::read).collect())
    }

    async fn messages(&self, wait: Duration) -> Result<Vec<BridgeMessage>, BridgeError> {
        let request = self.get(&format!("/messages?wait={}", wait.as_secs()));
        let brought: Messages = answered(request.timeout(wait + TIMEOUT)).await?;
        Ok(brought.messages.into_iter().map(crate::wire::Message::read).collect())
    }

    async fn acknowledge(&self, cursor: &str) -> Result<(), BridgeError> {
        let answer = self.post("/messages/ack").json(&Ack { cursor }).send().await;
        let answer = answer.map_err(|error| BridgeError::Unavailable(words(&error)))?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(BridgeError::Unavailable(refusal(answer).await))
    }

    fn check(&self, destination: &Destination) -> Result<(), String> {
        match (destination.place(), ServiceChatId::at(destination)) {
            (Place::Chat { thread: None, .. }, Some(_)) => Ok(()),
            (Place::Chat { .. } | Place::Email(_) | Place::Webhook(_), _) => {
                Err(format!("{destination} is no chat with one person"))
            }
        }
    }

    fn repeats(&self) -> Repeats {
        Repeats::Once
    }

    async fn send(&self, message: &OutboundPermit) -> SendAttempt {
        let Action::SendMessage { destination, text, attachments, .. } = message.action() else {
            return SendAttempt::Refused("the bridge carries messages to chats only".to_owned());
        };
        let Some(chat) = ServiceChatId::at(destination) else {
            return SendAttempt::Refused(format!("{destination} is no chat with one person"));
        };
        let (key, files) = (message.grant().to_string(), sent(attachments));
        let text = Text { chat: &chat, text, key: &key, reply_to: None };
        if files.is_empty() {
            return attempted(self.send_text(&text).await);
        }
        let keys = keys(&key, files.len());
        let pieces = match pieces(text, &files, &keys) {
            Ok(pieces) => pieces,
            Err(why) => return SendAttempt::Refused(why),
        };
        let mut progress = Progress::default();
        for piece in pieces {
            if let Err(error) = progress.note(self.send_piece(&piece).await) {
                return attempted(Err(error));
            }
        }
        attempted(progress.end())
    }
}

pub(crate) async fn answered<T: DeserializeOwned>(
    request: RequestBuilder,
) -> Result<T, BridgeError> {
    let answer = request.send().await.map_err(|error| BridgeError::Unavailable(words(&error)))?;
    match answer.status() {
        StatusCode::OK => read(answer).await,
        status if status.is_client_error() => Err(BridgeError::Refused(refusal(answer).await)),
        _ => Err(BridgeError::Unavailable(refusal(answer).await)),
    }
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, BridgeError> {
    let bytes = body(answer).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| BridgeError::Unavailable(format!("its answer cannot be read: {error}")))
}

async fn body(mut answer: Response) -> Result<Bytes, BridgeError> {
    let bytes = limited(&mut answer, LARGEST).await;
    let bytes = bytes.map_err(|error| BridgeError::Unavailable(words(&error)))?;
    bytes.ok_or_else(|| BridgeError::Unavailable("its answer is too long".to_owned()))
}

/// What an answer holds; nothing if that is more than `most` bytes.
pub(crate) async fn limited(
    answer: &mut Response,
    most: u64,
) -> Result<Option<Bytes>, reqwest::Error> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = answer.chunk().await? {
        let length = bytes.len().saturating_add(chunk.len());
        if u64::try_from(length).map_or(true, |length| length > most) {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes.freeze()))
}

/// Whether an id can stand in an address.
fn is_plain(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (1..=200).contains(&id.len()) && id.bytes().all(plain)
}

/// The pause that a bridge wants, in whole seconds.
fn wanted_pause(answer: &Response) -> Duration {
    let header = answer.headers().get(header::RETRY_AFTER);
    let seconds = header.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map_or(Duration::from_secs(1), Duration::from_secs)
}

/// What a refusal says: its code and the bridge's own words.
async fn refusal(answer: Response) -> String {
    let status = answer.status();
    match read::<Refused>(answer).await {
        Ok(refused) => format!("{}: {}", refused.error.code, refused.error.message),
        Err(_) => format!("HTTP {status}"),
    }
}

/// An error with its causes, without the address.
fn words(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() { "it took too long" } else { "the connection failed" };
    with_causes(what, error)
}
