//! `/restart`: the gateway takes nothing new, lets what works end, and begins anew.

use std::sync::atomic::Ordering;

use countersign_domain::access::Scope;
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::identity::Actor;
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::Map;

use super::reply::Reply;
use super::speaker::{Speaker, ToldBy};
use crate::gateway::Gateway;

impl Gateway {
    /// Somebody waits for requests to restart, and sees to them.
    pub fn allow_restart(&self) {
        self.chats.restarts.store(true, Ordering::Relaxed);
    }

    /// Returns when somebody has asked for a restart.
    pub async fn restart_requested(&self) {
        self.chats.restart.notified().await;
    }

    pub(super) async fn restart(&self, speaker: &Speaker) -> Result<Reply, StoreError> {
        if speaker.told_by == ToldBy::Caller
            && let Err(lacks) = speaker.caller.require(Scope::Admin)
        {
            return Ok(Reply::own(format!("Nothing is restarted: {lacks}.")));
        }
        if !self.chats.restarts.load(Ordering::Relaxed) {
            return Ok(Reply::own("This gateway ends with its terminal; nothing restarts it."));
        }
        let record = AuditRecord {
            at: self.clock.now(),
            kind: AuditKind::RestartRequested,
            actor: Actor::Principal(speaker.caller.principal.clone()),
            subject: "gateway".to_owned(),
            session: None,
            detail: Map::new(),
        };
        self.commit(UnitOfWork::new().and(Change::AddAudit(Box::new(record)))).await?;
        self.chats.restart.notify_one();
        Ok(Reply::own(
            "The gateway restarts once the steps at work are done. Runs and approvals go on after \
             that.",
        ))
    }
}
