//! Standing rules: listing and taking back.

use countersign_domain::access::Scope;
use countersign_domain::approvals::Rule;
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::identity::Actor;
use countersign_domain::ids::RuleId;
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::{Map, json};

use crate::caller::{Caller, Forbidden};
use crate::gateway::Gateway;

/// Why a rule is not taken back.
#[derive(Debug, thiserror::Error)]
pub enum RevokeRuleError {
    /// No such rule.
    #[error("there is no rule `{0}`")]
    NoRule(RuleId),
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// Every rule in force anywhere, newest first.
    pub async fn rules(&self, caller: &Caller) -> Result<Vec<Rule>, RevokeRuleError> {
        caller.require(Scope::ApprovalsRead)?;
        let rules = self.store.approvals().rules(self.clock.now()).await?;
        Ok(rules.into_iter().map(|rule| self.shown_rule(rule)).collect())
    }

    /// One rule.
    pub async fn rule(&self, id: RuleId, caller: &Caller) -> Result<Rule, RevokeRuleError> {
        caller.require(Scope::ApprovalsRead)?;
        let rule = self.store.approvals().rule(id).await?;
        rule.map(|rule| self.shown_rule(rule)).ok_or(RevokeRuleError::NoRule(id))
    }

    /// A rule for people to read: its sentence quotes what was approved.
    fn shown_rule(&self, rule: Rule) -> Rule {
        Rule { describes: self.redactor.redact(&rule.describes).into_owned(), ..rule }
    }

    /// Takes a rule back: from now on it covers nothing.
    pub async fn revoke_rule(&self, id: RuleId, caller: &Caller) -> Result<(), RevokeRuleError> {
        caller.require(Scope::ApprovalsDecide)?;
        self.revoke_rule_of(id, caller).await
    }

    /// The same for somebody whose surface has proved that they may.
    pub(crate) async fn revoke_rule_of(
        &self,
        id: RuleId,
        caller: &Caller,
    ) -> Result<(), RevokeRuleError> {
        let rule = self.store.approvals().rule(id).await?.ok_or(RevokeRuleError::NoRule(id))?;
        let record = AuditRecord {
            at: self.clock.now(),
            kind: AuditKind::RuleRevoked,
            actor: Actor::Principal(caller.principal.clone()),
            subject: id.to_string(),
            session: None,
            detail: Map::from_iter([("describes".to_owned(), json!(rule.describes))]),
        };
        let work =
            UnitOfWork::new().and(Change::RemoveRule(id)).and(Change::AddAudit(Box::new(record)));
        match self.commit(work).await {
            Ok(_) => Ok(()),
            Err(StoreError::Missing(_)) => Err(RevokeRuleError::NoRule(id)),
            Err(error) => Err(error.into()),
        }
    }
}
