//! What the approvers' channel is owed.

use serde::{Deserialize, Serialize};

use super::Address;
use crate::ids::{ApprovalId, RunId};

/// A card that is to be in the approvers' channel, and to show there what becomes of its approval.
/// It is owed until the card shows how that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwedCard {
    /// The approval.
    pub approval_id: ApprovalId,
    /// The run that waits for it.
    pub run_id: RunId,
    /// The channel.
    pub address: Address,
}
