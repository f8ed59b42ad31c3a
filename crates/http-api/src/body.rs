//! JSON bodies: read within limits, parsed with the field named that is wrong.

use std::fmt;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts as _, RawPathParams, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::crowd::Place;
use crate::problem::Problem;
use crate::rate::neighbourhood;
use crate::server::App;

/// How long a client may take to send a body.
const PATIENCE: Duration = Duration::from_mins(1);

/// The same for what platforms bring, which is short and comes from a server.
const PATIENCE_BROUGHT: Duration = Duration::from_secs(10);

/// A JSON body.
pub(crate) struct Json<T> {
    /// What it says.
    pub(crate) value: T,
    /// The same as it was sent.
    pub(crate) bytes: Bytes,
}

/// What somebody brings of whom nothing is known: the body as it was sent, within limits of its own.
pub(crate) struct Brought {
    /// The body, byte by byte.
    pub(crate) body: Bytes,
    /// Held while it is seen to.
    pub(crate) place: Place,
}

impl FromRequest<App> for Brought {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let address = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        let place = app.crowd.enter(neighbourhood(address)).ok_or_else(|| {
            let message = "too many requests of this address are at work";
            Problem::too_many("rate_limited", Duration::from_secs(1), message)
        })?;
        // How much there is to read depends on the platform, and is known before who sends it.
        let account = match RawPathParams::from_request_parts(&mut parts, app).await {
            Ok(named) => {
                let named: Vec<&str> = named.iter().take(2).map(|(_, value)| value).collect();
                named.join("/")
            }
            Err(_) => String::new(),
        };
        let limit = app.config.max_body_bytes.min(app.gateway.largest_body(&account));
        let body = read(&parts.headers, body, (limit, PATIENCE_BROUGHT)).await?;
        Ok(Self { body, place })
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        check_content_type(&parts.headers)?;
        let limit = (app.config.max_body_bytes, PATIENCE);
        let bytes = read(&parts.headers, body, limit).await?;
        let value = parse(&bytes)?;
        Ok(Self { value, bytes })
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let suffixed = media_type.starts_with("application/") && media_type.ends_with("+json");
    if media_type == "application/json" || suffixed {
        return Ok(());
    }
    let message = "send the body as JSON, with `Content-Type: application/json`";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
        .about("Content-Type"))
}

async fn read(
    headers: &HeaderMap,
    body: Body,
    (limit, patience): (usize, Duration),
) -> Result<Bytes, Problem> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |l| l > limit)) {
        return Err(too_large(limit));
    }
    match tokio::time::timeout(patience, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_large(&error) => Err(too_large(limit)),
        Ok(Err(_)) => {
            let message = "the body ended before it was complete";
            Err(Problem::new(StatusCode::BAD_REQUEST, "incomplete_body", message))
        }
        Err(_) => {
            let message = "the body took too long to arrive";
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", message))
        }
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.to_string() == "length limit exceeded" {
            return true;
        }
        source = error.source();
    }
    false
}

fn too_large(limit: usize) -> Problem {
    let message = format!("the body is larger than {limit} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
}

/// What `bytes` say, or which field is wrong.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let Object(value) = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| wrong(error.path(), error.inner()))?;
    deserializer.end().map_err(|error| wrong_json(&error))?;
    Ok(value)
}

fn wrong(path: &Path, error: &serde_json::Error) -> Problem {
    match error.classify() {
        Category::Syntax | Category::Eof | Category::Io => wrong_json(error),
        Category::Data => {
            let text = error.to_string();
            let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
            let (code, field) = reading(message);
            Problem::invalid(code, &pointer(path, field), message)
        }
    }
}

fn wrong_json(error: &serde_json::Error) -> Problem {
    let message = format!("the body is not valid JSON: {error}");
    Problem::new(StatusCode::BAD_REQUEST, "invalid_json", message)
}

/// The code for serde's message, and the field that it names beyond the path.
fn reading(message: &str) -> (&'static str, Option<&str>) {
    let named = || message.split('`').nth(1);
    if message.starts_with("missing field") {
        ("missing_field", named())
    } else if message.starts_with("unknown field") {
        ("unknown_field", named())
    } else if message.starts_with("invalid type") {
        ("invalid_type", None)
    } else if message.starts_with("duplicate field") {
        ("invalid_value", named())
    } else {
        ("invalid_value", None)
    }
}

/// JSON pointer (RFC 6901) of the field.
fn pointer(path: &Path, field: Option<&str>) -> String {
    let mut steps: Vec<String> = path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    if let Some(field) = field
        && steps.last().is_none_or(|last| last != field)
    {
        steps.push(field.to_owned());
    }
    let escaped = |step: &String| format!("/{}", step.replace('~', "~0").replace('/', "~1"));
    steps.iter().map(escaped).collect()
}

/// A JSON object. By itself serde would take a list for a struct, by position.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Outer {
        name: String,
        #[serde(default)]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Inner {
        count: u32,
    }

    #[test]
    fn a_wrong_body_names_the_field() {
        for (body, wanted) in [
            ("", ("invalid_json", None)),
            ("{", ("invalid_json", None)),
            (r#"{"name":"a"} x"#, ("invalid_json", None)),
            ("{\"name\":\"\u{1}\"}", ("invalid_json", None)),
            ("[]", ("invalid_type", Some(""))),
            ("3", ("invalid_type", Some(""))),
            ("{}", ("missing_field", Some("/name"))),
            (r#"{"name":7}"#, ("invalid_type", Some("/name"))),
            (r#"{"name":"a","a/b":1}"#, ("unknown_field", Some("/a~1b"))),
            (r#"{"name":"a","name":"b"}"#, ("invalid_value", Some("/name"))),
            (r#"{"name":"a","inner":[{"count":1},{}]}"#, ("missing_field", Some("/inner/1/count"))),
            (r#"{"name":"a","inner":[{"count":1,"x":1}]}"#, ("unknown_field", Some("/inner/0/x"))),
            (r#"{"name":"a","inner":[{"count":-1}]}"#, ("invalid_value", Some("/inner/0/count"))),
        ] {
            let problem = parse::<Outer>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.named(), wanted, "{body}");
        }
    }
}
