//! Grants: the signed, short-lived, single-use proof of a decision, bound to an action's content.
//!
//! A grant is a PASETO `v4.public` token (see [`crate::signing`]). The gateway mints one for each
//! decision and each use of a rule; whoever carries out the action verifies it against what is
//! really about to happen, and the store marks it used in the same commit in which the action
//! starts. [`verify`] alone makes a [`VerifiedGrant`], and only that becomes a permit:
//!
//! ```compile_fail,E0451
//! use countersign_domain::grants::{Grant, VerifiedGrant};
//!
//! fn forge(grant: Grant) -> VerifiedGrant {
//!     VerifiedGrant { grant }
//! }
//! ```

mod claims;
mod issue;
mod verify;

pub use claims::{Binding, Grant, Terms, bound_destination};
pub use issue::{for_action, for_decision};
pub use verify::{GrantError, Use, VerifiedGrant, inspect, verify};
