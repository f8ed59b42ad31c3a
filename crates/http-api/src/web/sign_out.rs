//! `POST /web/sign-out`

use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::sign_in::cookie;
use crate::access::{Admitted, Credential};
use crate::problem::Problem;
use crate::server::App;
use crate::v1::to_the_end;

/// A sign-in that has ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedOut)]
pub(crate) struct SignedOutBody {
    #[schema(example = true)]
    signed_out: bool,
}

/// Sign out of the web page.
#[utoipa::path(
    post, path = "/web/sign-out", tag = "web", operation_id = "signOut",
    responses((status = 200, description = "Nobody is signed in any more.", body = SignedOutBody))
)]
pub(crate) async fn sign_out(
    State(app): State<App>,
    Admitted(identity): Admitted,
) -> Result<impl IntoResponse, Problem> {
    let Credential::Cookie(value) = identity.credential else {
        return Err(Problem::unauthenticated("this route is for the web page's own cookie"));
    };
    let gateway = app.gateway.clone();
    to_the_end(async move { gateway.sign_out(&value).await }).await?;
    let gone = AppendHeaders([(SET_COOKIE, cookie(&app, "", 0))]);
    Ok((gone, Json(SignedOutBody { signed_out: true })))
}
