//! A message into a service chat: what its policy says, and what follows from that.

use countersign_domain::action::Action;
use countersign_domain::approvals::{Approval, CancelReason, offer};
use countersign_domain::assessment::{Assessment, Finding, FindingId, Span};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::ids::{RunId, SessionId};
use countersign_domain::runs::{Run, RunStatus, ToolCall, ToolCallState, ToolResult, ToolStatus};
use countersign_domain::service_conversations::{
    ChatEvent, ChatMode, ChatState, Counted, CountedKind, DAY, HOUR, Initiator, Load, Place,
    Refusal, SendRuling, Sender, ServiceChat, Window, rule_on_send, step,
};
use countersign_domain::verdict::{Severity, Verdict};
use countersign_ports::effect_gate::{Passage, Slot};
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};
use serde_json::json;

use super::current::Current;
use super::turns::led_by_words;
use crate::effect_gate::{event, moved, started};
use crate::gateway::Gateway;
use crate::grants::Right;
use crate::guard::Assessed;
use crate::replies;

/// The finding of a card that a message into a service chat has.
pub(super) const DRAFT: &str = "service_chat.draft";

/// The finding of a card that a turn has which a third party's words have begun.
pub(super) const TURN: &str = "third_party.turn";

/// A message that is proposed.
pub(super) struct Letter<'a> {
    pub(super) run: &'a Versioned<Run>,
    pub(super) call: Versioned<ToolCall>,
    pub(super) action: &'a Action,
    pub(super) purpose: Option<&'a str>,
}

impl Gateway {
    /// What becomes of `action`, if it is a message into a service chat; `None` if it is not, with the
    /// call given back.
    pub(super) async fn propose_to_chat(
        &self,
        run: &Versioned<Run>,
        call: &Versioned<ToolCall>,
        action: &Action,
        slot: Slot,
    ) -> Result<Option<Passage>, StoreError> {
        let Some(current) = self.chat_of(action).await? else {
            return Ok(None);
        };
        let letter = Letter { run, call: call.clone(), action, purpose: None };
        self.propose_letter(letter, current, slot).await.map(Some)
    }

    /// Sends, asks about or refuses a message into `current`.
    pub(super) async fn propose_letter(
        &self,
        letter: Letter<'_>,
        current: Current,
        slot: Slot,
    ) -> Result<Passage, StoreError> {
        let (run, now) = (&letter.run.value, self.clock.now());
        if run.status() == RunStatus::Stopping || run.status().is_final() {
            let result = replies::cancelled(CancelReason::RunStopped);
            return self.refuse(letter.call, &result, UnitOfWork::new(), now).await;
        }
        let assessed = self.guard.assess(letter.action);
        let preview = self.preview(letter.action);
        let work = UnitOfWork::new().and(event(run.id, now, started(&letter.call.value, preview)));
        if assessed.assessment.verdict() == Verdict::Forbid {
            return self.forbid(run, letter.call, (letter.action, &assessed), work).await;
        }
        if let Some(full) = self.full_destination(letter.action, now).await? {
            return self.refuse_full(run, letter.call, (letter.action, &full), work).await;
        }
        let initiator =
            if run.course.is_conversation() { Initiator::Agent } else { Initiator::User };
        let chat = &current.chat;
        if is_beyond(&letter, chat) && !matches!(chat.state, ChatState::Approved { .. }) {
            // Nobody's words begin a conversation with somebody else.
            return self.refuse_beyond_turn(run, letter.call).await;
        }
        let sent = self.sent_by_itself(chat).await?;
        let sender = Sender { initiator, sent, load: Load::of(letter.action) };
        match rule_on_send(chat, sender, &self.settings.service, now) {
            SendRuling::Refused(refusal) => self.refuse_letter(letter, chat, &refusal, work).await,
            SendRuling::FirstContact => {
                self.ask_for_contact(letter, &current, (initiator, &assessed), work).await
            }
            SendRuling::Auto(window) if self.may_go_by_itself(&letter, chat) => {
                if slot == Slot::Taken {
                    return Ok(Passage::NoSlot);
                }
                self.send_by_itself(letter, &current, window, work).await
            }
            SendRuling::Auto(_) | SendRuling::Draft => {
                self.ask_for_letter(letter, &current, (sent, &assessed), work).await
            }
        }
    }

    /// How many texts went into the chat by themselves within the last hour.
    pub(super) async fn sent_by_itself(&self, chat: &ServiceChat) -> Result<u64, StoreError> {
        let since = self.clock.now().before(HOUR);
        self.store.service().counted(CountedKind::AutoSend, Some(&chat.id), since).await
    }

