//! A rule in JSON.

use countersign_domain::approvals::{Rule, RuleScope};
use countersign_domain::identity::Principal;
use countersign_domain::ids::{ApprovalId, RuleId, SessionId};
use countersign_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A standing permission, made by a person's decision on one approval.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rule)]
pub(crate) struct RuleBody {
    #[schema(example = "rule")]
    object: &'static str,
    #[schema(value_type = String, example = "rule_0198c0de00007000800000000000000d")]
    rule_id: RuleId,
    #[schema(inline)]
    scope: ScopeWord,
    /// The session that it holds in, for `session`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    session_id: Option<SessionId>,
    /// What it covers, in one sentence.
    describes: String,
    #[schema(value_type = String, example = "operator")]
    made_by: Principal,
    #[schema(value_type = String)]
    from_approval: ApprovalId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Until when it holds; `null` until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// How often it has let an action run.
    uses: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ScopeWord {
    Session,
    Always,
}

/// A rule that was taken back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleRevoked)]
pub(crate) struct RevokedBody {
    #[schema(example = "rule")]
    pub(super) object: &'static str,
    #[schema(value_type = String)]
    pub(super) rule_id: RuleId,
    #[schema(example = true)]
    pub(super) revoked: bool,
}

impl From<Rule> for RuleBody {
    fn from(rule: Rule) -> Self {
        let (scope, session_id) = match rule.scope {
            RuleScope::Session { session_id } => (ScopeWord::Session, Some(session_id)),
            RuleScope::Always => (ScopeWord::Always, None),
        };
        Self {
            object: "rule",
            rule_id: rule.id,
            scope,
            session_id,
            describes: rule.describes,
            made_by: rule.made_by,
            from_approval: rule.from_approval,
            created_at: rule.created_at,
            expires_at: rule.expires_at,
            uses: rule.uses,
            last_used_at: rule.last_used_at,
        }
    }
}
