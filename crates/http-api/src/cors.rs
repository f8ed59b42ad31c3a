//! Pages of other origins: none may call the API, unless the configuration names their origin.

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::server::App;

const METHODS: &str = "GET, HEAD, POST, PATCH, DELETE";
const REQUEST_HEADERS: &str = "Accept, Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-CSRF-Token, \
     X-Hermes-Session-Id, X-Hermes-Session-Key";
const RESPONSE_HEADERS: &str = "Allow, Retry-After, WWW-Authenticate, X-Countersign-Run-Id, \
     X-Hermes-Completed, X-Hermes-Error, X-Hermes-Partial, X-Hermes-Session-Id, X-Hermes-Session-Key";

/// Answers preflight requests of configured origins, and lets their pages read answers. Cookies
/// are never part of it: such pages use keys.
pub(crate) async fn allow_configured_origins(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    if app.config.cors_origins.is_empty() {
        return next.run(request).await;
    }
    let origin = configured(&app, request.headers());
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match &origin {
        Some(_) if preflight => permission().into_response(),
        Some(_) | None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static(RESPONSE_HEADERS);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

fn configured(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    let known = |configured: &String| origin.as_bytes() == configured.as_bytes();
    app.config.cors_origins.iter().any(known).then(|| origin.clone())
}

fn permission() -> impl IntoResponse {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers)
}
