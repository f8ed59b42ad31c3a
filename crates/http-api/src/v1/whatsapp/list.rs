//! `GET /v1/whatsapp/service-chats`

use axum::Json;
use axum::extract::State;

use super::wire::{ChatBody, ChatsBody};
use crate::access::Admitted;
use crate::problem::Problem;
use crate::query::Parameters;
use crate::server::App;

/// List the service chats, and how much of the limits is used.
#[utoipa::path(
    get, path = "/v1/whatsapp/service-chats", tag = "whatsapp", operation_id = "listServiceChats",
    responses((status = 200, description = "All of them.", body = ChatsBody))
)]
pub(crate) async fn list_service_chats(
    State(app): State<App>,
    Admitted(identity): Admitted,
    query: Parameters,
) -> Result<Json<ChatsBody>, Problem> {
    query.finish()?;
    let (chats, limits) = app.gateway.service_chats(&identity.caller).await?;
    Ok(Json(ChatsBody {
        object: "list",
        data: chats.into_iter().map(ChatBody::from).collect(),
        limits: limits.into(),
    }))
}
