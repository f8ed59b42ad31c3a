//! Audit records, as the verbs write them.

use countersign_domain::action::Action;
use countersign_domain::approvals::{Approval, Vote};
use countersign_domain::assessment::{Assessment, Finding};
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::digest::Digest;
use countersign_domain::identity::Actor;
use countersign_domain::ids::SessionId;
use countersign_domain::runs::Run;
use countersign_ports::store::Change;
use serde_json::{Map, Value, json};

use crate::card::card;
use crate::gateway::Gateway;

impl Gateway {
    /// A record with these facts, at the present time.
    pub(crate) fn audit(
        &self,
        kind: AuditKind,
        actor: Actor,
        (subject, session): (String, SessionId),
        detail: Value,
    ) -> Change {
        let session = Some(session);
        let detail = match detail {
            Value::Object(facts) => facts,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        };
        let at = self.clock.now();
        Change::AddAudit(Box::new(AuditRecord { at, kind, actor, subject, session, detail }))
    }

    /// A record about an approval in its new state.
    pub(crate) fn audit_approval(
        &self,
        approval: &Approval,
        kind: AuditKind,
        actor: Actor,
    ) -> Change {
        let decision = approval.state.decision();
        let reason = decision.and_then(|decision| decision.reason.as_deref());
        let mut detail = json!({
            "digest": approval.digest,
            "action": approval.action.kind(),
            "card": self.card_digest(approval),
            "choice": decision.map(|decision| decision.choice),
            "reason": reason.map(|text| self.redactor.redact(text)),
            "rule": decision.and_then(|decision| decision.rule),
            "grant": decision.and_then(|decision| decision.grant),
        });
        if let (Some(people), Some(facts)) = (self.people(approval), detail.as_object_mut()) {
            facts.insert("people".to_owned(), people);
        }
        let subject = (approval.id.to_string(), approval.requester.session_id);
        self.audit(kind, actor, subject, detail)
    }

    /// The digest of the card that people are shown: with the action's digest it says what was
    /// decided on, and as what it was presented.
    fn card_digest(&self, approval: &Approval) -> Option<Digest> {
        let shown = card(approval, &self.redactor);
        let text = serde_json_canonicalizer::to_string(&shown);
        text.inspect_err(|error| tracing::error!(%error, "a card has no canonical form"))
            .ok()
            .map(|text| Digest::of(text.as_bytes()))
    }

    /// How many calls an approval is for and who voted, where that says more than the decision.
    fn people(&self, approval: &Approval) -> Option<Value> {
        let count = approval.count();
        if count == 1 && approval.needed == 1 && approval.share_of.is_none() {
            return None;
        }
        let vote = |vote: &Vote| {
            let reason = vote.reason.as_deref().map(|text| self.redactor.redact(text));
            let Vote { choice, by, seat, at, .. } = vote;
            json!({ "choice": choice, "by": by, "seat": seat, "reason": reason, "at": at })
        };
        Some(json!({
            "count": count,
            "needed": approval.needed,
            "votes": approval.votes.iter().map(vote).collect::<Value>(),
            "share_of": approval.share_of,
        }))
    }

    /// A record about a run.
    pub(crate) fn audit_run(&self, run: &Run, kind: AuditKind, actor: Actor) -> Change {
        self.audit(kind, actor, (run.id.to_string(), run.session_id), Value::Null)
    }

    /// Findings for the log: their messages quote the action, so secrets in them are masked.
    pub(crate) fn redacted_findings(&self, assessment: &Assessment) -> Value {
        let shown = |finding: &Finding| {
            json!({
                "id": finding.id,
                "severity": finding.severity,
                "message": self.redactor.redact(&finding.message),
            })
        };
        assessment.findings().iter().map(shown).collect()
    }

    /// A record about an effect that the guard ruled on by itself.
    pub(crate) fn audit_effect(
        &self,
        run: &Run,
        kind: AuditKind,
        action: &Action,
        why: &Value,
    ) -> Change {
        let detail = json!({
            "digest": action.digest(),
            "action": action.kind(),
            "preview": self.preview(action),
            "why": why,
        });
        self.audit(kind, Actor::System, (run.id.to_string(), run.session_id), detail)
    }
}
