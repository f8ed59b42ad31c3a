//! Requests to the server.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use countersign_ports::platform::PlatformError;
use countersign_ports::secret::Secret;
use futures::StreamExt as _;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::lane::{Lane, Urgency};
use crate::wire::AppError;

/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The longest answer that is read, besides files.
const MOST: u64 = 8 * 1024 * 1024;

/// When the server will take so few requests more, only cards go on their way.
const SPARE: u64 = 10;

/// So many pauses in a row are waited for.
const PATIENCE: u32 = 60;

/// The pause after a refusal that names none.
const PAUSE: Duration = Duration::from_secs(1);

/// One server, as one bot reaches it.
pub(crate) struct Rest {
    client: Client,
    base: Url,
    token: Secret,
    lane: Lane,
    /// Until when only cards are sent.
    spared: Mutex<Option<Instant>>,
}

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RestError {
    /// The token is none, or none any more.
    #[error("the server does not accept the token")]
    Token,
    /// The bot may not.
    #[error("the bot may not do that: {}", .0.message)]
    Forbidden(AppError),
    /// There is no such thing, or not for this bot.
    #[error("there is no such thing: {}", .0.message)]
    Missing(AppError),
    /// Too much at one time.
    #[error("the server wants a pause of {0:?}")]
    SlowDown(Duration),
    /// It will not work.
    #[error("HTTP {}: {}", .0, .1.message)]
    Refused(u16, AppError),
    /// It may work later.
    #[error("{0}")]
    Unavailable(String),
}

impl From<RestError> for PlatformError {
    fn from(error: RestError) -> Self {
        match error {
            RestError::SlowDown(pause) => Self::SlowDown(pause),
            RestError::Unavailable(why) => Self::Unavailable(why),
            // Whoever makes a new token wants what was owed meanwhile.
            RestError::Token => Self::Unavailable(error.to_string()),
            RestError::Forbidden(_) | RestError::Missing(_) | RestError::Refused(_, _) => {
                Self::Refused(error.to_string())
            }
        }
    }
}

