//! The chats that bots are in, and carrying messages to them.

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use countersign_command_risk::render::label;
use countersign_domain::action::Action;
use countersign_domain::chat::{Address, ChatScope, PlatformName};
use countersign_domain::display::inert;
use countersign_domain::outbound::{Attachment, Destination, Place};
use countersign_domain::permit::OutboundPermit;
use countersign_ports::delivery::{Delivery, Messenger};
use countersign_ports::platform::{
    Feature, KnownChat, Platform, PlatformError, SentFile, TextPost,
};

use super::desk::held;
use super::listen::account_of;
use super::post::Lane;
use super::reply::pieces;
use super::speaker::{Speaker, surface};
use crate::gateway::Gateway;

/// How long a platform may take to say which chats there are.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a piece of a message is sent where the platform shows it once.
const ATTEMPTS: u32 = 5;

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// Carries messages to the chats of one platform.
struct ChatMessenger {
    platform: PlatformName,
    gateway: Weak<Gateway>,
}

/// A bot and the chat that it is to say something in.
struct Bot {
    gateway: Arc<Gateway>,
    adapter: Arc<dyn Platform>,
    address: Address,
}

/// What is said in a chat, under the id of its grant.
struct Letter<'l> {
    id: &'l str,
    text: &'l str,
    files: Vec<SentFile>,
}

fn sent(file: &Attachment) -> SentFile {
    let content = bytes::Bytes::copy_from_slice(file.content.bytes());
    SentFile { name: file.name.as_str().to_owned(), content }
}

impl Gateway {
    /// Who carries messages to the chats of `platform`, once a bot is attached there.
    pub fn messenger(self: &Arc<Self>, platform: PlatformName) -> Arc<dyn Messenger> {
        Arc::new(ChatMessenger { platform, gateway: Arc::downgrade(self) })
    }

    /// Asks platforms which chats there are, and renews menus that could not be.
    pub(super) async fn look_at_platforms(&self) {
        for (account, adapter) in self.chats.attached() {
            let is_stale = held(&self.chats.stale_menus).contains(&account);
            if is_stale {
                self.renew_menu(adapter.as_ref()).await;
            }
            self.learn_chats(account, adapter.as_ref()).await;
        }
    }

    pub(super) async fn learn_chats(&self, account: String, adapter: &dyn Platform) {
        if !adapter.about().features.contains(&Feature::Directory) {
            return;
        }
        match tokio::time::timeout(PATIENCE, adapter.chats()).await {
            Ok(Ok(chats)) => drop(held(&self.chats.known).insert(account, chats)),
            Ok(Err(error)) => tracing::warn!(account, %error, "the chats could not be listed"),
            Err(_) => tracing::warn!(account, "the platform does not say which chats there are"),
        }
    }

    /// How many chats a bot is known to be in.
    pub(crate) fn known_chats(&self, account: &str) -> usize {
        held(&self.chats.known).get(account).map_or(0, Vec::len)
    }

    /// Whether answers to what somebody says quote it: where others talk too.
    pub(super) fn quotes(&self, speaker: &Speaker) -> bool {
        let adapter = self.chats.adapter(&speaker.address);
        let can = adapter.is_some_and(|one| one.about().features.contains(&Feature::Replies));
        can && speaker.scope == ChatScope::Group
    }
}

#[async_trait]
impl Messenger for ChatMessenger {
    fn platform(&self) -> &str {
        self.platform.as_str()
    }

    fn check(&self, destination: &Destination) -> Result<(), String> {
        self.bot_for(destination).map(drop)
    }

    fn takes_files(&self, destination: &Destination) -> bool {
        let takes = |bot: Bot| bot.adapter.about().features.contains(&Feature::Files);
        self.bot_for(destination).is_ok_and(takes)
    }

    fn names(&self) -> Vec<(String, Destination)> {
        let Some(gateway) = self.gateway.upgrade() else { return Vec::new() };
        let mut names = Vec::new();
        for (account, adapter) in gateway.chats.attached() {
            if adapter.about().platform != self.platform {
                continue;
            }
            for chat in held(&gateway.chats.known).get(&account).into_iter().flatten() {
                names.extend(self.named(chat));
            }
        }
        names
    }

    async fn deliver(&self, message: OutboundPermit) -> Delivery {
        let Action::SendMessage { destination, text, attachments, .. } = message.action() else {
            return Delivery::NotSent("it is no message to a chat".to_owned());
        };
        match self.bot_for(destination) {
            Err(why) => Delivery::NotSent(why),
            Ok(Bot { gateway, adapter, address }) => {
                let id = message.grant().to_string();
                let files = attachments.iter().map(sent).collect();
                let letter = Letter { id: &id, text, files };
                gateway.send_to_chat(letter, &address, adapter.as_ref()).await
            }
        }
    }
}

