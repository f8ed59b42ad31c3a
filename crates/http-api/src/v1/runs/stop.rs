//! `POST /v1/runs/{run_id}/stop`

use axum::Json;
use axum::extract::State;
use countersign_domain::ids::RunId;

use super::wire::RunStatusBody;
use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// Stop a run.
///
/// What is running is killed; pending approvals of the run are cancelled. A run that is over stays
/// as it is.
#[utoipa::path(
    post, path = "/v1/runs/{run_id}/stop", tag = "runs", operation_id = "stopRun",
    params(("run_id" = String, Path, pattern = "^run_[0-9a-f]{32}$",
        example = "run_0198c0de00007000800000000000000a")),
    responses(
        (status = 200, description = "Where the run stands now.", body = RunStatusBody),
        (status = 404, description = "`run_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn stop_run(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(run): Id<RunId>,
) -> Result<Json<RunStatusBody>, Problem> {
    let gateway = app.gateway.clone();
    let status = to_the_end(async move { gateway.stop_run(run, &identity.caller).await }).await?;
    Ok(Json(RunStatusBody { object: "run", run_id: run, status: status.into() }))
}
