//! Whether a local Ollama answers, for the hint that `up` gives when no model is configured.

use std::time::Duration;

use serde::Deserialize;

const PROBE_TIMEOUT: Duration = Duration::from_millis(300);

#[derive(Deserialize)]
struct Tags {
    models: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
}

/// The names of the models that the Ollama at `base` (such as `http://127.0.0.1:11434`) has;
/// `None` if nothing there answers like Ollama within 300 ms.
pub async fn ollama_hint(base: &str) -> Option<Vec<String>> {
    tokio::time::timeout(PROBE_TIMEOUT, probe(base)).await.ok()?
}

async fn probe(base: &str) -> Option<Vec<String>> {
    let client = reqwest::Client::builder().no_proxy().build().ok()?;
    let url = format!("{}/api/tags", base.trim_end_matches('/'));
    let answer = client.get(url).send().await.ok()?.error_for_status().ok()?;
    let tags: Tags = answer.json().await.ok()?;
    Some(tags.models.into_iter().map(|tag| tag.name).collect())
}
