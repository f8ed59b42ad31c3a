//! The Messages API of Anthropic, and servers that speak it.

mod accumulate;
mod event;
mod provider;
mod request;
mod settings;

pub use provider::Anthropic;
pub use settings::{AnthropicSettings, Effort};

#[cfg(test)]
mod tests;
