//! The operators' own chats with the agent, over whichever transport.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use countersign_domain::chat::{AccountId, Address, MessageId};
use countersign_domain::service_conversations::ServiceChatId;
use countersign_ports::platform::{
    About, AccountState, BroughtFile, Callbacks, CardPost, Feature, Markup, NativeCommand,
    Platform, PlatformError, SentFile, TextPost,
};

use crate::client::BridgeClient;
use crate::files::{Progress, keys, pieces};
use crate::transport::{Ability, List, Text, Transport};

/// The name of the platform.
pub const PLATFORM: &str = "whatsapp";

/// So many choices are offered at most.
const MOST_BUTTONS: usize = 4;

/// One account, in which operators talk with the agent.
///
/// It brings nothing in by itself: the gateway reads all that is said in the account, and tells the
/// operators' chats from those that are not.
pub struct WhatsApp {
    about: About,
    transport: Arc<dyn Transport>,
    callbacks: Option<Arc<dyn Callbacks>>,
}

impl WhatsApp {
    /// The account behind a bridge.
    pub fn over_bridge(bridge: Arc<BridgeClient>) -> Result<Self, String> {
        let account = bridge.account_id().clone();
        Self::over(account, bridge)
    }

    /// The account at the end of `transport`.
    pub(crate) fn over(account: AccountId, transport: Arc<dyn Transport>) -> Result<Self, String> {
        let can = transport.abilities();
        let mut features = BTreeSet::from([Feature::Replies, Feature::Numbers, Feature::Files]);
        for (ability, feature) in [
            (Ability::Once, Feature::Once),
            (Ability::Lists, Feature::Buttons),
            (Ability::Typing, Feature::Typing),
            (Ability::Menu, Feature::NativeCommands),
        ] {
            if can.contains(&ability) {
                features.insert(feature);
            }
        }
        let about = About {
            platform: PLATFORM.parse().map_err(|error| format!("{error}"))?,
            account,
            // Nobody is named in a chat between two.
            bot_name: None,
            features,
            markup: Markup::WhatsApp,
            longest_text: transport.longest_text(),
            most_buttons: MOST_BUTTONS,
        };
        Ok(Self { about, transport, callbacks: None })
    }

    /// The same, with who takes what the platform brings by requests.
    #[must_use]
    pub fn called_by(self, callbacks: Arc<dyn Callbacks>) -> Self {
        Self { callbacks: Some(callbacks), ..self }
    }
}

#[async_trait]
impl Platform for WhatsApp {
    fn about(&self) -> &About {
        &self.about
    }

    async fn post_text(&self, post: &TextPost) -> Result<MessageId, PlatformError> {
        let chat = chat_at(&post.address)?;
        let (text, key, reply_to) = (post.text.as_str(), post.id.as_str(), post.reply_to.as_ref());
        Ok(self.transport.send_text(&Text { chat: &chat, text, key, reply_to }).await?)
    }

    async fn post_card(&self, card: &CardPost) -> Result<MessageId, PlatformError> {
        let chat = chat_at(&card.address)?;
        let key = format!("{}:{}", card.id, card.version);
        let (chat, key, text) = (&chat, key.as_str(), card.text.as_str());
        let lists = self.about.features.contains(&Feature::Buttons);
        let sent = if lists && !card.buttons.is_empty() {
            self.transport.send_list(&List { chat, card, key }).await
        } else {
            self.transport
                .send_text(&Text { chat, text, key, reply_to: card.reply_to.as_ref() })
                .await
        };
        Ok(sent?)
    }

    async fn post_files(
        &self,
        post: &TextPost,
        files: &[SentFile],
    ) -> Result<MessageId, PlatformError> {
        let chat = chat_at(&post.address)?;
        let (text, key, reply_to) = (post.text.as_str(), post.id.as_str(), post.reply_to.as_ref());
        let keys = keys(key, files.len());
        let pieces = pieces(Text { chat: &chat, text, key, reply_to }, files, &keys);
        let mut progress = Progress::default();
        for piece in pieces.map_err(PlatformError::Refused)? {
            progress.note(self.transport.send_piece(&piece).await)?;
        }
        Ok(progress.end()?)
    }

    async fn fetch_file(&self, file: &BroughtFile, most: u64) -> Result<Bytes, PlatformError> {
        self.transport.fetch(&file.id, most).await
    }

    async fn edit_card(&self, _: &MessageId, card: &CardPost) -> Result<(), PlatformError> {
        Err(PlatformError::Refused(format!("{}: no message can be changed here", card.id)))
    }

    async fn show_typing(&self, address: &Address) -> Result<(), PlatformError> {
        Ok(self.transport.show_typing(&chat_at(address)?).await?)
    }

    async fn register_commands(&self, commands: &[NativeCommand]) -> Result<(), PlatformError> {
        Ok(self.transport.show_menu(commands).await?)
    }

    fn callbacks(&self) -> Option<&dyn Callbacks> {
        self.callbacks.as_deref()
    }

    fn state(&self) -> AccountState {
        self.transport.state()
    }
}

/// The person's chat that an address says.
fn chat_at(address: &Address) -> Result<ServiceChatId, PlatformError> {
    ServiceChatId::of_jid(address.chat.as_str())
        .map_err(|error| PlatformError::Refused(error.to_string()))
}
