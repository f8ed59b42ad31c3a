//! What leaves the house: its limit, its entry in the outbox, and the grants that calls bring along.
//!
//! The outbox is the tool call itself: it is `started` in the commit that uses the grant up, which
//! also writes the entry that limits are counted by. If the process dies after that commit, the
//! call becomes `indeterminate` and nothing is sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_domain::action::Action;
use countersign_domain::audit::AuditKind;
use countersign_domain::grants::{GrantError, VerifiedGrant, verify};
use countersign_domain::ids::{CallId, GrantId, RunId};
use countersign_domain::outbound::{mask_token, presented_token};
use countersign_domain::runs::{Run, ToolCall, ToolResult, ToolStatus};
use countersign_domain::time::Timestamp;
use countersign_ports::effect_gate::Passage;
use countersign_ports::store::{Change, OutboxEntry, RateLimit, StoreError, UnitOfWork, Versioned};
use serde_json::json;

use crate::effect_gate::Start;
use crate::gateway::Gateway;
use crate::replies;

/// The span in which sends are counted.
const HOUR: Duration = Duration::from_hours(1);

/// The tokens that calls brought along, until the calls are dealt with or their runs end. They are
/// kept nowhere else: after a restart such a call is refused.
#[derive(Default)]
pub(crate) struct PresentedTokens(Mutex<BTreeMap<CallId, (RunId, String)>>);

impl PresentedTokens {
    /// `arguments` as they may be stored; a token in them is kept here.
    pub(crate) fn take_from(&self, (run, call): (RunId, CallId), arguments: String) -> String {
        match mask_token(&arguments) {
            Some((masked, token)) => {
                self.held(|tokens| tokens.extend(token.map(|token| (call, (run, token)))));
                masked
            }
            None => arguments,
        }
    }

    /// What `call` brought along: `None` if it brought nothing, the empty text if that is lost.
    fn of(&self, call: &ToolCall) -> Option<String> {
        let kept = || self.held(|tokens| tokens.get(&call.call.id).map(|(_, token)| token.clone()));
        presented_token(&call.call.arguments).then(|| kept().unwrap_or_default())
    }

    /// The call is dealt with.
    pub(crate) fn forget(&self, call: CallId) {
        self.held(|tokens| tokens.remove(&call));
    }

    /// No call of the run starts any more.
    pub(crate) fn forget_run(&self, run: RunId) {
        self.held(|tokens| tokens.retain(|_, (of, _)| *of != run));
    }

