//! `DELETE /v1/responses/{response_id}`

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::id::ResponseId;
use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// A response that was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResponseDeleted)]
pub(crate) struct DeletedBody {
    #[schema(value_type = String)]
    id: ResponseId,
    #[schema(example = "response")]
    object: &'static str,
    deleted: bool,
}

/// Delete a response.
///
/// Nobody can read it or go on from it any more. Its run stays, and goes on if it is at work.
#[utoipa::path(
    delete, path = "/v1/responses/{response_id}", tag = "openai", operation_id = "deleteResponse",
    params(("response_id" = String, Path, pattern = "^resp_[0-9a-f]{32}$",
        example = "resp_0198c0de00007000800000000000000a")),
    responses(
        (status = 200, description = "It is deleted.", body = DeletedBody),
        (status = 404, description = "`response_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn delete_response(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(ResponseId(run)): Id<ResponseId>,
) -> Result<Json<DeletedBody>, Problem> {
    let gateway = app.gateway.clone();
    to_the_end(async move { gateway.forget_response(run, &identity.caller).await }).await?;
    Ok(Json(DeletedBody { id: ResponseId(run), object: "response", deleted: true }))
}
