//! What a request says besides the conversation.

use crate::providers::server::ServerSettings;

/// Where the server is, and what a request says besides the conversation.
#[derive(Debug, Clone)]
pub struct AnthropicSettings {
    /// Where the server is and how to speak to it.
    pub server: ServerSettings,
    /// Tokens that one reply may have, thinking included.
    pub max_tokens: u32,
    /// How much the model thinks before it speaks.
    pub effort: Effort,
}

/// How much a model thinks before it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Nothing is said about it.
    Unsaid,
    /// As much as it finds right.
    Adaptive,
    /// Up to so many tokens a reply.
    Budget(u32),
}

impl Default for AnthropicSettings {
    fn default() -> Self {
        Self { server: ServerSettings::default(), max_tokens: 8192, effort: Effort::Unsaid }
    }
}

impl AnthropicSettings {
    /// Who answers when `model` is asked: what it thought, only it can take back.
    pub(super) fn thinker(&self, model: Option<&str>) -> String {
        format!("anthropic/{}", model.unwrap_or(&self.server.model))
    }
}
