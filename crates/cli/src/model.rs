//! What people are told about the model at work.

use countersign_agent::ModelConfig;
use countersign_agent::config::ProviderName;
use countersign_http_api::About;
use countersign_ports::model_provider::ModelProvider;

use crate::config::Config;

/// Where Ollama listens unless told otherwise.
pub(crate) const OLLAMA: &str = "http://127.0.0.1:11434";

/// The lines to add for a real model.
pub(crate) const REAL_MODEL: &str = "model:
  provider: openai                      # any OpenAI-compatible server
  base_url: https://api.openai.com/v1
  model: gpt-4.1
  api_key_env: OPENAI_API_KEY";

/// What the web page says of the model.
pub(crate) fn about(config: &Config, provider: &dyn ModelProvider) -> About {
    let rehearsal = is_rehearsal(&config.model);
    About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        model: provider.model().to_owned(),
        rehearsal,
        hint: rehearsal.then(|| format!("For a real model add to config.yaml:\n{REAL_MODEL}")),
    }
}

/// Whether the built-in model plays the part of a real one.
pub(crate) fn is_rehearsal(model: &ModelConfig) -> bool {
    match model.provider {
        ProviderName::Rehearsal => true,
        ProviderName::Openai | ProviderName::Anthropic => false,
    }
}

/// The lines to add for the Ollama that runs here with these models.
pub(crate) fn ollama_lines(models: &[String]) -> String {
    let model = models.first().map_or("qwen3:8b", String::as_str);
    let pull =
        if models.is_empty() { format!("   # after: ollama pull {model}") } else { String::new() };
    format!("model:\n  provider: openai\n  base_url: {OLLAMA}/v1\n  model: {model}{pull}")
}
