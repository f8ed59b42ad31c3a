//! Taking what is said: the one way in for platforms, the terminal and the API.

use async_trait::async_trait;
use countersign_command_risk::render::Surface;
use countersign_domain::access::Scope;
use countersign_domain::chat::{
    AccountId, Address, ChatScope, Delivery, PersonId, PlatformName, SessionKey,
};
use countersign_domain::commands::{CommandLine, Line, read_line};
use countersign_domain::identity::Principal;
use countersign_domain::ids::{RunId, SessionId};
use countersign_domain::runs::Session;
use countersign_domain::slash_access::{Asker, Person};
use countersign_ports::platform::{
    Inbound, Inbox, Message, NativeCall, Origin, Receipt, RefusedCallback, Undelivered,
};
use countersign_ports::service_bridge::BridgeMessage;
use countersign_ports::store::{Change, Conflicting, StoreError, UnitOfWork};

use super::admission::Admitted;
use super::desk::DropReason;
use super::refuse::BroughtBy;
use super::reply::Reply;
use super::settings::BusyMode;
use super::speak::Manner;
use super::speaker::{Answered, Speaker, ToldBy};
use crate::caller::{Caller, Forbidden};
use crate::gateway::Gateway;

/// Something that is said in the terminal, in the web page or through the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saying<'s> {
    /// The chat: any name; each caller has chats of its own.
    pub chat: &'s str,
    /// In which of the chat's sessions.
    pub session: InSession,
    /// What is said again under the same key is not taken again.
    pub key: Option<&'s str>,
    /// What is said.
    pub text: &'s str,
}

/// In which session something is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InSession {
    /// The one that the chat is in.
    #[default]
    Present,
    /// A new one, whatever goes on in the present one.
    New,
    /// This one.
    This(SessionId),
}

/// What came of something that was said in the terminal or through the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidHere {
    /// What the gateway answers by itself.
    pub reply: Option<String>,
    /// The run that works on it.
    pub run_id: Option<RunId>,
    /// The session of that run.
    pub session_id: Option<SessionId>,
    /// The session that the chat is in now.
    pub now_in: Option<SessionId>,
}

/// Why something that was said in the terminal or through the API is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SayError {
    /// It says nothing.
    #[error("the text is empty")]
    Empty,
    /// It was taken before, under the same key.
    #[error("this was taken before, under the same key")]
    Repeated,
    /// Not a name for a chat.
    #[error("the chat has no usable name: {0}")]
    Chat(#[from] countersign_domain::chat::InvalidChatName),
    /// No such session, or the caller may not see it.
    #[error("there is no session `{0}`")]
    NoSession(SessionId),
    /// The caller may not start runs.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of something that somebody may say.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) reply: Option<Reply>,
    pub(super) run: Option<(RunId, SessionId)>,
    /// The session that the conversation was turned to, if it was.
    pub(super) turned_to: Option<SessionId>,
}

impl Heard {
    /// Nothing but this is said.
    pub(super) fn told(reply: Reply) -> Self {
        Self { reply: Some(reply), ..Self::default() }
    }
}

#[async_trait]
impl Inbox for Gateway {
    /// What was begun is ended, also when whoever brought it is not there any more: a command whose
    /// delivery was noted is not brought again.
    async fn receive(&self, inbound: Inbound) -> Receipt {
        let Some(this) = self.itself.upgrade() else {
            return Receipt::Later;
        };
        let hand = self.chats.hands.begin();
        let taking = tokio::spawn(async move {
            let receipt = this.take(inbound).await;
            drop(hand);
            receipt
        });
        taking.await.unwrap_or_else(|error| {
            tracing::error!(%error, "something inbound could not be taken");
            Receipt::Later
        })
    }

    async fn hear(&self, account: &AccountId, said: &BridgeMessage) -> Receipt {
        match self.hear_in_account(account, said).await {
            Ok(()) => Receipt::Taken(None),
            Err(error) => {
                tracing::warn!(%error, "something that was said could not be taken");
                Receipt::Later
            }
        }
    }

    async fn undelivered(&self, undelivered: Undelivered) -> Receipt {
        match self.note_undelivered(&undelivered).await {
            Ok(()) => Receipt::Taken(None),
            Err(error) => {
                tracing::warn!(%error, "that a message was not delivered could not be noted");
                Receipt::Later
            }
        }
    }

    async fn refuse(&self, refused: RefusedCallback) {
        self.note_refused(refused, BroughtBy::Anybody).await;
    }
}

/// Why something inbound is not taken.
pub(super) enum Untaken {
    Dropped(DropReason),
    Store(StoreError),
}

