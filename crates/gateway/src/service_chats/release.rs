//! Letting an approved message go into its service chat: whether it still may, and what the thread
//! shows of it.

use countersign_domain::action::Action;
use countersign_domain::approvals::Approval;
use countersign_domain::display::{inert, one_line};
use countersign_domain::ids::ApprovalId;
use countersign_domain::runs::ToolCall;
use countersign_domain::service_conversations::{Load, Refusal, Said, SaidBy, ServiceChat};
use countersign_ports::store::{Change, Conflicting, StoreError, UnitOfWork};

use crate::gateway::Gateway;

/// The longest name of a file that a thread shows, in characters.
const LONGEST_NAME: usize = 120;

impl Gateway {
    /// The message as the thread shows it.
    pub(super) fn said_by_house(
        &self,
        call: &ToolCall,
        action: &Action,
        (chat, approval): (&ServiceChat, Option<ApprovalId>),
    ) -> Change {
        let text = shown(action);
        let by = SaidBy::House { call: call.call.id, approval };
        Change::AddSaid(Box::new(Said {
            id: self.new_said_id(),
            chat: chat.id.clone(),
            at: self.clock.now(),
            by,
            text,
        }))
    }

    /// What is to be committed with the start of an approved message into a service chat.
    pub(crate) async fn note_sending(
        &self,
        call: &ToolCall,
        approval: &Approval,
        work: &mut UnitOfWork,
    ) -> Result<(), StoreError> {
        if let Some(current) = self.chat_of(&approval.action).await? {
            // The chat that is asked is the one whose version is committed: who revokes or pauses it
            // meanwhile is in time, and the next attempt finds that.
            if self.held_back(&current.chat, approval).is_some() {
                let chat = current.chat.id.to_string();
                return Err(StoreError::Conflict(Conflicting::Value(chat)));
            }
            let mut chat = current.chat.clone().contacted(Some(approval.id), self.clock.now());
            if chat.place.is_none() {
                let by = &approval.requester;
                chat.place = Some(self.lead_of(by.run_id, by.session_id, &by.principal).await?);
            }
            let id = Some(approval.id);
            work.push(self.said_by_house(call, &approval.action, (&chat, id)));
            work.push(current.becomes(chat));
        }
        Ok(())
    }

    /// Why a message may not go into its service chat any more, if it may not.
    pub(crate) async fn chat_forbids(
        &self,
        approval: &Approval,
    ) -> Result<Option<String>, StoreError> {
        let Some(current) = self.chat_of(&approval.action).await? else {
            return Ok(None);
        };
        Ok(self.held_back(&current.chat, approval).map(|refusal| refusal.to_string()))
    }

    fn held_back(&self, chat: &ServiceChat, approval: &Approval) -> Option<Refusal> {
        let settings = &self.settings.service;
        let held = chat.holds_back(approval.id, settings);
        held.or(Load::of(&approval.action).refused(settings))
    }
}

/// The text, and below it what else goes.
fn shown(action: &Action) -> String {
    let files = action.attachments().iter().map(|file| {
        let name = one_line(&inert(file.name.as_str()), LONGEST_NAME);
        format!("[file: {name} ({} bytes)]", file.content.bytes().len())
    });
    let text = action.content().filter(|text| !text.trim().is_empty()).map(str::to_owned);
    text.into_iter().chain(files).collect::<Vec<_>>().join("\n")
}
