//! `GET /v1/whatsapp/service-chats/{chat}`

use axum::Json;
use axum::extract::{Path, State};
use countersign_domain::ids::SaidId;

use super::wire::{SaidBody, ThreadBody};
use crate::access::Admitted;
use crate::problem::{Problem, ProblemBody};
use crate::query::Parameters;
use crate::server::App;

/// Read a service chat: who said what, and under which approval.
#[utoipa::path(
    get, path = "/v1/whatsapp/service-chats/{chat}", tag = "whatsapp",
    operation_id = "readServiceChat",
    params(
        ("chat" = String, Path, example = "+34600111222",
            description = "A phone number with its country code, a JID, or a service chat's name."),
        ("cursor" = Option<String>, Query, pattern = "^said_[0-9a-f]{32}$",
            description = "Messages before this one.")
    ),
    responses(
        (status = 200, description = "The chat and the end of its thread.", body = ThreadBody),
        (status = 404, description = "`service_chat_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn read_service_chat(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Path(chat): Path<String>,
    mut query: Parameters,
) -> Result<Json<ThreadBody>, Problem> {
    let before = query.parsed::<SaidId>("cursor")?;
    query.finish()?;
    let (chat, thread) = app.gateway.service_chat(&chat, before, &identity.caller).await?;
    Ok(Json(ThreadBody {
        chat: chat.into(),
        messages: thread.said.into_iter().map(SaidBody::from).collect(),
        next_cursor: thread.older.map(|older| older.to_string()),
    }))
}
