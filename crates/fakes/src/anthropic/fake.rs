//! The server: what it was asked, and what it answers next.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use axum::routing::{get, post};
use futures::stream;
use serde_json::{Value, json};

use super::answer::{Answer, error, status};
use super::request;
use super::stream::{Issued, events};

/// The one key that is let in.
pub const KEY: &str = "sk-ant-fake-0123456789abcdef";

/// A server with the Messages API.
#[derive(Debug)]
pub struct FakeAnthropic {
    address: String,
    state: Shared,
}

type Shared = Arc<Mutex<World>>;

/// What the server knows.
#[derive(Debug, Default)]
pub(super) struct World {
    answers: VecDeque<Answer>,
    /// The bodies that were taken.
    taken: Vec<Value>,
    /// Why others were not.
    refused: Vec<String>,
    /// The messages that were given out.
    pub(super) issued: Vec<Issued>,
}

impl FakeAnthropic {
    /// A server that gives these answers, one a request.
    ///
    /// # Panics
    ///
    /// If it cannot listen.
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let world = World { answers: answers.into_iter().collect(), ..World::default() };
        let state = Arc::new(Mutex::new(world));
        let router =
            Router::new().route("/v1/messages", post(answer)).route("/v1/models", get(models));
        let router = router.with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address: format!("http://{address}"), state }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The bodies of the requests that were taken.
    pub fn taken(&self) -> Vec<Value> {
        lock(&self.state).taken.clone()
    }

    /// Why other requests were not: what the protocol does not allow.
    pub fn refused(&self) -> Vec<String> {
        lock(&self.state).refused.clone()
    }
}

fn lock(state: &Shared) -> MutexGuard<'_, World> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(state): State<Shared>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let mut world = lock(&state);
    if header(&headers, "x-api-key") != Some(KEY) {
        return refusal("authentication_error", "invalid x-api-key", None);
    }
    let checked = request::read(&body)
        .and_then(|body| request::check(&headers, &body, &world.issued).map(|()| body));
    let body = match checked {
        Ok(body) => body,
        Err(problem) => {
            world.refused.push(problem.clone());
            return refusal("invalid_request_error", &problem, None);
        }
    };
    let streamed = body.get("stream").and_then(Value::as_bool) == Some(true);
    let model = body.get("model").and_then(Value::as_str).unwrap_or_default().to_owned();
    world.taken.push(body);
    match world.answers.pop_front() {
        None => refusal("api_error", "the script has no further answer", None),
        Some(Answer::Refusal { kind, message, retry_after }) => refusal(kind, message, retry_after),
        Some(Answer::Message(blocks, end)) => {
            let n = world.issued.len();
            let (issued, events) = events((n, &model), &blocks, end);
            world.issued.push(issued);
            let kind = if streamed { "text/event-stream; charset=utf-8" } else { "text/plain" };
            let pieces = stream::iter(events.into_iter().map(Ok::<_, Infallible>));
            Response::builder()
                .header("content-type", kind)
                .header("request-id", "req_fake")
                .body(Body::from_stream(pieces))
                .expect("an answer")
        }
    }
}

async fn models(headers: HeaderMap) -> Response<Body> {
    if header(&headers, "x-api-key") != Some(KEY) {
        return refusal("authentication_error", "invalid x-api-key", None);
    }
    if header(&headers, "anthropic-version").is_none() {
        return refusal("invalid_request_error", "anthropic-version: header is required", None);
    }
    let models = json!([{"type": "model", "id": "claude-test", "display_name": "Test"}]);
    let list = json!({"data": models, "has_more": false, "first_id": null, "last_id": null});
    Response::builder()
        .header("content-type", "application/json")
        .body(Body::from(list.to_string()))
        .expect("an answer")
}

fn refusal(kind: &str, message: &str, retry_after: Option<&str>) -> Response<Body> {
    let answer =
        Response::builder().status(status(kind)).header("content-type", "application/json");
    let answer = match retry_after {
        Some(value) => answer.header("retry-after", value),
        None => answer,
    };
    answer.body(Body::from(error(kind, message).to_string())).expect("an answer")
}

pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