impl From<DropReason> for Untaken {
    fn from(reason: DropReason) -> Self {
        Self::Dropped(reason)
    }
}

impl From<StoreError> for Untaken {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Gateway {
    async fn take(&self, inbound: Inbound) -> Receipt {
        let taken = match inbound {
            Inbound::Message(message) => self.take_message(message).await,
            Inbound::Command(call) => self.take_native(call).await,
            Inbound::Click(click) => self.take_click(click).await,
        };
        match taken {
            Ok(receipt) => receipt,
            Err(Untaken::Dropped(reason)) => {
                self.chats.count_drop(reason);
                tracing::debug!(?reason, "something inbound was dropped");
                Receipt::Dropped
            }
            Err(Untaken::Store(error)) => {
                tracing::warn!(%error, "something inbound could not be taken");
                Receipt::Later
            }
        }
    }

    /// Takes what a caller of the API or the operator says in the terminal or the web page.
    pub async fn say(&self, saying: Saying<'_>, caller: &Caller) -> Result<SaidHere, SayError> {
        let Saying { chat, session, key, text } = saying;
        caller.require(Scope::Runs)?;
        if text.trim().is_empty() {
            return Err(SayError::Empty);
        }
        let mut speaker = speaker_at_home(chat, caller)?;
        match session {
            InSession::Present => {}
            InSession::New => self.begin_in(&mut speaker).await?,
            InSession::This(session) => self.go_on_in(&mut speaker, session).await?,
        }
        let delivery = key.map(|key| Delivery {
            platform: speaker.address.platform.clone(),
            account: speaker.address.account.clone(),
            id: key.to_owned(),
            at: self.clock.now(),
        });
        let heard = match read_line(text, None) {
            Line::Command(line) => self.command(&speaker, &line, text, delivery).await,
            Line::Text | Line::ForAnotherBot => self.text(&speaker, text, delivery).await,
        };
        let heard = match heard {
            Ok(heard) => heard,
            Err(StoreError::Conflict(Conflicting::Value(id))) if Some(id.as_str()) == key => {
                return Err(SayError::Repeated);
            }
            Err(error) => return Err(error.into()),
        };
        let now_in = match heard.turned_to.or(speaker.session) {
            None => self.conversation(&speaker).await?.map(|now| now.value.session),
            known => known,
        };
        Ok(SaidHere {
            reply: heard.reply.map(|reply| reply.render(speaker.surface)),
            run_id: heard.run.map(|(run, _)| run),
            session_id: heard.run.map(|(_, session)| session),
            now_in,
        })
    }

    /// The chat goes on in this session, which must be the caller's own.
    async fn go_on_in(&self, speaker: &mut Speaker, session: SessionId) -> Result<(), SayError> {
        let found = self.store.runs().session(session).await?;
        let unknown = SayError::NoSession(session);
        let caller = &speaker.caller;
        let own =
            |found: &Session| found.created_by == caller.principal || caller.may(Scope::Admin);
        if found.is_some_and(|found| own(&found)) {
            return Ok(self.turn_to(speaker, session).await?);
        }
        // A conversation that was begun in this chat, and in which nothing was said yet.
        let now = self.conversation(speaker).await?.map(|now| now.value);
        let begun = now.filter(|now| {
            let earlier = now.earlier.iter().map(|earlier| earlier.session);
            earlier.chain([now.session]).any(|known| known == session)
        });
        begun.ok_or(unknown)?;
        Ok(self.turn_to(speaker, session).await?)
    }

    async fn take_message(&self, message: Message) -> Result<Receipt, Untaken> {
        let Message { origin, id, text, files, mention, reply_to } = message;
        let admitted = match self.admit(&origin).await? {
            Admitted::Speaker(speaker) => *speaker,
            Admitted::Unknown(person) => return self.ask_for_admission(&origin, person).await,
        };
        let quoted = id.filter(|_| self.quotes(&admitted));
        let speaker = Speaker { answering: reply_to, quoted, files, ..admitted };
        if !self.is_meant(&speaker, mention) {
            return Err(DropReason::NotMentioned.into());
        }
        if text.trim().is_empty() && speaker.files.is_empty() {
            return Err(DropReason::Empty.into());
        }
        let adapter = self.chats.adapter(&origin.address);
        let bot = adapter.as_ref().and_then(|adapter| adapter.about().bot_name.as_deref());
        let delivery = self.delivery(&origin);
        let heard = match read_line(&text, bot) {
            Line::ForAnotherBot => return Err(DropReason::ForAnotherBot.into()),
            Line::Command(line) => self.command(&speaker, &line, &text, Some(delivery)).await,
            Line::Text => self.text(&speaker, &text, Some(delivery)).await,
        };
        receipt(&speaker, heard, &origin)
    }

