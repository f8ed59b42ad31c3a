//! `POST /v1/sign-in-links`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_domain::time::Timestamp;
use countersign_gateway::NewLink;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Admitted;
use crate::headers::NotIdempotent;
use crate::problem::Problem;
use crate::server::App;
use crate::v1::to_the_end;

/// A link that signs a person in to the web page, once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignInLink)]
pub(crate) struct LinkBody {
    #[schema(example = "sign_in_link")]
    object: &'static str,
    #[schema(example = "http://127.0.0.1:8642/sign-in?token=cs_link_…")]
    url: String,
    /// Until when it is good.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Make a one-time link to the web page.
#[utoipa::path(
    post, path = "/v1/sign-in-links", tag = "keys", operation_id = "createSignInLink",
    responses((status = 201, description = "The link.", body = LinkBody))
)]
pub(crate) async fn create_sign_in_link(
    State(app): State<App>,
    Admitted(identity): Admitted,
    NotIdempotent: NotIdempotent,
) -> Result<(StatusCode, Json<LinkBody>), Problem> {
    let gateway = app.gateway.clone();
    let made = to_the_end(async move { gateway.new_sign_in_link(&identity.caller).await });
    let NewLink { token, expires_at } = made.await?;
    let url = format!("{}/sign-in?token={}", app.hosts.base(), token.reveal());
    Ok((StatusCode::CREATED, Json(LinkBody { object: "sign_in_link", url, expires_at })))
}
