//! `GET /v1/approvals/{approval_id}`

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use countersign_domain::approvals::Status;
use countersign_domain::ids::ApprovalId;
use countersign_gateway::ApprovalView;
use countersign_ports::duration::HumanDuration;
use tokio::time::Instant;

use super::ApprovalBody;
use crate::access::{Admitted, Identity, authenticate};
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::query::Parameters;
use crate::server::App;
use crate::sse::{KEEP_ALIVE, Shutdown};

/// The longest that a request is held.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// Read an approval, at once or when it is decided.
#[utoipa::path(
    get, path = "/v1/approvals/{approval_id}", tag = "approvals", operation_id = "readApproval",
    params(
        ("approval_id" = String, Path, pattern = "^appr_[0-9a-f]{32}$",
        example = "appr_0198c0de00007000800000000000000c"),
        ("wait" = Option<String>, Query, pattern = "^[0-9]{1,5}ms$|^[1-9]m$|^[0-9]{1,2}s$", example = "30s",
            description = "Hold the answer until the approval is decided, at most so long; up to \
                           10 minutes.")
    ),
    responses(
        (status = 200, description = "The approval.", body = ApprovalBody),
        (status = 404, description = "`approval_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn read_approval(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(id): Id<ApprovalId>,
    shutdown: Shutdown,
    mut query: Parameters,
) -> Result<Json<ApprovalBody>, Problem> {
    let wait = query.parsed::<HumanDuration>("wait")?.map_or(Duration::ZERO, Duration::from);
    query.finish()?;
    if wait > LONGEST_WAIT {
        let message = "`wait` is at most 10m";
        return Err(Problem::invalid("invalid_value", "wait", message));
    }
    let view = Patience { app, identity, shutdown }.until_decided(id, wait).await?;
    Ok(Json(view.into()))
}

/// Somebody who waits.
struct Patience {
    app: App,
    identity: Identity,
    shutdown: Shutdown,
}

impl Patience {
    /// The approval once it is decided, or as it is when the wait or the gateway ends. Like a
    /// stream, it looks now and then whether the credential is still good.
    async fn until_decided(
        mut self,
        id: ApprovalId,
        wait: Duration,
    ) -> Result<ApprovalView, Problem> {
        let gateway = self.app.gateway.clone();
        let deadline = Instant::now() + wait;
        let mut view = gateway.approval(id, &self.identity.caller).await?;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if view.status != Status::Pending || left.is_zero() {
                return Ok(view);
            }
            let caller = &self.identity.caller;
            tokio::select! {
                read = gateway.approval_when_decided(id, left.min(KEEP_ALIVE), caller) => view = read?,
                () = self.shutdown.0.cancelled() => return Ok(view),
            }
            self.identity = authenticate(&self.app, self.identity.credential).await?;
        }
    }
}
