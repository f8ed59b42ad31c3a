//! The `model` section.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_domain::redaction::Redactor;
use countersign_domain::runs::Prices;
use countersign_ports::model_provider::ModelProvider;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::prices::prices;
use super::{ConfigError, FallbackConfig, HumanDuration, PriceConfig, Secret};
use crate::limits::Limits;
use crate::providers::ServerSettings;
use crate::providers::anthropic::{Anthropic, AnthropicSettings, Effort};
use crate::providers::openai::OpenAi;
use crate::providers::rehearsal::Rehearsal;

/// The language model that the agent talks to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// `openai` for any server with OpenAI-compatible chat completions, `anthropic` for the Messages
    /// API, or `rehearsal` for the built-in model that needs no network and no key.
    pub provider: ProviderName,
    /// Address of the server, such as `http://127.0.0.1:11434/v1`. Default: that of OpenAI or
    /// Anthropic themselves.
    pub base_url: Option<String>,
    /// The model's name at that server. Required, except for `rehearsal`.
    pub model: String,
    /// The API key. Better: `api_key_env`.
    pub api_key: Option<Secret>,
    /// Name of the environment variable that holds the API key. For `anthropic` it is
    /// `ANTHROPIC_API_KEY` unless another is named.
    pub api_key_env: Option<String>,
    /// How many tokens of conversation the model takes.
    pub context_tokens: usize,
    /// HTTP headers to send with every request.
    pub headers: BTreeMap<String, Secret>,
    /// How long the server may send nothing before the attempt is given up.
    pub timeout: HumanDuration,
    /// Tokens that one reply may have, thinking included: for `anthropic`, which wants to be told.
    pub max_tokens: u32,
    /// Whether the model thinks before it speaks: for `anthropic`.
    pub thinking: ThinkingMode,
    /// Tokens that one reply may have of thinking, with `thinking: budget`.
    pub thinking_tokens: u32,
    /// Models that are asked, in this order, when one is overloaded, cannot be reached or allows no more
    /// for now, and has not begun to answer. The run says so.
    pub fallbacks: Vec<FallbackConfig>,
    /// What tokens cost, by the model's name: `{input: 3, output: 15, cache_read: 0.3, cache_write: 3.75}`,
    /// in US dollars for a million. Of models without prices no cost is claimed.
    pub prices: BTreeMap<String, PriceConfig>,
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
    /// The Messages API of Anthropic.
    Anthropic,
}

/// Whether a model thinks before it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThinkingMode {
    /// Nothing is said about it.
    #[default]
    Unset,
    /// As much as it finds right; newer models only.
    Adaptive,
    /// Up to `thinking_tokens`; not the newest models.
    Budget,
}

impl ProviderName {
    /// Where the provider's own server is.
    pub(super) const fn own_address(self) -> &'static str {
        match self {
            Self::Rehearsal => "",
            Self::Openai => "https://api.openai.com/v1",
            Self::Anthropic => "https://api.anthropic.com",
        }
    }

    /// The environment variable that is looked at when none is named.
    const fn own_key(self) -> Option<&'static str> {
        match self {
            Self::Rehearsal | Self::Openai => None,
            Self::Anthropic => Some("ANTHROPIC_API_KEY"),
        }
    }
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            provider: ProviderName::Rehearsal,
            base_url: None,
            model: String::new(),
            api_key: None,
            api_key_env: None,
            context_tokens: 32_768,
            headers: BTreeMap::new(),
            timeout: HumanDuration::from_secs(120),
            max_tokens: AnthropicSettings::default().max_tokens,
            thinking: ThinkingMode::Unset,
            thinking_tokens: 4096,
            fallbacks: Vec::new(),
            prices: BTreeMap::new(),
            max_attempts: Limits::default().max_attempts,
        }
    }
}

impl ModelConfig {
    /// Where the server is.
    pub fn address(&self) -> &str {
        self.base_url.as_deref().unwrap_or(self.provider.own_address())
    }

