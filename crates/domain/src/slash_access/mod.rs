//! Who may run which slash command: the one gate that every surface passes.
//!
//! An [`AuthorizedCommand`] exists only if [`authorize`] made it, and nothing carries out a command
//! without one; a fast path that forgets the gate does not compile:
//!
//! ```compile_fail,E0451
//! use countersign_domain::commands::{Builtin, Source};
//! use countersign_domain::slash_access::{Asker, AuthorizedCommand, Tier};
//!
//! fn forge(by: Asker) -> AuthorizedCommand {
//!     AuthorizedCommand {
//!         name: "stop".parse().unwrap(),
//!         source: Source::Builtin(Builtin::Stop),
//!         arguments: String::new(),
//!         tier: Tier::Admin,
//!         by,
//!     }
//! }
//! ```

mod authorize;
mod policy;
mod refusal;
#[cfg(test)]
mod tests;

pub use authorize::{Asker, AuthorizedCommand, Person, Ruling, Tier, authorize, may_run, tier_of};
pub use policy::{AccessPolicy, CommandList, ListedIds, PlatformAccess, ScopeAccess};
pub use refusal::Refusal;
