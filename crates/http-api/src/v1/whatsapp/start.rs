//! `POST /v1/whatsapp/service-chats`

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_gateway::{StartChat, StartChatError};

use super::wire::{StartBody, StartedBody};
use crate::access::Admitted;
use crate::body::Json;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// Have a message to a provider drafted: the first one, or a further one.
///
/// What is sent is decided by the chat's state and mode: usually an approval is opened that shows the
/// whole text. The run tells what becomes of it.
#[utoipa::path(
    post, path = "/v1/whatsapp/service-chats", tag = "whatsapp", operation_id = "startServiceChat",
    request_body = StartBody,
    responses(
        (status = 202, description = "It is drafted.", body = StartedBody),
        (status = 404, description = "`session_not_found`", body = ProblemBody),
        (status = 409, description = "`service_chats_off`, `no_bridge`", body = ProblemBody),
        (status = 429, description = "`too_many_runs`, `rate_limited`", body = ProblemBody),
        (status = 502, description = "`bridge_unavailable`", body = ProblemBody)
    )
)]
pub(crate) async fn start_service_chat(
    State(app): State<App>,
    Admitted(identity): Admitted,
    body: Json<StartBody>,
) -> Result<(StatusCode, Answer<StartedBody>), Problem> {
    let StartBody { target, message, purpose, session_id } = body.value;
    let start = StartChat { target, message, purpose, session_id };
    let gateway = app.gateway.clone();
    let started =
        to_the_end(async move { gateway.start_service_chat(start, &identity.caller).await })
            .await?;
    let body =
        StartedBody { object: "run", run_id: started.run_id, session_id: started.session_id };
    Ok((StatusCode::ACCEPTED, Answer(body)))
}

impl From<StartChatError> for Problem {
    fn from(error: StartChatError) -> Self {
        let message = error.to_string();
        match error {
            StartChatError::Refused(_) => {
                Self::new(StatusCode::CONFLICT, "service_chats_off", message)
            }
            StartChatError::Target(_) | StartChatError::Name(_) | StartChatError::Operators(_) => {
                Self::invalid("invalid_target", "/target", message)
            }
            StartChatError::Empty => Self::invalid("invalid_value", "/message", message),
            StartChatError::Bridge(error) => error.into(),
            StartChatError::Run(error) => error.into(),
            StartChatError::Forbidden(error) => error.into(),
            StartChatError::Store(error) => error.into(),
        }
    }
}