    /// The API key, given or from the environment variable that is named; `environment` reads one.
    pub fn resolve_api_key(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Secret>, ConfigError> {
        let found = |name: &str| environment(name).filter(|value| !value.is_empty());
        match (&self.api_key, &self.api_key_env) {
            (Some(_), Some(_)) => Err(ConfigError::new(
                "model.api_key_env",
                "set together with `model.api_key`: keep one of them",
            )),
            (Some(key), None) => Ok(Some(key.clone())),
            (None, None) => Ok(self.provider.own_key().and_then(found).map(Secret::new)),
            (None, Some(name)) => match found(name) {
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
        let key = self.resolve_api_key(&environment).ok().flatten();
        let own = key.iter().chain(self.headers.values());
        let mut secrets: Vec<String> = own.map(|secret| secret.expose().to_owned()).collect();
        for fallback in &self.fallbacks {
            secrets.extend(
                fallback.as_model().secrets(&environment as &dyn Fn(&str) -> Option<String>),
            );
        }
        secrets
    }

    /// The providers of the models that stand in, in order.
    pub fn fallbacks(
        &self,
        environment: impl Fn(&str) -> Option<String>,
        redactor: &Arc<Redactor>,
    ) -> Result<Vec<Arc<dyn ModelProvider>>, ConfigError> {
        let numbered = (1..).zip(&self.fallbacks);
        let providers = numbered.map(|(number, fallback)| {
            let problem = |error: ConfigError| {
                let problem = format!("number {number}: `{}`: {}", error.key, error.problem);
                ConfigError::new("model.fallbacks", problem)
            };
            if fallback.provider == ProviderName::Rehearsal {
                let what = "the built-in model stands in for no other";
                return Err(problem(ConfigError::new("model.provider", what)));
            }
            fallback.as_model().provider(&environment, Arc::clone(redactor)).map_err(problem)
        });
        providers.collect()
    }

    /// What the tokens of models cost, by the model's name.
    pub fn prices(&self) -> BTreeMap<String, Prices> {
        prices(&self.prices)
    }

    /// The provider that this section describes.
    pub fn provider(
        &self,
        environment: impl Fn(&str) -> Option<String>,
        redactor: Arc<Redactor>,
    ) -> Result<Arc<dyn ModelProvider>, ConfigError> {
        match self.provider {
            ProviderName::Rehearsal => Ok(Arc::new(Rehearsal)),
            ProviderName::Openai => Ok(Arc::new(OpenAi::new(self.server(environment, redactor)?)?)),
            ProviderName::Anthropic => {
                let server = self.server(environment, redactor)?;
                Ok(Arc::new(Anthropic::new(self.anthropic(server)?)?))
            }
        }
    }

    fn anthropic(&self, server: ServerSettings) -> Result<AnthropicSettings, ConfigError> {
        if server.api_key.is_none() && self.base_url.is_none() && self.headers.is_empty() {
            return Err(ConfigError::new(
                "model.api_key_env",
                "no key: set the environment variable `ANTHROPIC_API_KEY`, or name another one",
            ));
        }
        if self.max_tokens == 0 {
            return Err(ConfigError::new("model.max_tokens", "`0` is too few: at least 1"));
        }
        let effort = match self.thinking {
            ThinkingMode::Unset => Effort::Unsaid,
            ThinkingMode::Adaptive => Effort::Adaptive,
            ThinkingMode::Budget if (1024..self.max_tokens).contains(&self.thinking_tokens) => {
                Effort::Budget(self.thinking_tokens)
            }
            ThinkingMode::Budget => {
                return Err(ConfigError::new(
                    "model.thinking_tokens",
                    format!(
                        "`{}` does not fit: at least 1024, and fewer than `model.max_tokens` ({})",
                        self.thinking_tokens, self.max_tokens
                    ),
                ));
            }
        };
        Ok(AnthropicSettings { server, max_tokens: self.max_tokens, effort })
    }

    fn server(
        &self,
        environment: impl Fn(&str) -> Option<String>,
        redactor: Arc<Redactor>,
    ) -> Result<ServerSettings, ConfigError> {
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
        Ok(ServerSettings {
            base_url: self.address().to_owned(),
            model: self.model.clone(),
            api_key: self.resolve_api_key(environment)?,
            context_tokens: self.context_tokens,
            headers: self.headers.clone(),
            idle_timeout: self.timeout.0,
            redactor,
            ..ServerSettings::default()
        })
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

    fn anthropic() -> ModelConfig {
        ModelConfig { provider: ProviderName::Anthropic, ..openai() }
    }

    #[test]
    fn a_provider_with_a_variable_of_its_own_needs_none_named() {
        crate::tools::testing::install_tls();
        let variable = |name: &str| (name == "ANTHROPIC_API_KEY").then(|| "v".to_owned());
        assert_eq!(anthropic().resolve_api_key(variable), Ok(Some(Secret::new("v"))));
        assert_eq!(openai().resolve_api_key(variable), Ok(None));
        assert_eq!(anthropic().secrets(variable), ["v"]);
        assert!(anthropic().provider(variable, Arc::new(Redactor::off())).is_ok());
        assert_eq!(anthropic().address(), "https://api.anthropic.com");
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
    fn those_that_stand_in_are_set_up_like_the_model_itself() {
        crate::tools::testing::install_tls();
        let second = FallbackConfig {
            provider: ProviderName::Anthropic,
            model: "n".to_owned(),
            ..FallbackConfig::default()
        };
        let variable = |name: &str| (name == "ANTHROPIC_API_KEY").then(|| "v".to_owned());
        let nothing = |_: &str| None;
        let config = ModelConfig { fallbacks: vec![second], ..openai() };
        let redactor = Arc::new(Redactor::off());
        let found = config.fallbacks(variable, &redactor).unwrap();
        assert_eq!(found.iter().map(|one| one.model()).collect::<Vec<_>>(), ["n"]);
        assert_eq!(config.secrets(variable), ["v"]);
        let error = config.fallbacks(nothing, &redactor).err().unwrap();
        assert!(
            error
                .to_string()
                .starts_with("`model.fallbacks`: number 1: `model.api_key_env`: no key"),
            "{error}"
        );
        let played =
            FallbackConfig { provider: ProviderName::Rehearsal, ..FallbackConfig::default() };
        let config = ModelConfig { fallbacks: vec![played], ..openai() };
        assert_eq!(config.fallbacks(nothing, &redactor).err().unwrap().key, "model.fallbacks");
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
            ("model.base_url", ModelConfig { base_url: Some("ftp://x".to_owned()), ..openai() }),
            ("model.context_tokens", ModelConfig { context_tokens: 1, ..openai() }),
            (
                "model.headers",
                ModelConfig {
                    headers: BTreeMap::from([("a b".to_owned(), Secret::new("c"))]),
                    ..openai()
                },
            ),
            ("model.api_key_env", anthropic()),
            (
                "model.max_tokens",
                ModelConfig { max_tokens: 0, api_key: Some(Secret::new("k")), ..anthropic() },
            ),
            (
                "model.thinking_tokens",
                ModelConfig {
                    thinking: ThinkingMode::Budget,
                    thinking_tokens: 8192,
                    api_key: Some(Secret::new("k")),
                    ..anthropic()
                },
            ),
        ];
        for (key, config) in keys {
            let outcome = config.provider(|_| None, Arc::new(Redactor::off()));
            assert_eq!(outcome.err().map(|error| error.key), Some(key));
        }
    }
}
