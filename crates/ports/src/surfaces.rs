//! Surfaces on which people are asked outside the gateway's own: chat platforms plug in here.
//!
//! The gateway says what to show and where; a surface says whether it is there. What it does not
//! confirm is not claimed on any card.

use async_trait::async_trait;
use countersign_domain::approvals::{Channel, Occasion};
use countersign_domain::runs::ApprovalRaised;

/// Puts cards where people see them. Retries and the platform's rate limits are its own business.
#[async_trait]
pub trait Surfaces: Send + Sync + 'static {
    /// Shows `card` in `channel`. The same card may come twice after a crash: it names its
    /// approval, so showing it again is harmless.
    async fn show(
        &self,
        channel: &Channel,
        occasion: Occasion,
        card: &ApprovalRaised,
    ) -> Result<(), NotShown>;
}

/// Why a card is not where it should be, in words for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    /// Nothing is connected that could show it.
    #[error("nothing is connected to `{0}`")]
    NoSurface(String),
    /// The platform did not take it.
    #[error("{0}")]
    Failed(String),
}
