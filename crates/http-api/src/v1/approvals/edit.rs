//! `POST /v1/approvals/{approval_id}/edit`

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_domain::approvals::EditError;
use countersign_domain::digest::Digest;
use countersign_domain::ids::ApprovalId;
use countersign_gateway::{EditApprovalError, Gateway, NewContent};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApprovalBody;
use crate::access::Admitted;
use crate::body::Json;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// New content for a pending approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Edit, example = json!({
    "content": "{\"text\": \"We are back.\"}",
    "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}))]
pub(crate) struct EditBody {
    /// The whole new content: what is written, or the body that is sent.
    content: String,
    /// The digest of what the person changed: refused if it has become something else.
    #[schema(value_type = String, pattern = "^sha256:[0-9a-f]{64}$")]
    digest: Digest,
}

/// An approval with its new content.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Edited)]
pub(crate) struct EditedBody {
    approval: ApprovalBody,
}

/// Change the content of a pending approval.
///
/// The guard judges the new content; the answer shows its new digest, and a decision counts only
/// with that digest. Whoever may approve may do this. The agent is told that the change was meant.
#[utoipa::path(
    post, path = "/v1/approvals/{approval_id}/edit", tag = "approvals",
    operation_id = "editApproval",
    params(("approval_id" = String, Path, pattern = "^appr_[0-9a-f]{32}$",
        example = "appr_0198c0de00007000800000000000000c")),
    request_body = EditBody,
    responses(
        (status = 200, description = "The approval with its new content.", body = EditedBody),
        (status = 400, description = "`not_editable`: the kind of action has no content; \
            `invalid_content`: its tool could not send the new one",
            body = ProblemBody),
        (status = 403, description = "`not_an_approver`, `forbidden_by_policy`, `insufficient_scope`, `csrf_failed`",
            body = ProblemBody),
        (status = 404, description = "`approval_not_found`", body = ProblemBody),
        (status = 409, description = "`already_resolved` (with the approval), `content_changed`",
            body = ProblemBody),
        (status = 410, description = "`expired`", body = ProblemBody)
    )
)]
pub(crate) async fn edit_approval(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(id): Id<ApprovalId>,
    body: Json<EditBody>,
) -> Result<Reply<EditedBody>, Problem> {
    let EditBody { content, digest } = body.value;
    let new = NewContent { content, digest };
    let gateway = app.gateway.clone();
    let edited =
        to_the_end(async move { gateway.edit_approval(id, &new, &identity.caller).await }).await;
    match edited {
        Ok(approval) => {
            let approval = app.gateway.approval_view(&approval).into();
            Ok(Reply(EditedBody { approval }))
        }
        Err(error) => Err(refused(&app.gateway, error)),
    }
}

fn refused(gateway: &Gateway, error: EditApprovalError) -> Problem {
    let message = error.to_string();
    match error {
        EditApprovalError::NotFound(_) => Problem::missing("approval_not_found", message),
        EditApprovalError::Forbidden(error) => error.into(),
        EditApprovalError::NotAnApprover(_) => {
            Problem::new(StatusCode::FORBIDDEN, "not_an_approver", message)
        }
        EditApprovalError::Refused { error, approval } => {
            let (status, code) = match error {
                EditError::NotEditable => (StatusCode::BAD_REQUEST, "not_editable"),
                EditError::Invalid(..) => (StatusCode::BAD_REQUEST, "invalid_content"),
                EditError::NotPending(_) => (StatusCode::CONFLICT, "already_resolved"),
                EditError::ContentChanged { .. } => (StatusCode::CONFLICT, "content_changed"),
                EditError::Expired(_) => (StatusCode::GONE, "expired"),
                EditError::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden_by_policy"),
            };
            Problem::new(status, code, message).showing(gateway.approval_view(&approval).into())
        }
        EditApprovalError::Store(error) => error.into(),
    }
}
