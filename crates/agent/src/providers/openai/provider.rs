//! One request, one streamed reply.

use async_trait::async_trait;
use countersign_ports::model_provider::{ModelError, ModelProvider, ModelReply, ModelRequest};
use reqwest::Client;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use tokio::sync::mpsc;
use url::Url;

use super::accumulate::Accumulator;
use super::chunk::Chunk;
use super::request::body;
use crate::config::ConfigError;
use crate::providers::server::{
    FromEvents, Piece, ServerSettings, beside, client, error_in_stream, is_json, offered,
    read_error, read_stream, read_whole, send,
};

/// A server with OpenAI-compatible chat completions.
#[derive(Debug)]
pub struct OpenAi {
    settings: ServerSettings,
    endpoint: Url,
    client: Client,
}

impl OpenAi {
    /// A provider for this server. Nothing is sent yet.
    ///
    /// # Panics
    ///
    /// If the process has no default TLS provider.
    pub fn new(settings: ServerSettings) -> Result<Self, ConfigError> {
        let endpoint = settings.endpoint(whole_path, "https://api.openai.com/v1")?;
        let headers = settings.header_map(AUTHORIZATION, |key| format!("Bearer {key}"))?;
        let client = client(&settings, &endpoint, headers)?;
        Ok(Self { settings, endpoint, client })
    }
}

#[async_trait]
impl ModelProvider for OpenAi {
    fn model(&self) -> &str {
        &self.settings.model
    }

    fn context_tokens(&self) -> usize {
        self.settings.context_tokens
    }

    async fn complete(
        &self,
        request: &ModelRequest,
        deltas: &mpsc::Sender<String>,
    ) -> Result<ModelReply, ModelError> {
        let request = self
            .client
            .post(self.endpoint.clone())
            .header(ACCEPT, "text/event-stream, application/json")
            .json(&body(request, &self.settings.model));
        let answer = send(request, &self.settings).await?;
        if !answer.status().is_success() {
            return Err(read_error(answer, &self.settings).await);
        }
        let mut reply = ChatReply {
            parts: Accumulator::new(self.settings.max_reply_bytes),
            settings: &self.settings,
        };
        if is_json(&answer) {
            let whole = read_whole(answer, &self.settings, &reply).await?;
            let text = reply.add(&whole)?;
            if !text.is_empty() {
                // Whoever asked may no longer want the pieces; the reply still is complete.
                deltas.send(text).await.ok();
            }
        } else {
            read_stream(answer, &self.settings, &mut reply, deltas).await?;
        }
        Ok(reply.parts.reply())
    }

    async fn offered(&self) -> Result<Option<Vec<String>>, ModelError> {
        let request = self.client.get(beside(&self.endpoint, "/chat/completions"));
        offered(request, &self.settings).await.map(Some)
    }
}

/// Chat completions below an address with or without `/v1`.
fn whole_path(base: &str) -> String {
    match base {
        "" => "/v1/chat/completions".to_owned(),
        whole if whole.ends_with("/chat/completions") => whole.to_owned(),
        base => format!("{base}/chat/completions"),
    }
}

/// A reply in the making, as this server sends it.
struct ChatReply<'s> {
    parts: Accumulator,
    settings: &'s ServerSettings,
}

impl ChatReply<'_> {
    /// Takes in a piece, or a whole answer, and gives back its text.
    fn add(&mut self, event: &str) -> Result<String, ModelError> {
        let chunk: Chunk = serde_json::from_str(event).map_err(|error| {
            ModelError::Unreadable(format!("a piece of it is no JSON: {error}"))
        })?;
        if let Some(error) = chunk.error.as_ref().filter(|error| !error.is_null()) {
            return Err(error_in_stream(error, self.settings));
        }
        self.parts.add(chunk)
    }
}

impl FromEvents for ChatReply<'_> {
    fn take(&mut self, event: &str) -> Result<Piece, ModelError> {
        if event.trim() == "[DONE]" {
            return Ok(Piece::Last);
        }
        self.add(event).map(Piece::Text)
    }

    fn is_finished(&self) -> bool {
        self.parts.is_finished()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_address_may_come_with_or_without_its_version() {
        let endpoint = |base: &str| {
            let base_url = base.to_owned();
            ServerSettings { base_url, ..ServerSettings::default() }.endpoint(whole_path, "x")
        };
        for (base, expected) in [
            ("http://h:1", "http://h:1/v1/chat/completions"),
            ("http://h:1/", "http://h:1/v1/chat/completions"),
            ("http://h:1/v1", "http://h:1/v1/chat/completions"),
            ("http://h:1/api/v1/", "http://h:1/api/v1/chat/completions"),
            ("https://h/v1beta/openai", "https://h/v1beta/openai/chat/completions"),
            ("https://h/x/chat/completions", "https://h/x/chat/completions"),
            ("https://h/v1?api-version=2", "https://h/v1/chat/completions?api-version=2"),
        ] {
            assert_eq!(endpoint(base).map(String::from), Ok(expected.to_owned()));
        }
        for base in ["", "localhost:1234", "ftp://h", "https://u:p@h/"] {
            assert_eq!(endpoint(base).unwrap_err().key, "model.base_url");
        }
    }
}
