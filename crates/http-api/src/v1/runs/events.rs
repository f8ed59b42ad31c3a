//! `GET /v1/runs/{run_id}/events`

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::Response;
use countersign_domain::ids::RunId;
use countersign_domain::runs::Stream;

use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::query::Parameters;
use crate::script::Records;
use crate::server::App;
use crate::sse::{Reader, Shutdown, after};
use crate::v1::hermes::HermesRecords;

/// From where on a reader wants the events, and in which form.
pub(crate) struct Reading {
    after: Option<u64>,
    dialect: Dialect,
}

/// The form of the records.
#[derive(Debug, Clone, Copy)]
enum Dialect {
    /// This gateway's own.
    Own,
    /// The reference system's.
    Hermes,
}

impl FromRequestParts<App> for Reading {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let mut query = Parameters::from_request_parts(parts, app).await?;
        let dialect = query.word("dialect", [Dialect::Hermes], |_| "hermes")?;
        let after = after(&mut query, &parts.headers)?;
        query.finish()?;
        Ok(Self { after, dialect: dialect.unwrap_or(Dialect::Own) })
    }
}

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
        ("dialect" = Option<String>, Query, pattern = "^hermes$",
            description = "`hermes`: in the form of the reference system. Records are `data:` lines \
                alone; `approval.required` and `approval.resolved` are called `approval.request` and \
                `approval.responded`; `timestamp` is in seconds."),
        ("Last-Event-ID" = Option<u64>, Header, description = "The same as `after`; goes before it.")
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
    reading: Reading,
    shutdown: Shutdown,
) -> Result<Response, Problem> {
    app.gateway.visible_run(run, &identity.caller).await?;
    let reader = Reader { app, identity, shutdown };
    let (stream, after) = (Stream::Run(run), reading.after.unwrap_or(0));
    Ok(match reading.dialect {
        Dialect::Own => reader.follow(stream, after, Records),
        Dialect::Hermes => reader.follow(stream, after, HermesRecords),
    })
}
