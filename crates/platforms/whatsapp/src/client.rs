//! The gateway's side of the bridge.

use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::chat::AccountId;
use countersign_domain::outbound::{Destination, Place};
use countersign_domain::permit::OutboundPermit;
use countersign_domain::service_conversations::{RecentChat, ServiceChatId};
use countersign_ports::causes::with_causes;
use countersign_ports::delivery::{Delivery, Messenger};
use countersign_ports::service_bridge::{BridgeError, BridgeMessage, ServiceBridge};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use serde::de::DeserializeOwned;

use crate::wire::{Ack, Chats, Messages, Refused, Send, Sent};

/// How long the bridge has for what it does not wait with.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How often a message is given to the bridge. It takes one key once.
const ATTEMPTS: u32 = 3;

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

    async fn attempt(&self, message: &Send<'_>) -> Attempt {
        let answer = match self.post("/send").json(message).send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => {
                return Attempt::NotConnected(format!("cannot connect: {}", words(&error)));
            }
            Err(error) => return Attempt::Broken(words(&error)),
        };
        let status = answer.status();
        if status.is_success() {
            return match read::<Sent>(answer).await {
                Ok(sent) => Attempt::Ended(Delivery::Sent(format!("message {}", sent.message_id))),
                Err(error) => Attempt::Broken(error.to_string()),
            };
        }
        let why = refusal(answer).await;
        if status.is_client_error() { Attempt::Refused(why) } else { Attempt::Broken(why) }
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
}

#[async_trait]
impl Messenger for BridgeClient {
    fn platform(&self) -> &'static str {
        "whatsapp"
    }

    fn check(&self, destination: &Destination) -> Result<(), String> {
        match (destination.place(), ServiceChatId::at(destination)) {
            (Place::Chat { thread: None, .. }, Some(_)) => Ok(()),
            (Place::Chat { .. } | Place::Email(_) | Place::Webhook(_), _) => {
                Err(format!("{destination} is no chat with one person"))
            }
        }
    }

    async fn deliver(&self, message: OutboundPermit) -> Delivery {
        let Action::SendMessage { destination, text, .. } = message.action() else {
            return Delivery::NotSent("the bridge carries texts only".to_owned());
        };
        let Some(chat) = ServiceChatId::at(destination) else {
            return Delivery::NotSent(format!("{destination} is no chat with one person"));
        };
        let (jid, key) = (chat.jid(), message.grant().to_string());
        let send = Send { chat_id: &jid, text, idempotency_key: &key };
        let mut last = Delivery::NotSent("nothing was attempted".to_owned());
        for _ in 0..ATTEMPTS {
            match self.attempt(&send).await {
                Attempt::Ended(delivery) => return delivery,
                // After an attempt that may have arrived, one that did not proves nothing.
                Attempt::Refused(_) if matches!(last, Delivery::Unknown(_)) => return last,
                Attempt::Refused(why) => return Delivery::NotSent(why),
                Attempt::NotConnected(_) if matches!(last, Delivery::Unknown(_)) => {}
                Attempt::NotConnected(why) => last = Delivery::NotSent(why),
                Attempt::Broken(why) => last = Delivery::Unknown(why),
            }
        }
        last
    }
}

/// How an attempt went.
enum Attempt {
    /// There is nothing more to do.
    Ended(Delivery),
    /// The bridge has not taken it, and will not.
    Refused(String),
    /// Nothing was said to the bridge.
    NotConnected(String),
    /// It may have been taken.
    Broken(String),
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
