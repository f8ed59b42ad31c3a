//! `POST /v1/approvals`

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use countersign_domain::action::Action;
use countersign_domain::identity::Principal;
use countersign_domain::outbound::Destination;
use countersign_gateway::{ForeignRequest, RequestError};
use countersign_ports::duration::HumanDuration;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::ApprovalBody;
use crate::access::Admitted;
use crate::body::Json;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::assess::{AssessBody, KindWord, needed};
use crate::v1::{idempotency, to_the_end};

/// The address, as it is part of what an idempotency key stands for.
const PATH: &str = "/v1/approvals";

/// An action that the caller would carry out itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApprovalRequest, example = json!({
    "kind": "exec", "title": "nightly clean-up", "command": "rm -rf /srv/cache", "cwd": "/srv",
    "timeout": "10m", "metadata": {"job": 17}
}))]
pub(crate) struct RequestBody {
    #[schema(inline)]
    kind: RequestKind,
    /// What the caller calls it: shown as its remark, no part of what is decided.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// The command line or the script, for `exec` and `code`.
    command: Option<String>,
    /// The interpreter, for `code`.
    #[schema(example = "python")]
    language: Option<String>,
    /// Absolute working directory, for `exec` and `code`.
    cwd: Option<String>,
    /// Absolute path or URL; for `send_message` where it goes: `platform:chat` or `webhook:NAME`.
    destination: Option<String>,
    /// What is written or sent there.
    content: Option<String>,
    /// For `http_request`; `GET` by default.
    method: Option<String>,
    /// For `http_request`.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    headers: Option<BTreeMap<String, String>>,
    /// Anything; it comes back with the callback and is never read.
    #[serde(default)]
    metadata: Map<String, Value>,
    /// How long people have, such as `10m`; at most `approvals.timeout`.
    #[schema(value_type = Option<String>, pattern = "^[1-9][0-9]{0,3}[smh]$", example = "10m")]
    timeout: Option<HumanDuration>,
    /// Where a signed callback goes when it has ended: an address of `outbound.webhooks`, or one below
    /// it.
    #[schema(example = "https://ci.example.org/hooks/countersign")]
    callback_url: Option<String>,
    /// Who alone may approve it, of those who may anyway.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["operator"]))]
    approvers: BTreeSet<Principal>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RequestKind {
    Exec,
    Code,
    FileRead,
    FileWrite,
    HttpRequest,
    SendMessage,
}

/// Ask for an approval.
///
/// The caller carries the action out itself, exactly as it was shown, and only with the grant: whoever
/// asked reads it in `grant` of the approval once it is approved, and uses it up with
/// `POST /v1/grants/consume` before the action starts. The action is judged as the agent's own are; what
/// is forbidden is not asked about. `once` and `deny` are offered, and nobody can change the content.
#[utoipa::path(
    post, path = "/v1/approvals", tag = "approvals", operation_id = "requestApproval",
    params(("Idempotency-Key" = Option<String>, Header, pattern = "^[ -~]{1,255}$",
        description = "The same key and body get the approval that was opened within 24 hours; the \
                       same key with another body 409.")),
    request_body(content = inline(RequestBody), content_type = "application/json"),
    responses(
        (status = 201, description = "People are asked.", body = ApprovalBody),
        (status = 403, description = "`forbidden_by_policy`, `insufficient_scope`, `csrf_failed`",
            body = ProblemBody),
        (status = 409, description = "`idempotency_conflict`", body = ProblemBody),
        (status = 429, description = "`too_many_pending`, `rate_limited`", body = ProblemBody)
    )
)]
pub(crate) async fn request_approval(
    State(app): State<App>,
    Admitted(identity): Admitted,
    headers: HeaderMap,
    body: Json<RequestBody>,
) -> Result<(StatusCode, Answer<ApprovalBody>), Problem> {
    let idempotency = idempotency(&headers, PATH, &body.bytes)?;
    let request = body.value.into_request(app.gateway.workspace())?;
    let gateway = app.gateway.clone();
    let view =
        to_the_end(
            async move { gateway.request_foreign(request, &identity.caller, idempotency).await },
        );
    Ok((StatusCode::CREATED, Answer(view.await?.into())))
}

impl RequestBody {
    fn into_request(mut self, workspace: &str) -> Result<ForeignRequest, Problem> {
        Ok(ForeignRequest {
            title: self.title.take(),
            metadata: std::mem::take(&mut self.metadata),
            timeout: self.timeout.map(Duration::from),
            approvers: std::mem::take(&mut self.approvers),
            callback_url: self.callback_url.take(),
            action: self.into_action(workspace)?,
        })
    }

    fn into_action(mut self, workspace: &str) -> Result<Action, Problem> {
        let kind = match self.kind {
            RequestKind::Exec => KindWord::Exec,
            RequestKind::Code => KindWord::Code,
            RequestKind::FileRead => KindWord::FileRead,
            RequestKind::FileWrite => KindWord::FileWrite,
            RequestKind::HttpRequest => KindWord::HttpRequest,
            RequestKind::SendMessage => {
                let to = needed("destination", self.destination.take())?;
                let text = needed("content", self.content.take())?;
                self.assessed_as(KindWord::FileRead).finish()?;
                let destination = to.parse::<Destination>().map_err(|error| {
                    Problem::invalid("invalid_value", "/destination", error.to_string())
                })?;
                return Ok(Action::SendMessage {
                    destination,
                    name: None,
                    text,
                    attachments: Vec::new(),
                });
            }
        };
        self.assessed_as(kind).into_action(workspace)
    }

    fn assessed_as(self, kind: KindWord) -> AssessBody {
        let Self { command, language, cwd, destination, content, method, headers, .. } = self;
        AssessBody { kind, command, language, cwd, destination, content, method, headers }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        let message = error.to_string();
        match error {
            RequestError::Forbidden(error) => error.into(),
            RequestError::ForbiddenByPolicy(_) => {
                Self::new(StatusCode::FORBIDDEN, "forbidden_by_policy", message)
            }
            RequestError::TitleTooLong(_) => Self::invalid("invalid_value", "/title", message),
            RequestError::NoTime => Self::invalid("invalid_value", "/timeout", message),
            RequestError::TooFewApprovers { .. } => {
                Self::invalid("invalid_value", "/approvers", message)
            }
            RequestError::Callback(_) => {
                Self::invalid("callback_not_allowed", "/callback_url", message)
            }
            RequestError::TooManyPending(_) => {
                Self::too_many("too_many_pending", Duration::from_secs(30), message)
            }
            RequestError::IdempotencyConflict => {
                Self::conflict("idempotency_conflict", message).about("Idempotency-Key")
            }
            RequestError::Store(error) => error.into(),
        }
    }
}
