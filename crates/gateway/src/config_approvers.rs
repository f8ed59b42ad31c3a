//! The part of `approvals` that says who decides, how many must agree and where they are asked.

use std::collections::BTreeMap;

use countersign_domain::approvals::{
    ApproverRule, Approvers, Channel, ChannelPolicy, Delegation, InvalidChannel, Quorum,
    SeparationOfDuties,
};
use countersign_domain::identity::Principal;
use countersign_domain::time::Timestamp;
use countersign_domain::verdict::Severity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{ApprovalsConfig, ConfigProblem, Problem, SeverityText, named, problem};
use crate::settings::Attention;

/// Somebody who decides in another's name for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DelegateConfig {
    /// Who decides: a principal such as `api:NAME`.
    pub who: String,
    /// In whose name: an approver by name, the requester, or `operator`.
    #[serde(rename = "for")]
    pub principal: String,
    /// Until when, in RFC 3339: `2026-12-24T18:00:00Z`.
    pub until: String,
}

impl ApprovalsConfig {
    /// Who may decide.
    pub(crate) fn approvers(&self) -> Result<Approvers, ConfigProblem> {
        if self.approvers.is_empty() {
            return Err(problem("approvals.approvers", Problem::NoApprovers));
        }
        let rules = self.approvers.iter().map(|text| text.parse::<ApproverRule>());
        let rules = rules
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| problem("approvals.approvers", error.into()))?;
        let separation = if self.separation_of_duties {
            SeparationOfDuties::On
        } else {
            SeparationOfDuties::Off
        };
        let delegations = (0..).zip(&self.delegates).map(|(place, entry)| entry.read(place));
        let delegations = delegations.collect::<Result<Vec<_>, _>>()?;
        Ok(Approvers::new(rules).separated(separation).delegating(delegations))
    }

    /// How many must agree; no more than could.
    pub(crate) fn quorum(&self, approvers: &Approvers) -> Result<Quorum, ConfigProblem> {
        let mut needed = BTreeMap::new();
        for (severity, number) in &self.quorum {
            if *number == 0 {
                let key = format!("approvals.quorum.{}", Severity::from(*severity).as_str());
                return Err(named(key, Problem::NoQuorum));
            }
            needed.insert(Severity::from(*severity), *number);
        }
        let quorum = Quorum::new(needed);
        match approvers.named() {
            Some(named) if usize::try_from(quorum.largest()).unwrap_or(usize::MAX) > named => {
                let wanted = quorum.largest();
                Err(problem("approvals.quorum", Problem::QuorumOutOfReach { wanted, named }))
            }
            Some(_) | None => Ok(quorum),
        }
    }

    /// What keeps people's attention from being used up.
    pub(crate) fn attention(&self) -> Result<Attention, ConfigProblem> {
        let channel: Option<Channel> = self
            .channel
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|error: InvalidChannel| problem("approvals.channel", error.into()))?;
        let escalate_after = self.escalate_after.map(|span| span.0).filter(|span| !span.is_zero());
        if escalate_after.is_some() && channel.is_none() {
            return Err(problem("approvals.escalate_after", Problem::NoChannel));
        }
        Ok(Attention {
            channel: ChannelPolicy { channel, escalate_after },
            max_pending: self.max_pending_per_session.max(1),
            denials_before_stop: self.denials_before_stop,
        })
    }
}

impl DelegateConfig {
    fn read(&self, place: usize) -> Result<Delegation, ConfigProblem> {
        let key = |field: &str| format!("approvals.delegates.{place}.{field}");
        let delegate: Principal =
            self.who.parse().map_err(|error| named(key("who"), Problem::Delegate(error)))?;
        let principal: Principal =
            self.principal.parse().map_err(|error| named(key("for"), Problem::Delegate(error)))?;
        let until: Timestamp = serde_json::from_value(self.until.clone().into())
            .map_err(|_| named(key("until"), Problem::NoInstant(self.until.clone())))?;
        Ok(Delegation { delegate, principal, until })
    }
}

/// The names of severities in the configuration, for maps.
pub type QuorumConfig = BTreeMap<SeverityText, u32>;
