//! Which models the server offers.

use std::time::Duration;

use countersign_ports::causes::with_causes;
use countersign_ports::model_provider::ModelError;
use reqwest::header::ACCEPT;
use reqwest::{RequestBuilder, Response};
use serde::Deserialize;
use tokio::time::timeout;
use url::Url;

use super::answer_error::read_error;
use super::settings::ServerSettings;

/// How long the list may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The longest list that is read, in bytes.
const LONGEST: usize = 8 * 1024 * 1024;

#[derive(Deserialize)]
struct Models {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

/// Where the list is: beside `replies`, where those are asked for.
pub(in crate::providers) fn beside(endpoint: &Url, replies: &str) -> Url {
    let mut url = endpoint.clone();
    let base = endpoint.path().trim_end_matches(replies);
    url.set_path(&format!("{base}/models"));
    url
}

/// The names in the list that `request` asks for.
pub(in crate::providers) async fn offered(
    request: RequestBuilder,
    settings: &ServerSettings,
) -> Result<Vec<String>, ModelError> {
    let reading = async {
        let answer = request.header(ACCEPT, "application/json").send().await;
        let answer = answer.map_err(|error| unreachable(error, settings))?;
        if !answer.status().is_success() {
            return Err(read_error(answer, settings).await);
        }
        let list: Models = serde_json::from_slice(&whole(answer, settings).await?)
            .map_err(|error| ModelError::Unreadable(format!("no list of models: {error}")))?;
        Ok(list.data.into_iter().map(|model| model.id).collect())
    };
    let patience = PATIENCE.min(settings.idle_timeout);
    timeout(patience, reading).await.unwrap_or(Err(ModelError::Silent(patience)))
}

async fn whole(mut answer: Response, settings: &ServerSettings) -> Result<Vec<u8>, ModelError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(error, settings))? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return Err(ModelError::Unreadable("the list of models is too long".to_owned()));
        }
    }
    Ok(body)
}

fn unreachable(error: reqwest::Error, settings: &ServerSettings) -> ModelError {
    let error = error.without_url();
    let words = with_causes(error.to_string(), &error);
    ModelError::Unreachable(settings.without_secrets(&words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_beside_where_replies_are_asked_for() {
        for (endpoint, replies, list) in [
            ("http://h:1/v1/chat/completions", "/chat/completions", "http://h:1/v1/models"),
            (
                "https://h/v1/chat/completions?api-version=2",
                "/chat/completions",
                "https://h/v1/models?api-version=2",
            ),
            ("https://h/v1/messages", "/messages", "https://h/v1/models"),
        ] {
            let endpoint = Url::parse(endpoint).unwrap();
            assert_eq!(beside(&endpoint, replies).as_str(), list);
        }
    }
}
