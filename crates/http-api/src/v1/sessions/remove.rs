//! `DELETE /v1/sessions/{session_id}`

use axum::Json;
use axum::extract::State;
use countersign_domain::ids::SessionId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// A session that was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionDeleted)]
pub(crate) struct DeletedSessionBody {
    #[schema(example = "session")]
    object: &'static str,
    #[schema(value_type = String)]
    session_id: SessionId,
    deleted: bool,
}

/// Delete a session.
///
/// With its runs, their events and approvals. What the audit log says of them stays.
#[utoipa::path(
    delete, path = "/v1/sessions/{session_id}", tag = "sessions", operation_id = "deleteSession",
    params(("session_id" = String, Path, pattern = "^sess_[0-9a-f]{32}$",
        example = "sess_0198c0de00007000800000000000000b")),
    responses(
        (status = 200, description = "It is deleted.", body = DeletedSessionBody),
        (status = 404, description = "`session_not_found`", body = ProblemBody),
        (status = 409, description = "`session_at_work`: one of its runs is not over.",
            body = ProblemBody)
    )
)]
pub(crate) async fn delete_session(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(id): Id<SessionId>,
) -> Result<Json<DeletedSessionBody>, Problem> {
    let gateway = app.gateway.clone();
    to_the_end(async move { gateway.delete_session(id, &identity.caller).await }).await?;
    Ok(Json(DeletedSessionBody { object: "session", session_id: id, deleted: true }))
}
