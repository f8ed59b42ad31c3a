//! `POST /v1/runs/{run_id}/approval`

use axum::Json as Answer;
use axum::extract::State;
use countersign_domain::approvals::{Choice, Status};
use countersign_domain::ids::{ApprovalId, RunId};
use countersign_gateway::{Answer as Decided, ApprovalView, Caller};
use countersign_ports::store::{ApprovalFilter, PageRequest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Admitted;
use crate::body::Json;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::approvals::decide;

/// So many approvals of a run are looked at.
const MOST: usize = 1000;

/// A decision about what a run waits for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RunApproval, example = json!({"choice": "once"}))]
pub(crate) struct RunApprovalBody {
    /// `once`, `session`, `always` or `deny`; `approve`, `approved` and `allow` mean `once`.
    #[schema(pattern = "^(once|session|always|deny|approve|approved|allow)$")]
    choice: String,
    /// Which approval; needed when several are pending.
    #[schema(value_type = Option<String>, pattern = "^appr_[0-9a-f]{32}$")]
    approval_id: Option<ApprovalId>,
    /// Everything that is pending; for `deny` alone.
    all: Option<bool>,
    /// The same.
    resolve_all: Option<bool>,
}

/// What was decided.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunApprovalAnswer)]
pub(crate) struct RunApprovalAnswerBody {
    #[schema(example = "hermes.run.approval_response")]
    object: &'static str,
    #[schema(value_type = String)]
    run_id: RunId,
    #[schema(example = "once")]
    choice: &'static str,
    /// How many approvals were decided.
    #[schema(example = 1)]
    resolved: usize,
}

/// Decide what a run waits for.
///
/// For clients of the reference system; `POST /v1/approvals/{approval_id}/resolve` says what was shown,
/// too, and is the better one.
#[utoipa::path(
    post, path = "/v1/runs/{run_id}/approval", tag = "hermes", operation_id = "resolveOfRun",
    params(("run_id" = String, Path, pattern = "^run_[0-9a-f]{32}$",
        example = "run_0198c0de00007000800000000000000a")),
    request_body = RunApprovalBody,
    responses(
        (status = 200, description = "It is decided, on stable storage.", body = RunApprovalAnswerBody),
        (status = 400, description = "`invalid_approval_choice`", body = ProblemBody),
        (status = 403, description = "`not_an_approver`, `forbidden_by_policy`", body = ProblemBody),
        (status = 404, description = "`run_not_found`, `approval_not_found`", body = ProblemBody),
        (status = 409, description = "`approval_not_pending`; `approval_ambiguous`, whose message lists \
            the ids; or as for `resolve`", body = ProblemBody),
        (status = 410, description = "`expired`", body = ProblemBody)
    )
)]
pub(crate) async fn resolve_of_run(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(run): Id<RunId>,
    body: Json<RunApprovalBody>,
) -> Result<Answer<RunApprovalAnswerBody>, Problem> {
    let RunApprovalBody { choice, approval_id, all, resolve_all } = body.value;
    let choice = chosen(&choice)?;
    let all = all == Some(true) || resolve_all == Some(true);
    if all && choice.approves() {
        let message = "each approval is approved by its own id; only `deny` takes all at once";
        return Err(Problem::invalid("invalid_value", "/all", message));
    }
    let pending = pending(&app, run, &identity.caller).await?;
    let named = |view: &&ApprovalView| approval_id.is_none_or(|id| view.card.approval_id == id);
    let meant: Vec<&ApprovalView> = pending.iter().filter(named).collect();
    if let (Some(id), []) = (approval_id, meant.as_slice()) {
        let found = app.gateway.approval(id, &identity.caller).await?;
        if found.run_id != run {
            let message = format!("{id} is not an approval of {run}");
            return Err(Problem::missing("approval_not_found", message));
        }
    }
    if meant.len() > 1 && !all {
        let ids: Vec<String> = meant.iter().map(|v| v.card.approval_id.to_string()).collect();
        let message =
            format!("several approvals are pending, name one in `approval_id`: {}", ids.join(", "));
        return Err(Problem::conflict("approval_ambiguous", message).about("/approval_id"));
    }
    if meant.is_empty() {
        let message = "the run waits for no such decision";
        return Err(Problem::conflict("approval_not_pending", message));
    }
    let mut resolved = 0;
    for view in meant {
        // Such clients cannot say what they saw, so nothing is decided that has changed since.
        let answer = Decided { choice, reason: None, digest: None, count: None };
        decide(&app, view.card.approval_id, answer, identity.caller.clone()).await?;
        resolved += 1;
    }
    let object = "hermes.run.approval_response";
    Ok(Answer(RunApprovalAnswerBody { object, run_id: run, choice: choice.as_str(), resolved }))
}

fn chosen(word: &str) -> Result<Choice, Problem> {
    match word {
        "approve" | "approved" | "allow" => Ok(Choice::Once),
        word => Choice::from_word(word).ok_or_else(|| {
            let message = "`choice` is one of once, session, always, deny";
            Problem::invalid("invalid_approval_choice", "/choice", message)
        }),
    }
}

/// The pending approvals of a run, oldest first; that there is no such run if nothing is known of it.
async fn pending(app: &App, run: RunId, caller: &Caller) -> Result<Vec<ApprovalView>, Problem> {
    let page = PageRequest { before: None, limit: MOST };
    let filter = ApprovalFilter { run_id: Some(run), ..ApprovalFilter::default() };
    let mut found = app.gateway.approvals(filter, page, caller).await?.items;
    if found.is_empty() {
        app.gateway.visible_run(run, caller).await?;
    }
    found.retain(|view| view.status == Status::Pending);
    found.reverse();
    Ok(found)
}
