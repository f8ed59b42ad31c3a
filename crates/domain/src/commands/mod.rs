//! Slash commands: what there is, and how a line names one.
//!
//! One registry describes every command. Who may run one is decided in [`crate::slash_access`].

mod builtin;
mod help;
mod name;
mod parse;
mod registry;

pub use builtin::Builtin;
pub use help::{PAGE, help, page};
pub use name::{CommandName, InvalidCommandName};
pub use parse::{CommandLine, Line, read_line};
pub use registry::{Access, Busy, Category, Command, RegistrationRefused, Registry, Source};
