//! `POST /v1/approvals/{approval_id}/resolve`

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_domain::approvals::{Choice, DecideError};
use countersign_domain::digest::Digest;
use countersign_domain::ids::ApprovalId;
use countersign_gateway::{Answer, Caller, Gateway, ResolveError, Resolved};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApprovalBody;
use super::wire::choice;
use crate::access::Admitted;
use crate::body::Json;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// A person's answer to an approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Answer, example = json!({"choice": "deny", "reason": "not on a Friday"}))]
pub(crate) struct AnswerBody {
    /// `once`, `session`, `always` or `deny`.
    #[schema(schema_with = choice, example = "once")]
    choice: String,
    /// Why, for the agent; at most 280 characters.
    #[schema(max_length = 280)]
    reason: Option<String>,
    /// The digest of what the person saw: refused if something else would run.
    #[schema(value_type = Option<String>, pattern = "^sha256:[0-9a-f]{64}$")]
    digest: Option<Digest>,
    /// The number of identical calls that the card counted, 1 if it is not given: refused if it
    /// counts another number by now. A denial is for all of them.
    #[schema(minimum = 1, default = 1)]
    count: Option<u32>,
}

/// An approval as it is after the answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Resolved)]
pub(crate) struct ResolvedBody {
    approval: ApprovalBody,
}

/// Decide an approval.
///
/// When the answer comes, the decision is on stable storage. The same answer by the same caller
/// again gets the stored decision.
///
/// Where more than one approver must agree, an approving answer is a vote: the approval stays
/// `pending` until `votes` are as many as `votes_needed`, and the narrowest choice of all counts.
/// One denial denies. Somebody who has voted, or whose delegate has, is answered with the approval
/// as it is.
#[utoipa::path(
    post, path = "/v1/approvals/{approval_id}/resolve", tag = "approvals",
    operation_id = "resolveApproval",
    params(("approval_id" = String, Path, pattern = "^appr_[0-9a-f]{32}$",
        example = "appr_0198c0de00007000800000000000000c")),
    request_body = AnswerBody,
    responses(
        (status = 200, description = "The approval as decided, or pending with this vote counted.", body = ResolvedBody),
        (status = 403, description = "`not_an_approver`, `forbidden_by_policy`, `insufficient_scope`, `csrf_failed`",
            body = ProblemBody),
        (status = 404, description = "`approval_not_found`", body = ProblemBody),
        (status = 409, description = "`already_resolved` (with the approval), \
            `choice_not_offered`, `content_changed`, `count_changed`", body = ProblemBody),
        (status = 410, description = "`expired`", body = ProblemBody)
    )
)]
pub(crate) async fn resolve_approval(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(id): Id<ApprovalId>,
    body: Json<AnswerBody>,
) -> Result<Reply<ResolvedBody>, Problem> {
    let approval = decide(&app, id, answer(body.value)?, identity.caller).await?;
    Ok(Reply(ResolvedBody { approval }))
}

/// Decides an approval; the approval as it is then.
pub(crate) async fn decide(
    app: &App,
    id: ApprovalId,
    answer: Answer,
    caller: Caller,
) -> Result<ApprovalBody, Problem> {
    let gateway = app.gateway.clone();
    let resolved =
        to_the_end(async move { gateway.resolve_approval(id, &answer, &caller).await }).await;
    match resolved {
        Ok(
            Resolved::Now(approval)
            | Resolved::Before(approval)
            | Resolved::Counted(approval)
            | Resolved::CountedBefore(approval),
        ) => Ok(app.gateway.approval_view(&approval).into()),
        Err(error) => Err(refused(&app.gateway, error)),
    }
}

fn answer(body: AnswerBody) -> Result<Answer, Problem> {
    let AnswerBody { choice: word, reason, digest, count } = body;
    let choice = Choice::from_word(&word).ok_or_else(|| {
        let message = "`choice` is one of once, session, always, deny";
        Problem::invalid("invalid_choice", "/choice", message)
    })?;
    Ok(Answer { choice, reason, digest, count })
}

fn refused(gateway: &Gateway, error: ResolveError) -> Problem {
    let message = error.to_string();
    match error {
        ResolveError::NotFound(_) => Problem::missing("approval_not_found", message),
        ResolveError::Forbidden(error) => error.into(),
        // The message says why: not listed, their own request, or an ended delegation.
        ResolveError::NotAnApprover(_) => {
            Problem::new(StatusCode::FORBIDDEN, "not_an_approver", message)
        }
        ResolveError::ForbiddenNow(_) => {
            Problem::new(StatusCode::FORBIDDEN, "forbidden_by_policy", message)
        }
        ResolveError::ReasonTooLong(_) => Problem::invalid("invalid_value", "/reason", message),
        ResolveError::Refused { error, approval } => {
            let (status, code) = match error {
                DecideError::AlreadyDecided(_) | DecideError::Cancelled(_) => {
                    (StatusCode::CONFLICT, "already_resolved")
                }
                DecideError::ContentChanged { .. } => (StatusCode::CONFLICT, "content_changed"),
                DecideError::CountChanged { .. } => (StatusCode::CONFLICT, "count_changed"),
                DecideError::NotOffered(_) => (StatusCode::CONFLICT, "choice_not_offered"),
                DecideError::Expired(_) => (StatusCode::GONE, "expired"),
            };
            Problem::new(status, code, message).showing(gateway.approval_view(&approval).into())
        }
        ResolveError::Store(error) => error.into(),
    }
}
