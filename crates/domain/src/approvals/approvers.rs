//! Who may decide an approval. One function answers for every surface.

use serde::{Deserialize, Serialize};

use super::{Approval, Choice};
use crate::identity::Principal;

/// One entry of `approvals.approvers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApproverRule {
    /// Whoever asked.
    Requester,
    /// Whoever the surface says administers the gateway there.
    Admins,
    /// One principal.
    Principal(Principal),
}

/// Who may decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvers(Vec<ApproverRule>);

/// What the surface has proved about the person who tries to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// Administers the gateway: the operator, or a key with `approvals:decide`.
    Admin,
    /// May talk to the agent.
    Member,
}

/// Somebody tries to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Who, as the transport authenticated them.
    pub by: Principal,
    /// With which rights there.
    pub rights: Rights,
    /// What they answered.
    pub choice: Choice,
}

/// Why somebody may not decide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{who} is not an approver: `approvals.approvers` is {policy}")]
pub struct NotAnApprover {
    /// Who tried.
    pub who: Principal,
    /// The policy that says so.
    pub policy: String,
}

impl Default for Approvers {
    fn default() -> Self {
        Self(vec![ApproverRule::Requester, ApproverRule::Admins])
    }
}

impl Approvers {
    /// Exactly these.
    pub const fn new(rules: Vec<ApproverRule>) -> Self {
        Self(rules)
    }

    /// Whether `attempt` may decide `approval`.
    pub fn authorize(&self, approval: &Approval, attempt: &Attempt) -> Result<(), NotAnApprover> {
        let fits = |rule: &ApproverRule| match rule {
            ApproverRule::Requester => approval.requester.principal == attempt.by,
            ApproverRule::Admins => attempt.rights == Rights::Admin,
            ApproverRule::Principal(principal) => *principal == attempt.by,
        };
        if self.0.iter().any(fits) {
            return Ok(());
        }
        Err(NotAnApprover { who: attempt.by.clone(), policy: self.to_string() })
    }
}

impl std::str::FromStr for ApproverRule {
    type Err = crate::identity::InvalidPrincipal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "requester" => Ok(Self::Requester),
            "admins" => Ok(Self::Admins),
            other => other.parse().map(Self::Principal),
        }
    }
}

impl std::fmt::Display for Approvers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[")?;
        for (n, rule) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(", ")?;
            }
            match rule {
                ApproverRule::Requester => f.write_str("requester")?,
                ApproverRule::Admins => f.write_str("admins")?,
                ApproverRule::Principal(principal) => write!(f, "{principal}")?,
            }
        }
        f.write_str("]")
    }
}
