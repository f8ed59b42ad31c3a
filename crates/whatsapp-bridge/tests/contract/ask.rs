//! Asking a bridge.

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// Somebody who asks.
pub(crate) struct Asker {
    url: String,
    token: Option<String>,
    client: Client,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    pub(crate) bytes: Vec<u8>,
}

impl Asker {
    pub(crate) fn new(url: String, token: Option<&str>) -> Self {
        // Nothing here is encrypted, but a client wants to know how it could be.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { url, token: token.map(str::to_owned), client }
    }

    /// Where the bridge is, and what it is asked with.
    pub(crate) fn place(&self) -> (&str, &str) {
        (&self.url, self.token.as_deref().unwrap_or_default())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn ask(&self, request: RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let kept = answer.headers().get("cache-control").cloned();
        assert!(kept.is_none_or(|value| value == "no-store"));
        let bytes = answer.bytes().await.unwrap().to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status, body, bytes }
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    #[track_caller]
    pub(crate) fn refuses(self, status: u16, code: &str) {
        let body = self.is(status);
        assert_eq!(body["error"]["code"], code, "{body}");
        assert!(body["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    }
}
