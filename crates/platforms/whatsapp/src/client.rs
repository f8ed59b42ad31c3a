//! The gateway's side of the bridge.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::chat::{AccountId, MessageId};
use countersign_domain::outbound::{Destination, Place};
use countersign_domain::permit::OutboundPermit;
use countersign_domain::service_conversations::{RecentChat, ServiceChatId};
use countersign_ports::causes::with_causes;
use countersign_ports::service_bridge::{
    BridgeError, BridgeMessage, Repeats, SendAttempt, ServiceBridge,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect};
use serde::de::DeserializeOwned;

use crate::transport::{Ability, SendError, Text, Transport, attempted};
use crate::wire::{Ack, Chats, Messages, Refused, Send, Sent, Typing};

/// How long the bridge has for what it does not wait with.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The longest text of a card or an answer: people read it on a phone. Bridges take more.
const LONGEST_TEXT: usize = 4096;

/// The largest answer that is read.
const LARGEST: usize = 8 * 1024 * 1024;

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
        Ok(Self { settings, client })
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

    async fn attempt(&self, message: &Send<'_>) -> Result<MessageId, SendError> {
        let answer = match self.post("/send").json(message).send().await {
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
        Err(if status.is_client_error() {
            SendError::Refused(why)
        } else {
            SendError::Unknown(why)
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
        self.attempt(&Send { chat_id: &jid, text, idempotency_key, reply_to }).await
    }

    async fn show_typing(&self, chat: &ServiceChatId) -> Result<(), SendError> {
        let jid = chat.jid();
        let answer = self.post("/typing").json(&Typing { chat_id: &jid }).send().await;
        let answer = answer.map_err(|error| SendError::NotReached(words(&error)))?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(SendError::Refused(refusal(answer).await))
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
        let Action::SendMessage { destination, text, .. } = message.action() else {
            return SendAttempt::Refused("the bridge carries texts only".to_owned());
        };
        let Some(chat) = ServiceChatId::at(destination) else {
            return SendAttempt::Refused(format!("{destination} is no chat with one person"));
        };
        let key = message.grant().to_string();
        attempted(self.send_text(&Text { chat: &chat, text, key: &key, reply_to: None }).await)
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

async fn body(mut answer: Response) -> Result<Vec<u8>, BridgeError> {
    let mut bytes = Vec::new();
    loop {
        let chunk = answer.chunk().await;
        let Some(chunk) = chunk.map_err(|error| BridgeError::Unavailable(words(&error)))? else {
            return Ok(bytes);
        };
        if bytes.len() + chunk.len() > LARGEST {
            return Err(BridgeError::Unavailable("its answer is too long".to_owned()));
        }
        bytes.extend_from_slice(&chunk);
    }
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
