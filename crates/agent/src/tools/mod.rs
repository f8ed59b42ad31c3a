//! What the model can call.
//!
//! A tool has two halves. `plan` reads the arguments and says what would happen, as an `Action`;
//! it has no effect. `execute` takes a `PermittedAction`, which only the gate hands out, and does
//! exactly that. What a tool returns is data: [`Toolbox`] makes it inert, masks secrets in it and
//! caps it before the model sees it.

mod arguments;
mod attaching;
mod bound_files;
mod clarify;
mod collector;
mod connection;
pub mod environment;
mod execute_code;
mod files;
mod glance;
mod http_request;
mod output;
mod process;
mod read_file;
mod send_email;
mod send_message;
mod sending;
mod service_chats;
mod shelf;
mod terminal;
mod tool;
mod toolbox;
mod write_file;

pub use arguments::ToolInputError;
pub use bound_files::DiskWitness;
pub use output::{OutputLimits, ToolOutput, head_and_tail};
pub use sending::Sending;
pub use shelf::DiskShelf;
pub use tool::{Execution, Plan, Tool, ToolContext};
pub use toolbox::Toolbox;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
