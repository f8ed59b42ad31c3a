//! One bot on one Mattermost server, as the gateway knows it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use countersign_domain::chat::{Address, MessageId, PersonId};
use countersign_ports::clock::Clock;
use countersign_ports::entropy::Entropy;
use countersign_ports::platform::{
    About, AccountState, Attempt, BroughtFile, CallbackReply, Callbacks, CardPost, Feature, Inbox,
    KnownChat, Markup, NativeCommand, Notes, Platform, PlatformError, RefusedCallback, SentFile,
    TextEdit, TextPost,
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::{Notify, OnceCell, Semaphore, watch};

use crate::callbacks::AT_ONCE;
use crate::calling::calling_nobody;
use crate::card;
use crate::channels::Known;
use crate::config::Settings;
use crate::id::{ChannelId, PostId, UserId};
use crate::lane::Urgency;
use crate::proof::Proof;
use crate::rest::{Rest, RestError};
use crate::seal::Seal;
use crate::slash::Slash;
use crate::split::{LONGEST, posts};
use crate::vault::Vault;
use crate::wire::{Channel, Post, User};

/// Some room is left for what is put between an `@` and a name.
const LONGEST_TEXT: usize = LONGEST - 383;

/// One bot on one server.
pub struct Mattermost {
    pub(crate) about: About,
    pub(crate) settings: Settings,
    pub(crate) rest: Rest,
    pub(crate) seal: Seal,
    pub(crate) vault: Vault,
    pub(crate) proof: Proof,
    pub(crate) known: Known,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) notes: Arc<dyn Notes>,
    pub(crate) slash: Slash,
    pub(crate) commands_changed: Notify,
    /// Room for what has proved itself and is being seen to.
    pub(crate) room: Semaphore,
    me: OnceCell<User>,
    state: watch::Sender<AccountState>,
    /// How often commands were registered everywhere.
    pub(crate) registrations: watch::Sender<u64>,
}

/// What an adapter is made of besides its settings.
pub struct Parts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// What is remembered.
    pub notes: Arc<dyn Notes>,
    /// The secret of the house, the same on all its nodes: buttons and notes are sealed with what
    /// follows from it.
    pub secret: [u8; 32],
}

/// Nobody waits longer for the list of channels: the gateway starts with it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an operator is told of a token that is none, or none any more.
pub(crate) const TOKEN_REFUSED: &str = "Mattermost does not accept the bot's token: make a new one \
                                        for the bot and restart the gateway";

/// The name of the platform.
pub const PLATFORM: &str = "mattermost";

impl Mattermost {
    /// The bot of `settings`. Nothing is connected yet. Needs a TLS provider for the process.
    pub fn new(settings: Settings, parts: Parts) -> Result<Arc<Self>, String> {
        let account = settings.account.as_str();
        let about = About {
            platform: PLATFORM.parse().map_err(|error| format!("{error}"))?,
            account: settings.account.clone(),
            // Commands here never name the bot.
            bot_name: None,
            features: BTreeSet::from([
                Feature::Buttons,
                Feature::Edits,
                Feature::NativeCommands,
                Feature::Typing,
                Feature::Directory,
                Feature::Files,
                Feature::DirectChats,
            ]),
            markup: Markup::Mattermost,
            longest_text: LONGEST_TEXT,
            most_buttons: 4,
        };
        for warning in settings.warnings() {
            tracing::warn!(%account, "{warning}");
        }
        let now = parts.clock.now();
        let why = "it was not tried yet".to_owned();
        Ok(Arc::new(Self {
            seal: Seal::new(&parts.secret, account),
            vault: Vault::new(&parts.secret, account),
            rest: Rest::new(settings.url.clone(), settings.token.clone())?,
            proof: Proof::default(),
            known: Known::default(),
            slash: Slash::default(),
            commands_changed: Notify::new(),
            room: Semaphore::new(AT_ONCE),
            me: OnceCell::new(),
            state: watch::Sender::new(AccountState::Reconnecting { since: now, why }),
            registrations: watch::Sender::new(0),
            clock: parts.clock,
            entropy: parts.entropy,
            notes: parts.notes,
            about,
            settings,
        }))
    }

    /// How the account is, now and after each change.
    pub fn states(&self) -> watch::Receiver<AccountState> {
        self.state.subscribe()
    }

    /// Changes whenever commands were registered everywhere, as far as that was possible.
    pub fn registrations(&self) -> watch::Receiver<u64> {
        self.registrations.subscribe()
    }

    /// Whether a slash command of this name is registered, and its token noted.
    pub fn is_registered(&self, trigger: &str) -> bool {
        self.slash.tokens().iter().any(|held| held.trigger == trigger)
    }

