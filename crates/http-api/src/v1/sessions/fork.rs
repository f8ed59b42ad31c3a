//! `POST /v1/sessions/{session_id}/fork`

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use countersign_domain::ids::SessionId;

use super::wire::SessionBody;
use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::{idempotency, to_the_end};

/// Go on from a session in a copy.
///
/// The new session holds what was said in the old one, up to the last 1000 messages, without what tools
/// did. Neither sees what is said in the other from then on.
#[utoipa::path(
    post, path = "/v1/sessions/{session_id}/fork", tag = "sessions", operation_id = "forkSession",
    params(
        ("session_id" = String, Path, pattern = "^sess_[0-9a-f]{32}$",
            example = "sess_0198c0de00007000800000000000000b"),
        ("Idempotency-Key" = Option<String>, Header, pattern = "^[ -~]{1,255}$",
            description = "The same key gets the same copy within 24 hours.")
    ),
    responses(
        (status = 201, description = "The new session.", body = SessionBody),
        (status = 404, description = "`session_not_found`", body = ProblemBody),
        (status = 409, description = "`idempotency_conflict`", body = ProblemBody)
    )
)]
pub(crate) async fn fork_session(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(id): Id<SessionId>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<SessionBody>), Problem> {
    let idempotency = idempotency(&headers, &format!("/v1/sessions/{id}/fork"), b"")?;
    let gateway = app.gateway.clone();
    let forked =
        to_the_end(async move { gateway.fork_session(id, &identity.caller, idempotency).await });
    Ok((StatusCode::CREATED, Json(forked.await?.into())))
}
