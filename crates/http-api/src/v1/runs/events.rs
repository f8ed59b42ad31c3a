//! `GET /v1/runs/{run_id}/events`

use axum::extract::State;
use axum::response::Response;
use countersign_domain::ids::RunId;
use countersign_domain::runs::Stream;

use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::sse::{After, Reader, Shutdown};

/// Follow the events of a run.
///
/// The whole history first, then what happens; the stream ends after `run.completed`, `run.failed`
/// or `run.cancelled`. A reader that names the last event it has seen gets what came after it.
#[utoipa::path(
    get, path = "/v1/runs/{run_id}/events", tag = "runs", operation_id = "followRun",
    params(
        ("run_id" = String, Path, pattern = "^run_[0-9a-f]{32}$",
        example = "run_0198c0de00007000800000000000000a"),
        ("after" = Option<u64>, Query, description = "Only events after this number."),
        ("Last-Event-ID" = Option<u64>, Header, description = "The same; goes before `after`.")
    ),
    responses(
        (status = 200, description = "Server-sent events. `data` is JSON with `event`, `run_id`, \
            `timestamp`, `seq` and the event's own fields.",
            content_type = "text/event-stream", body = String,
            example = "id: 1\nevent: run.started\ndata: {\"event\":\"run.started\",\"seq\":1}\n\n"),
        (status = 404, description = "`run_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn run_events(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(run): Id<RunId>,
    After(after): After,
    shutdown: Shutdown,
) -> Result<Response, Problem> {
    app.gateway.visible_run(run, &identity.caller).await?;
    let reader = Reader { app, identity, shutdown };
    Ok(reader.follow(Stream::Run(run), after.unwrap_or(0)))
}
