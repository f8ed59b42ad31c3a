//! The HTTP client of a gateway: the one on this machine as its operator, or another with a key.

mod connect;
mod events;

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;
use crate::output::inert;

pub(crate) use connect::ConnectArgs;
pub(crate) use events::{Events, RECONNECTED, Record};

/// How long a gateway may take to begin an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway that can be asked.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

/// Why there is no answer, or not the one that was wanted.
#[derive(Debug)]
pub(crate) enum ClientError {
    /// Nobody answers.
    Unreachable(String),
    /// The gateway says no.
    Refused(Refusal),
}

/// What the gateway says when it says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) status: u16,
    /// The stable code.
    pub(crate) code: String,
    /// What it says, inert.
    pub(crate) message: String,
}

impl Client {
    /// A client of the gateway at `base` that proves itself with `key`.
    pub(crate) fn new(base: &str, key: &str) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none());
        // The gateway on this machine is never behind a proxy.
        let local = ["http://127.", "http://[::1]", "http://localhost"];
        let http =
            if local.iter().any(|start| base.starts_with(start)) { http.no_proxy() } else { http };
        Ok(Self {
            http: http.build().map_err(Failure::refused)?,
            base: base.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
        })
    }

    /// Reads.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.answer(self.request(Method::GET, path)).await
    }

    /// Changes or makes something.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<T, ClientError> {
        self.answer(self.request(Method::POST, path).json(body)).await
    }

    /// Makes something, once, however often the request arrives.
    pub(crate) async fn post_once<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<T, ClientError> {
        let key = uuid::Uuid::now_v7().to_string();
        let request = self.request(Method::POST, path);
        self.answer(request.header("Idempotency-Key", key).json(body)).await
    }

    /// Takes something away.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), ClientError> {
        let response = self.send(self.request(Method::DELETE, path)).await?;
        self.checked(response).await.map(drop)
    }

    /// Follows a stream of events.
    pub(crate) fn events(&self, path: &str) -> Events {
        Events::new(self.clone(), path.to_owned())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        match tokio::time::timeout(PATIENCE, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.unreachable(&root_cause(&error))),
            Err(_) => Err(self.unreachable("no answer within 30 seconds")),
        }
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let response = self.send(request).await?;
        let response = self.checked(response).await?;
        response
            .json()
            .await
            .map_err(|error| self.unreachable(&format!("an answer that cannot be read: {error}")))
    }

    async fn checked(&self, response: Response) -> Result<Response, ClientError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body: Value = response.json().await.unwrap_or_default();
        let field = |name: &str| body.pointer(&format!("/error/{name}")).and_then(Value::as_str);
        Err(ClientError::Refused(Refusal {
            status: status.as_u16(),
            code: inert(field("code").unwrap_or("unknown")),
            message: inert(field("message").unwrap_or("the gateway gave no reason")),
        }))
    }

    fn unreachable(&self, why: &str) -> ClientError {
        ClientError::Unreachable(format!("the gateway at {} cannot be reached: {why}", self.base))
    }
}

fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Unreachable(text) => Self::Unreachable(text),
            ClientError::Refused(Refusal { status: 401, .. }) => Self::Refused(
                "the gateway does not accept this key; make one with `countersign keys create`"
                    .to_owned(),
            ),
            ClientError::Refused(refusal) => {
                Self::Refused(format!("{} ({})", refusal.message, refusal.code))
            }
        }
    }
}
