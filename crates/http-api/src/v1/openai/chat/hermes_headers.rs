//! The headers by which clients of the reference system name a conversation.

use axum::http::header::HeaderName;
use axum::http::{HeaderMap, HeaderValue};
use countersign_domain::ids::SessionId;

use crate::problem::Problem;

/// Which session is meant, and what the caller files it under.
pub(super) const SESSION_ID: HeaderName = HeaderName::from_static("x-hermes-session-id");
const SESSION_KEY: HeaderName = HeaderName::from_static("x-hermes-session-key");

/// The longest value.
const LONGEST: usize = 256;

/// What a request says in such headers.
#[derive(Debug, Default)]
pub(super) struct HermesHeaders {
    /// The session to go on in.
    pub(super) session: Option<SessionId>,
    /// What the caller files it under: given back, never read.
    key: Option<HeaderValue>,
    /// Whether there were any.
    pub(super) any: bool,
}

impl HermesHeaders {
    /// The headers of a request.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let session = one(headers, &SESSION_ID, "X-Hermes-Session-Id")?;
        let key = one(headers, &SESSION_KEY, "X-Hermes-Session-Key")?.cloned();
        let any = session.is_some() || key.is_some();
        let session = match session {
            None => None,
            Some(value) => Some(parsed(value)?),
        };
        Ok(Self { session, key, any })
    }

    /// What an answer says: its session, and the caller's own word for it.
    pub(super) fn told(&self, session: SessionId, answer: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&session.to_string()) {
            answer.insert(SESSION_ID, value);
        }
        if let Some(key) = &self.key {
            answer.insert(SESSION_KEY, key.clone());
        }
    }
}

fn parsed(value: &HeaderValue) -> Result<SessionId, Problem> {
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    id.ok_or_else(|| {
        let message = "there is no such session: an answer names the one that it belongs to";
        Problem::missing("session_not_found", message).about("X-Hermes-Session-Id")
    })
}

fn one<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    called: &str,
) -> Result<Option<&'a HeaderValue>, Problem> {
    let mut given = headers.get_all(name).iter();
    let value = match (given.next(), given.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value,
        (Some(_), Some(_)) => {
            let message = format!("`{called}` was given more than once");
            return Err(Problem::invalid("invalid_value", called, message));
        }
    };
    let visible = value.as_bytes().iter().all(|byte| *byte == b' ' || byte.is_ascii_graphic());
    if value.is_empty() || value.len() > LONGEST || !visible {
        let message = format!("`{called}` is a text of 1 to {LONGEST} printable ASCII characters");
        return Err(Problem::invalid("invalid_value", called, message));
    }
    Ok(Some(value))
}
