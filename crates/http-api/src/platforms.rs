//! `GET|POST /platforms/{platform}/{account}/{what}`: requests that chat platforms make.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use countersign_ports::platform::{Callback, CallbackMethod, CallbackReply};

use crate::body::Brought;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// No platform waits longer for an answer: Mattermost hangs up after thirty seconds.
const PATIENCE: Duration = Duration::from_secs(25);

/// Where a request goes: the platform, the account, and what it is about.
type Place = Path<(String, String, String)>;

/// Let a platform see that somebody is there.
///
/// The adapter of the account proves who asks; the gateway itself knows nobody here.
#[utoipa::path(
    get, path = "/platforms/{platform}/{account}/{what}", tag = "platforms",
    operation_id = "lookAtPlatform",
    params(
        ("platform" = String, Path, description = "The platform, such as `mattermost`."),
        ("account" = String, Path, description = "The bot, as the configuration names it."),
        ("what" = String, Path, description = "What the platform brings, such as `actions`.")
    ),
    responses(
        (status = 200, description = "What the platform wants to read.", content_type = "*/*", body = String),
        (status = 404, description = "`platform_not_found`", body = ProblemBody),
        (status = 503, description = "`platform_busy`: it is seen to all the same", body = ProblemBody)
    )
)]
pub(crate) async fn look(
    State(app): State<App>,
    Path(place): Place,
    parts: Parts,
) -> Result<Response, Problem> {
    call(app, place, (&parts, CallbackMethod::Get), Bytes::new()).await
}

/// Take what a platform brings: a click, a command, an event.
///
/// The adapter of the account proves who sends it, by the platform's own rules.
#[utoipa::path(
    post, path = "/platforms/{platform}/{account}/{what}", tag = "platforms",
    operation_id = "bringFromPlatform",
    params(
        ("platform" = String, Path, description = "The platform, such as `mattermost`."),
        ("account" = String, Path, description = "The bot, as the configuration names it."),
        ("what" = String, Path, description = "What the platform brings, such as `actions`.")
    ),
    responses(
        (status = 200, description = "What the platform wants to read.", content_type = "*/*", body = String),
        (status = 404, description = "`platform_not_found`", body = ProblemBody),
        (status = 408, description = "`request_timeout`", body = ProblemBody),
        (status = 413, description = "`body_too_large`", body = ProblemBody),
        (status = 429, description = "`rate_limited`", body = ProblemBody),
        (status = 503, description = "`platform_busy`: it is seen to all the same", body = ProblemBody)
    )
)]
pub(crate) async fn bring(
    State(app): State<App>,
    Path(place): Place,
    parts: Parts,
    Brought { body, place: at_work }: Brought,
) -> Result<Response, Problem> {
    let answer = call(app, place, (&parts, CallbackMethod::Post), body).await;
    drop(at_work);
    answer
}

async fn call(
    app: App,
    (platform, account, what): (String, String, String),
    (parts, method): (&Parts, CallbackMethod),
    body: Bytes,
) -> Result<Response, Problem> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let callback = Callback {
        method,
        what,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.iter().filter_map(text).collect(),
        body,
    };
    let gateway = app.gateway.clone();
    let account = format!("{platform}/{account}");
    // A platform that hangs up has decided nothing: what it brought is seen to.
    let reply = to_the_end(async move { gateway.call_platform(&account, callback).await });
    match tokio::time::timeout(PATIENCE, reply).await {
        Err(_) => {
            let message = "the gateway is still at it; it is seen to all the same";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "platform_busy", message))
        }
        Ok(Some(reply)) => Ok(answer(reply)),
        Ok(None) => {
            Err(Problem::missing("platform_not_found", "there is no such account of a platform"))
        }
    }
}

fn answer(reply: CallbackReply) -> Response {
    let mut response = reply.body.into_response();
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // What is not said is not guessed.
    response.headers_mut().remove(axum::http::header::CONTENT_TYPE);
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
