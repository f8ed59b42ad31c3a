//! What becomes of a chat when an approval of a message into it ends, whoever ended it.
//!
//! Every commit passes here, so there is no way to end an approval that leaves its chat as it was.

use std::collections::BTreeMap;

use countersign_domain::approvals::{Approval, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::Actor;
use countersign_domain::service_conversations::{ChatEvent, ChatState, ServiceChatId, step};
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::json;

use super::current::Current;
use crate::gateway::Gateway;

impl Gateway {
    /// The same, and what it makes of service chats.
    pub(crate) async fn with_chats_settled(
        &self,
        mut work: UnitOfWork,
    ) -> Result<UnitOfWork, StoreError> {
        let mut ended: BTreeMap<ServiceChatId, (Current, Vec<Approval>)> = BTreeMap::new();
        for change in &work.changes {
            let Change::UpdateApproval(approval, _) = change else { continue };
            if matches!(approval.status(), Status::Pending | Status::Claimed) {
                continue;
            }
            let Some(current) = self.chat_of(&approval.action).await? else { continue };
            let (_, approvals) =
                ended.entry(current.chat.id.clone()).or_insert_with(|| (current, Vec::new()));
            approvals.push((**approval).clone());
        }
        // Who changes a chat in the same commit has seen to its drafts.
        for change in &work.changes {
            if let Change::UpdateServiceChat(chat, _) | Change::AddServiceChat(chat) = change {
                ended.remove(&chat.id);
            }
        }
        for (current, approvals) in ended.into_values() {
            let mut next = current.clone();
            for approval in &approvals {
                self.settle_draft(&mut next, approval, &mut work);
            }
            if next.chat != current.chat {
                work.push(current.becomes(next.chat));
            }
        }
        Ok(work)
    }

    fn settle_draft(&self, current: &mut Current, approval: &Approval, work: &mut UnitOfWork) {
        let (chat, now) = (&current.chat, self.clock.now());
        let first = matches!(
            chat.state,
            ChatState::PendingFirstContact { approval: one, .. } if one == approval.id
        );
        let decision = approval.state.decision();
        let event = match (first, approval.status(), decision) {
            (true, Status::Approved, Some(decision)) => {
                ChatEvent::FirstContactApproved { approval: approval.id, by: decision.by.clone() }
            }
            (true, _, _) => ChatEvent::FirstContactEnded { approval: approval.id },
            // An approved draft stays one until it is sent.
            (false, Status::Approved, _) => return,
            (false, _, _) => {
                current.chat.drafts.remove(&approval.id);
                if current.chat.place.is_none() {
                    current.chat.purpose = None;
                }
                return;
            }
        };
        let Ok(next) = step(chat, &event, &self.settings.service, now) else {
            return;
        };
        let kind = match next.state {
            ChatState::Approved { .. } => AuditKind::ServiceChatApproved,
            ChatState::Unknown
            | ChatState::PendingFirstContact { .. }
            | ChatState::Revoked { .. } => AuditKind::ServiceChatClosed,
        };
        let actor =
            decision.map_or(Actor::System, |decision| Actor::Principal(decision.by.clone()));
        let detail = json!({
            "approval": approval.id,
            "status": approval.status(),
            "mode": next.state.mode(),
        });
        let subject = (&next.id, Some(approval.requester.session_id));
        work.push(self.chat_record(kind, actor, subject, detail));
        current.chat = next;
    }
}
