//! What people do on the testing platform.

use bytes::Bytes;
use countersign_domain::approvals::Choice;
use countersign_domain::chat::{Address, PersonId};
use countersign_ports::platform::{
    BroughtFile, Click, Inbound, Mention, Message, NativeCall, Origin, Receipt, SenderKind,
};

use super::{Member, Shown};

impl Member {
    /// The same in a thread.
    #[must_use]
    pub fn in_thread(mut self, thread: &str) -> Self {
        self.thread = Some(thread.to_owned());
        self
    }

    /// The same, not naming the bot.
    #[must_use]
    pub fn unnamed(mut self) -> Self {
        self.mention = Mention::None;
        self
    }

    /// The same, answering a message.
    #[must_use]
    pub fn answering(mut self, shown: &Shown) -> Self {
        self.reply_to = Some(shown.message.clone());
        self
    }

    /// The same, sending this file along.
    #[must_use]
    pub fn with_file(mut self, name: &str, content: &str) -> Self {
        let id = self.platform.next_delivery();
        let bytes = Bytes::copy_from_slice(content.as_bytes());
        let size = u64::try_from(bytes.len()).ok();
        self.platform.state.send_modify(|state| drop(state.files.insert(id.clone(), bytes)));
        let media_type = Some("text/plain".to_owned());
        self.files.push(BroughtFile { id, name: name.to_owned(), media_type, size });
        self
    }

    /// The same as another kind of sender.
    #[must_use]
    pub fn being(mut self, kind: SenderKind) -> Self {
        self.kind = kind;
        self
    }

    /// Types something.
    pub async fn says(&self, text: &str) -> Receipt {
        self.says_as(text, &self.platform.next_delivery()).await
    }

    /// Types something that the platform delivers under this id.
    pub async fn says_as(&self, text: &str, delivery: &str) -> Receipt {
        let origin = self.origin(delivery);
        let (text, mention, reply_to) = (text.to_owned(), self.mention, self.reply_to.clone());
        let id = self.platform.next_message();
        let files = self.files.clone();
        let message = Message { origin, id: Some(id), text, files, mention, reply_to };
        self.platform.deliver(Inbound::Message(message)).await
    }

    /// What somebody who types `text` is told.
    pub async fn told(&self, text: &str) -> String {
        told(self.says(text).await)
    }

    /// Calls a command that the platform knows, and is told this.
    pub async fn calls(&self, name: &str, arguments: &str) -> String {
        let origin = self.origin(&self.platform.next_delivery());
        let (name, arguments) = (name.to_owned(), arguments.to_owned());
        let call = NativeCall { origin, name, arguments };
        told(self.platform.deliver(Inbound::Command(call)).await)
    }

    /// Presses a button, and is told this.
    pub async fn presses(&self, shown: &Shown, choice: Choice) -> String {
        self.answers(shown, choice, None).await
    }

    /// Presses a button and says why in the dialog that it opens, and is told this.
    pub async fn answers(&self, shown: &Shown, choice: Choice, reason: Option<&str>) -> String {
        let card = shown.card.as_ref().expect("it is a card");
        let origin = self.origin(&self.platform.next_delivery());
        let click = Click {
            origin,
            message: shown.message.clone(),
            card: card.id,
            nonce: card.nonce.clone(),
            choice,
            reason: reason.map(str::to_owned),
        };
        self.clicks(click).await
    }

    /// Sends a click as it is, and is told this.
    pub async fn clicks(&self, click: Click) -> String {
        told(self.platform.deliver(Inbound::Click(click)).await)
    }

    /// Where somebody is and who they are.
    pub fn origin(&self, delivery: &str) -> Origin {
        let about = &self.platform.about;
        let thread = self.thread.as_deref().map(|thread| thread.parse().expect("a name"));
        let chat = self.chat.parse().expect("a name");
        let (platform, account) = (about.platform.clone(), about.account.clone());
        Origin {
            sender: self.id.as_deref().and_then(|id| PersonId::on(&platform, id)),
            address: Address { platform, account, chat, thread },
            chat_type: self.chat_type.clone(),
            kind: self.kind,
            delivery: delivery.to_owned(),
        }
    }
}

pub(crate) fn told(receipt: Receipt) -> String {
    match receipt {
        Receipt::Taken(text) => text.unwrap_or_default(),
        Receipt::Stray(text) => text,
        Receipt::Dropped => "(dropped)".to_owned(),
        Receipt::Later => "(later)".to_owned(),
    }
}
