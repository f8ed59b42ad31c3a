//! Rules that `session` and `always` leave behind: what they cover, and how a card says it.

mod cover;
mod describe;

pub use cover::covers;
pub use describe::describe;
