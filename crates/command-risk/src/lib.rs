//! What a shell command would do, judged from its text alone.
//!
//! [`Engine::assess`] parses a command as bash would, follows it statically through quoting,
//! variables, wrappers, pipes and embedded code, derives effects from data tables about tools, and
//! puts a policy over the effects. Everything here is pure: no disk, no clock, no environment, no
//! randomness, and no input makes it panic. What it cannot resolve is a question, never a pass.
//!
//! It does not run, sandbox or rewrite commands, and it does not know who asks or who decides.

pub mod analysis;
mod code;
pub mod context;
mod effects;
pub mod engine;
mod files;
mod hygiene;
mod interpret;
mod parse;
pub mod policy;
#[cfg(any(test, feature = "properties"))]
#[doc(hidden)]
pub mod properties;
pub mod render;
pub mod rules;
pub mod self_description;
pub mod tables;

pub use analysis::{Analysis, CommandView, Effect, Reveal, Revealed, UNKNOWN_WORD};
pub use context::Context;
pub use effects::paths::is_within;
pub use engine::Engine;
pub use files::{BY_ITS_HEAD, FileRole, FileUse};
pub use policy::{OverrideError, Policy};
pub use rules::{covers, describe, describe_worst_first};
pub use self_description::SelfDescription;
pub use tables::TableError;