    /// What an operator has to do before all slash commands are registered.
    pub fn command_problems(&self) -> Vec<String> {
        self.slash.problems()
    }

    /// Who the bot is.
    pub(crate) async fn me(&self) -> Result<&User, RestError> {
        // A click may wait for it, and gives way to nothing.
        let ask = || self.rest.call(Urgency::Card, Method::GET, "users/me", None);
        self.me.get_or_try_init(ask).await
    }

    /// The channel of the bot and `person`, which the server makes if there is none. Posts that only
    /// one member of a channel sees are for administrators of the server alone.
    async fn direct_chat(
        &self,
        near: &Address,
        person: &PersonId,
    ) -> Result<Address, PlatformError> {
        let both = json!([self.me().await?.id, person.as_str()]);
        let channel: Channel =
            self.rest.call(Urgency::Text, Method::POST, "channels/direct", Some(&both)).await?;
        let chat = channel
            .id
            .as_str()
            .parse()
            .map_err(|error| PlatformError::Refused(format!("a direct channel: {error}")))?;
        Ok(Address { chat, thread: None, ..near.clone() })
    }

    /// Asks the server whether it still accepts the token.
    pub(crate) async fn me_again(&self) -> Result<(), RestError> {
        let me: User = self.rest.get("users/me").await?;
        // Who a bot is does not change.
        drop(self.me.set(me));
        Ok(())
    }

    /// Something that was brought is not believed, and that is noted.
    pub(crate) async fn refused(
        &self,
        (what, user, why): (&'static str, Option<&UserId>, &str),
        inbox: &Arc<dyn Inbox>,
        reply: CallbackReply,
    ) -> CallbackReply {
        let claimed = user.and_then(|user| PersonId::on(&self.about.platform, user.as_str()));
        let (platform, account) = (self.about.platform.clone(), self.about.account.clone());
        let refused = RefusedCallback { platform, account, what, claimed, why: why.to_owned() };
        inbox.refuse(refused).await;
        reply
    }

    /// Says how the account is.
    pub(crate) fn set_state(&self, state: AccountState) {
        self.state.send_replace(state);
    }

    /// Whether the server still accepts the token is seen by what is posted, too.
    pub(crate) fn note_token(&self, error: Option<&RestError>) {
        let refused = error == Some(&RestError::Token);
        self.state.send_if_modified(|state| {
            let was = matches!(state, AccountState::Refused { .. });
            if refused && !was {
                *state = AccountState::Refused { why: TOKEN_REFUSED.to_owned() };
            } else if error.is_none() && was {
                *state = AccountState::Connected;
            }
            (refused && !was) || (error.is_none() && was)
        });
    }

    /// Puts a text at `address`, in as many posts as it takes.
    pub(crate) async fn say(
        &self,
        id: &str,
        address: &Address,
        text: &str,
    ) -> Result<MessageId, PlatformError> {
        let text = calling_nobody(text);
        let mut first = None;
        for (number, piece) in posts(&text, LONGEST).into_iter().enumerate() {
            let id = if number == 0 { id.to_owned() } else { format!("{id}:{number}") };
            let body = json!({
                "message": piece,
                "props": {"disable_group_highlight": true, "mentionHighlightDisabled": true},
            });
            let post = self.put(Urgency::Text, &id, address, body).await?;
            first = first.or(Some(post));
        }
        first.ok_or_else(|| PlatformError::Refused("there is nothing to say".to_owned()))
    }

    /// Puts a post at `address`. Where its thread is gone it goes into the channel.
    pub(crate) async fn put(
        &self,
        urgency: Urgency,
        id: &str,
        address: &Address,
        mut body: Value,
    ) -> Result<MessageId, PlatformError> {
        let (channel, root) = place(address)?;
        let me = self.me().await?.id.clone();
        if let Some(body) = body.as_object_mut() {
            body.insert("channel_id".to_owned(), channel.as_str().into());
            // With the same one the server gives back the post that it has.
            body.insert("pending_post_id".to_owned(), format!("{me}:{id}").into());
            if let Some(root) = &root {
                body.insert("root_id".to_owned(), root.as_str().into());
            }
        }
        let send = |body: Value| async move {
            let done = self.rest.call::<Post>(urgency, Method::POST, "posts", Some(&body)).await;
            self.note_token(done.as_ref().err());
            done
        };
        let post = match send(body.clone()).await {
            Err(RestError::Refused(400, error))
                if root.is_some() && error.id.contains("root_id") =>
            {
                if let Some(body) = body.as_object_mut() {
                    body.remove("root_id");
                }
                send(body).await?
            }
            done => done?,
        };
        self.known.note_own(&post.id);
        post.id
            .as_str()
            .parse()
            .map_err(|_| PlatformError::Refused("the post has no id".to_owned()))
    }

    fn card_props(&self, card: &CardPost) -> Result<Value, PlatformError> {
        let (channel, root) = place(&card.address)?;
        Ok(card::props(
            card,
            &self.seal,
            (&channel, root.as_ref()),
            &self.settings.callback("actions"),
        ))
    }
}

/// The post that a message of this bot is.
pub(crate) fn post_of(message: &MessageId) -> Result<PostId, PlatformError> {
    let refused = |_| PlatformError::Refused(format!("`{message}` is no post here"));
    message.as_str().parse().map_err(refused)
}

/// Where `address` is on the server.
pub(crate) fn place(address: &Address) -> Result<(ChannelId, Option<PostId>), PlatformError> {
    let refused = |_| PlatformError::Refused(format!("`{}` is no channel here", address.chat));
    let channel = address.chat.as_str().parse().map_err(refused)?;
    let root = address.thread.as_ref().map(|thread| thread.as_str().parse());
    Ok((channel, root.transpose().map_err(refused)?))
}

#[async_trait]
impl Platform for Mattermost {
    fn about(&self) -> &About {
        &self.about
    }

