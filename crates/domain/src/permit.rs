//! The in-process proof that an action may run.
//!
//! A [`Permit`] exists only after (1) the guard allowed the action or a person's decision was
//! claimed, and (2) the store has committed that. Executors take a [`PermittedAction`], which only
//! a permit for exactly that action unlocks. There is no other way to make either value, so a tool
//! that forgets the guard does not compile:
//!
//! ```compile_fail,E0451
//! use countersign_domain::action::Action;
//! use countersign_domain::permit::{Basis, PermittedAction};
//!
//! fn forge(action: Action) -> PermittedAction {
//!     PermittedAction { action, basis: Basis::Allowed }
//! }
//! ```
//!
//! Nor does one that does not wait for the store:
//!
//! ```compile_fail,E0599
//! use countersign_domain::action::Action;
//! use countersign_domain::permit::{PermittedAction, UncommittedPermit};
//!
//! fn hurry(permit: UncommittedPermit, action: Action) -> Option<PermittedAction> {
//!     permit.unlock(action).ok()
//! }
//! ```
//!
//! What leaves the house takes an [`OutboundPermit`], which only an action gives whose grant was
//! used up:
//!
//! ```compile_fail,E0451
//! use countersign_domain::action::Action;
//! use countersign_domain::ids::GrantId;
//! use countersign_domain::permit::OutboundPermit;
//!
//! fn forge(action: Action, grant: GrantId) -> OutboundPermit {
//!     OutboundPermit { action, grant }
//! }
//! ```

use crate::action::Action;
use crate::digest::Digest;
use crate::grants::Terms;
use crate::ids::{ApprovalId, GrantId};
use crate::outbound::sends_data;

/// Why an action may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The guard found nothing to ask about.
    Allowed,
    /// `approvals.mode` is `off`, so what would be asked runs.
    ApprovalsOff,
    /// A grant was verified and used up.
    Granted {
        /// Which.
        grant: GrantId,
        /// The approval behind it.
        approval: Option<ApprovalId>,
        /// By what right it was issued.
        terms: Terms,
    },
}

/// A permit whose reason is not on stable storage yet: good for nothing.
#[derive(Debug)]
pub struct UncommittedPermit(Permit);

/// The proof that one action may run once.
#[derive(Debug)]
pub struct Permit {
    action: Digest,
    basis: Basis,
}

/// An action and the permit that was good for it: all that an executor accepts.
#[derive(Debug)]
pub struct PermittedAction {
    action: Action,
    basis: Basis,
}

/// A permitted action whose grant was verified and used up: all that puts bytes on a connection to
/// a third party.
#[derive(Debug)]
pub struct OutboundPermit {
    action: Action,
    grant: GrantId,
}

/// An HTTP request that may be sent: on a grant, or because it only reads from where the guard
/// lets it.
#[derive(Debug)]
pub struct HttpPermit {
    action: Action,
    grant: Option<GrantId>,
}

/// What would leave has no grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("approval_required: this leaves the house, and there is no grant for it")]
pub struct ApprovalRequired;

/// Proof that a unit of work is on stable storage. Only stores make it, after their commit.
#[derive(Debug)]
pub struct Committed(());

/// What was about to run is not what the permit is for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("content changed: the permit is for {permitted}, the action is {actual}")]
pub struct ContentChanged {
    /// What may run.
    pub permitted: Digest,
    /// What would have run.
    pub actual: Digest,
}

impl Committed {
    /// For store implementations alone, after their transaction is durable. `xtask tidy` fails
    /// when anything else calls it.
    pub const fn by_store() -> Self {
        Self(())
    }
}

impl UncommittedPermit {
    pub(crate) const fn by_grant(action: Digest, basis: Basis) -> Self {
        Self(Permit { action, basis })
    }

    pub(crate) const fn by_guard(action: Digest, basis: Basis) -> Self {
        Self(Permit { action, basis })
    }

    /// The permit, now that its reason is durable.
    pub fn committed(self, proof: &Committed) -> Permit {
        let Committed(()) = proof;
        self.0
    }
}

impl Permit {
    /// Why the action may run.
    pub const fn basis(&self) -> Basis {
        self.basis
    }

    /// Uses the permit up on `action`, whose digest is computed anew from what will run.
    pub fn unlock(self, action: Action) -> Result<PermittedAction, ContentChanged> {
        let actual = action.digest();
        if actual == self.action {
            Ok(PermittedAction { action, basis: self.basis })
        } else {
            Err(ContentChanged { permitted: self.action, actual })
        }
    }
}

impl PermittedAction {
    /// What may run.
    pub const fn action(&self) -> &Action {
        &self.action
    }

    /// Why.
    pub const fn basis(&self) -> Basis {
        self.basis
    }

    /// The action, for the executor that runs it.
    pub fn into_action(self) -> Action {
        self.action
    }

    /// The same for what sends the action to a third party.
    pub fn into_outbound(self) -> Result<OutboundPermit, ApprovalRequired> {
        match self.basis {
            Basis::Granted { grant, .. } => Ok(OutboundPermit { action: self.action, grant }),
            Basis::Allowed | Basis::ApprovalsOff => Err(ApprovalRequired),
        }
    }

    /// The same for what sends HTTP requests: without a grant, only what the guard lets read.
    pub fn into_http(self) -> Result<HttpPermit, ApprovalRequired> {
        match self.basis {
            Basis::Granted { grant, .. } => {
                Ok(HttpPermit { action: self.action, grant: Some(grant) })
            }
            Basis::Allowed if !sends_data(&self.action) => {
                Ok(HttpPermit { action: self.action, grant: None })
            }
            Basis::Allowed | Basis::ApprovalsOff => Err(ApprovalRequired),
        }
    }
}

impl OutboundPermit {
    /// What may leave.
    pub const fn action(&self) -> &Action {
        &self.action
    }

    /// The grant that was used up. It is the send's idempotency key.
    pub const fn grant(&self) -> GrantId {
        self.grant
    }
}

impl HttpPermit {
    /// The grant that was used up, if one was needed.
    pub const fn grant(&self) -> Option<GrantId> {
        self.grant
    }

    /// What may be sent.
    pub fn into_action(self) -> Action {
        self.action
    }
}
