//! Telling other programs how what they asked for has ended.
//!
//! When the next attempt is due is the store's, and so is how many there were: an attempt is counted
//! before it is made. A crash in the middle of one costs a repetition, never a callback.

use std::sync::{Arc, OnceLock};

use countersign_domain::approvals::{Approval, Moment, Status};
use countersign_domain::ids::ApprovalId;
use countersign_ports::callbacks::Callbacks;
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::gateway::Gateway;

/// So many are told at one time.
const AT_ONCE: usize = 8;

/// What carries callbacks, and which are to be carried now.
pub(crate) struct CallbackDesk {
    carrier: OnceLock<Arc<dyn Callbacks>>,
    due: UnboundedSender<ApprovalId>,
    queue: Mutex<UnboundedReceiver<ApprovalId>>,
}

impl CallbackDesk {
    pub(crate) fn new() -> Self {
        let (due, queue) = unbounded_channel();
        Self { carrier: OnceLock::new(), due, queue: Mutex::new(queue) }
    }
}

impl Gateway {
    /// Names what carries callbacks. Only the first call counts.
    pub fn attach_callbacks(&self, callbacks: Arc<dyn Callbacks>) {
        if self.callbacks.carrier.set(callbacks).is_err() {
            tracing::warn!("a second carrier of callbacks was attached and is ignored");
        }
    }

    /// Nothing, or why no callback goes to `url`.
    pub(crate) fn check_callback(&self, url: &str) -> Result<(), String> {
        match self.callbacks.carrier.get() {
            Some(callbacks) => callbacks.check(url),
            None => Err("no webhook is configured".to_owned()),
        }
    }

    /// Makes the attempts that are due, for as long as the gateway is there.
    pub async fn serve_callbacks(self: Arc<Self>) {
        let mut queue = self.callbacks.queue.lock().await;
        let mut telling = JoinSet::new();
        loop {
            tokio::select! {
                due = queue.recv(), if telling.len() < AT_ONCE => {
                    let Some(id) = due else { return };
                    let gateway = self.clone();
                    telling.spawn(async move { gateway.attempt_callback(id).await });
                }
                Some(_) = telling.join_next() => {}
            }
        }
    }

    /// Commits that an attempt is made, and has it made.
    pub(crate) async fn begin_callback(
        &self,
        approval: &Versioned<Approval>,
        next: Box<Approval>,
    ) -> Result<(), StoreError> {
        let id = next.id;
        let work = UnitOfWork::new().and(Change::UpdateApproval(next, approval.version));
        self.commit(work).await?;
        // The queue is there for as long as the gateway is; the next attempt is in the store anyway.
        let _queued = self.callbacks.due.send(id).is_ok();
        Ok(())
    }

    async fn attempt_callback(&self, id: ApprovalId) {
        match self.tell_requester(id).await {
            Ok(Ok(())) => {}
            Ok(Err(why)) => tracing::warn!(approval = %id, why, "a callback was not taken"),
            Err(error) => tracing::warn!(approval = %id, %error, "a callback could not be made"),
        }
    }

    /// Tells the program that asked, once; what came of it.
    async fn tell_requester(&self, id: ApprovalId) -> Result<Result<(), String>, StoreError> {
        let approval = self.stored_approval(id).await?.value;
        let Some(callback) = approval.callback().filter(|one| one.taken_at.is_none()) else {
            return Ok(Ok(()));
        };
        let Some(carrier) = self.callbacks.carrier.get() else {
            return Ok(Err("no webhook is configured any more".to_owned()));
        };
        let event = event_id(id);
        let body = self.callback_body(&event, &approval).await?.to_string();
        if let Err(why) = carrier.post(&callback.url, &event, &body).await {
            let last = callback.next_at.is_none();
            return Ok(Err(if last { format!("{why}; it is given up") } else { why }));
        }
        self.until_settled(|| self.mark_taken(id)).await?;
        Ok(Ok(()))
    }

    async fn mark_taken(&self, id: ApprovalId) -> Result<(), StoreError> {
        let approval = self.stored_approval(id).await?;
        let next = approval.value.callback_taken(self.clock.now());
        let work = UnitOfWork::new().and(Change::UpdateApproval(Box::new(next), approval.version));
        self.commit(work).await.map(drop)
    }

    async fn callback_body(&self, event: &str, approval: &Approval) -> Result<Value, StoreError> {
        let run = self.run(approval.requester.run_id).await?.value;
        let decision = approval.state.decision();
        let ended = approval.history.iter().find(|entry| ends(entry.what));
        let reason = decision.and_then(|decision| decision.reason.as_deref());
        Ok(json!({
            "id": event,
            "type": "approval.resolved",
            "created_at": ended.map(|entry| entry.at),
            "approval_id": approval.id,
            "run_id": run.id,
            "kind": approval.action.kind(),
            "digest": approval.digest,
            "status": told_status(approval),
            "choice": decision.map(|decision| decision.choice),
            "reason": reason.map(|reason| self.redactor.redact(reason)),
            "decided_by": decision.map(|decision| &decision.by),
            "metadata": run.metadata,
            "grant": self.grant_for_requester(approval).await?,
        }))
    }
}

/// The id of the one event that a request ends with.
fn event_id(id: ApprovalId) -> String {
    format!("evt_{}", id.to_string().trim_start_matches(ApprovalId::PREFIX))
}

/// How it ended: what came of an approval afterwards is its program's own doing.
fn told_status(approval: &Approval) -> Status {
    match approval.state.decision() {
        Some(decision) if decision.choice.approves() => Status::Approved,
        Some(_) | None => approval.status(),
    }
}

const fn ends(what: Moment) -> bool {
    matches!(what, Moment::Approved | Moment::Denied | Moment::Expired | Moment::Cancelled)
}