    fn held<T>(&self, work: impl FnOnce(&mut BTreeMap<CallId, (RunId, String)>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The runs that end with `work`.
pub(crate) fn ended_runs(work: &UnitOfWork) -> Vec<RunId> {
    let ended = work.changes.iter().filter_map(|change| {
        let Change::UpdateRun(run, _) = change else { return None };
        run.status().is_final().then_some(run.id)
    });
    ended.collect()
}

impl Gateway {
    /// The destination of `action` that has got as much as it may, if one has.
    pub(crate) async fn full_destination(
        &self,
        action: &Action,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        if !self.guard.outbound().is_outbound(action) {
            return Ok(None);
        }
        self.full_one_of(&action.counted_destinations(), now).await
    }

    /// The one of these destinations that has got as much as it may, if one has.
    pub(crate) async fn full_one_of(
        &self,
        destinations: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let most = u64::from(self.guard.outbound().max_per_hour);
        let since = now.before(HOUR);
        for destination in destinations {
            if self.store.approvals().sent_since(destination, since).await? >= most {
                return Ok(Some(destination.clone()));
            }
        }
        Ok(None)
    }

    /// Adds the outbox entry of what starts on `grant`, if it leaves the house.
    pub(crate) fn add_to_outbox(
        &self,
        (call, grant): (CallId, GrantId),
        action: &Action,
        now: Timestamp,
        work: &mut UnitOfWork,
    ) {
        if self.guard.outbound().is_outbound(action) {
            let destinations = action.counted_destinations();
            work.push(self.outbox_entry((Some(call), grant), destinations, now));
        }
    }

    /// What goes to these destinations on `grant`, as a change that fails where the limit is reached.
    pub(crate) fn outbox_entry(
        &self,
        (call, grant): (Option<CallId>, GrantId),
        destinations: BTreeSet<String>,
        at: Timestamp,
    ) -> Change {
        let most = self.guard.outbound().max_per_hour;
        let limit = RateLimit { since: at.before(HOUR), most };
        Change::AddToOutbox(Box::new(OutboxEntry { grant, call, destinations, at, limit }))
    }

    /// Refuses what would be one too many.
    pub(crate) async fn refuse_full(
        &self,
        run: &Run,
        call: Versioned<ToolCall>,
        (action, destination): (&Action, &str),
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let why = json!({"code": "rate_limited"});
        work.push(self.audit_effect(run, AuditKind::OutboundBlocked, action, &why));
        let result = replies::rate_limited(destination, self.guard.outbound().max_per_hour);
        self.refuse(call, &result, work, self.clock.now()).await
    }

    /// The grant that `call` brought along, if it brought one.
    pub(crate) fn presented_by(&self, call: &ToolCall, action: &Action) -> Option<String> {
        self.tokens.of(call).filter(|_| self.guard.outbound().is_outbound(action))
    }

    /// Starts what leaves the house on a grant that its call brought along, or on nothing.
    pub(crate) async fn start_on_token(
        &self,
        run: &Run,
        call: Versioned<ToolCall>,
        (action, token): (&Action, &str),
        work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let now = self.clock.now();
        let binding = self.binding(action, &call.value.call.tool, run.session_id);
        let verified = match verify(token, &self.signer.verifying(), &binding, now) {
            Ok(verified) => verified,
            Err(error) => return self.refuse_token(run, call, error, work).await,
        };
        if let Some(error) = self.spent(verified.grant()).await? {
            return self.refuse_token(run, call, error, work).await;
        }
        self.start_uncarded(run, call, (action, verified), work).await
    }

    /// Starts an effect that nobody was asked about on a verified grant, which is used up with it.
    pub(crate) async fn start_uncarded(
        &self,
        run: &Run,
        call: Versioned<ToolCall>,
        (action, verified): (&Action, VerifiedGrant),
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let now = self.clock.now();
        let (permit, used) = verified.redeem(now);
        work.push(self.audit_used(&used, run.session_id));
        self.add_to_outbox((call.value.call.id, used.grant()), action, now, &mut work);
        work.push(Change::UseGrant(used));
        let action = action.clone();
        self.start(Start { call, approval_id: None, permit, action }, work).await
    }

    async fn refuse_token(
        &self,
        run: &Run,
        call: Versioned<ToolCall>,
        error: GrantError,
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let detail = json!({"code": error.code(), "why": self.redactor.redact(&error.to_string())});
        let (subject, session) = (call.value.call.id.to_string(), Some(run.session_id));
        work.push(self.grant_record(AuditKind::GrantRejected, subject, session, detail));
        self.refuse(call, &replies::grant_refused(&error), work, self.clock.now()).await
    }

    /// Adds a record of what became of something that left the house with `call`, if it did.
    pub(crate) async fn record_send(
        &self,
        call: &ToolCall,
        result: &ToolResult,
        work: &mut UnitOfWork,
    ) -> Result<(), StoreError> {
        let Some(sent) = self.store.approvals().send_of(call.call.id).await? else {
            return Ok(());
        };
        let (kind, outcome) = match result.status {
            ToolStatus::Ok => (AuditKind::OutboundSent, "ok"),
            ToolStatus::Indeterminate => (AuditKind::OutboundFailed, "indeterminate"),
            ToolStatus::Denied
            | ToolStatus::Expired
            | ToolStatus::Blocked
            | ToolStatus::Error
            | ToolStatus::Cancelled => (AuditKind::OutboundFailed, "failed"),
        };
        let to: Vec<_> = sent.destinations.iter().map(|one| self.redactor.redact(one)).collect();
        let detail = json!({
            "call": call.call.id,
            "tool": call.call.tool,
            "destinations": to,
            "outcome": outcome,
        });
        work.push(self.grant_record(kind, sent.grant.to_string(), None, detail));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_is_kept_until_its_call_is_dealt_with_or_its_run_ends() {
        let tokens = PresentedTokens::default();
        let call = |n| CallId::from_uuid(Uuid::from_u128(n));
        let run = |n| RunId::from_uuid(Uuid::from_u128(n));
        let given = r#"{"user_approval_token":"v4.public.abc"}"#;
        for (of, n) in [(run(1), 1), (run(1), 2), (run(2), 3)] {
            let stored = tokens.take_from((of, call(n)), given.to_owned());
            assert!(!stored.contains("v4.public"), "{stored}");
        }
        // What is no JSON has no token that is good for anything.
        let broken = tokens.take_from((run(2), call(4)), format!("{given},"));
        assert!(!broken.contains("v4.public"), "{broken}");
        let kept = || tokens.held(|tokens| tokens.keys().copied().collect::<Vec<_>>());
        assert_eq!(kept(), [call(1), call(2), call(3)]);
        tokens.forget(call(1));
        assert_eq!(kept(), [call(2), call(3)]);
        tokens.forget_run(run(1));
        assert_eq!(kept(), [call(3)]);
    }
}