    async fn post_text(&self, text: &TextPost) -> Result<MessageId, PlatformError> {
        match &text.only_for {
            None => self.say(&text.id, &text.address, &text.text).await,
            Some(person) => {
                let direct = self.direct_chat(&text.address, person).await?;
                self.say(&text.id, &direct, &text.text).await
            }
        }
    }

    async fn post_files(
        &self,
        text: &TextPost,
        files: &[SentFile],
    ) -> Result<MessageId, PlatformError> {
        self.say_with(&text.id, &text.address, (&text.text, files)).await
    }

    async fn edit_text(&self, edit: &TextEdit) -> Result<(), PlatformError> {
        self.rewrite(edit).await
    }

    async fn post_card(&self, card: &CardPost) -> Result<MessageId, PlatformError> {
        if card.attempt == Attempt::Again
            && let Some(there) = self.card_that_is_there(card).await?
        {
            // It was drawn before, and shows perhaps what was to be decided then.
            self.edit_card(&there, card).await?;
            return Ok(there);
        }
        let body = json!({"message": "", "props": self.card_props(card)?});
        self.put(Urgency::Card, &card.id.to_string(), &card.address, body).await
    }

    async fn edit_card(&self, message: &MessageId, card: &CardPost) -> Result<(), PlatformError> {
        let post = post_of(message)?;
        // Properties alone: they may be changed however old a post is.
        let body = json!({"props": self.card_props(card)?});
        let path = format!("posts/{post}/patch");
        let done = self.rest.tell(Urgency::Card, Method::PUT, &path, Some(&body)).await;
        self.note_token(done.as_ref().err());
        Ok(done?)
    }

    async fn show_typing(&self, address: &Address) -> Result<(), PlatformError> {
        let (channel, root) = place(address)?;
        let parent = root.as_ref().map_or("", PostId::as_str);
        let body = json!({"channel_id": channel, "parent_id": parent});
        Ok(self.rest.tell(Urgency::Idle, Method::POST, "users/me/typing", Some(&body)).await?)
    }

    /// They are registered by whichever node keeps the connection, as soon as it can.
    async fn register_commands(&self, commands: &[NativeCommand]) -> Result<(), PlatformError> {
        self.slash.wanted(commands);
        self.commands_changed.notify_one();
        Ok(())
    }

    async fn listen(&self, inbox: &Arc<dyn Inbox>) -> PlatformError {
        self.keep_listening(inbox).await
    }

    fn callbacks(&self) -> Option<&dyn Callbacks> {
        Some(self)
    }

    fn state(&self) -> AccountState {
        self.state.borrow().clone()
    }

    fn problems(&self) -> Vec<String> {
        self.command_problems()
    }

    async fn chats(&self) -> Result<Vec<KnownChat>, PlatformError> {
        let asking = tokio::time::timeout(PATIENCE, self.directory());
        asking
            .await
            .unwrap_or_else(|_| Err(PlatformError::Unavailable("no answer in time".to_owned())))
    }

    async fn fetch_file(&self, file: &BroughtFile, most: u64) -> Result<Bytes, PlatformError> {
        let id: crate::id::FileId = file
            .id
            .parse()
            .map_err(|_| PlatformError::Refused("there is no such file".to_owned()))?;
        Ok(self.rest.bytes(&format!("files/{id}"), most).await?)
    }
}