impl Rest {
    /// The server at `base`. Needs a TLS provider for the process.
    pub(crate) fn new(base: Url, token: Secret) -> Result<Self, String> {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, base, token, lane: Lane::default(), spared: Mutex::default() })
    }

    /// The server's own address.
    pub(crate) const fn base(&self) -> &Url {
        &self.base
    }

    /// What the bot proves itself with.
    pub(crate) const fn token(&self) -> &Secret {
        &self.token
    }

    /// What is at `path`.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, RestError> {
        self.call(Urgency::Text, Method::GET, path, None).await
    }

    /// Sends `body` there, and reads the answer.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        urgency: Urgency,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, RestError> {
        let response = self.send(urgency, method, path, body).await?;
        parsed(&read(response, MOST).await?)
    }

    /// The same for what can wait: it is sent again after each pause that the server wants.
    pub(crate) async fn patiently<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, RestError> {
        let mut left = PATIENCE;
        loop {
            match self.call(Urgency::Idle, method.clone(), path, body).await {
                Err(RestError::SlowDown(pause)) if left > 0 => {
                    left -= 1;
                    tokio::time::sleep(pause).await;
                }
                done => return done,
            }
        }
    }

    /// Sends `body` there; the answer does not matter.
    pub(crate) async fn tell(
        &self,
        urgency: Urgency,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(), RestError> {
        self.send(urgency, method, path, body).await.map(drop)
    }

    /// Sends bytes there, in a time of its own, and reads the answer.
    pub(crate) async fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        content: Bytes,
        patience: Duration,
    ) -> Result<T, RestError> {
        self.wait_for_room().await;
        let _pass = self.lane.turn(Urgency::Text).await;
        let request = self
            .request(Method::POST, path)
            .header(CONTENT_TYPE, "application/octet-stream")
            .timeout(patience)
            .body(content);
        let response = request.send().await.map_err(|error| unreachable_server(&error))?;
        self.note_room(&response);
        parsed(&read(answered(response).await?, MOST).await?)
    }

    /// The bytes at `path`, unless there are more than `most`.
    pub(crate) async fn bytes(&self, path: &str, most: u64) -> Result<Bytes, RestError> {
        let response = self.send(Urgency::Text, Method::GET, path, None).await?;
        read(response, most).await
    }

    async fn send(
        &self,
        urgency: Urgency,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response, RestError> {
        if urgency != Urgency::Card {
            self.wait_for_room().await;
        }
        let _pass = self.lane.turn(urgency).await;
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.map_err(|error| unreachable_server(&error))?;
        self.note_room(&response);
        answered(response).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        // The path is made of checked ids and our own words.
        let url = format!("{}/api/v4/{path}", self.base.as_str().trim_end_matches('/'));
        self.client.request(method, url).bearer_auth(self.token.expose())
    }

    /// Whether only cards are sent at this time.
    pub(crate) fn is_short(&self) -> bool {
        self.spared_until().is_some_and(|until| Instant::now() < until)
    }

    fn spared_until(&self) -> Option<Instant> {
        *self.spared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn wait_for_room(&self) {
        if let Some(until) = self.spared_until() {
            tokio::time::sleep_until(until).await;
        }
    }

    fn note_room(&self, response: &Response) {
        let remaining = number(response, "x-ratelimit-remaining");
        let reset = number(response, "x-ratelimit-reset");
        if let (Some(remaining), Some(reset)) = (remaining, reset) {
            let until = Instant::now() + Duration::from_secs(reset.min(60));
            let mut spared = self.spared.lock().unwrap_or_else(PoisonError::into_inner);
            *spared = (remaining < SPARE).then_some(until);
        }
    }
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RestError> {
    serde_json::from_slice(bytes).map_err(|error| {
        RestError::Unavailable(format!("the server's answer is not as expected: {error}"))
    })
}

async fn answered(response: Response) -> Result<Response, RestError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(RestError::SlowDown(pause_wanted(&response)));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE && response.headers().contains_key("retry-after") {
        return Err(RestError::SlowDown(pause_wanted(&response)));
    }
    let bytes = read(response, MOST).await.unwrap_or_default();
    let error: AppError = serde_json::from_slice(&bytes).unwrap_or_default();
    Err(match status {
        StatusCode::UNAUTHORIZED => RestError::Token,
        StatusCode::FORBIDDEN => RestError::Forbidden(error),
        StatusCode::NOT_FOUND => RestError::Missing(error),
        // What is switched off on the server stays so until somebody switches it on.
        StatusCode::NOT_IMPLEMENTED => RestError::Refused(status.as_u16(), error),
        status if status.is_client_error() => RestError::Refused(status.as_u16(), error),
        status => RestError::Unavailable(format!("HTTP {status}: {}", error.message)),
    })
}

/// What `Retry-After` says: seconds, or a date.
fn pause_wanted(response: &Response) -> Duration {
    let text = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let seconds = text.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    let date = || {
        let date = httpdate::parse_http_date(text?).ok()?;
        date.duration_since(std::time::SystemTime::now()).ok()
    };
    seconds.or_else(date).unwrap_or(PAUSE).max(Duration::from_millis(100))
}

fn number(response: &Response, header: &str) -> Option<u64> {
    response.headers().get(header)?.to_str().ok()?.trim().parse().ok()
}

async fn read(response: Response, most: u64) -> Result<Bytes, RestError> {
    let too_long =
        || RestError::Refused(413, AppError { id: String::new(), message: "too long".to_owned() });
    if response.content_length().is_some_and(|length| length > most) {
        return Err(too_long());
    }
    let mut bytes = BytesMut::new();
    let mut stream = response.bytes_stream();
    while let Some(part) = stream.next().await {
        let part = part.map_err(|error| unreachable_server(&error))?;
        if (bytes.len() + part.len()) as u64 > most {
            return Err(too_long());
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes.freeze())
}

/// What went wrong on the way. The address is left out: it is in the configuration.
fn unreachable_server(error: &reqwest::Error) -> RestError {
    let what = if error.is_timeout() {
        "the server did not answer in time"
    } else if error.is_connect() {
        "the server cannot be reached"
    } else {
        "the connection to the server broke"
    };
    let mut source = std::error::Error::source(error);
    let mut cause = None;
    while let Some(inner) = source {
        cause = Some(inner.to_string());
        source = inner.source();
    }
    RestError::Unavailable(
        cause.map_or_else(|| what.to_owned(), |cause| format!("{what}: {cause}")),
    )
}
