//! Whether the model's server answers, takes the key, and has the model.

use std::sync::Arc;

use countersign_domain::redaction::Redactor;
use countersign_ports::model_provider::{ModelError, ModelProvider};

use super::house::of_this_environment;
use super::{Finding, Patient};
use crate::failure::Failure;
use crate::model::is_rehearsal;

/// So many names of models are told.
const NAMED: usize = 8;

/// The model, and those that stand in for it. No tokens are spent.
pub(in crate::commands) async fn models(patient: &Patient<'_>) -> Vec<Finding> {
    let Patient { loaded, environment, .. } = patient;
    let config = &loaded.config.model;
    if is_rehearsal(config) {
        let says =
            "the built-in rehearsal model, which needs no server; for a real one set `model`";
        return vec![Finding::good("model", says)];
    }
    let variable = |name: &str| environment.get(name);
    let bad = |check: &str, error: &countersign_agent::ConfigError| {
        let failure = Failure::from(loaded.problem(error.key, &error.problem));
        Finding::bad(check, of_this_environment(&failure))
    };
    let held = Arc::new(Redactor::new(config.secrets(variable)));
    let mut found = vec![match config.provider(variable, held.clone()) {
        Ok(provider) => {
            Server { check: "model".to_owned(), key: "model".to_owned() }
                .answers(config.address(), provider.as_ref())
                .await
        }
        Err(error) => bad("model", &error),
    }];
    match config.fallbacks(variable, &held) {
        Ok(providers) => {
            for ((number, place), provider) in (1..).zip(&config.fallbacks).zip(providers) {
                let key = format!("model.fallbacks.{}", number - 1);
                let server = Server { check: format!("model (fallback {number})"), key };
                found.push(server.answers(place.address(), provider.as_ref()).await);
            }
        }
        Err(error) => found.push(bad("model (fallbacks)", &error)),
    }
    found
}

/// A server of models, as it is told.
struct Server {
    check: String,
    /// The section of the configuration.
    key: String,
}

impl Server {
    async fn answers(&self, address: &str, provider: &dyn ModelProvider) -> Finding {
        match provider.offered().await {
            Ok(offered) => self.named(address, provider.model(), offered.as_deref()),
            Err(error) => self.unanswered(address, &error),
        }
    }

    fn named(&self, server: &str, model: &str, offered: Option<&[String]>) -> Finding {
        let Self { check, key } = self;
        let Some(offered) = offered else {
            return Finding::skipped(check, format!("{server} cannot be asked without a run"));
        };
        // Ollama lists `qwen3:latest` and takes `qwen3`.
        let latest = format!("{model}:latest");
        if offered.iter().any(|name| *name == model || *name == latest) {
            return Finding::good(check, format!("{model} at {server}"));
        }
        let known: Vec<&str> = offered.iter().take(NAMED).map(String::as_str).collect();
        let (known, more) = (known.join(", "), if offered.len() > NAMED { ", …" } else { "" });
        Finding::poor(
            check,
            format!(
                "{server} does not list `{model}`; it has {known}{more}: set `{key}.model` to one"
            ),
        )
    }

    fn unanswered(&self, server: &str, error: &ModelError) -> Finding {
        let Self { check, key } = self;
        let says = format!("{server}: {error}");
        match error {
            ModelError::Status { status: 401 | 403, .. } => Finding::bad(
                check,
                format!("{says}: set another key (`{key}.api_key_env` names its variable)"),
            ),
            ModelError::Status { status: 404 | 405 | 501, .. } => Finding::poor(
                check,
                format!(
                    "{says}: it lists no models there, so nothing is known of the key; if a run \
                     fails too, correct `{key}.base_url`"
                ),
            ),
            ModelError::Status { status: 429, .. } => {
                Finding::poor(check, format!("{says}: it answers, and wants a pause"))
            }
            ModelError::Unreadable(_) => {
                Finding::bad(check, format!("{says}: correct `{key}.base_url`"))
            }
            ModelError::Status { .. }
            | ModelError::Unreachable(_)
            | ModelError::Silent(_)
            | ModelError::Broken(_)
            | ModelError::CutOff(_)
            | ModelError::Declined => Finding::bad(
                check,
                format!("{says}: is the server running, and is `{key}.base_url` right?"),
            ),
        }
    }
}
