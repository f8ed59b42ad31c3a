//! What comes out of chats: kept out, kept for the user, or given to the agent as what it is.

use countersign_domain::audit::AuditKind;
use countersign_domain::chat::{ChatRun, Delivery};
use countersign_domain::digest::Digest;
use countersign_domain::display::{inert, one_line};
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::ids::{RunId, SaidId, SessionId};
use countersign_domain::runs::ThirdParty;
use countersign_domain::service_conversations::{
    ChatState, InboundRuling, Place, Said, SaidBy, ServiceChat, ServiceChatId, rule_on_inbound,
};
use countersign_ports::platform::BroughtFile;
use countersign_ports::service_bridge::{BridgeMessage, BridgeSender};
use countersign_ports::store::{
    Change, Conflicting, PageRequest, RunFilter, StoreError, UnitOfWork,
};
use serde_json::json;

use super::current::Current;
use super::strangers::Why;
use crate::caller::Caller;
use crate::gateway::{Gateway, Settles};
use crate::start_run::{HeardFrom, RunStarted, StartRun};

/// The longest message that is kept and given to the agent, in characters.
const LONGEST: usize = 8000;

/// The longest name, in characters.
const LONGEST_NAME: usize = 80;

/// The longest description of a file, in characters.
const LONGEST_FILE: usize = 240;

/// So many turns of one conversation wait at most; what comes on top is kept for the user.
const MOST_TURNS: usize = 20;

/// A failure that may be somebody else having been quicker, but not the same message.
#[derive(Debug)]
enum Unheard {
    /// It came before.
    Repeated,
    /// The store failed.
    Store(StoreError),
}

impl Settles for Unheard {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl From<StoreError> for Unheard {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A message that was read.
pub(super) struct Heard<'m> {
    /// The chat.
    pub(super) id: ServiceChatId,
    /// As it was brought.
    pub(super) message: &'m BridgeMessage,
    /// Under which it is taken once.
    pub(super) delivery: Delivery,
}

impl Gateway {
    /// Takes what was said in a chat that is no operator's. When this returns, what becomes of it is
    /// on stable storage.
    pub(super) async fn hear(&self, heard: Heard<'_>) -> Result<(), StoreError> {
        let taken = match heard.message.from {
            BridgeSender::User => self.until_settled(|| self.try_note_by_hand(&heard)).await,
            BridgeSender::Provider => self.until_settled(|| self.try_hear(&heard)).await,
        };
        match taken {
            Ok(()) | Err(Unheard::Repeated) => Ok(()),
            Err(Unheard::Store(error)) => Err(error),
        }
    }

    /// The user wrote into a chat by hand.
    async fn try_note_by_hand(&self, heard: &Heard<'_>) -> Result<(), Unheard> {
        if !self.settings.service.enabled.is_on() {
            return Ok(());
        }
        let (current, now) = (self.current_chat(&heard.id).await?, self.clock.now());
        let mut work = UnitOfWork::new();
        if let ChatState::Approved { .. } = current.chat.state {
            work.push(self.said(heard, &current.chat, SaidBy::ByHand));
        } else if !self.settings.service.auto_promote.is_on() {
            // Whom the user writes to is nobody's business.
            return Ok(());
        }
        let next = ServiceChat { by_hand_at: Some(now), ..current.chat.clone() };
        work.push(current.becomes(next));
        self.commit_heard(heard, work).await
    }

    async fn try_hear(&self, heard: &Heard<'_>) -> Result<(), Unheard> {
        let (current, now) = (self.current_chat(&heard.id).await?, self.clock.now());
        let ruling = rule_on_inbound(current.chat.clone(), &self.settings.service, now);
        let mut work = UnitOfWork::new();
        match ruling {
            InboundRuling::Block { chat, told } => {
                if current.version.is_none() {
                    match self.new_stranger(&chat, &heard.delivery.id).await? {
                        Some(counted) => work.push(counted),
                        None => return Ok(self.note_stranger(Why::TooMany).await?),
                    }
                }
                if let Some(count) = told {
                    let detail = json!({ "count": count, "status": chat.state.status() });
                    let kind = AuditKind::ServiceChatInboundBlocked;
                    work.push(self.chat_record(kind, Actor::System, (&chat.id, None), detail));
                }
                work.push(current.becomes(*chat));
                self.commit_heard(heard, work).await
            }
            InboundRuling::Keep(chat) => self.keep(heard, &current, *chat, work).await,
            InboundRuling::Join(chat) => self.give_to_agent(heard, &current, *chat, work).await,
            InboundRuling::Promote(chat) => {
                let kind = AuditKind::ServiceChatPromoted;
                let detail = json!({ "mode": chat.state.mode() });
                work.push(self.chat_record(kind, Actor::System, (&chat.id, None), detail));
                self.give_to_agent(heard, &current, *chat, work).await
            }
        }
    }

    /// For the user to read; the model is not given it.
    async fn keep(
        &self,
        heard: &Heard<'_>,
        current: &Current,
        chat: ServiceChat,
        mut work: UnitOfWork,
    ) -> Result<(), Unheard> {
        let message = heard.message.id.clone();
        let by = SaidBy::Provider { message, given: false };
        work.push(self.said(heard, &chat, by));
        work.push(current.becomes(named(chat, heard)));
        self.commit_heard(heard, work).await
    }

