//! Requests to the Graph API.

use std::time::Duration;

use bytes::Bytes;
use countersign_ports::causes::with_causes;
use countersign_ports::secret::Secret;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::config::Settings;
use super::refusal::Refusal;
use crate::client::limited;
use crate::files::PATIENCE;
use crate::transport::SendError;

/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The largest answer that is read.
const LARGEST: u64 = 1024 * 1024;

/// What a gateway is asked to say again.
const CHALLENGE: &str = "countersign-1158201444";

/// The API, as one app reaches it.
pub(super) struct Graph {
    client: Client,
    /// `https://graph.facebook.com/v23.0`.
    base: String,
    number: String,
    token: Secret,
}

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum GraphError {
    /// Nothing was said to the API.
    #[error("the Cloud API cannot be reached: {0}")]
    NotConnected(String),
    /// It may have been taken.
    #[error("the Cloud API did not answer: {0}")]
    Broken(String),
    /// It was not taken.
    #[error("{}", .0.says())]
    Refused(Box<Refusal>),
}

#[derive(Deserialize)]
struct Refused {
    error: Refusal,
}

impl From<GraphError> for SendError {
    fn from(error: GraphError) -> Self {
        match error {
            GraphError::NotConnected(_) => Self::NotReached(error.to_string()),
            GraphError::Broken(_) => Self::Unknown(error.to_string()),
            GraphError::Refused(refusal) => refusal.of_sending(),
        }
    }
}

impl Graph {
    /// The API of `settings`. Nothing is connected yet. Needs a TLS provider for the process.
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())?;
        let graph = settings.graph.as_str().trim_end_matches('/');
        Ok(Self {
            client,
            base: format!("{graph}/{}", settings.api_version),
            number: settings.phone_number_id.clone(),
            token: settings.access_token.clone(),
        })
    }

    /// What is said of the number itself.
    pub(super) async fn number(&self, fields: &str) -> Result<Value, GraphError> {
        // The fields are our own words.
        let url = format!("{}/{}?fields={fields}", self.base, self.number);
        ask(self.signed(self.client.get(url))).await
    }

    /// Posts to something of the number, such as `messages`.
    pub(super) async fn post(&self, what: &str, body: &Value) -> Result<Value, GraphError> {
        let url = format!("{}/{}/{what}", self.base, self.number);
        ask(self.signed(self.client.post(url)).json(body)).await
    }

    /// Uploads a file.
    pub(super) async fn upload(
        &self,
        content_type: String,
        body: Vec<u8>,
    ) -> Result<Value, GraphError> {
        let url = format!("{}/{}/media", self.base, self.number);
        let request = self.client.post(url).header(CONTENT_TYPE, content_type).timeout(PATIENCE);
        ask(self.signed(request).body(body)).await
    }

    /// What is said of a file, with the place where it is.
    pub(super) async fn media(&self, id: &str) -> Result<Value, GraphError> {
        let url = format!("{}/{id}?phone_number_id={}", self.base, self.number);
        ask(self.signed(self.client.get(url))).await
    }

    /// What is at a place that the API has named; nothing if that is more than `most` bytes.
    pub(super) async fn bytes(&self, url: Url, most: u64) -> Result<Option<Bytes>, GraphError> {
        let request = self.signed(self.client.get(url).timeout(PATIENCE));
        let answer = request.send().await;
        let mut answer = answer.map_err(|error| GraphError::NotConnected(words(&error)))?;
        if !answer.status().is_success() {
            return Err(GraphError::Broken(format!("HTTP {}", answer.status())));
        }
        let read = limited(&mut answer, most).await;
        read.map_err(|error| GraphError::Broken(words(&error)))
    }

    /// Whether a gateway at this address answers as Meta wants it.
    pub(super) async fn hears_challenge(
        &self,
        address: &str,
        settings: &Settings,
    ) -> Result<(), String> {
        let asked = [
            ("hub.mode", "subscribe"),
            ("hub.verify_token", settings.verify_token.expose()),
            ("hub.challenge", CHALLENGE),
        ];
        let url = Url::parse_with_params(address, asked).map_err(|error| error.to_string())?;
        let answer = self.client.get(url).send().await.map_err(|error| words(&error))?;
        let status = answer.status();
        let said = body(answer).await.map_err(|error| error.to_string())?;
        if status.is_success() && said == CHALLENGE.as_bytes() {
            return Ok(());
        }
        Err(format!("it answers HTTP {status}, and not with what it was asked for"))
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.token.expose())
    }
}

async fn ask(request: RequestBuilder) -> Result<Value, GraphError> {
    let answer = request.send().await.map_err(|error| {
        let why = words(&error);
        if error.is_connect() { GraphError::NotConnected(why) } else { GraphError::Broken(why) }
    })?;
    let status = answer.status();
    let bytes = body(answer).await?;
    if status.is_success() {
        return serde_json::from_slice(&bytes)
            .map_err(|error| GraphError::Broken(format!("its answer cannot be read: {error}")));
    }
    match serde_json::from_slice::<Refused>(&bytes) {
        Ok(refused) if refused.error.code != 0 => Err(GraphError::Refused(Box::new(refused.error))),
        // What does not speak as the API does may be anything between here and there.
        Ok(_) | Err(_) => Err(GraphError::Broken(format!("HTTP {status}"))),
    }
}

async fn body(mut answer: Response) -> Result<Bytes, GraphError> {
    let read = limited(&mut answer, LARGEST).await;
    let read = read.map_err(|error| GraphError::Broken(words(&error)))?;
    read.ok_or_else(|| GraphError::Broken("its answer is too long".to_owned()))
}

/// An error with its causes, without the address.
fn words(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() { "it took too long" } else { "the connection failed" };
    with_causes(what, error)
}
