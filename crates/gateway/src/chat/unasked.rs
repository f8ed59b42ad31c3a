//! `/yolo`: for a while nobody is asked in one session. What is forbidden stays forbidden.

use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_domain::approvals::Rights;
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::chat::{ChatScope, GroupSessions, Unasked};
use countersign_domain::guard::Mode;
use countersign_domain::identity::Actor;
use countersign_domain::ids::SessionId;
use countersign_domain::slash_access::AuthorizedCommand;
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::{Map, json};

use super::reply::Reply;
use super::speaker::{Speaker, ToldBy};
use crate::gateway::Gateway;

impl Gateway {
    /// `/yolo`.
    pub(super) async fn yolo(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
    ) -> Result<Reply, StoreError> {
        if command.arguments() == "off" {
            return self.ask_again(speaker).await;
        }
        let most = self.settings.yolo_ttl;
        let wanted = match command.arguments() {
            "" => Some(most),
            minutes => minutes
                .parse::<u32>()
                .ok()
                .filter(|minutes| *minutes > 0)
                .map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
        };
        let Some(wanted) = wanted else {
            return Ok(Reply::own("/yolo [off|minutes]"));
        };
        if let Some(why) = self.must_ask(speaker, command) {
            return Ok(Reply::own(format!("People are still asked here: {why}.")));
        }
        let until = self.clock.now().after(wanted.min(most));
        // The session must be known before anything is said about it.
        self.change_conversation(speaker, Clone::clone).await?;
        let session = self.conversation(speaker).await?.map(|found| found.value.session);
        let Some(session_id) = session else {
            return Ok(Reply::own("There is no conversation here."));
        };
        let by = speaker.caller.principal.clone();
        let unasked = Unasked { session_id, until, by, of: None };
        self.commit(self.word_on_questions(unasked, AuditKind::YoloOn)).await?;
        Ok(Reply::own(format!(
            "Until {until} nobody is asked in this conversation: what would be asked runs. What is \
             forbidden stays forbidden. It holds for what /background begins here, too. /yolo off \
             ends it, and so does /new."
        )))
    }

    async fn ask_again(&self, speaker: &Speaker) -> Result<Reply, StoreError> {
        let session = self.conversation(speaker).await?.map(|found| found.value.session);
        let unasked = match session {
            Some(session) => self.unasked_in(session).await?,
            None => None,
        };
        let Some(unasked) = unasked else {
            return Ok(Reply::own("People are asked here already."));
        };
        let (until, by) = (self.clock.now(), speaker.caller.principal.clone());
        let ended = Unasked { until, by, ..unasked };
        self.commit(self.word_on_questions(ended, AuditKind::YoloOff)).await?;
        Ok(Reply::own("From now on people are asked again."))
    }

    /// Why people are asked even so, if they are: nobody gives away a decision that is not theirs.
    fn must_ask(&self, speaker: &Speaker, command: &AuthorizedCommand) -> Option<String> {
        if self.settings.yolo_ttl.is_zero() {
            return Some("`approvals.yolo_ttl` is 0".to_owned());
        }
        if speaker.told_by == ToldBy::Caller
            && let Err(lacks) = speaker.caller.require(Scope::ApprovalsDecide)
        {
            return Some(lacks.to_string());
        }
        let rights = speaker.rights(command.tier());
        if !self.settings.approvers.may_approve_own(&speaker.caller.principal, rights) {
            return Some("you may not approve your own requests".to_owned());
        }
        let is_shared =
            speaker.scope == ChatScope::Group && self.settings.chat.groups == GroupSessions::Shared;
        if is_shared && rights != Rights::Admin {
            return Some("others speak in this conversation, and you are no admin".to_owned());
        }
        let votes = self.settings.quorum.largest();
        (votes > 1).then(|| format!("`approvals.quorum` wants {votes} to agree"))
    }

    /// For how long nobody is asked in a session, while that lasts.
    pub(super) async fn unasked_in(
        &self,
        session: SessionId,
    ) -> Result<Option<Unasked>, StoreError> {
        let now = self.clock.now();
        let found = self.store.chats().unasked(session).await?;
        let Some(unasked) = found.filter(|unasked| now < unasked.until) else {
            return Ok(None);
        };
        if let Some(of) = unasked.of {
            // Whoever has people asked again there means this one, too.
            let there = self.store.chats().unasked(of).await?;
            return Ok(there.is_some_and(|there| now < there.until).then_some(unasked));
        }
        Ok(Some(unasked))
    }

    /// Adds that nobody is asked in `begun` either, which is begun in `session`.
    pub(super) async fn hand_on_unasked(
        &self,
        session: SessionId,
        begun: SessionId,
        work: &mut UnitOfWork,
    ) -> Result<(), StoreError> {
        if let Some(unasked) = self.unasked_in(session).await? {
            let of = Some(unasked.of.unwrap_or(session));
            let handed = Unasked { session_id: begun, of, ..unasked };
            work.changes.extend(self.word_on_questions(handed, AuditKind::YoloOn).changes);
        }
        Ok(())
    }

    /// Whether people are asked in a session.
    pub(crate) async fn mode_in(&self, session: SessionId) -> Result<Mode, StoreError> {
        match self.settings.mode {
            Mode::Off => Ok(Mode::Off),
            Mode::Manual => {
                let unasked = self.unasked_in(session).await?;
                Ok(if unasked.is_some() { Mode::Off } else { Mode::Manual })
            }
        }
    }

    fn word_on_questions(&self, unasked: Unasked, kind: AuditKind) -> UnitOfWork {
        let record = AuditRecord {
            at: self.clock.now(),
            kind,
            actor: Actor::Principal(unasked.by.clone()),
            subject: unasked.session_id.to_string(),
            session: Some(unasked.session_id),
            detail: Map::from_iter([
                ("until".to_owned(), json!(unasked.until)),
                ("of".to_owned(), json!(unasked.of)),
            ]),
        };
        UnitOfWork::new()
            .and(Change::PutUnasked(Box::new(unasked)))
            .and(Change::AddAudit(Box::new(record)))
    }
}
