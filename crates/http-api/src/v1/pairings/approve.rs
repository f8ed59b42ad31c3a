//! `POST /v1/pairings/approve`

use axum::Json as Answer;
use axum::extract::State;
use countersign_gateway::PairingError;

use super::wire::{ApproveBody, PairingBody};
use crate::access::Admitted;
use crate::body::Json;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// Let somebody in by the code that they were given.
///
/// From now on what they write in direct messages is heard. What they may command is for the lists.
#[utoipa::path(
    post, path = "/v1/pairings/approve", tag = "pairings", operation_id = "approvePairing",
    request_body = ApproveBody,
    responses(
        (status = 200, description = "They are let in.", body = PairingBody),
        (status = 404, description = "`pairing_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn approve_pairing(
    State(app): State<App>,
    Admitted(identity): Admitted,
    body: Json<ApproveBody>,
) -> Result<Answer<PairingBody>, Problem> {
    let code = body.value.code().ok_or_else(|| {
        Problem::invalid("invalid_value", "/code", "it is no pairing code such as `K7QM-2XWD`")
    })?;
    let gateway = app.gateway.clone();
    let let_in =
        to_the_end(async move { gateway.approve_pairing(&code, &identity.caller).await }).await?;
    Ok(Answer(let_in.into()))
}

impl From<PairingError> for Problem {
    fn from(error: PairingError) -> Self {
        let message = error.to_string();
        match error {
            PairingError::NoCode(_) | PairingError::NoPairing(_) => {
                Self::missing("pairing_not_found", message)
            }
            PairingError::Forbidden(error) => error.into(),
            PairingError::Store(error) => error.into(),
        }
    }
}
