//! `GET /sign-in`

use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_gateway::{AuthError, SignedIn};

use super::pages;
use crate::access::{COOKIE_NAME, count_attempt, refuse_counted};
use crate::problem::Problem;
use crate::server::App;
use crate::v1::to_the_end;

/// The cookie is not sent on the way from another site, so this page leads on by itself.
const SIGNED_IN: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
     <meta http-equiv=\"refresh\" content=\"0; url=/\"><title>Signed in · Countersign</title>\
     </head><body><p>You are signed in. <a href=\"/\">Go to the inbox</a></p></body></html>\n";

/// Sign in by a one-time link.
///
/// Uses the link up and sets the cookie of the sign-in.
#[utoipa::path(
    get, path = "/sign-in", tag = "web", operation_id = "signIn",
    params(("token" = Option<String>, Query, description = "What the link carries.")),
    responses(
        (status = 200, description = "Signed in: a page that leads to `/`.",
            content_type = "text/html", body = String),
        (status = 401, description = "The link is missing, used or too old: a page that says how \
            to get another.", content_type = "text/html", body = String),
        (status = 429, description = "`rate_limited`", body = crate::problem::ProblemBody)
    )
)]
pub(crate) async fn sign_in(State(app): State<App>, request: Request) -> Response {
    let (request, _) = request.into_parts();
    let Some(token) = token(request.uri.query().unwrap_or_default()) else {
        return pages::sign_in(StatusCode::UNAUTHORIZED);
    };
    // Programs that look at a link before a person does ask with HEAD; that must not use it up.
    if request.method == Method::HEAD {
        return pages::page(StatusCode::OK, SIGNED_IN);
    }
    // A guess would be a write: it is counted before it is looked at.
    if let Err(problem) = count_attempt(&app, &request.extensions) {
        return problem.into_response();
    }
    let gateway = app.gateway.clone();
    match to_the_end(async move { gateway.sign_in(&token).await }).await {
        Ok(signed_in) => welcome(&app, &signed_in),
        Err(AuthError::Store(error)) => Problem::from(error).into_response(),
        Err(AuthError::Refused) => {
            drop(refuse_counted(&app, &request.extensions, "a sign-in link").await);
            pages::sign_in(StatusCode::UNAUTHORIZED)
        }
    }
}

/// A token has no character that would need an escape.
fn token(query: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(name, value)| *name == "token" && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

fn welcome(app: &App, signed_in: &SignedIn) -> Response {
    let cookie = cookie(app, signed_in.cookie.reveal(), signed_in.lasts.as_secs());
    let mut response = pages::page(StatusCode::OK, SIGNED_IN);
    match HeaderValue::from_str(&cookie) {
        Ok(cookie) => {
            response.headers_mut().insert(SET_COOKIE, cookie);
            response
        }
        Err(_) => Problem::internal().into_response(),
    }
}

/// The header that sets the cookie, or with no time left takes it away.
pub(super) fn cookie(app: &App, value: &str, seconds: u64) -> String {
    let secure = if app.hosts.is_https() { "; Secure" } else { "" };
    format!("{COOKIE_NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}