    /// Whether nothing but that it leaves the house speaks against the message, its turn may write
    /// into this chat, and it is of whoever the conversation is led for, where it is led. A chat of
    /// the configuration that nobody leads yet is the operator's.
    fn may_go_by_itself(&self, letter: &Letter<'_>, chat: &ServiceChat) -> bool {
        let run = &letter.run.value;
        let owned = chat.place.as_ref().map_or_else(
            || run.requested_by == Principal::Operator,
            |place| place.owner == run.requested_by && place.session == run.session_id,
        );
        let otherwise = self.guard.assess_sent(letter.action);
        owned && !is_beyond(letter, chat) && otherwise.verdict() == Verdict::Allow
    }

    async fn send_by_itself(
        &self,
        letter: Letter<'_>,
        current: &Current,
        window: Window,
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let (run, now) = (&letter.run.value, self.clock.now());
        let call = letter.call.value.call.id;
        work.push(Change::CountInService(Box::new(Counted {
            id: call.to_string(),
            chat: current.chat.id.clone(),
            kind: CountedKind::AutoSend,
            at: now,
            window,
        })));
        let chat = self.led_from(&current.chat, &letter).await?.contacted(None, now);
        work.push(self.said_by_house(&letter.call.value, letter.action, (&chat, None)));
        work.push(current.becomes(chat));
        let (action, right) = (letter.action, Right::ServiceChat);
        self.start_on_new_grant(run, letter.call, (action, right), work).await
    }

    async fn ask_for_contact(
        &self,
        letter: Letter<'_>,
        current: &Current,
        (initiator, assessed): (Initiator, &Assessed),
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let (settings, now) = (&self.settings.service, self.clock.now());
        let since = now.before(DAY);
        let begun = self.store.service().counted(CountedKind::NewChat, None, since).await?;
        let mode = settings.default_mode.as_str();
        let why = format!(
            "The first message to {}. Approving it approves the chat as a service chat, in the mode \
             `{mode}`.",
            current.chat.title()
        );
        let draft = self.draft_of(&letter, &current.chat, (assessed, why)).await?;
        let asked = ChatEvent::FirstContactAsked { approval: draft.id, initiator, begun };
        let next = match step(&current.chat, &asked, settings, now) {
            Ok(next) => next,
            Err(refusal) => {
                return self.refuse_letter(letter, &current.chat, &refusal, work).await;
            }
        };
        work.push(Change::CountInService(Box::new(Counted {
            id: draft.id.to_string(),
            chat: next.id.clone(),
            kind: CountedKind::NewChat,
            at: now,
            window: Window::ending(now, DAY, settings.max_new_per_day),
        })));
        let by = Actor::Principal(letter.run.value.requested_by.clone());
        let detail = json!({
            "approval": draft.id,
            "initiator": if initiator == Initiator::Agent { "agent" } else { "user" },
        });
        let subject = (&next.id, Some(letter.run.value.session_id));
        work.push(self.chat_record(AuditKind::ServiceChatRequested, by, subject, detail));
        let next = self.led_from(&ServiceChat { place: None, ..next }, &letter).await?;
        self.ask(letter, draft, current.becomes(next), work).await
    }

    async fn ask_for_letter(
        &self,
        letter: Letter<'_>,
        current: &Current,
        (sent, assessed): (u64, &Assessed),
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let why = format!("A message to the service chat {}.", current.chat.title());
        let draft = self.draft_of(&letter, &current.chat, (assessed, why)).await?;
        let most = self.settings.service.max_auto_per_hour;
        let full = sent >= u64::from(most);
        // Whoever asks leads nothing yet: the chat is led from there once a message of theirs goes.
        let (mut next, now) = (spoken_of(&current.chat, &letter), self.clock.now());
        if full && current.chat.state.mode() == Some(ChatMode::Autonomous) {
            let (held, told) = next.held_by_limit(now);
            next = held;
            if let Some(count) = told {
                let limit = "max_auto_sends_per_chat_per_hour";
                let detail = json!({ "limit": limit, "most": most, "count": count });
                let subject = (&current.chat.id, Some(letter.run.value.session_id));
                let kind = AuditKind::ServiceChatRateLimited;
                work.push(self.chat_record(kind, Actor::System, subject, detail));
            }
        }
        next.drafts.insert(draft.id);
        next.updated_at = now;
        self.ask(letter, draft, current.becomes(next), work).await
    }

