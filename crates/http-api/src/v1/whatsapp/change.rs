//! `POST /v1/whatsapp/service-chats/{chat}/change`

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use countersign_domain::service_conversations::ChatMode;
use countersign_gateway::{ChangeChatError, ChatChange};

use super::wire::{ChangeBody, ChangeWord, ChatBody};
use crate::access::Admitted;
use crate::body::Json;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// Pause, resume or revoke a service chat, give it another mode, or approve it.
///
/// When the answer comes it holds: a chat that is revoked sends nothing any more, its drafts are
/// cancelled, whatever is at work. What lets a chat do more takes somebody who may approve what it is
/// led for, and is refused where `approvals.quorum` wants several.
#[utoipa::path(
    post, path = "/v1/whatsapp/service-chats/{chat}/change", tag = "whatsapp",
    operation_id = "changeServiceChat",
    params(("chat" = String, Path, example = "+34600111222",
        description = "A phone number with its country code, a JID, or a service chat's name.")),
    request_body = ChangeBody,
    responses(
        (status = 200, description = "The chat as it is now.", body = ChatBody),
        (status = 404, description = "`service_chat_not_found`", body = ProblemBody),
        (status = 409, description = "`service_chat_state`", body = ProblemBody)
    )
)]
pub(crate) async fn change_service_chat(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Path(chat): Path<String>,
    body: Json<ChangeBody>,
) -> Result<Answer<ChatBody>, Problem> {
    let change = match body.value.change {
        ChangeWord::Pause => ChatChange::Pause,
        ChangeWord::Resume => ChatChange::Resume,
        ChangeWord::DraftFirst => ChatChange::Mode(ChatMode::DraftFirst),
        ChangeWord::Autonomous => ChatChange::Mode(ChatMode::Autonomous),
        ChangeWord::Revoke => ChatChange::Revoke,
        ChangeWord::Approve => ChatChange::Approve { seen: body.value.digest },
    };
    let (gateway, caller) = (app.gateway.clone(), identity.caller.clone());
    let changed =
        to_the_end(async move { gateway.change_service_chat(&chat, change, &caller).await })
            .await?;
    let id = changed.id.to_string();
    let (view, _) = app.gateway.service_chat(&id, None, &identity.caller).await?;
    Ok(Answer(view.into()))
}

impl From<ChangeChatError> for Problem {
    fn from(error: ChangeChatError) -> Self {
        let message = error.to_string();
        match error {
            ChangeChatError::Forbidden(error) => error.into(),
            ChangeChatError::Target(_) | ChangeChatError::NotFound(_) => {
                Self::missing("service_chat_not_found", message)
            }
            ChangeChatError::Refused(_)
            | ChangeChatError::Draft(_)
            | ChangeChatError::Unseen(_)
            | ChangeChatError::NotAnApprover(_)
            | ChangeChatError::Quorum(_) => {
                Self::new(StatusCode::CONFLICT, "service_chat_state", message)
            }
            ChangeChatError::Store(error) => error.into(),
        }
    }
}
