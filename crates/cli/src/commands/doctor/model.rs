//! Whether the model's server answers, takes the key, and has the model.

use std::sync::Arc;

use countersign_domain::redaction::Redactor;
use countersign_ports::model_provider::ModelError;

use super::house::of_this_environment;
use super::{Finding, Patient};
use crate::failure::Failure;
use crate::model::is_rehearsal;

/// So many names of models are told.
const NAMED: usize = 8;

/// The model. No tokens are spent.
pub(super) async fn model(patient: &Patient<'_>) -> Finding {
    let Patient { loaded, environment, .. } = patient;
    let config = &loaded.config.model;
    if is_rehearsal(config) {
        let says =
            "the built-in rehearsal model, which needs no server; for a real one set `model`";
        return Finding::good("model", says);
    }
    let variable = |name: &str| environment.get(name);
    let held = Arc::new(Redactor::new(config.secrets(variable)));
    let provider = match config.provider(variable, held) {
        Ok(provider) => provider,
        Err(error) => {
            let failure = Failure::from(loaded.problem(error.key, &error.problem));
            return Finding::bad("model", of_this_environment(&failure));
        }
    };
    match provider.offered().await {
        Ok(offered) => named(config.address(), provider.model(), offered.as_deref()),
        Err(error) => unanswered(config.address(), &error),
    }
}

fn named(server: &str, model: &str, offered: Option<&[String]>) -> Finding {
    let Some(offered) = offered else {
        return Finding::skipped("model", format!("{server} cannot be asked without a run"));
    };
    // Ollama lists `qwen3:latest` and takes `qwen3`.
    let latest = format!("{model}:latest");
    if offered.iter().any(|name| *name == model || *name == latest) {
        return Finding::good("model", format!("{model} at {server}"));
    }
    let known: Vec<&str> = offered.iter().take(NAMED).map(String::as_str).collect();
    let (known, more) = (known.join(", "), if offered.len() > NAMED { ", …" } else { "" });
    Finding::poor(
        "model",
        format!("{server} does not list `{model}`; it has {known}{more}: set `model.model` to one"),
    )
}

fn unanswered(server: &str, error: &ModelError) -> Finding {
    let says = format!("{server}: {error}");
    match error {
        ModelError::Status { status: 401 | 403, .. } => Finding::bad(
            "model",
            format!("{says}: set another key (`model.api_key_env` names its variable)"),
        ),
        ModelError::Status { status: 404 | 405 | 501, .. } => Finding::poor(
            "model",
            format!(
                "{says}: it lists no models there, so nothing is known of the key; if a run \
                 fails too, correct `model.base_url`"
            ),
        ),
        ModelError::Status { status: 429, .. } => {
            Finding::poor("model", format!("{says}: it answers, and wants a pause"))
        }
        ModelError::Unreadable(_) => {
            Finding::bad("model", format!("{says}: correct `model.base_url`"))
        }
        ModelError::Status { .. }
        | ModelError::Unreachable(_)
        | ModelError::Silent(_)
        | ModelError::Broken(_)
        | ModelError::CutOff(_)
        | ModelError::Declined => Finding::bad(
            "model",
            format!("{says}: is the server running, and is `model.base_url` right?"),
        ),
    }
}