    async fn take_native(&self, call: NativeCall) -> Result<Receipt, Untaken> {
        let admitted = match self.admit(&call.origin).await? {
            Admitted::Speaker(speaker) => *speaker,
            Admitted::Unknown(person) => return self.ask_for_admission(&call.origin, person).await,
        };
        let speaker = Speaker { answered: Answered::Alone, ..admitted };
        let delivery = self.delivery(&call.origin);
        let typed = format!("/{} {}", call.name, call.arguments);
        let heard = match call.name.parse() {
            Ok(word) => {
                let line = CommandLine::new(word, &call.arguments);
                self.command(&speaker, &line, &typed, Some(delivery)).await
            }
            Err(_) => self.text(&speaker, &typed, Some(delivery)).await,
        };
        receipt(&speaker, heard, &call.origin)
    }

    pub(super) fn delivery(&self, origin: &Origin) -> Delivery {
        Delivery {
            platform: origin.address.platform.clone(),
            account: origin.address.account.clone(),
            id: origin.delivery.clone(),
            at: self.clock.now(),
        }
    }

    /// A command runs at most once: its delivery is on stable storage before it does.
    pub(crate) async fn take_delivery(&self, delivery: Option<Delivery>) -> Result<(), StoreError> {
        if let Some(delivery) = delivery {
            let taken = Change::AddDelivery(Box::new(delivery));
            self.commit(UnitOfWork::new().and(taken)).await?;
        }
        Ok(())
    }

    /// Text: an answer to what waits, or something for the agent.
    pub(super) async fn text(
        &self,
        speaker: &Speaker,
        text: &str,
        delivery: Option<Delivery>,
    ) -> Result<Heard, StoreError> {
        let standing = self.standing(speaker).await?;
        let active = standing.active;
        if let Some(heard) =
            self.number_of_decision(speaker, active, text, delivery.as_ref()).await?
        {
            return Ok(heard);
        }
        if let Some(heard) = self.word_of_decision(speaker, active, text, delivery.as_ref()).await?
        {
            return Ok(heard);
        }
        if let Some(full) =
            self.no_files_for(speaker, (&standing, Manner::Said), delivery.as_ref()).await?
        {
            self.take_delivery(delivery).await?;
            return Ok(Heard::told(full));
        }
        let text = &self.with_files(speaker, text, delivery.as_ref()).await;
        if let Some(run) = active
            && let Some(heard) =
                self.answer_to_question(speaker, run, text, delivery.as_ref()).await?
        {
            return Ok(heard);
        }
        match self.settings.chat.busy {
            BusyMode::Steer if standing.active.is_some() => {
                self.steer(speaker, text, delivery).await
            }
            BusyMode::Steer | BusyMode::Queue | BusyMode::Interrupt => {
                self.speak_where(standing, (speaker, text), Manner::Said, delivery).await
            }
        }
    }
}

/// The speaker that a caller of the API, or the operator at the terminal, is.
fn speaker_at_home(chat: &str, caller: &Caller) -> Result<Speaker, SayError> {
    let scope = ChatScope::Dm;
    let (platform, person) = match &caller.principal {
        Principal::Operator => (PlatformName::terminal(), None),
        Principal::ApiKey(name) => (PlatformName::api(), Some(name.as_str())),
        Principal::Platform { platform, id } => (platform.parse()?, Some(id.as_str())),
    };
    let account = person.unwrap_or("operator").parse()?;
    let address = Address { platform, account, chat: chat.parse()?, thread: None };
    let id = person.and_then(|person| PersonId::on(&address.platform, person));
    let asker = match id {
        None if caller.principal == Principal::Operator => Asker::Operator,
        id => Asker::Person(Person { platform: address.platform.clone(), id, scope }),
    };
    Ok(Speaker {
        asker,
        caller: caller.clone(),
        key: SessionKey::at_home(&address),
        address,
        scope,
        surface: Surface::Text,
        told_by: ToldBy::Caller,
        answered: Answered::Alone,
        answering: None,
        quoted: None,
        files: Vec::new(),
        session: None,
    })
}

/// What a platform is told. A delivery that was there before is dropped.
fn receipt(
    speaker: &Speaker,
    heard: Result<Heard, StoreError>,
    origin: &Origin,
) -> Result<Receipt, Untaken> {
    match heard {
        Ok(heard) => Ok(Receipt::Taken(heard.reply.map(|reply| reply.render(speaker.surface)))),
        Err(StoreError::Conflict(Conflicting::Value(id))) if id == origin.delivery => {
            Err(DropReason::Duplicate.into())
        }
        Err(error) => Err(error.into()),
    }
}
