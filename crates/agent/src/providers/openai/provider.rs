//! One request, one streamed reply.

use std::time::Duration;

use async_trait::async_trait;
use countersign_ports::causes::with_causes;
use countersign_ports::model_provider::{ModelError, ModelProvider, ModelReply, ModelRequest};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, Response, redirect};
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::{Host, Url};

use super::accumulate::Accumulator;
use super::answer_error::{error_in_stream, read_error};
use super::chunk::Chunk;
use super::offer;
use super::request::body;
use super::settings::OpenAiSettings;
use super::sse::EventReader;
use crate::config::ConfigError;

/// How long usage and the end mark may take after the model has said that it is done.
const AFTERWORD: Duration = Duration::from_secs(5);

/// What the wire may add to a reply: names and ids around every piece of it.
const WIRE_FACTOR: usize = 64;

/// A server with OpenAI-compatible chat completions.
#[derive(Debug)]
pub struct OpenAi {
    settings: OpenAiSettings,
    endpoint: Url,
    client: Client,
}

impl OpenAi {
    /// A provider for this server. Nothing is sent yet.
    ///
    /// # Panics
    ///
    /// If the process has no default TLS provider.
    pub fn new(settings: OpenAiSettings) -> Result<Self, ConfigError> {
        let endpoint = settings.endpoint()?;
        let mut builder = Client::builder()
            .connect_timeout(settings.connect_timeout)
            // A key must not follow a redirect to another server.
            .redirect(redirect::Policy::none())
            .default_headers(settings.header_map()?)
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")));
        if is_local(&endpoint) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| ConfigError {
            key: "model.base_url",
            problem: format!(
                "no HTTP client: {}",
                settings.without_secrets(&with_causes(error.to_string(), &error))
            ),
        })?;
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
        let answer = self.send(request).await?;
        if !answer.status().is_success() {
            return Err(read_error(answer, &self.settings).await);
        }
        if is_json(&answer) {
            self.read_whole(answer, deltas).await
        } else {
            self.read_stream(answer, deltas).await
        }
    }

    async fn offered(&self) -> Result<Option<Vec<String>>, ModelError> {
        let request = self.client.get(offer::address(&self.endpoint));
        offer::read(request, &self.settings).await.map(Some)
    }
}

impl OpenAi {
    async fn send(&self, request: &ModelRequest) -> Result<Response, ModelError> {
        let sending = self
            .client
            .post(self.endpoint.clone())
            .header(ACCEPT, "text/event-stream, application/json")
            .json(&body(request, &self.settings.model))
            .send();
        match timeout(self.settings.idle_timeout, sending).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(ModelError::Unreachable(self.words(error))),
            Err(_) => Err(ModelError::Silent(self.settings.idle_timeout)),
        }
    }

    async fn read_stream(
        &self,
        mut answer: Response,
        deltas: &mpsc::Sender<String>,
    ) -> Result<ModelReply, ModelError> {
        let limit = self.settings.max_reply_bytes;
        let mut events = EventReader::new(limit.saturating_mul(2));
        let mut reply = Accumulator::new(limit);
        let mut read = 0_usize;
        while let Some(bytes) = self.next_bytes(&mut answer, &reply).await? {
            read = read.saturating_add(bytes.len());
            if read > limit.saturating_mul(WIRE_FACTOR) {
                return Err(too_large(limit));
            }
            for event in events.push(&bytes).map_err(|_| too_large(limit))? {
                if event.trim() == "[DONE]" {
                    return Ok(reply.reply());
                }
                self.take(&event, &mut reply, deltas).await?;
            }
        }
        match events.finish() {
            Some(event) if event.trim() == "[DONE]" => return Ok(reply.reply()),
            // Half an event is no event.
            Some(event) if serde_json::from_str::<Chunk>(&event).is_ok() => {
                self.take(&event, &mut reply, deltas).await?;
            }
            Some(_) | None => {}
        }
        if reply.is_finished() {
            Ok(reply.reply())
        } else {
            Err(ModelError::Broken("the stream ended in the middle".to_owned()))
        }
    }

    /// The next bytes of the stream; `None` at its end, or when a finished reply gets no afterword.
    async fn next_bytes(
        &self,
        answer: &mut Response,
        reply: &Accumulator,
    ) -> Result<Option<Vec<u8>>, ModelError> {
        let patience = if reply.is_finished() {
            AFTERWORD.min(self.settings.idle_timeout)
        } else {
            self.settings.idle_timeout
        };
        match timeout(patience, answer.chunk()).await {
            Ok(Ok(bytes)) => Ok(bytes.map(|bytes| bytes.to_vec())),
            Ok(Err(_)) | Err(_) if reply.is_finished() => Ok(None),
            Ok(Err(error)) => Err(ModelError::Broken(self.words(error))),
            Err(_) => Err(ModelError::Silent(patience)),
        }
    }

    async fn take(
        &self,
        event: &str,
        reply: &mut Accumulator,
        deltas: &mpsc::Sender<String>,
    ) -> Result<(), ModelError> {
        let chunk: Chunk = serde_json::from_str(event).map_err(|error| {
            ModelError::Unreadable(format!("a piece of it is no JSON: {error}"))
        })?;
        if let Some(error) = chunk.error.as_ref().filter(|error| !error.is_null()) {
            return Err(error_in_stream(error, &self.settings));
        }
        let text = reply.add(chunk)?;
        if !text.is_empty() {
            // Whoever asked may no longer want the pieces; the reply still is complete.
            deltas.send(text).await.ok();
        }
        Ok(())
    }

    async fn read_whole(
        &self,
        mut answer: Response,
        deltas: &mpsc::Sender<String>,
    ) -> Result<ModelReply, ModelError> {
        let limit = self.settings.max_reply_bytes;
        let mut reply = Accumulator::new(limit);
        let mut whole = Vec::new();
        while let Some(bytes) = self.next_bytes(&mut answer, &reply).await? {
            whole.extend_from_slice(&bytes);
            if whole.len() > limit.saturating_mul(2) {
                return Err(too_large(limit));
            }
        }
        self.take(&String::from_utf8_lossy(&whole), &mut reply, deltas).await?;
        Ok(reply.reply())
    }

    fn words(&self, error: reqwest::Error) -> String {
        let error = error.without_url();
        self.settings.without_secrets(&with_causes(error.to_string(), &error))
    }
}

/// Whether the server is on this machine, where no proxy leads.
fn is_local(endpoint: &Url) -> bool {
    match endpoint.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn too_large(limit: usize) -> ModelError {
    ModelError::Unreadable(format!("it is larger than the {limit} bytes that are allowed"))
}

fn is_json(answer: &Response) -> bool {
    let kind = answer.headers().get(CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"))
}
