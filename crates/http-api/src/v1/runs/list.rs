//! `GET /v1/runs`

use axum::Json;
use axum::extract::State;
use countersign_domain::runs::RunStatus;
use countersign_ports::store::{Page, RunFilter};

use super::wire::RunBody;
use crate::access::Admitted;
use crate::problem::Problem;
use crate::query::Parameters;
use crate::server::App;
use crate::v1::List;

/// The longest part of the list.
const MOST: usize = 100;

/// List runs, newest first: the caller's own, or all for an admin.
#[utoipa::path(
    get, path = "/v1/runs", tag = "runs", operation_id = "listRuns",
    params(
        ("session_id" = Option<String>, Query, pattern = "^sess_[0-9a-f]{32}$",
            description = "Of this session."),
        ("status" = Option<String>, Query, pattern = "^(queued|running|waiting_for_approval|waiting_for_answer|stopping|completed|failed|cancelled)$",
            description = "In this state.", example = "running"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100,
            description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, pattern = "^run_[0-9a-f]{32}$",
            description = "`next_cursor` of the part before.")
    ),
    responses((status = 200, description = "A part of the list.", body = List<RunBody>))
)]
pub(crate) async fn list_runs(
    State(app): State<App>,
    Admitted(identity): Admitted,
    mut query: Parameters,
) -> Result<Json<List<RunBody>>, Problem> {
    let filter = RunFilter {
        session_id: query.parsed("session_id")?,
        status: query.word("status", RunStatus::ALL, |status| status.as_str())?,
        requested_by: None,
    };
    let page = query.page(MOST)?;
    query.finish()?;
    let Page { items, next } = app.gateway.runs(filter, page, &identity.caller).await?;
    Ok(Json(List::part(items.into_iter().map(RunBody::from).collect(), next)))
}
