//! `PATCH /v1/sessions/{session_id}`

use axum::Json as Answer;
use axum::extract::State;
use countersign_domain::ids::SessionId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::wire::SessionBody;
use crate::access::Admitted;
use crate::body::Json;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// What is to be changed of a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SessionChange, example = json!({"title": "the old backups"}))]
pub(crate) struct ChangeBody {
    /// Its title; `null` for none.
    #[schema(max_length = 200)]
    #[serde(deserialize_with = "there")]
    title: Option<String>,
}

/// A title that has to be said, also if it is none.
fn there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// Name a session.
#[utoipa::path(
    patch, path = "/v1/sessions/{session_id}", tag = "sessions", operation_id = "nameSession",
    params(("session_id" = String, Path, pattern = "^sess_[0-9a-f]{32}$",
        example = "sess_0198c0de00007000800000000000000b")),
    request_body = ChangeBody,
    responses(
        (status = 200, description = "The session.", body = SessionBody),
        (status = 404, description = "`session_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn name_session(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(id): Id<SessionId>,
    body: Json<ChangeBody>,
) -> Result<Answer<SessionBody>, Problem> {
    let (gateway, title) = (app.gateway.clone(), body.value.title);
    let named = to_the_end(async move { gateway.name_session(id, title, &identity.caller).await });
    Ok(Answer(named.await?.into()))
}
