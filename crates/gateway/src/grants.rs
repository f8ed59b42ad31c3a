//! Issuing, verifying and ending grants.
//!
//! A token exists only for the moment in which it is used: it is signed from what the store holds,
//! verified against what is about to happen, and marked used in the commit that starts the action.

use countersign_domain::action::Action;
use countersign_domain::approvals::{Approval, ApprovalState, Rule};
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::grants::{
    Binding, Grant, GrantError, Terms, Use, VerifiedGrant, for_action, for_decision, verify,
};
use countersign_domain::identity::Actor;
use countersign_domain::ids::{GrantId, SessionId};
use countersign_domain::runs::ToolCall;
use countersign_domain::signing::Purpose;
use countersign_domain::time::Timestamp;
use countersign_ports::signer::SignerError;
use countersign_ports::store::{Change, IssuedGrant, StoreError, UnitOfWork};
use serde_json::{Map, Value, json};

use crate::gateway::Gateway;

/// Why an action does not start although it was approved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoGrant {
    /// The grant is not good for it.
    #[error(transparent)]
    Refused(#[from] GrantError),
    /// It cannot be signed.
    #[error(transparent)]
    Unsigned(#[from] SignerError),
}

/// By what right an action runs about which nobody is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Right<'r> {
    /// A standing rule covers it.
    Rule(&'r Rule),
    /// The operator's configuration lets it pass.
    Exempt,
    /// `approvals.mode` is `off`.
    ApprovalsOff,
    /// It goes to a service chat whose mode lets texts go by themselves.
    ServiceChat,
}

impl Gateway {
    /// Adds the grant of a decision in favour to `work`.
    pub(crate) fn issue_for_decision(&self, decided: &Approval, work: &mut UnitOfWork) {
        if let Some(grant) = for_decision(decided, self.signer.gateway()) {
            self.add_grant(&grant, work);
        }
    }

    /// A new grant that no decision of its own stands behind, added to `work`. It is used up at
    /// once.
    pub(crate) fn issue(
        &self,
        right: Right<'_>,
        binding: &Binding,
        work: &mut UnitOfWork,
    ) -> Grant {
        let right = match right {
            Right::Rule(rule) => {
                let by = Actor::Principal(rule.made_by.clone());
                (Terms::Rule(rule.id), by, Some(rule.from_approval))
            }
            Right::Exempt => (Terms::Exempt, Actor::System, None),
            Right::ApprovalsOff => (Terms::ApprovalsOff, Actor::System, None),
            Right::ServiceChat => (Terms::ServiceChat, Actor::System, None),
        };
        let grant = for_action(
            GrantId::from_uuid(self.entropy.uuid()),
            binding,
            right,
            (self.clock.now(), self.settings.timing.start_within),
        );
        self.add_grant(&grant, work);
        grant
    }

    fn add_grant(&self, grant: &Grant, work: &mut UnitOfWork) {
        work.push(Change::AddGrant(IssuedGrant {
            id: grant.jti,
            approval_id: grant.appr,
            expires_at: grant.exp,
            used_at: None,
            revoked_at: None,
        }));
        work.push(self.audit_grant(AuditKind::GrantIssued, grant));
    }

    /// What an action of `call` must match.
    pub(crate) fn binding(&self, action: &Action, tool: &str, session: SessionId) -> Binding {
        Binding::of(action, tool, session, self.signer.gateway())
    }

    /// Signs `grant` and verifies the token against what `call` is about to do, as any other
    /// verifier would.
    pub(crate) fn present(
        &self,
        grant: &Grant,
        binding: &Binding,
        now: Timestamp,
    ) -> Result<VerifiedGrant, NoGrant> {
        let token = self.signer.sign(Purpose::Grant, &grant.to_json())?;
        Ok(verify(&token, &self.signer.verifying(), binding, now)?)
    }

    /// The grant of an approved approval, verified against what `call` will run.
    pub(crate) fn present_decision(
        &self,
        approval: &Approval,
        call: &ToolCall,
        now: Timestamp,
    ) -> Result<VerifiedGrant, NoGrant> {
        let grant = for_decision(approval, self.signer.gateway()).ok_or(GrantError::Missing)?;
        let session = approval.requester.session_id;
        let binding = self.binding(&approval.action, &call.call.tool, session);
        self.present(&grant, &binding, now)
    }

    /// Takes back the grant of an approval whose effect will never start. One that was used up or
    /// is forgotten stays as it is.
    pub(crate) async fn end_grant(
        &self,
        approval: &Approval,
        now: Timestamp,
        work: &mut UnitOfWork,
    ) -> Result<(), StoreError> {
        if let ApprovalState::Approved { decision } = &approval.state
            && let Some(id) = decision.grant
            && let Some(grant) = for_decision(approval, self.signer.gateway())
            && self.spent(&grant).await?.is_none()
        {
            work.push(Change::RevokeGrant(id, now));
        }
        Ok(())
    }

    /// A record about a grant; the token is in none.
    pub(crate) fn audit_grant(&self, kind: AuditKind, grant: &Grant) -> Change {
        let detail = json!({
            "approval": grant.appr,
            "action": grant.act,
            "digest": grant.sha,
            "tool": grant.tool,
            "destination": self.redactor.redact(&grant.dst),
            "expires_at": grant.exp,
            "by": grant.by,
            "use": grant.terms,
        });
        self.grant_record(kind, grant.jti.to_string(), Some(grant.ses), detail)
    }

    /// A record that a grant is used up.
    pub(crate) fn audit_used(&self, used: &Use, session: SessionId) -> Change {
        let subject = used.grant().to_string();
        self.grant_record(AuditKind::GrantConsumed, subject, Some(session), Value::Null)
    }

    pub(crate) fn grant_record(
        &self,
        kind: AuditKind,
        subject: String,
        session: Option<SessionId>,
        detail: Value,
    ) -> Change {
        let detail = match detail {
            Value::Object(facts) => facts,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        };
        Change::AddAudit(Box::new(AuditRecord {
            at: self.clock.now(),
            kind,
            actor: Actor::System,
            subject,
            session,
            detail,
        }))
    }
}
