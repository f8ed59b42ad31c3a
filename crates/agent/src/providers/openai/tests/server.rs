//! A server that answers each request with the next of its scripted answers and remembers what
//! it was asked.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, Uri};
use countersign_ports::model_provider::{
    ModelError, ModelMessage, ModelProvider as _, ModelReply, ModelRequest, ToolSpec,
};
use futures::StreamExt as _;
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::config::Secret;
use crate::providers::openai::OpenAi;
use crate::providers::server::ServerSettings;
use crate::tools::testing::install_tls;

pub(crate) const KEY: &str = "top-secret-api-key";

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) pieces: Vec<String>,
    pub(crate) end: End,
}

/// What follows the last piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Proper,
    Hang,
}

impl Answer {
    /// A stream of these events; each is the data of one.
    pub(crate) fn stream<T: ToString>(events: impl IntoIterator<Item = T>) -> Self {
        let events = events.into_iter();
        Self {
            status: 200,
            headers: vec![("content-type", "text/event-stream".to_owned())],
            pieces: events.map(|event| format!("data: {}\n\n", event.to_string())).collect(),
            end: End::Proper,
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            pieces: vec![body.to_string()],
            end: End::Proper,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn then_hang(mut self) -> Self {
        self.end = End::Hang;
        self
    }
}

#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        install_tls();
        let script = Script {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            asked: Arc::default(),
        };
        let asked = Arc::clone(&script.asked);
        let router = Router::new().fallback(answer).with_state(script);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, asked }
    }

    pub(crate) fn settings(&self) -> ServerSettings {
        ServerSettings {
            base_url: self.address.clone(),
            model: "default-model".to_owned(),
            api_key: Some(Secret::new(KEY)),
            idle_timeout: Duration::from_secs(30),
            ..ServerSettings::default()
        }
    }

    /// Settings for a server from which nothing is expected any more.
    pub(crate) fn impatient(&self) -> ServerSettings {
        ServerSettings { idle_timeout: Duration::from_millis(300), ..self.settings() }
    }

    pub(crate) async fn complete(&self) -> (Result<ModelReply, ModelError>, String) {
        complete(self.settings()).await
    }
}

async fn answer(
    State(script): State<Script>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    script.asked.lock().unwrap().push(Asked {
        path: uri.path().to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    });
    let answer = script.answers.lock().unwrap().pop_front().expect("no answer left");
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    let pieces = stream::iter(answer.pieces.into_iter().map(Ok::<_, Infallible>));
    let body = match answer.end {
        End::Proper => Body::from_stream(pieces),
        End::Hang => Body::from_stream(pieces.chain(stream::pending())),
    };
    response.body(body).unwrap()
}

pub(crate) fn request() -> ModelRequest {
    ModelRequest {
        model: None,
        messages: vec![ModelMessage::User("hi".to_owned())],
        tools: vec![ToolSpec {
            name: "terminal",
            description: "runs",
            parameters: json!({"type": "object"}),
        }],
    }
}

/// The reply, and its deltas joined.
pub(crate) async fn complete(settings: ServerSettings) -> (Result<ModelReply, ModelError>, String) {
    let provider = OpenAi::new(settings).unwrap();
    let (sender, mut receiver) = mpsc::channel::<String>(16);
    let collecting = tokio::spawn(async move {
        let mut text = String::new();
        while let Some(piece) = receiver.recv().await {
            text.push_str(&piece);
        }
        text
    });
    let reply = provider.complete(&request(), &sender).await;
    drop(sender);
    (reply, collecting.await.unwrap())
}

pub(crate) fn text(content: &str) -> String {
    json!({"choices": [{"index": 0, "delta": {"content": content}}]}).to_string()
}

pub(crate) fn finish(reason: &str) -> String {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}).to_string()
}

pub(crate) fn calls(pieces: &Value) -> String {
    json!({"choices": [{"index": 0, "delta": {"tool_calls": pieces}}]}).to_string()
}
