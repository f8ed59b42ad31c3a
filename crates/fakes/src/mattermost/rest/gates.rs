//! What every request passes before its route: names, limits, faults.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::auth::bearer;
use crate::mattermost::model::ids;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::Server;
use crate::mattermost::server::faults::What;
use crate::mattermost::server::rate::Verdict;

/// Gives each answer the id of its request and the version of the server.
pub(super) async fn name_request(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let version = format!("{}.0000000000.c0ffee.false", server.peek().settings.version);
    for (name, value) in [("x-request-id", ids::fresh()), ("x-version-id", version)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// Refuses who asks too often.
pub(super) async fn limit_rate(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    let key = bearer(request.headers()).unwrap_or_default();
    let verdict = {
        let mut world = server.world();
        let now = world.now();
        let limit = world.settings.rate_limit;
        limit.map(|limit| world.buckets.take(&key, limit, now))
    };
    let Some(verdict) = verdict else { return next.run(request).await };
    let mut response = match verdict.retry_after {
        None => next.run(request).await,
        Some(_) => limited(),
    };
    tell(&verdict, &mut response);
    response
}

fn limited() -> Response {
    (StatusCode::TOO_MANY_REQUESTS, "limit exceeded\n").into_response()
}

fn tell(verdict: &Verdict, response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-ratelimit-limit", Some(verdict.limit)),
        ("x-ratelimit-remaining", Some(verdict.remaining)),
        ("x-ratelimit-reset", Some(verdict.reset)),
        ("retry-after", verdict.retry_after),
    ] {
        if let Some(value) = value {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

/// Lets happen what a test wants to go wrong.
pub(super) async fn inject_faults(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().trim_start_matches("/api/v4").to_owned();
    let fault = server.world().faults.take(request.method(), &path);
    match fault {
        None => next.run(request).await,
        Some(What::Refuse(status)) => broken(status),
        Some(What::LoseAnswer(status)) => {
            drop(next.run(request).await);
            broken(status)
        }
        Some(What::Limit { retry_after }) => {
            let mut response = limited();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
            response
        }
        Some(What::HoldAnswer(gate)) => {
            let response = next.run(request).await;
            gate.pass().await;
            response
        }
    }
}

/// What stands before a server answers like this when the server does not.
fn broken(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    if status.as_u16() == 500 {
        let id = "api.fake.failed.app_error";
        return Refusal::new(500, id, "The server has failed.").into_response();
    }
    (status, format!("<html><body>{status}</body></html>")).into_response()
}

/// Reads the body, up to what the settings allow.
pub(super) async fn bound_body(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    let is_file = request.uri().path() == "/api/v4/files";
    let most = {
        let settings = &server.world().settings;
        // What the server reads beyond the setting before it gives up.
        let slack = if is_file { 1024 * 1024 } else { 512 };
        slack + if is_file { settings.max_file_bytes } else { settings.max_payload_bytes }
    };
    let (parts, body) = request.into_parts();
    match to_bytes(body, most).await {
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(_) => Refusal::new(
            413,
            "api.context.request_body_too_large.app_error",
            "The body of the request is larger than the server takes.",
        )
        .into_response(),
    }
}