    /// For the agent, in the session from which the conversation is led.
    async fn give_to_agent(
        &self,
        heard: &Heard<'_>,
        current: &Current,
        chat: ServiceChat,
        mut work: UnitOfWork,
    ) -> Result<(), Unheard> {
        let (mut chat, now) = (named(chat, heard), self.clock.now());
        let new_session = || Place {
            session: SessionId::from_uuid(self.entropy.uuid()),
            address: None,
            owner: Principal::Operator,
        };
        let place = chat.place.get_or_insert_with(new_session).clone();
        if self.turns_of(&chat.id, place.session).await? >= MOST_TURNS {
            let (held, told) = chat.held_by_limit(now);
            chat = held;
            if let Some(count) = told {
                let detail = json!({ "limit": "turns", "most": MOST_TURNS, "count": count });
                let kind = AuditKind::ServiceChatRateLimited;
                let subject = (&chat.id, Some(place.session));
                work.push(self.chat_record(kind, Actor::System, subject, detail));
            }
            return self.keep(heard, current, chat, work).await;
        }
        let limit = self.settings.max_working_runs;
        if self.store.runs().working().await? >= limit {
            // It stays with the bridge until there is room.
            let full = format!("{limit} runs are at work, which is the most at one time");
            return Err(StoreError::Unavailable(full).into());
        }
        let message = heard.message.id.clone();
        work.push(self.said(heard, &chat, SaidBy::Provider { message, given: true }));
        let run_id = RunId::from_uuid(self.entropy.uuid());
        let started = RunStarted { run_id, session_id: place.session };
        let tools = self.settings.service.tools.clone();
        let request = StartRun {
            heard: Some(HeardFrom {
                who: ThirdParty { chat: chat.id.clone(), tools },
                // The name is the other side's own words, and stands with them.
                from: chat.id.to_string(),
                mark: self.mark(),
                text: with_name(&chat, words(heard.message)),
            }),
            ..StartRun::default()
        };
        let caller = Caller { principal: place.owner.clone(), ..Caller::operator() };
        work.changes.extend(self.new_run(request, &caller, started, now).changes);
        if let Some(address) = place.address {
            let owed = ChatRun {
                run_id,
                session_id: place.session,
                address,
                told: 0,
                answers: None,
                growing: None,
            };
            work.push(Change::AddChatRun(Box::new(owed)));
        }
        work.push(current.becomes(chat));
        self.commit_heard(heard, work).await?;
        self.wake(run_id);
        self.owe_chat(place.session);
        Ok(())
    }

    /// How many turns that the chat has begun are not over.
    async fn turns_of(
        &self,
        chat: &ServiceChatId,
        session: SessionId,
    ) -> Result<usize, StoreError> {
        Ok(self.open_turns(chat, session).await?.len())
    }

    /// The turns that the chat has begun and that are not over, among the newest of the session.
    pub(super) async fn open_turns(
        &self,
        chat: &ServiceChatId,
        session: SessionId,
    ) -> Result<Vec<RunId>, StoreError> {
        let filter = RunFilter { session_id: Some(session), ..RunFilter::default() };
        let page = PageRequest { before: None, limit: 100 };
        let runs = self.store.runs().runs(filter, page).await?.items;
        let open = runs.into_iter().filter(|run| {
            let third = run.third_party.as_ref();
            !run.status().is_final() && third.is_some_and(|third| third.chat == *chat)
        });
        Ok(open.map(|run| run.id).collect())
    }

    async fn commit_heard(&self, heard: &Heard<'_>, work: UnitOfWork) -> Result<(), Unheard> {
        let work = work.and(Change::AddDelivery(Box::new(heard.delivery.clone())));
        match self.commit(work).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict(Conflicting::Value(id))) if id == heard.delivery.id => {
                Err(Unheard::Repeated)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn said(&self, heard: &Heard<'_>, chat: &ServiceChat, by: SaidBy) -> Change {
        Change::AddSaid(Box::new(Said {
            id: self.new_said_id(),
            chat: chat.id.clone(),
            at: self.clock.now(),
            by,
            text: words(heard.message),
        }))
    }

    pub(super) fn new_said_id(&self) -> SaidId {
        SaidId::from_uuid(self.entropy.uuid())
    }

    /// Something that nobody outside can guess.
    fn mark(&self) -> String {
        let digest = Digest::of(&self.entropy.secret());
        digest.to_string().chars().rev().take(16).collect()
    }
}

/// What was said, inert, and not longer than anybody reads.
fn words(message: &BridgeMessage) -> String {
    let mut text: String = inert(&message.text).chars().take(LONGEST).collect();
    if message.text.chars().count() > LONGEST {
        text.push_str(" … (cut)");
    }
    match (&message.media, &message.file) {
        (media, Some(file)) => {
            let what = media.as_deref().unwrap_or("file");
            format!("[{}] {text}", one_line(&inert(&described(what, file)), LONGEST_FILE))
        }
        (Some(media), None) => format!("[{}] {text}", one_line(&inert(media), LONGEST_NAME)),
        (None, None) => text,
    }
}

/// A file as its sender describes it. It stays where it is: nobody fetches what a third party sends.
fn described(what: &str, file: &BroughtFile) -> String {
    let name = one_line(&file.name, LONGEST_NAME);
    let size = file.size.map(|size| format!("{size} bytes"));
    let facts: Vec<&str> = file.media_type.as_deref().into_iter().chain(size.as_deref()).collect();
    format!("{what}: {name} ({})", facts.join(", "))
}

/// The chat under the name that the other side gives itself, unless the user knows it by another.
fn named(chat: ServiceChat, heard: &Heard<'_>) -> ServiceChat {
    let given = heard.message.push_name.as_deref();
    let given = given.map(|name| one_line(&inert(name), LONGEST_NAME));
    let name = chat.name.clone().or(given.filter(|name| !name.trim().is_empty()));
    ServiceChat { name, ..chat }
}

/// What was said, under the name of who said it.
fn with_name(chat: &ServiceChat, text: String) -> String {
    match &chat.name {
        Some(name) => format!("(name: {})\n{text}", one_line(&inert(name), LONGEST_NAME)),
        None => text,
    }
}
