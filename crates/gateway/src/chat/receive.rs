//! Taking what is said: the one way in for platforms, the terminal and the API.

use async_trait::async_trait;
use countersign_command_risk::render::Surface;
use countersign_domain::access::Scope;
use countersign_domain::chat::{Address, ChatScope, Delivery, PersonId, PlatformName, SessionKey};
use countersign_domain::commands::{CommandLine, Line, read_line};
use countersign_domain::identity::Principal;
use countersign_domain::ids::{RunId, SessionId};
use countersign_domain::runs::Session;
use countersign_domain::slash_access::{Asker, Person};
use countersign_ports::platform::{
    Inbound, Inbox, Message, NativeCall, Origin, Receipt, RefusedCallback,
};
use countersign_ports::store::{Change, Conflicting, StoreError, UnitOfWork};

use super::admission::Admitted;
use super::desk::DropReason;
use super::reply::Reply;
use super::settings::BusyMode;
use super::speak::Manner;
use super::speaker::{Speaker, ToldBy};
use crate::caller::{Caller, Forbidden};
use crate::gateway::Gateway;

/// What came of something that was said in the terminal or through the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidHere {
    /// What the gateway answers by itself.
    pub reply: Option<String>,
    /// The run that works on it.
    pub run_id: Option<RunId>,
    /// The session of that run.
    pub session_id: Option<SessionId>,
}

/// Why something that was said in the terminal or through the API is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SayError {
    /// It says nothing.
    #[error("the text is empty")]
    Empty,
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
}

#[async_trait]
impl Inbox for Gateway {
    async fn receive(&self, inbound: Inbound) -> Receipt {
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

    async fn refuse(&self, refused: RefusedCallback) {
        self.note_refused(refused).await;
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
    /// Takes what a caller of the API or the operator's terminal says in the chat of this name,
    /// which goes on in `session` if one is given.
    pub async fn say(
        &self,
        (chat, session): (&str, Option<SessionId>),
        text: &str,
        caller: &Caller,
    ) -> Result<SaidHere, SayError> {
        caller.require(Scope::Runs)?;
        if text.trim().is_empty() {
            return Err(SayError::Empty);
        }
        let speaker = speaker_at_home(chat, caller)?;
        if let Some(session) = session {
            self.go_on_in(&speaker, session).await?;
        }
        let heard = match read_line(text, None) {
            Line::Command(line) => self.command(&speaker, &line, text, None).await?,
            Line::Text | Line::ForAnotherBot => self.text(&speaker, text, None).await?,
        };
        Ok(SaidHere {
            reply: heard.reply.map(|reply| reply.render(speaker.surface)),
            run_id: heard.run.map(|(run, _)| run),
            session_id: heard.run.map(|(_, session)| session),
        })
    }

    /// The chat goes on in this session, which must be the caller's own.
    async fn go_on_in(&self, speaker: &Speaker, session: SessionId) -> Result<(), SayError> {
        let found = self.store.runs().session(session).await?;
        let (caller, unknown) = (&speaker.caller, SayError::NoSession(session));
        let own =
            |found: &Session| found.created_by == caller.principal || caller.may(Scope::Admin);
        found.filter(own).ok_or(unknown)?;
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
        let speaker = match self.admit(&call.origin).await? {
            Admitted::Speaker(speaker) => *speaker,
            Admitted::Unknown(person) => return self.ask_for_admission(&call.origin, person).await,
        };
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
    pub(super) async fn take_delivery(&self, delivery: Option<Delivery>) -> Result<(), StoreError> {
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
        let text = &self.with_files(speaker, text, delivery.as_ref()).await;
        if let Some(heard) = self.plain_answer(speaker, text, delivery.as_ref()).await? {
            return Ok(heard);
        }
        match self.settings.chat.busy {
            BusyMode::Steer => self.steer(speaker, text, delivery).await,
            BusyMode::Queue | BusyMode::Interrupt => {
                self.speak(speaker, text, Manner::Said, delivery).await
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
        answering: None,
        quoted: None,
        files: Vec::new(),
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
