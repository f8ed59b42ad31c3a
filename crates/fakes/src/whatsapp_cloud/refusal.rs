//! What is refused, in the words of the Graph API.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// An error of the Graph API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    code: u32,
    subcode: Option<u32>,
    message: String,
    details: String,
}

impl Refusal {
    /// The error with this code.
    pub(super) fn of(code: u32, details: &str) -> Self {
        let (status, title) = known(code);
        Self {
            status,
            code,
            subcode: None,
            message: format!("(#{code}) {title}"),
            details: details.to_owned(),
        }
    }

    /// A parameter that there is not, or that is not as it should be.
    pub(super) fn parameter(details: &str) -> Self {
        Self::of(100, details)
    }

    /// A value that is not accepted.
    pub(super) fn value(details: &str) -> Self {
        Self::of(131_009, details)
    }

    /// There is no such object, or it is not this app's.
    pub(super) fn no_object(id: &str) -> Self {
        let message = format!(
            "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to \
             missing permissions, or does not support this operation"
        );
        Self { subcode: Some(33), message, ..Self::of(100, "") }
    }

    /// What a status of a message that failed says.
    pub(super) fn as_status(&self) -> Value {
        let title = self.message.split_once(") ").map_or("", |(_, title)| title);
        json!({
            "code": self.code,
            "title": title,
            "message": title,
            "error_data": {"details": self.details},
        })
    }
}

/// The HTTP status and the title of a code.
fn known(code: u32) -> (StatusCode, &'static str) {
    match code {
        1 => (StatusCode::INTERNAL_SERVER_ERROR, "API Unknown"),
        2 => (StatusCode::SERVICE_UNAVAILABLE, "API Service"),
        4 => (StatusCode::BAD_REQUEST, "API Too Many Calls"),
        10 | 200 => (StatusCode::FORBIDDEN, "Permission denied"),
        100 => (StatusCode::BAD_REQUEST, "Invalid parameter"),
        190 => (StatusCode::UNAUTHORIZED, "Access token has expired"),
        368 => (StatusCode::FORBIDDEN, "Temporarily blocked for policies violations"),
        2635 => (StatusCode::BAD_REQUEST, "You are calling a deprecated version of the API"),
        80_007 => (StatusCode::BAD_REQUEST, "Rate limit issues"),
        130_429 => (StatusCode::TOO_MANY_REQUESTS, "Rate limit hit"),
        131_008 => (StatusCode::BAD_REQUEST, "Required parameter is missing"),
        131_009 => (StatusCode::BAD_REQUEST, "Parameter value is not valid"),
        131_016 => (StatusCode::INTERNAL_SERVER_ERROR, "Service unavailable"),
        131_026 => (StatusCode::BAD_REQUEST, "Message undeliverable"),
        131_047 => (StatusCode::BAD_REQUEST, "Re-engagement message"),
        131_051 => (StatusCode::BAD_REQUEST, "Unsupported message type"),
        131_052 => (StatusCode::BAD_REQUEST, "Media download error"),
        131_053 => (StatusCode::BAD_REQUEST, "Media upload error"),
        131_056 => {
            (StatusCode::BAD_REQUEST, "(Business Account, Consumer Account) pair rate limit hit")
        }
        132_001 => (StatusCode::NOT_FOUND, "Template does not exist"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong"),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut error = json!({
            "message": self.message,
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": "AzFakeTraceOfThisRequest",
        });
        if let (Some(error), Some(subcode)) = (error.as_object_mut(), self.subcode) {
            error.insert("error_subcode".to_owned(), json!(subcode));
        }
        (self.status, Json(json!({ "error": error }))).into_response()
    }
}
