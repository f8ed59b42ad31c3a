//! One request, and the events of its answer.

use std::time::Duration;

use countersign_ports::causes::with_causes;
use countersign_ports::model_provider::ModelError;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde::de::IgnoredAny;
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::{Host, Url};

use super::settings::ServerSettings;
use super::sse::EventReader;
use crate::config::ConfigError;

/// How long usage and the end mark may take after the model has said that it is done.
const AFTERWORD: Duration = Duration::from_secs(5);

/// What the wire may add to a reply: names and ids around every piece of it.
const WIRE_FACTOR: usize = 64;

/// A reply that is put together from the events of a stream.
pub(in crate::providers) trait FromEvents {
    /// Takes in the data of an event.
    fn take(&mut self, event: &str) -> Result<Piece, ModelError>;

    /// Whether the model has said that it is done; what still comes is an afterword.
    fn is_finished(&self) -> bool;
}

/// What an event has brought.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::providers) enum Piece {
    /// Text to tell, possibly none.
    Text(String),
    /// The end of the reply.
    Last,
}

/// A client that sends these headers with every request to `endpoint`.
pub(in crate::providers) fn client(
    settings: &ServerSettings,
    endpoint: &Url,
    headers: HeaderMap,
) -> Result<Client, ConfigError> {
    let mut builder = Client::builder()
        .connect_timeout(settings.connect_timeout)
        // A key must not follow a redirect to another server.
        .redirect(redirect::Policy::none())
        .default_headers(headers)
        .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")));
    if is_local(endpoint) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| ConfigError {
        key: "model.base_url",
        problem: format!(
            "no HTTP client: {}",
            settings.without_secrets(&with_causes(error.to_string(), &error))
        ),
    })
}

/// The answer to `request`, whatever its status.
pub(in crate::providers) async fn send(
    request: RequestBuilder,
    settings: &ServerSettings,
) -> Result<Response, ModelError> {
    match timeout(settings.idle_timeout, request.send()).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(ModelError::Unreachable(words(error, settings))),
        Err(_) => Err(ModelError::Silent(settings.idle_timeout)),
    }
}

/// Has `reply` take in the events of `answer`, and tells their text.
pub(in crate::providers) async fn read_stream(
    mut answer: Response,
    settings: &ServerSettings,
    reply: &mut impl FromEvents,
    deltas: &mpsc::Sender<String>,
) -> Result<(), ModelError> {
    let limit = settings.max_reply_bytes;
    let mut events = EventReader::new(limit.saturating_mul(2));
    let mut read = 0_usize;
    while let Some(bytes) = next_bytes(&mut answer, settings, reply).await? {
        read = read.saturating_add(bytes.len());
        if read > limit.saturating_mul(WIRE_FACTOR) {
            return Err(too_large(limit));
        }
        for event in events.push(&bytes).map_err(|_| too_large(limit))? {
            if tell(reply.take(&event)?, deltas).await == Told::Last {
                return Ok(());
            }
        }
    }
    // Half an event is no event.
    if let Some(event) = events.finish()
        && (event.trim() == "[DONE]" || serde_json::from_str::<IgnoredAny>(&event).is_ok())
        && tell(reply.take(&event)?, deltas).await == Told::Last
    {
        return Ok(());
    }
    if reply.is_finished() {
        Ok(())
    } else {
        Err(ModelError::Broken("the stream ended in the middle".to_owned()))
    }
}

/// The body of an answer that is no stream.
pub(in crate::providers) async fn read_whole(
    mut answer: Response,
    settings: &ServerSettings,
    reply: &impl FromEvents,
) -> Result<String, ModelError> {
    let limit = settings.max_reply_bytes;
    let mut whole = Vec::new();
    while let Some(bytes) = next_bytes(&mut answer, settings, reply).await? {
        whole.extend_from_slice(&bytes);
        if whole.len() > limit.saturating_mul(2) {
            return Err(too_large(limit));
        }
    }
    Ok(String::from_utf8_lossy(&whole).into_owned())
}

/// Whether an answer is one JSON document, not a stream.
pub(in crate::providers) fn is_json(answer: &Response) -> bool {
    let kind = answer.headers().get(CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"))
}

/// That a reply is larger than `limit` bytes.
pub(in crate::providers) fn too_large(limit: usize) -> ModelError {
    ModelError::Unreadable(format!("it is larger than the {limit} bytes that are allowed"))
}

#[derive(PartialEq, Eq)]
enum Told {
    More,
    Last,
}

async fn tell(piece: Piece, deltas: &mpsc::Sender<String>) -> Told {
    match piece {
        Piece::Text(text) => {
            if !text.is_empty() {
                // Whoever asked may no longer want the pieces; the reply still is complete.
                deltas.send(text).await.ok();
            }
            Told::More
        }
        Piece::Last => Told::Last,
    }
}

/// The next bytes of the answer; `None` at its end, or when a finished reply gets no afterword.
async fn next_bytes(
    answer: &mut Response,
    settings: &ServerSettings,
    reply: &impl FromEvents,
) -> Result<Option<Vec<u8>>, ModelError> {
    let patience = if reply.is_finished() {
        AFTERWORD.min(settings.idle_timeout)
    } else {
        settings.idle_timeout
    };
    match timeout(patience, answer.chunk()).await {
        Ok(Ok(bytes)) => Ok(bytes.map(|bytes| bytes.to_vec())),
        Ok(Err(_)) | Err(_) if reply.is_finished() => Ok(None),
        Ok(Err(error)) => Err(ModelError::Broken(words(error, settings))),
        Err(_) => Err(ModelError::Silent(patience)),
    }
}

fn words(error: reqwest::Error, settings: &ServerSettings) -> String {
    let error = error.without_url();
    settings.without_secrets(&with_causes(error.to_string(), &error))
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