impl ChatMessenger {
    /// A chat under the names that it has: `platform:#name` or `platform:@name`, and its bare name.
    fn named(&self, chat: &KnownChat) -> Vec<(String, Destination)> {
        let Some(name) = chat.name.as_deref().map(str::trim).filter(|name| !name.is_empty()) else {
            return Vec::new();
        };
        // What could not be written as a destination cannot be named either.
        let Ok(destination) = format!("{}:{}", self.platform, chat.id).parse::<Destination>()
        else {
            return Vec::new();
        };
        let sign = match chat.scope {
            ChatScope::Dm => '@',
            ChatScope::Group => '#',
        };
        let full = format!("{}:{sign}{name}", self.platform);
        vec![(full, destination.clone()), (name.to_owned(), destination)]
    }

    /// The bot that reaches `destination`: of several, the one that is known to be in the chat.
    fn bot_for(&self, destination: &Destination) -> Result<Bot, String> {
        let Place::Chat { platform, chat, thread } = destination.place() else {
            return Err(format!("`{destination}` is no chat"));
        };
        let nobody = || format!("no bot is connected to `{platform}:`");
        let gateway = self.gateway.upgrade().ok_or_else(nobody)?;
        let mut bots: Vec<(String, Arc<dyn Platform>)> = gateway
            .chats
            .attached()
            .into_iter()
            .filter(|(_, one)| one.about().platform == self.platform)
            .collect();
        let knows = |account: &String| {
            let known = held(&gateway.chats.known);
            known.get(account).is_some_and(|chats| chats.iter().any(|one| one.id.as_str() == chat))
        };
        let place = bots.iter().position(|(account, _)| knows(account)).unwrap_or(0);
        if bots.is_empty() {
            return Err(nobody());
        }
        let (_, adapter) = bots.swap_remove(place);
        let about = adapter.about();
        let wrong = |error: countersign_domain::chat::InvalidChatName| error.to_string();
        let address = Address {
            platform: about.platform.clone(),
            account: about.account.clone(),
            chat: chat.parse().map_err(wrong)?,
            thread: thread.map(str::parse).transpose().map_err(wrong)?,
        };
        Ok(Bot { gateway, adapter, address })
    }
}

impl Gateway {
    async fn send_to_chat(
        &self,
        Letter { id, text, files }: Letter<'_>,
        address: &Address,
        adapter: &dyn Platform,
    ) -> Delivery {
        let about = adapter.about();
        if !files.is_empty() && !about.features.contains(&Feature::Files) {
            return Delivery::NotSent("files cannot be sent there".to_owned());
        }
        let shown = label(&inert(text), surface(about.markup));
        self.note_spoken(address).await;
        let mut last = None;
        let pieces = pieces(&shown, about.longest_text);
        let end = pieces.len().saturating_sub(1);
        for (number, piece) in pieces.into_iter().enumerate() {
            let post = TextPost {
                id: format!("{id}:{number}"),
                address: address.clone(),
                reply_to: None,
                only_for: None,
                text: piece,
            };
            // Files come with the end of the text.
            let files = if number == end { files.as_slice() } else { &[] };
            match self.send_piece((&post, files), adapter).await {
                Ok(message) => last = Some(message),
                Err(PlatformError::Refused(why)) if last.is_none() => {
                    return Delivery::NotSent(why);
                }
                Err(error) if last.is_some() => {
                    return Delivery::Unknown(format!("a part of it is there; then {error}"));
                }
                Err(error) => return Delivery::Unknown(error.to_string()),
            }
        }
        match last {
            Some(message) => {
                Delivery::Sent(format!("{} has it as message {message}", account_of(about)))
            }
            None => Delivery::NotSent("it says nothing".to_owned()),
        }
    }

    /// Sends once, or again where the platform shows it once.
    async fn send_piece(
        &self,
        (post, files): (&TextPost, &[SentFile]),
        adapter: &dyn Platform,
    ) -> Result<countersign_domain::chat::MessageId, PlatformError> {
        let about = adapter.about();
        let shows_once = about.features.contains(&Feature::Once);
        let mut left = ATTEMPTS;
        loop {
            self.wait_for_turn(about, Lane::Texts).await;
            let sent = if files.is_empty() {
                adapter.post_text(post).await
            } else {
                adapter.post_files(post, files).await
            };
            match sent {
                // Nothing was taken, so nothing can be there twice.
                Err(PlatformError::SlowDown(wanted)) => self.hold_back(about, wanted),
                Err(PlatformError::Unavailable(_)) if shows_once && left > 1 => {
                    left -= 1;
                    tokio::time::sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }
}
