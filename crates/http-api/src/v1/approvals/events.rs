//! `GET /v1/approvals/events`

use axum::extract::State;
use axum::response::Response;
use countersign_domain::runs::Stream;

use crate::access::Admitted;
use crate::problem::Problem;
use crate::script::Records;
use crate::server::App;
use crate::sse::{After, Reader, Shutdown};

/// Follow the events of all approvals.
///
/// From now on; with `after` or `Last-Event-ID` from there on (`after=0`: everything).
#[utoipa::path(
    get, path = "/v1/approvals/events", tag = "approvals", operation_id = "followApprovals",
    params(
        ("after" = Option<u64>, Query, description = "Only events after this number."),
        ("Last-Event-ID" = Option<u64>, Header, description = "The same; goes before `after`.")
    ),
    responses((status = 200, description = "Server-sent events: `approval.required`, \
        `approval.updated`, `approval.resolved`, `approval.executed`. `seq` counts over all runs.",
        content_type = "text/event-stream", body = String,
        example = "id: 7\nevent: approval.resolved\ndata: {\"event\":\"approval.resolved\"}\n\n"))
)]
pub(crate) async fn approval_events(
    State(app): State<App>,
    Admitted(identity): Admitted,
    After(after): After,
    shutdown: Shutdown,
) -> Result<Response, Problem> {
    let after = match after {
        Some(after) => after,
        None => app.gateway.newest_number(Stream::Approvals).await?,
    };
    let reader = Reader { app, identity, shutdown };
    Ok(reader.follow(Stream::Approvals, after, Records))
}
