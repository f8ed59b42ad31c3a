//! Whether two actions reach for the same effect, and what that means after a denial.
//!
//! Words are easy to change, so actions are compared by what they would do: the kinds of danger
//! that are asked about, each with what it would be done to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Approval, ApprovalState};
use crate::assessment::FindingId;
use crate::digest::Digest;
use crate::identity::Principal;
use crate::ids::ApprovalId;
use crate::time::Timestamp;

/// One danger and what it would be done to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Touch {
    /// The kind of danger: the id of the finding.
    pub class: FindingId,
    /// A path, a host, a process, a package: in normal form.
    pub target: String,
}

/// That people have denied the same effect in this run before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriedBefore {
    /// The approval that was denied.
    pub approval_id: ApprovalId,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub denied_by: Principal,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// Whether it was the very same action; otherwise the same effect by other means.
    pub same_action: bool,
}

/// An action as far as it is compared with denied ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempted<'a> {
    /// Digest of the action.
    pub digest: Digest,
    /// What it would do.
    pub touches: &'a BTreeSet<Touch>,
}

impl Approval {
    /// The action, as far as it is compared with denied ones.
    pub const fn attempted(&self) -> Attempted<'_> {
        Attempted { digest: self.digest, touches: &self.touches }
    }
}

impl Attempted<'_> {
    /// Whether this and `other` are the same action, or share a danger to the same target.
    pub fn same_effect(&self, other: Attempted<'_>) -> bool {
        self.digest == other.digest || !self.touches.is_disjoint(other.touches)
    }
}

/// Those of the `denied` approvals of a run that wanted what `attempted` wants, in their order.
pub fn tried_before<'a>(
    denied: impl IntoIterator<Item = &'a Approval>,
    attempted: Attempted<'_>,
) -> Vec<TriedBefore> {
    denied.into_iter().filter_map(|earlier| denial(earlier, attempted)).collect()
}

fn denial(earlier: &Approval, attempted: Attempted<'_>) -> Option<TriedBefore> {
    let ApprovalState::Denied { decision } = &earlier.state else {
        return None;
    };
    attempted.same_effect(earlier.attempted()).then(|| TriedBefore {
        approval_id: earlier.id,
        at: decision.at,
        denied_by: decision.by.clone(),
        reason: decision.reason.clone(),
        same_action: earlier.digest == attempted.digest,
    })
}
