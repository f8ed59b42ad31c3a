//! Sessions in JSON.

use countersign_domain::identity::Principal;
use countersign_domain::ids::{CallId, RunId, SessionId};
use countersign_domain::runs::Session;
use countersign_domain::time::Timestamp;
use countersign_gateway::{MessageCall, SessionError, SessionMessage};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

/// A session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionBody {
    #[schema(example = "session")]
    object: &'static str,
    #[schema(value_type = String, example = "sess_0198c0de00007000800000000000000b")]
    session_id: SessionId,
    #[schema(example = "the old backups")]
    title: Option<String>,
    /// Who began it.
    #[schema(value_type = String, example = "api:ci")]
    created_by: Principal,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// One message of a session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionMessage)]
pub(crate) struct SessionMessageBody {
    #[schema(value_type = String)]
    run_id: RunId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `system`, `user`, `assistant` or `third_party`.
    #[schema(example = "user")]
    role: &'static str,
    content: String,
    /// The tools that were called with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calls: Vec<SessionCallBody>,
}

/// One tool call of a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionCall)]
pub(crate) struct SessionCallBody {
    #[schema(value_type = String)]
    call_id: CallId,
    #[schema(example = "terminal")]
    tool: String,
    /// `ok`, `denied`, `expired`, `blocked`, `error`, `indeterminate` or `cancelled`; `null` while it is
    /// not done.
    #[schema(example = "ok")]
    status: Option<&'static str>,
    /// What the model was told of it.
    output: Option<String>,
}

impl From<Session> for SessionBody {
    fn from(Session { id, created_by, created_at, title }: Session) -> Self {
        Self { object: "session", session_id: id, title, created_by, created_at }
    }
}

impl From<SessionMessage> for SessionMessageBody {
    fn from(SessionMessage { run_id, at, role, text, calls }: SessionMessage) -> Self {
        let calls = calls.into_iter().map(SessionCallBody::from).collect();
        Self { run_id, at, role, content: text, calls }
    }
}

impl From<MessageCall> for SessionCallBody {
    fn from(MessageCall { call_id, tool, status, output }: MessageCall) -> Self {
        Self { call_id, tool, status, output }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        let message = error.to_string();
        match error {
            SessionError::NoSession(_) => Self::missing("session_not_found", message),
            SessionError::TitleTooLong(_) => Self::invalid("invalid_value", "/title", message),
            SessionError::AtWork(_) => Self::conflict("session_at_work", message),
            SessionError::IdempotencyConflict => {
                Self::conflict("idempotency_conflict", message).about("Idempotency-Key")
            }
            SessionError::Forbidden(error) => error.into(),
            SessionError::Store(error) => error.into(),
        }
    }
}
