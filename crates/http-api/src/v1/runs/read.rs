//! `GET /v1/runs/{run_id}`

use axum::Json;
use axum::extract::State;
use countersign_domain::ids::RunId;

use super::wire::RunBody;
use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;

/// Read a run.
#[utoipa::path(
    get, path = "/v1/runs/{run_id}", tag = "runs", operation_id = "readRun",
    params(("run_id" = String, Path, pattern = "^run_[0-9a-f]{32}$",
        example = "run_0198c0de00007000800000000000000a")),
    responses(
        (status = 200, description = "The run.", body = RunBody),
        (status = 404, description = "`run_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn read_run(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(run): Id<RunId>,
) -> Result<Json<RunBody>, Problem> {
    let view = app.gateway.run_view(run, &identity.caller).await?;
    Ok(Json(view.into()))
}
