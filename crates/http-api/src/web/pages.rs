//! Pages of ours, under the strict policy.

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::assets::revalidated;
use crate::headers::PAGE_POLICY;

const INDEX: &str = include_str!("../../web/index.html");
const SIGN_IN: &str = include_str!("../../web/sign-in.html");

/// A page, under the strict policy.
pub(crate) fn page(status: StatusCode, html: impl Into<axum::body::Body>) -> Response {
    let headers =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, PAGE_POLICY)];
    (status, headers, html.into()).into_response()
}

/// The one page of the program; what it shows, its scripts tell from the address.
pub(super) async fn index(headers: HeaderMap) -> Response {
    revalidated(&headers, INDEX.as_bytes(), page(StatusCode::OK, INDEX))
}

/// What somebody without a good link sees.
pub(super) fn sign_in(status: StatusCode) -> Response {
    page(status, SIGN_IN)
}
