//! One request, one streamed reply.

use async_trait::async_trait;
use countersign_ports::model_provider::{ModelError, ModelProvider, ModelReply, ModelRequest};
use reqwest::Client;
use reqwest::header::{ACCEPT, HeaderName, HeaderValue};
use tokio::sync::mpsc;
use url::Url;

use super::accumulate::Accumulator;
use super::event::{Event, Failure, Message};
use super::request::body;
use super::settings::AnthropicSettings;
use crate::config::ConfigError;
use crate::providers::server::{
    FromEvents, Piece, ServerSettings, beside, client, is_json, offered, read_error, read_stream,
    read_whole, send, shown,
};

/// The form of the protocol that is spoken.
const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

/// A server with the Messages API.
#[derive(Debug)]
pub struct Anthropic {
    settings: AnthropicSettings,
    endpoint: Url,
    client: Client,
}

impl Anthropic {
    /// A provider for this server. Nothing is sent yet.
    ///
    /// # Panics
    ///
    /// If the process has no default TLS provider.
    pub fn new(settings: AnthropicSettings) -> Result<Self, ConfigError> {
        let server = &settings.server;
        let endpoint = server.endpoint(whole_path, "https://api.anthropic.com")?;
        let mut headers = server.header_map(HeaderName::from_static("x-api-key"), str::to_owned)?;
        let (name, version) = VERSION;
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(version));
        let client = client(server, &endpoint, headers)?;
        Ok(Self { settings, endpoint, client })
    }
}

#[async_trait]
impl ModelProvider for Anthropic {
    fn model(&self) -> &str {
        &self.settings.server.model
    }

    fn context_tokens(&self) -> usize {
        self.settings.server.context_tokens
    }

    async fn complete(
        &self,
        request: &ModelRequest,
        deltas: &mpsc::Sender<String>,
    ) -> Result<ModelReply, ModelError> {
        let server = &self.settings.server;
        let thinker = self.settings.thinker(request.model.as_deref());
        let request = self
            .client
            .post(self.endpoint.clone())
            .header(ACCEPT, "text/event-stream, application/json")
            .json(&body(request, &self.settings));
        let answer = send(request, server).await?;
        if !answer.status().is_success() {
            return Err(read_error(answer, server).await);
        }
        let mut reply =
            MessageReply { parts: Accumulator::new(server.max_reply_bytes), settings: server };
        if is_json(&answer) {
            let whole = read_whole(answer, server, &reply).await?;
            let text = reply.add_whole(&whole)?;
            if !text.is_empty() {
                // Whoever asked may no longer want the pieces; the reply still is complete.
                deltas.send(text).await.ok();
            }
        } else {
            read_stream(answer, server, &mut reply, deltas).await?;
        }
        reply.parts.reply(thinker)
    }

    async fn offered(&self) -> Result<Option<Vec<String>>, ModelError> {
        let mut list = beside(&self.endpoint, "/messages");
        // They come in parts; nobody has more than the longest.
        list.query_pairs_mut().append_pair("limit", "1000");
        offered(self.client.get(list), &self.settings.server).await.map(Some)
    }
}

/// The Messages API below an address with or without `/v1`.
fn whole_path(base: &str) -> String {
    match base {
        whole if whole.ends_with("/v1/messages") => whole.to_owned(),
        versioned if versioned.ends_with("/v1") => format!("{versioned}/messages"),
        base => format!("{base}/v1/messages"),
    }
}

/// A reply in the making, as this server sends it.
struct MessageReply<'s> {
    parts: Accumulator,
    settings: &'s ServerSettings,
}

impl MessageReply<'_> {
    /// Takes in an answer that is no stream, and gives back its text.
    fn add_whole(&mut self, whole: &str) -> Result<String, ModelError> {
        let message: Message = serde_json::from_str(whole)
            .map_err(|error| ModelError::Unreadable(format!("it is no message: {error}")))?;
        self.parts.count(message.usage.unwrap_or_default());
        let mut text = String::new();
        for (index, block) in (0..).zip(message.content) {
            text += &self.parts.begin(index, block)?;
            self.parts.end(index);
        }
        if let Some(reason) = message.stop_reason {
            text += &self.parts.stop(reason)?;
        }
        Ok(text)
    }

    fn failed(&self, failure: &Failure) -> ModelError {
        let message = shown(&failure.message, self.settings);
        match failure.status() {
            Some(status) => ModelError::Status { status, message, retry_after: None },
            None => ModelError::Broken(message),
        }
    }
}

impl FromEvents for MessageReply<'_> {
    fn take(&mut self, event: &str) -> Result<Piece, ModelError> {
        let event: Event = serde_json::from_str(event)
            .map_err(|error| ModelError::Unreadable(format!("a piece of it is none: {error}")))?;
        let text = match event {
            Event::MessageStart { message } => {
                self.parts.count(message.usage.unwrap_or_default());
                String::new()
            }
            Event::ContentBlockStart { index, content_block } => {
                self.parts.begin(index, content_block)?
            }
            Event::ContentBlockDelta { index, delta } => self.parts.add(index, delta)?,
            Event::ContentBlockStop { index } => {
                self.parts.end(index);
                String::new()
            }
            Event::MessageDelta { delta, usage } => {
                self.parts.count(usage.unwrap_or_default());
                delta.stop_reason.map_or(Ok(String::new()), |reason| self.parts.stop(reason))?
            }
            Event::MessageStop if self.parts.is_finished() => return Ok(Piece::Last),
            Event::MessageStop => {
                return Err(ModelError::Broken("it ends without a reason".to_owned()));
            }
            Event::Error { error } => return Err(self.failed(&error)),
            Event::Other => String::new(),
        };
        Ok(Piece::Text(text))
    }

    fn is_finished(&self) -> bool {
        self.parts.is_finished()
    }
}
