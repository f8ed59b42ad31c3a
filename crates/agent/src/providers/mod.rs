//! The models that the agent can talk to, one folder each.

mod ollama;
pub mod openai;
pub mod rehearsal;

pub use ollama::ollama_hint;
