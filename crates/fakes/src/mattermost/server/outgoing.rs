//! Requests that the server makes: to the addresses of buttons, commands and dialogs.

use std::net::IpAddr;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;
use url::{Host, Url};

use super::Server;

/// The longest answer that the server reads.
const MAX_ANSWER: usize = 1024 * 1024;

/// A request that the server made, for tests to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// Where to.
    pub url: String,
    /// What was sent, as text.
    pub body: String,
    /// The status that came back, unless nothing did.
    pub status: Option<u16>,
}

/// What the server sends.
pub(super) enum Request {
    /// A click or what was filled into a dialog.
    Json(Value),
    /// An invocation of a command.
    Form { fields: Vec<(String, String)>, token: String, method: Method },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
}

/// Nothing came back: refused, unreachable, too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoAnswer;

impl Server {
    /// Sends a request and waits for the answer, for as long as the settings say.
    pub(super) async fn deliver(&self, url: &str, request: Request) -> Result<Answer, NoAnswer> {
        let timeout = self.world().settings.outgoing_timeout;
        let body = request.body();
        let answer = tokio::select! {
            answer = self.send(url, request) => answer,
            () = self.clock.pause(timeout) => Err(NoAnswer),
        };
        let status = answer.as_ref().ok().map(|answer| answer.status);
        self.world().delivered.push(Delivered { url: url.to_owned(), body, status });
        answer
    }

    async fn send(&self, url: &str, request: Request) -> Result<Answer, NoAnswer> {
        let mut url = Url::parse(url).map_err(|_| NoAnswer)?;
        let allowed = self.world().settings.untrusted_internal_connections.clone();
        if !may_connect(&url, &allowed).await {
            return Err(NoAnswer);
        }
        let request = match request {
            Request::Json(body) => {
                self.http.post(url).header(CONTENT_TYPE, "application/json").body(body.to_string())
            }
            Request::Form { fields, token, method } => {
                let authorization = format!("Token {token}");
                let request = match method {
                    Method::Get => {
                        url.query_pairs_mut().extend_pairs(&fields);
                        self.http.get(url)
                    }
                    Method::Post => self
                        .http
                        .post(url)
                        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                        .body(encoded(&fields)),
                };
                request.header(AUTHORIZATION, authorization)
            }
        };
        let mut response =
            request.header(ACCEPT, "application/json").send().await.map_err(|_| NoAnswer)?;
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| NoAnswer)? {
            body.extend_from_slice(&chunk);
            if body.len() >= MAX_ANSWER {
                body.truncate(MAX_ANSWER);
                break;
            }
        }
        Ok(Answer { status, content_type, body })
    }
}

impl Request {
    fn body(&self) -> String {
        match self {
            Self::Json(body) => body.to_string(),
            Self::Form { fields, .. } => encoded(fields),
        }
    }
}

fn encoded(fields: &[(String, String)]) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort_by(|one, other| one.0.cmp(&other.0));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&sorted).finish()
}

/// Whether the server may connect there: to anything public, and of what is not public to what
/// the operator listed.
async fn may_connect(url: &Url, allowed: &str) -> bool {
    let Some(host) = url.host() else { return false };
    let name = match &host {
        Host::Domain(name) => (*name).to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let listed: Vec<&str> = allowed
        .split(|letter: char| letter.is_whitespace() || letter == ',')
        .filter(|entry| !entry.is_empty())
        .collect();
    if listed.contains(&name.as_str()) {
        return true;
    }
    let port = url.port_or_known_default().unwrap_or(80);
    let Ok(addresses) = tokio::net::lookup_host((name.as_str(), port)).await else { return false };
    addresses.into_iter().all(|address| {
        !is_internal(address.ip()) || listed.iter().any(|range| contains(range, address.ip()))
    })
}

fn is_internal(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified()
        }
    }
}

/// Whether a range like `10.0.0.0/8` has this address. An address without a length is no range.
fn contains(range: &str, address: IpAddr) -> bool {
    let Some((base, length)) = range.split_once('/') else { return false };
    let (Ok(base), Ok(length)) = (base.parse::<IpAddr>(), length.parse::<u32>()) else {
        return false;
    };
    match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) if length <= 32 => {
            let shift = 32 - length;
            u32::from(base).checked_shr(shift) == u32::from(address).checked_shr(shift)
        }
        (IpAddr::V6(base), IpAddr::V6(address)) if length <= 128 => {
            let shift = 128 - length;
            u128::from(base).checked_shr(shift) == u128::from(address).checked_shr(shift)
        }
        (IpAddr::V4(_) | IpAddr::V6(_), _) => false,
    }
}
