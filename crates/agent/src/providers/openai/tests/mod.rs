//! The provider against a server that follows a script: every dialect and every fault.

mod dialects;
mod errors;
mod hostile;
mod offers;
mod requests;
pub(crate) mod server;
