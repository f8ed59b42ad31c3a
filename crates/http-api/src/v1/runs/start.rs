//! `POST /v1/runs`

use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use countersign_gateway::StartRunError;

use super::start_wire::{InputMessageBody, PartBody, StartBody};
use super::wire::StartedBody;
use crate::access::Admitted;
use crate::body::Json;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::{idempotency, to_the_end};

/// Start a run.
///
/// The answer comes once the run is on stable storage. What happens then is told by its events.
#[utoipa::path(
    post, path = "/v1/runs", tag = "runs", operation_id = "startRun",
    params(("Idempotency-Key" = Option<String>, Header, pattern = "^[ -~]{1,255}$",
        description = "1 to 255 printable ASCII characters; keys of different callers are \
                       different. The same key and the same body, byte for byte, get the stored \
                       answer within 24 hours, the same key with another body 409.")),
    request_body(content = inline(StartBody), content_type = "application/json"),
    responses(
        (status = 202, description = "The run is accepted.", body = StartedBody),
        (status = 404, description = "`session_not_found`, `run_not_found`", body = ProblemBody),
        (status = 409, description = "`idempotency_conflict`", body = ProblemBody),
        (status = 429, description = "`too_many_runs`, `rate_limited`", body = ProblemBody)
    )
)]
pub(crate) async fn start_run(
    State(app): State<App>,
    Admitted(identity): Admitted,
    headers: HeaderMap,
    body: Json<StartBody>,
) -> Result<(StatusCode, Answer<StartedBody>), Problem> {
    let idempotency = idempotency(&headers, "/v1/runs", &body.bytes)?;
    let request = body.value.into_request()?;
    let gateway = app.gateway.clone();
    let started =
        to_the_end(async move { gateway.start_run(request, &identity.caller, idempotency).await })
            .await?;
    let body = StartedBody {
        object: "run",
        run_id: started.run_id,
        session_id: started.session_id,
        status: "queued",
    };
    Ok((StatusCode::ACCEPTED, Answer(body)))
}

impl From<StartRunError> for Problem {
    fn from(error: StartRunError) -> Self {
        let message = error.to_string();
        match error {
            StartRunError::EmptyInput => Self::invalid("invalid_value", "/input", message),
            StartRunError::NoSession(_) => {
                Self::missing("session_not_found", message).about("/session_id")
            }
            StartRunError::NoRun(_) => {
                Self::missing("run_not_found", message).about("/previous_response_id")
            }
            StartRunError::Forbidden(error) => error.into(),
            StartRunError::Busy { .. } => {
                Self::too_many("too_many_runs", Duration::from_secs(5), message)
            }
            StartRunError::IdempotencyConflict => {
                Self::new(StatusCode::CONFLICT, "idempotency_conflict", message)
                    .about("Idempotency-Key")
            }
            StartRunError::Store(error) => error.into(),
        }
    }
}

/// The schemas that the body refers to by name.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(InputMessageBody, PartBody)))]
pub(crate) struct Schemas;
