//! Every route, and what every request goes through.

use std::borrow::Cow;

use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use countersign_domain::display::json_inert;
use futures::FutureExt;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Group;
use crate::problem::Problem;
use crate::server::{App, AppParts, ServerParts};
use crate::{cors, docs, headers, health, hosts, metrics, openapi, platforms, v1, web};

/// The whole HTTP surface.
pub fn router(parts: ServerParts) -> Router {
    let app = AppParts::new(parts);
    let document = openapi::document(app.hosts.base());
    let guarded =
        groups().into_iter().fold(open(), |routes, group| routes.merge(group.guarded(&app)));
    let (api, _) = guarded.split_for_parts();
    api.layer(from_fn(inert_json))
        .merge(web::pages())
        .merge(docs::routes(&document))
        .fallback(not_found)
        .layer(from_fn(plain_refusals))
        .layer(from_fn(catch_panic))
        .layer(from_fn_with_state(app.clone(), cors::allow_configured_origins))
        .layer(from_fn_with_state(app.clone(), hosts::check_host))
        .layer(from_fn(headers::add_security_headers))
        .with_state(app)
}

/// Routes that need no caller.
pub(crate) fn open() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(v1::signing_keys::published())
        .routes(routes!(platforms::look, platforms::bring))
        .merge(web::entrance())
}

/// Routes that do.
pub(crate) fn groups() -> Vec<Group> {
    let mut groups = v1::groups();
    groups.push(metrics::group());
    groups.push(web::group());
    groups
}

async fn not_found() -> Problem {
    Problem::missing("not_found", "there is nothing at this address")
}

/// Escapes in JSON what would deceive whoever looks at it raw: in a terminal, a log, a page.
async fn inert_json(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_json = |kind: &HeaderValue| kind.as_bytes().starts_with(b"application/json");
    if !response.headers().get(CONTENT_TYPE).is_some_and(is_json) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    // Our own answers are whole in memory already.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return Problem::internal().into_response();
    };
    let inert = std::str::from_utf8(&body).map(json_inert);
    let body = match inert {
        Ok(Cow::Owned(text)) => text.into(),
        Ok(Cow::Borrowed(_)) | Err(_) => Body::from(body),
    };
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, body)
}

/// Gives refusals that come from the framework our form.
async fn plain_refusals(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.body().size_hint().exact() != Some(0) {
        return response;
    }
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let message = "this address does not take this method; `Allow` says which ones it takes";
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
    match response.headers().get(ALLOW) {
        Some(methods) => problem.allowing(methods.clone()).into_response(),
        None => problem.into_response(),
    }
}

/// A bug costs one request, not the gateway.
async fn catch_panic(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let answered = std::panic::AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answered.unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let message = message.unwrap_or("no message");
        tracing::error!(%method, path, message, "a request met a bug: the handler panicked");
        Problem::internal().into_response()
    })
}
