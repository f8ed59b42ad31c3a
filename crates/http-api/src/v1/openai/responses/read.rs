//! `GET /v1/responses/{response_id}`

use axum::Json;
use axum::extract::State;

use super::id::ResponseId;
use super::wire::ResponseBody;
use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::query::Parameters;
use crate::server::App;

/// Read a response.
///
/// It is there for as long as its run is.
#[utoipa::path(
    get, path = "/v1/responses/{response_id}", tag = "openai", operation_id = "readResponse",
    params(("response_id" = String, Path, pattern = "^resp_[0-9a-f]{32}$",
        example = "resp_0198c0de00007000800000000000000a")),
    responses(
        (status = 200, description = "The response as it stands.", body = ResponseBody),
        (status = 404, description = "`response_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn read_response(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(ResponseId(run)): Id<ResponseId>,
    query: Parameters,
) -> Result<Json<ResponseBody>, Problem> {
    query.finish()?;
    let view = app.gateway.response(run, &identity.caller).await?;
    let model = app.gateway.settings().model.clone();
    Ok(Json(ResponseBody::of(view, model)))
}
