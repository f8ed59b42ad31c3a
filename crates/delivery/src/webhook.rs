//! Webhooks: a signed HTTP POST to a configured address.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::outbound::{Destination, Place, WebhookName};
use countersign_domain::permit::OutboundPermit;
use countersign_ports::causes::with_causes;
use countersign_ports::clock::Clock;
use countersign_ports::delivery::{Delivery, Messenger};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, StatusCode, redirect};
use serde_json::json;
use sha2::Sha256;
use url::Url;

/// The header with the time of signing, in seconds since 1970.
pub const TIMESTAMP: &str = "x-countersign-timestamp";

/// The header with the signature: `sha256=` and the hex digits of HMAC-SHA-256 over the timestamp,
/// a full stop and the body.
pub const SIGNATURE: &str = "x-countersign-signature";

/// The grant's id: the same in every attempt of one send, and in no other.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// How long an attempt may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How often a send is attempted.
const ATTEMPTS: u32 = 3;

/// One configured webhook.
#[derive(Clone)]
pub struct WebhookSettings {
    /// Where it is.
    pub url: Url,
    /// What its requests are signed with.
    pub secret: String,
    /// Whether the receiver takes what comes with the same `Idempotency-Key` once only and answers
    /// 2xx each time, so that a send whose end is not known may be attempted again.
    pub idempotent: bool,
}

/// Carries messages to the configured webhooks.
pub struct Webhooks {
    hooks: BTreeMap<WebhookName, WebhookSettings>,
    clock: Arc<dyn Clock>,
    client: Client,
}

impl Webhooks {
    /// Carries messages to `hooks`. Needs a TLS provider for the process.
    pub fn new(
        hooks: BTreeMap<WebhookName, WebhookSettings>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { hooks, clock, client })
    }

    fn hook(&self, destination: &Destination) -> Option<&WebhookSettings> {
        match destination.place() {
            Place::Webhook(name) => self.hooks.get(&name.parse().ok()?),
            Place::Chat { .. } | Place::Email(_) => None,
        }
    }

    /// The configured webhooks.
    pub(crate) fn hooks(&self) -> impl Iterator<Item = &WebhookSettings> {
        self.hooks.values()
    }

    /// Posts `body` once, signed.
    pub(crate) async fn attempt(
        &self,
        (url, secret): (Url, &str),
        key: &str,
        body: &str,
    ) -> Attempt {
        let timestamp = self.clock.now().as_millis() / 1000;
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header(TIMESTAMP, timestamp.to_string())
            .header(SIGNATURE, sign(secret, timestamp, body))
            .header(IDEMPOTENCY_KEY, key)
            .body(body.to_owned());
        match request.send().await {
            Ok(answer) if answer.status().is_success() => {
                Attempt::Ended(Delivery::Sent(format!("HTTP {}", answer.status())))
            }
            Ok(answer) if refuses(answer.status()) => {
                Attempt::NotTaken(format!("the webhook answered HTTP {}", answer.status()))
            }
            Ok(answer) => Attempt::Broken(format!(
                "HTTP {} does not say whether it was taken",
                answer.status()
            )),
            Err(error) if error.is_connect() => {
                Attempt::NotConnected(format!("cannot connect: {}", words(&error)))
            }
            Err(error) => Attempt::Broken(format!("there was no answer: {}", words(&error))),
        }
    }
}

#[async_trait]
impl Messenger for Webhooks {
    fn platform(&self) -> &'static str {
        "webhook"
    }

    fn check(&self, destination: &Destination) -> Result<(), String> {
        if self.hook(destination).is_some() {
            return Ok(());
        }
        let names: Vec<&str> = self.hooks.keys().map(WebhookName::as_str).collect();
        Err(format!("there is no {destination}; there are `{}`", names.join("`, `")))
    }

    async fn deliver(&self, message: OutboundPermit) -> Delivery {
        let Action::SendMessage { destination, text, .. } = message.action() else {
            return Delivery::NotSent("a webhook carries messages only".to_owned());
        };
        let Some(hook) = self.hook(destination) else {
            return Delivery::NotSent(format!("{destination} is not configured any more"));
        };
        let key = message.grant().to_string();
        let body = json!({"text": text, "destination": destination, "id": key}).to_string();
        let mut last = Delivery::NotSent("nothing was attempted".to_owned());
        for _ in 0..ATTEMPTS {
            match self.attempt((hook.url.clone(), &hook.secret), &key, &body).await {
                Attempt::Ended(delivery) => return delivery,
                // After an attempt that may have arrived, one that did not proves nothing.
                Attempt::NotTaken(_) if matches!(last, Delivery::Unknown(_)) => return last,
                Attempt::NotConnected(_) if matches!(last, Delivery::Unknown(_)) => {}
                Attempt::NotTaken(why) => return Delivery::NotSent(why),
                Attempt::NotConnected(why) => last = Delivery::NotSent(why),
                Attempt::Broken(why) => {
                    last = Delivery::Unknown(why);
                    if !hook.idempotent {
                        break;
                    }
                }
            }
        }
        last
    }
}

/// How an attempt went.
pub(crate) enum Attempt {
    /// There is nothing more to do.
    Ended(Delivery),
    /// The receiver has refused it.
    NotTaken(String),
    /// Nothing left the house.
    NotConnected(String),
    /// It may have arrived.
    Broken(String),
}

/// Whether this answer says for certain that the receiver has not taken the message. What went wrong
/// within it (5xx), elsewhere (3xx) or for now (408, 425, 429) may have come after it was taken.
fn refuses(status: StatusCode) -> bool {
    let for_now =
        [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    status.is_client_error() && !for_now.contains(&status)
}

/// The value of [`SIGNATURE`].
pub fn sign(secret: &str, timestamp: i64, body: &str) -> String {
    // HMAC takes a key of any length; the empty signature of the fallback fits nothing.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{timestamp}.").as_bytes());
    mac.update(body.as_bytes());
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16));
    let digest = mac.finalize().into_bytes();
    let hex: String = digest.iter().flat_map(digits).flatten().collect();
    format!("sha256={hex}")
}

/// An error with its causes, without the address: it may hold a secret.
fn words(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() { "it took too long" } else { "the connection failed" };
    with_causes(what, error)
}
