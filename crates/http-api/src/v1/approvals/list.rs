//! `GET /v1/approvals`

use axum::Json;
use axum::extract::State;
use countersign_domain::action::ActionKind;
use countersign_domain::approvals::Status;
use countersign_ports::store::{ApprovalFilter, Page};

use super::ApprovalBody;
use crate::access::Admitted;
use crate::problem::Problem;
use crate::query::Parameters;
use crate::server::App;
use crate::v1::List;

/// The longest part of the list.
const MOST: usize = 200;

/// List approvals, newest first.
#[utoipa::path(
    get, path = "/v1/approvals", tag = "approvals", operation_id = "listApprovals",
    params(
        ("status" = Option<String>, Query, pattern = "^(pending|approved|denied|expired|cancelled|claimed|executed|indeterminate|lapsed)$",
            description = "In this state.", example = "pending"),
        ("session_id" = Option<String>, Query, pattern = "^sess_[0-9a-f]{32}$",
            description = "Of this session."),
        ("run_id" = Option<String>, Query, pattern = "^run_[0-9a-f]{32}$",
            description = "Of this run."),
        ("kind" = Option<String>, Query, pattern = "^(exec|code|file_read|file_write|http_request)$",
            description = "About this kind of action.",
            example = "exec"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200,
            description = "1 to 200; 20 by default."),
        ("cursor" = Option<String>, Query, pattern = "^appr_[0-9a-f]{32}$",
            description = "`next_cursor` of the part before.")
    ),
    responses((status = 200, description = "A part of the list.", body = List<ApprovalBody>))
)]
pub(crate) async fn list_approvals(
    State(app): State<App>,
    Admitted(identity): Admitted,
    mut query: Parameters,
) -> Result<Json<List<ApprovalBody>>, Problem> {
    let filter = ApprovalFilter {
        status: query.word("status", Status::ALL, |status| status.as_str())?,
        session_id: query.parsed("session_id")?,
        run_id: query.parsed("run_id")?,
        kind: query.word("kind", ActionKind::ALL, |kind| kind.as_str())?,
    };
    let page = query.page(MOST)?;
    query.finish()?;
    let Page { items, next } = app.gateway.approvals(filter, page, &identity.caller).await?;
    Ok(Json(List::part(items.into_iter().map(ApprovalBody::from).collect(), next)))
}
