//! A model that stands in for the configured one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HumanDuration, ModelConfig, ProviderName, Secret, ThinkingMode};

/// A model that is asked when those before it do not answer. Its keys mean what they mean in `model`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FallbackConfig {
    /// `openai` or `anthropic`.
    pub provider: ProviderName,
    /// Address of the server. Default: that of OpenAI or Anthropic themselves.
    pub base_url: Option<String>,
    /// The model's name at that server.
    pub model: String,
    /// The API key. Better: `api_key_env`.
    pub api_key: Option<Secret>,
    /// Name of the environment variable that holds the API key.
    pub api_key_env: Option<String>,
    /// How many tokens of conversation the model takes.
    pub context_tokens: usize,
    /// HTTP headers to send with every request.
    pub headers: BTreeMap<String, Secret>,
    /// How long the server may send nothing before the next model is asked.
    pub timeout: HumanDuration,
    /// Tokens that one reply may have, thinking included: for `anthropic`.
    pub max_tokens: u32,
    /// Whether the model thinks before it speaks: for `anthropic`.
    pub thinking: ThinkingMode,
    /// Tokens that one reply may have of thinking, with `thinking: budget`.
    pub thinking_tokens: u32,
}

impl Default for FallbackConfig {
    fn default() -> Self {
        let model = ModelConfig::default();
        Self {
            provider: ProviderName::Openai,
            base_url: model.base_url,
            model: model.model,
            api_key: model.api_key,
            api_key_env: model.api_key_env,
            context_tokens: model.context_tokens,
            headers: model.headers,
            timeout: model.timeout,
            max_tokens: model.max_tokens,
            thinking: model.thinking,
            thinking_tokens: model.thinking_tokens,
        }
    }
}

impl FallbackConfig {
    /// Where the server is.
    pub fn address(&self) -> &str {
        self.base_url.as_deref().unwrap_or(self.provider.own_address())
    }

    /// The section that it would be if it were the configured model.
    pub(super) fn as_model(&self) -> ModelConfig {
        let own = self.clone();
        ModelConfig {
            provider: own.provider,
            base_url: own.base_url,
            model: own.model,
            api_key: own.api_key,
            api_key_env: own.api_key_env,
            context_tokens: own.context_tokens,
            headers: own.headers,
            timeout: own.timeout,
            max_tokens: own.max_tokens,
            thinking: own.thinking,
            thinking_tokens: own.thinking_tokens,
            ..ModelConfig::default()
        }
    }
}
