//! How the server says no.

use std::borrow::Cow;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::model::ids;

/// A refusal, with the id by which clients tell refusals apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The id, like `api.context.permissions.app_error`.
    pub id: Cow<'static, str>,
    /// What people read.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, id: &'static str, message: impl Into<String>) -> Self {
        Self { status, id: Cow::Borrowed(id), message: message.into() }
    }

    /// The caller may not do this.
    pub(crate) fn forbidden() -> Self {
        Self::new(403, "api.context.permissions.app_error", "You may not do this here.")
    }

    /// There is no session, or not any more.
    pub(crate) fn not_logged_in() -> Self {
        Self::new(
            401,
            "api.context.session_expired.app_error",
            "Your session is not valid or has expired; log in again.",
        )
    }

    /// A field of the body is missing or wrong.
    pub(crate) fn bad_body(field: &str) -> Self {
        Self::new(
            400,
            "api.context.invalid_body_param.app_error",
            format!("The field {field} of the body is missing or not valid."),
        )
    }

    /// A part of the address is missing or wrong.
    pub(crate) fn bad_url(field: &str) -> Self {
        Self::new(
            400,
            "api.context.invalid_url_param.app_error",
            format!("The parameter {field} of the address is missing or not valid."),
        )
    }

    /// There is no such page.
    pub(crate) fn no_such_page() -> Self {
        Self::new(404, "api.context.404.app_error", "There is no such page.")
    }

    pub(crate) fn no_post() -> Self {
        Self::new(404, "app.post.get.app_error", "The post could not be found.")
    }

    pub(crate) fn no_channel() -> Self {
        Self::new(404, "app.channel.get.existing.app_error", "The channel could not be found.")
    }

    pub(crate) fn no_team() -> Self {
        Self::new(404, "app.team.get.find.app_error", "The team could not be found.")
    }

    pub(crate) fn no_user() -> Self {
        Self::new(404, "app.user.missing_account.const", "The account could not be found.")
    }

    /// The error as clients get it. What developers would read is never shown.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "message": self.message,
            "detailed_error": "",
            "request_id": ids::fresh(),
            "status_code": self.status,
        })
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, axum::Json(self.to_json())).into_response()
    }
}
