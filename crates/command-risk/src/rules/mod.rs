//! Rules that `session` and `always` leave behind: what they cover, and how a card says it.

mod cover;
mod credentials;
mod describe;

pub use cover::covers;
pub(crate) use credentials::hold_credential;
pub use describe::{describe, describe_worst_first};
