//! The contract, over HTTP.

mod chats;
mod files;
mod health;
mod messages;
mod pairing;
mod refusal;
mod send;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use crate::bridge::Bridge;
use refusal::Refusal;

/// The largest request, in bytes; what has a file has a limit of its own.
const LARGEST_REQUEST: usize = 512 * 1024;

pub(crate) fn router(bridge: Arc<Bridge>) -> Router {
    let files = post(send::send_media).layer(DefaultBodyLimit::max(send::LARGEST_UPLOAD));
    Router::new()
        .route("/health", get(health::health))
        .route("/pairing", get(pairing::pairing))
        .route("/chats", get(chats::chats))
        .route("/chat/{id}", get(chats::chat))
        .route("/messages", get(messages::messages))
        .route("/messages/ack", post(messages::ack))
        .route("/media/{id}", get(files::media))
        .route("/send", post(send::send))
        .route("/typing", post(send::typing))
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .route("/send-media", files)
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
        .layer(from_fn_with_state(bridge.clone(), admit))
        .with_state(bridge)
}

/// Nobody without the token learns anything, also not what there is.
async fn admit(State(bridge): State<Arc<Bridge>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer "));
    let mut response = if given.is_some_and(|given| bridge.token.is(given)) {
        next.run(request).await
    } else {
        Refusal::unauthorized().into_response()
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn nowhere() -> Refusal {
    Refusal::not_found("not_found", "there is no such path".to_owned())
}