    /// The approval of one message: a person sends it once, edits or denies it. No rule covers it and
    /// no lasting choice is offered.
    async fn draft_of(
        &self,
        letter: &Letter<'_>,
        chat: &ServiceChat,
        (assessed, why): (&Assessed, String),
    ) -> Result<Approval, StoreError> {
        let (run, call) = (&letter.run.value, &letter.call.value);
        let mut draft = self.open_approval(run, call, letter.action, assessed).await?;
        let finding = Finding {
            id: FindingId::from_static(DRAFT),
            severity: Severity::High,
            verdict: Verdict::Ask,
            span: Span::whole(letter.action.text().len()),
            message: why,
        };
        only_once(&mut draft, &finding);
        if is_beyond(letter, chat) {
            only_once(&mut draft, &led_by_words(run, letter.action));
        }
        Ok(draft)
    }

    async fn ask(
        &self,
        letter: Letter<'_>,
        draft: Approval,
        chat: Change,
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let run = &letter.run.value;
        let most = self.settings.attention.max_pending;
        if self.store.approvals().pending_in(run.session_id).await? >= most {
            let started = UnitOfWork::new();
            return self.ask_nobody(run, letter.call, letter.action, started).await;
        }
        let approval_id = draft.id;
        self.add_approval(&draft, &mut work);
        work.push(chat);
        work.push(moved(letter.call, ToolCallState::AwaitingApproval { approval_id }));
        self.commit(work).await?;
        Ok(Passage::Waiting(approval_id))
    }

    async fn refuse_letter(
        &self,
        letter: Letter<'_>,
        chat: &ServiceChat,
        refusal: &Refusal,
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let (run, now) = (&letter.run.value, self.clock.now());
        if let Refusal::DailyLimit { most } = refusal {
            let detail = json!({"limit": "max_new_service_chats_per_day", "most": most});
            let subject = (&chat.id, Some(run.session_id));
            let kind = AuditKind::ServiceChatRateLimited;
            work.push(self.chat_record(kind, Actor::System, subject, detail));
        }
        let why = json!({"code": "service_chat", "why": refusal.to_string()});
        work.push(self.audit_effect(run, AuditKind::OutboundBlocked, letter.action, &why));
        let content = format!("{refusal}. Nothing was sent.");
        let status = ToolStatus::Blocked;
        let result = ToolResult { status, content, exit_code: None, duration_ms: 0 };
        self.refuse(letter.call, &result, work, now).await
    }

    /// The chat, led from the session of the letter. Replies join the session from which it was
    /// begun, wherever later messages come from.
    async fn led_from(
        &self,
        chat: &ServiceChat,
        letter: &Letter<'_>,
    ) -> Result<ServiceChat, StoreError> {
        let mut next = spoken_of(chat, letter);
        if next.place.is_none() {
            let run = &letter.run.value;
            next.place = Some(self.lead_of(run.id, run.session_id, &run.requested_by).await?);
        }
        Ok(next)
    }

    /// From where a conversation is led that a run has begun.
    pub(super) async fn lead_of(
        &self,
        run: RunId,
        session: SessionId,
        owner: &Principal,
    ) -> Result<Place, StoreError> {
        let owed = self.store.chats().chat_runs(session).await?;
        let address = owed.into_iter().find(|owed| owed.run_id == run).map(|owed| owed.address);
        Ok(Place { session, address, owner: owner.clone() })
    }
}

/// The chat with the name and the purpose that the letter gives it. Whoever writes into a chat that
/// somebody leads does not take over what it is for.
fn spoken_of(chat: &ServiceChat, letter: &Letter<'_>) -> ServiceChat {
    let mut next = chat.clone();
    if let Action::SendMessage { name: Some(name), .. } = letter.action {
        next.name = Some(name.clone());
    }
    if let (None, Some(purpose)) = (&next.place, letter.purpose) {
        next.purpose = Some(purpose.to_owned());
    }
    next
}

/// Whether the message is none that its turn was given: a third party's words have begun it, and it
/// goes elsewhere or by another tool.
fn is_beyond(letter: &Letter<'_>, chat: &ServiceChat) -> bool {
    letter.run.value.third_party.as_ref().is_some_and(|third| {
        third.chat != chat.id || !third.tools.contains(&letter.call.value.call.tool)
    })
}

/// The question with one more finding, of which only this very answer can be given.
pub(super) fn only_once(approval: &mut Approval, finding: &Finding) {
    let known = approval.assessment.findings().iter().filter(|one| one.id != finding.id).cloned();
    let findings: Vec<Finding> = std::iter::once(finding.clone()).chain(known).collect();
    let verdict = approval.assessment.verdict().max(Verdict::Ask);
    approval.assessment = Assessment::from_findings(findings).with_verdict(verdict);
    approval.offer = offer(&approval.assessment, None, true);
}
