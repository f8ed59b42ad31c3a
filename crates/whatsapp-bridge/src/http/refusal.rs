//! What is refused, and how.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::account::Standing;
use crate::bridge::{Bridge, SendError};
use crate::store::StoreError;

/// A refusal: its status, its code and words.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: String) -> Self {
        Self { status, code, message }
    }

    pub(crate) fn unauthorized() -> Self {
        let why = "give the token of this bridge".to_owned();
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", why)
    }

    pub(crate) fn bad(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", why.into())
    }

    pub(crate) fn not_found(code: &'static str, why: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, why)
    }

    pub(crate) fn too_large(why: String) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", why)
    }

    pub(crate) fn media_type(why: String) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", why)
    }

    pub(crate) fn gone(why: String) -> Self {
        Self::new(StatusCode::GONE, "gone", why)
    }

    pub(crate) fn broken(why: String) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "broken", why)
    }

    /// Nothing was done.
    pub(crate) fn not_done(code: &'static str, why: String) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, why)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, code, message } = self;
        (status, Json(json!({"error": {"code": code, "message": message}}))).into_response()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the database fails");
        Self::not_done("store", error.to_string())
    }
}

impl From<SendError> for Refusal {
    fn from(error: SendError) -> Self {
        match error {
            SendError::KeyUsed => {
                let why = "this key was used for another message".to_owned();
                Self::new(StatusCode::CONFLICT, "key_used", why)
            }
            SendError::Not(why) => Self::not_done("not_sent", why),
            SendError::Unknown(why) => Self::broken(why),
            SendError::Store(error) => error.into(),
        }
    }
}

/// Nothing, while the account is linked.
pub(crate) fn linked(bridge: &Bridge) -> Result<(), Refusal> {
    match bridge.account.standing() {
        Standing::Linked { .. } => Ok(()),
        Standing::Code { .. } | Standing::Unlinked { .. } => {
            let why = "the account is not linked: pair it".to_owned();
            Err(Refusal::not_done("not_linked", why))
        }
    }
}
