//! `GET /v1/sessions/{session_id}`

use axum::Json;
use axum::extract::State;
use countersign_domain::ids::SessionId;

use super::wire::SessionBody;
use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;

/// Read a session.
#[utoipa::path(
    get, path = "/v1/sessions/{session_id}", tag = "sessions", operation_id = "readSession",
    params(("session_id" = String, Path, pattern = "^sess_[0-9a-f]{32}$",
        example = "sess_0198c0de00007000800000000000000b")),
    responses(
        (status = 200, description = "The session.", body = SessionBody),
        (status = 404, description = "`session_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn read_session(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(id): Id<SessionId>,
) -> Result<Json<SessionBody>, Problem> {
    Ok(Json(app.gateway.session(id, &identity.caller).await?.into()))
}
