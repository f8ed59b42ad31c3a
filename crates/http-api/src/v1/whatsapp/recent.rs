//! `GET /v1/whatsapp/chats`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_gateway::ServiceChatsError;
use countersign_ports::effect_gate::Groups;
use countersign_ports::service_bridge::{BridgeError, Listing};

use super::wire::{RecentBody, RecentChatsBody};
use crate::access::Admitted;
use crate::problem::{Problem, ProblemBody};
use crate::query::Parameters;
use crate::server::App;

/// List the recent chats of the account, newest first.
///
/// Nothing that was said is listed, and nothing is sent. It works while service conversations are off.
#[utoipa::path(
    get, path = "/v1/whatsapp/chats", tag = "whatsapp", operation_id = "listRecentChats",
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "50 by default."),
        ("kinds" = Option<String>, Query, description = "`direct` (the default) or `all`.")
    ),
    responses(
        (status = 200, description = "The chats.", body = RecentChatsBody),
        (status = 409, description = "`no_bridge`", body = ProblemBody),
        (status = 502, description = "`bridge_unavailable`", body = ProblemBody)
    )
)]
pub(crate) async fn recent_chats(
    State(app): State<App>,
    Admitted(identity): Admitted,
    mut query: Parameters,
) -> Result<Json<RecentChatsBody>, Problem> {
    let limit = query.parsed::<usize>("limit")?.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        let message = "`limit` is a number from 1 to 200";
        return Err(Problem::invalid("invalid_value", "limit", message));
    }
    let kinds = [("direct", Groups::Left), ("all", Groups::Listed)];
    let kinds = query.word("kinds", kinds, |(word, _)| word)?;
    query.finish()?;
    let groups = kinds.map_or(Groups::Left, |(_, groups)| groups);
    let chats = app.gateway.recent_chats(limit, groups, &identity.caller).await?;
    let on = app.gateway.settings().service.enabled.is_on();
    Ok(Json(RecentChatsBody {
        object: "list",
        data: chats.into_iter().map(RecentBody::from).collect(),
        sending: if on { "on" } else { "off" },
        listing: match app.gateway.listing() {
            Listing::Account => "account",
            Listing::Seen => "seen",
        },
    }))
}

impl From<ServiceChatsError> for Problem {
    fn from(error: ServiceChatsError) -> Self {
        let message = error.to_string();
        match error {
            ServiceChatsError::Forbidden(error) => error.into(),
            ServiceChatsError::NotFound(_) => Self::missing("service_chat_not_found", message),
            ServiceChatsError::Bridge(error) => error.into(),
            ServiceChatsError::Store(error) => error.into(),
        }
    }
}

impl From<BridgeError> for Problem {
    fn from(error: BridgeError) -> Self {
        let message = error.to_string();
        match error {
            BridgeError::Unavailable(_) => {
                Self::new(StatusCode::BAD_GATEWAY, "bridge_unavailable", message)
            }
            BridgeError::Refused(_) => Self::new(StatusCode::CONFLICT, "no_bridge", message),
        }
    }
}
