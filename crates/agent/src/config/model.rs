//! The `model` section.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_domain::redaction::Redactor;
use countersign_ports::model_provider::ModelProvider;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, HumanDuration, Secret};
use crate::limits::Limits;
use crate::providers::openai::{OpenAi, OpenAiSettings};
use crate::providers::rehearsal::Rehearsal;

/// The language model that the agent talks to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// `openai` for any server with OpenAI-compatible chat completions, or `rehearsal` for the
    /// built-in model that needs no network and no key.
    pub provider: ProviderName,
    /// Address of the server, such as `https://api.openai.com/v1` or `http://127.0.0.1:11434/v1`.
    pub base_url: String,
    /// The model's name at that server. Required for `openai`.
    pub model: String,
    /// The API key. Better: `api_key_env`.
    pub api_key: Option<Secret>,
    /// Name of the environment variable that holds the API key.
    pub api_key_env: Option<String>,
    /// How many tokens of conversation the model takes.
    pub context_tokens: usize,
    /// HTTP headers to send with every request.
    pub headers: BTreeMap<String, Secret>,
    /// How long the server may send nothing before the attempt is given up.
    pub timeout: HumanDuration,
    /// Attempts at one reply, when the server is overloaded or the connection breaks.
    pub max_attempts: u32,
}

/// Which kind of provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderName {
    /// The built-in model that does what the message says, line by line.
    #[default]
    Rehearsal,
    /// OpenAI-compatible chat completions.
    Openai,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            provider: ProviderName::Rehearsal,
            base_url: "https://api.openai.com/v1".to_owned(),
            model: String::new(),
            api_key: None,
            api_key_env: None,
            context_tokens: 32_768,
            headers: BTreeMap::new(),
            timeout: HumanDuration::from_secs(120),
            max_attempts: Limits::default().max_attempts,
        }
    }
}

impl ModelConfig {
    /// The API key, given or from the environment variable that is named; `environment` reads one.
    pub fn resolve_api_key(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Secret>, ConfigError> {
        match (&self.api_key, &self.api_key_env) {
            (Some(_), Some(_)) => Err(ConfigError::new(
                "model.api_key_env",
                "set together with `model.api_key`: keep one of them",
            )),
            (Some(key), None) => Ok(Some(key.clone())),
            (None, None) => Ok(None),
            (None, Some(name)) => match environment(name).filter(|value| !value.is_empty()) {
                Some(value) => Ok(Some(Secret::new(value))),
                None => Err(ConfigError::new(
                    "model.api_key_env",
                    format!("the environment variable `{name}` is not set"),
                )),
            },
        }
    }

    /// The values that must never be shown: for the redactor.
    pub fn secrets(&self, environment: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let key = self.resolve_api_key(environment).ok().flatten();
        key.iter().chain(self.headers.values()).map(|secret| secret.expose().to_owned()).collect()
    }

    /// The provider that this section describes.
    pub fn provider(
        &self,
        environment: impl Fn(&str) -> Option<String>,
        redactor: Arc<Redactor>,
    ) -> Result<Arc<dyn ModelProvider>, ConfigError> {
        match self.provider {
            ProviderName::Rehearsal => Ok(Arc::new(Rehearsal)),
            ProviderName::Openai => Ok(Arc::new(self.openai(environment, redactor)?)),
        }
    }

    fn openai(
        &self,
        environment: impl Fn(&str) -> Option<String>,
        redactor: Arc<Redactor>,
    ) -> Result<OpenAi, ConfigError> {
        if self.model.is_empty() {
            return Err(ConfigError::new(
                "model.model",
                "missing: the name of the model at this server, such as `gpt-4.1` or `qwen3:8b`",
            ));
        }
        if self.context_tokens < 1024 {
            return Err(ConfigError::new(
                "model.context_tokens",
                format!("{} tokens are too few: at least 1024", self.context_tokens),
            ));
        }
        if self.timeout.0.is_zero() {
            return Err(ConfigError::new("model.timeout", "`0` is too short"));
        }
        let settings = OpenAiSettings {
            base_url: self.base_url.clone(),
            model: self.model.clone(),
            api_key: self.resolve_api_key(environment)?,
            context_tokens: self.context_tokens,
            headers: self.headers.clone(),
            idle_timeout: self.timeout.0,
            redactor,
            ..OpenAiSettings::default()
        };
        OpenAi::new(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn openai() -> ModelConfig {
        ModelConfig {
            provider: ProviderName::Openai,
            model: "m".to_owned(),
            ..ModelConfig::default()
        }
    }

    #[test]
    fn a_key_comes_from_one_place() {
        let named = ModelConfig { api_key_env: Some("KEY".to_owned()), ..openai() };
        let found = named.resolve_api_key(|name| (name == "KEY").then(|| "v".to_owned()));
        assert_eq!(found, Ok(Some(Secret::new("v"))));
        let error = named.resolve_api_key(|_| None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`model.api_key_env`: the environment variable `KEY` is not set"
        );
        let both = ModelConfig { api_key: Some(Secret::new("x")), ..named };
        assert_eq!(both.resolve_api_key(|_| None).unwrap_err().key, "model.api_key_env");
    }

    #[test]
    fn a_secret_is_never_printed() {
        let config = ModelConfig { api_key: Some(Secret::new("hunter2-hunter2")), ..openai() };
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn an_unusable_value_names_its_key() {
        let keys = [
            ("model.model", ModelConfig { model: String::new(), ..openai() }),
            ("model.base_url", ModelConfig { base_url: "ftp://x".to_owned(), ..openai() }),
            ("model.context_tokens", ModelConfig { context_tokens: 1, ..openai() }),
            (
                "model.headers",
                ModelConfig {
                    headers: BTreeMap::from([("a b".to_owned(), Secret::new("c"))]),
                    ..openai()
                },
            ),
        ];
        for (key, config) in keys {
            let outcome = config.provider(|_| None, Arc::new(Redactor::off()));
            assert_eq!(outcome.err().map(|error| error.key), Some(key));
        }
    }
}
