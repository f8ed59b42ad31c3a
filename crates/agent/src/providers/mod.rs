//! The models that the agent can talk to, one folder each.

pub mod anthropic;
mod ollama;
pub mod openai;
pub mod rehearsal;
mod server;

pub use ollama::ollama_hint;
pub use server::ServerSettings;
