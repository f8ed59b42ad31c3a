//! What Meta brings to the gateway's own address: nothing of it is read before the signature over
//! its bytes is known to be good.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_domain::chat::MessageId;
use countersign_domain::service_conversations::{ChatKind, ServiceChatId};
use countersign_ports::platform::{
    Callback, CallbackMethod, CallbackReply, Callbacks, Inbox, Receipt, RefusedCallback,
    Undelivered,
};
use countersign_ports::service_bridge::{BridgeMessage, BridgeSender};

use super::account::Cloud;
use super::outcomes::Outcome;
use super::refusal::Refusal;
use super::seen::Writer;
use super::signature::{HEADER, is_good, is_same};
use super::webhook::{Piece, Status, Written, pieces};

/// What stands at the end of the address.
pub(super) const WHAT: &str = "webhook";

/// The largest body that Meta sends.
const LARGEST: usize = 3 * 1024 * 1024;

/// The longest word that Meta wants to hear again.
const LONGEST_CHALLENGE: usize = 256;

#[async_trait]
impl Callbacks for Cloud {
    fn largest_body(&self) -> usize {
        LARGEST
    }

    async fn call(&self, callback: Callback, inbox: &Arc<dyn Inbox>) -> CallbackReply {
        if callback.what != WHAT {
            return CallbackReply::empty(404);
        }
        match callback.method {
            CallbackMethod::Get => self.challenged(&callback.query, inbox).await,
            CallbackMethod::Post => self.brought(&callback, inbox).await,
        }
    }
}

impl Cloud {
    /// Meta looks whether the address is the app's.
    async fn challenged(&self, query: &str, inbox: &Arc<dyn Inbox>) -> CallbackReply {
        let field = |wanted: &str| {
            let mut fields = url::form_urlencoded::parse(query.as_bytes());
            fields.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        let token = field("hub.verify_token").unwrap_or_default();
        let asks = field("hub.mode").as_deref() == Some("subscribe");
        let challenge = field("hub.challenge").filter(|word| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            !word.is_empty() && word.len() <= LONGEST_CHALLENGE && word.bytes().all(plain)
        });
        if !asks || !is_same(&self.settings.verify_token, &token) {
            return self.refuse("the verify token is another one", 403, inbox).await;
        }
        challenge.map_or_else(|| CallbackReply::empty(400), |word| CallbackReply::text(200, word))
    }

    async fn brought(&self, callback: &Callback, inbox: &Arc<dyn Inbox>) -> CallbackReply {
        if callback.body.len() > LARGEST {
            return CallbackReply::empty(413);
        }
        if !is_good(&self.settings.app_secret, &callback.body, callback.header(HEADER)) {
            let why = "it has no signature of the app over what it says";
            return self.refuse(why, 401, inbox).await;
        }
        let Some(pieces) = pieces(&callback.body, &self.settings.phone_number_id) else {
            // It is Meta's, and would be no better the next time.
            tracing::warn!("a webhook was brought that is about no WhatsApp number");
            return CallbackReply::empty(200);
        };
        let mut later = false;
        for piece in pieces {
            match piece {
                Piece::Written(written) => later |= self.written(*written, inbox).await.is_err(),
                Piece::Status(status) => later |= self.became(*status, inbox).await.is_err(),
                Piece::OfAnother(id) => {
                    let why = format!("it is about another number of the app, {id}");
                    self.refuse(&why, 200, inbox).await;
                }
                Piece::Unreadable => tracing::warn!("a part of a webhook cannot be read"),
            }
        }
        // What was taken is not taken again when all of it comes once more.
        CallbackReply::empty(if later { 503 } else { 200 })
    }

    /// Something was written to the number.
    async fn written(&self, written: Written, inbox: &Arc<dyn Inbox>) -> Result<(), Later> {
        let Some(number) = self.number(&written).await? else {
            let why = "its sender hides the number, and has not written with it before";
            self.refuse(why, 200, inbox).await;
            return Ok(());
        };
        let jid = format!("{number}@s.whatsapp.net");
        let Ok(chat) = ServiceChatId::of_jid(&jid) else {
            tracing::warn!("a message was brought of somebody who has no number");
            return Ok(());
        };
        let at = written.at.unwrap_or_else(|| self.clock.now()).min(self.clock.now());
        let writer =
            Writer { number, user_id: written.user_id.clone(), name: written.name.clone() };
        if let Err(error) = self.seen.note(writer, at).await {
            tracing::warn!(%error, "who has written could not be noted");
        }
        self.note_last(&chat, &written.id);
        let reply_to: Option<MessageId> = written.quoted.and_then(|id| id.parse().ok());
        // What does not say where it was tapped was tapped nowhere.
        let row = written.row.as_deref().filter(|_| reply_to.is_some());
        let tapped = row.and_then(|row| self.rows.tapped(&chat, row));
        // A row that was not made here is no word of whoever pretends to have tapped it.
        let made_up = written.row.is_some() && tapped.is_none();
        let text = if made_up { format!("[tapped] {}", written.text) } else { written.text };
        let message = BridgeMessage {
            cursor: String::new(),
            id: written.id,
            chat: jid.clone(),
            kind: ChatKind::Direct,
            number: Some(jid),
            lid: None,
            push_name: written.name,
            from: BridgeSender::Provider,
            text,
            media: written.media,
            file: written.file,
            reply_to,
            tapped,
            at,
        };
        match inbox.hear(&self.settings.account, &message).await {
            Receipt::Taken(_) | Receipt::Stray(_) | Receipt::Dropped => Ok(()),
            Receipt::Later => Err(Later),
        }
    }

    /// The number of who has written: their own, or the one that they wrote with before they hid it.
    async fn number(&self, written: &Written) -> Result<Option<String>, Later> {
        let (None, Some(id)) = (&written.number, &written.user_id) else {
            return Ok(written.number.clone());
        };
        self.seen.number_of(id).await.map_err(|_| Later)
    }

    /// Something became of a message of the number.
    async fn became(&self, status: Status, inbox: &Arc<dyn Inbox>) -> Result<(), Later> {
        let key = status.key.as_deref().unwrap_or_default();
        if status.word != "failed" {
            self.outcomes.tell(key, Outcome::Arrived);
            return Ok(());
        }
        let refusal = status.errors.into_iter().next().unwrap_or_else(|| Refusal {
            message: "no reason is given".to_owned(),
            ..Refusal::default()
        });
        let why = refusal.says();
        if self.outcomes.tell(key, Outcome::Failed(refusal)) {
            return Ok(());
        }
        let (Ok(message), Ok(to)) =
            (status.id.parse(), format!("+{}", status.recipient_id).parse())
        else {
            tracing::warn!(%why, "a message has not arrived, and it is not said which");
            return Ok(());
        };
        let account = self.settings.account.clone();
        let undelivered =
            Undelivered { platform: self.platform.clone(), account, to, message, why };
        match inbox.undelivered(undelivered).await {
            Receipt::Taken(_) | Receipt::Stray(_) | Receipt::Dropped => Ok(()),
            Receipt::Later => Err(Later),
        }
    }

    /// What was brought is not believed, and that is noted.
    async fn refuse(&self, why: &str, status: u16, inbox: &Arc<dyn Inbox>) -> CallbackReply {
        let (platform, account) = (self.platform.clone(), self.settings.account.clone());
        let why = why.to_owned();
        inbox.refuse(RefusedCallback { platform, account, what: WHAT, claimed: None, why }).await;
        CallbackReply::empty(status)
    }
}

/// It could not be taken now: Meta brings it again.
struct Later;
