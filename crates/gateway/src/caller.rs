//! Who calls a verb, as the transport has authenticated them.

use std::collections::BTreeSet;

use countersign_domain::access::Scope;
use countersign_domain::approvals::Rights;
use countersign_domain::identity::Principal;
use countersign_domain::runs::Run;

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub principal: Principal,
    /// What they may do.
    pub scopes: BTreeSet<Scope>,
}

/// The caller lacks a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{who} lacks the scope `{}`", .needs.as_str())]
pub struct Forbidden {
    /// Who.
    pub who: Principal,
    /// What is missing.
    pub needs: Scope,
}

impl Caller {
    /// The operator at the gateway's own machine, or signed in to its web page.
    pub fn operator() -> Self {
        Self { principal: Principal::Operator, scopes: BTreeSet::from(Scope::ALL) }
    }

    /// Whether the caller may do what `scope` stands for. `admin` includes every other scope, and
    /// who may decide approvals may read them.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
            || self.scopes.contains(&Scope::Admin)
            || (scope == Scope::ApprovalsRead && self.scopes.contains(&Scope::ApprovalsDecide))
    }

    /// Nothing, or what is missing.
    pub fn require(&self, scope: Scope) -> Result<(), Forbidden> {
        if self.may(scope) {
            Ok(())
        } else {
            Err(Forbidden { who: self.principal.clone(), needs: scope })
        }
    }

    /// What the caller counts as when approvals are decided.
    pub fn rights(&self) -> Rights {
        if self.may(Scope::ApprovalsDecide) { Rights::Admin } else { Rights::Member }
    }

    /// Whether the caller may see this run: its own, or any for an admin.
    pub fn may_see(&self, run: &Run) -> bool {
        self.may(Scope::Admin) || (self.may(Scope::Runs) && run.requested_by == self.principal)
    }
}
