//! `GET /api/v4/websocket`.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::connection::{self, Asked};
use crate::mattermost::model::ids;
use crate::mattermost::model::users::Session;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::rest::auth::bearer;
use crate::mattermost::server::Server;

/// The largest frame that the server reads.
const MAX_MESSAGE: usize = 8 * 1024;

#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    connection_id: Option<String>,
    sequence_number: Option<String>,
}

pub(crate) async fn upgrade(
    State(server): State<Arc<Server>>,
    Query(wanted): Query<Wanted>,
    mut request: Request,
) -> Response {
    let headers = request.headers();
    let session = bearer(headers).and_then(|token| server.session(&token));
    let key = match checked_key(&server, headers) {
        Ok(key) => key,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(upgrading) = request.extensions_mut().remove::<OnUpgrade>() else {
        return bad_upgrade().into_response();
    };
    let asked = what_is_asked(session, &wanted);
    tokio::spawn(async move {
        let Ok(upgraded) = upgrading.await else { return };
        let config =
            WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(None);
        let socket =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config))
                .await;
        connection::serve(server, socket, asked).await;
    });
    let accept = derive_accept_key(key.as_bytes());
    let headers = [
        (header::CONNECTION, "Upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// The key of the handshake, if this is one and comes from the site itself or from no site.
fn checked_key(server: &Server, headers: &HeaderMap) -> Result<String, Refusal> {
    let value =
        |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let upgrades =
        value(header::UPGRADE).is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    let from_elsewhere = value(header::ORIGIN).is_some_and(|origin| {
        let host = value(header::HOST).unwrap_or_default();
        origin != server.site_url() && origin.split("://").last() != Some(host)
    });
    match value(header::SEC_WEBSOCKET_KEY) {
        Some(key) if upgrades && !from_elsewhere => Ok(key.to_owned()),
        Some(_) | None => Err(bad_upgrade()),
    }
}

fn bad_upgrade() -> Refusal {
    Refusal::new(
        400,
        "api.web_socket.connect.upgrade.app_error",
        "The connection could not be turned into a WebSocket.",
    )
}

/// Without a session at this point a connection cannot be taken over, whatever is asked.
fn what_is_asked(session: Option<Session>, wanted: &Wanted) -> Asked {
    let Some(session) = session else { return Asked::Challenge };
    let id = wanted.connection_id.as_deref().filter(|id| !id.is_empty());
    let sequence = wanted.sequence_number.as_deref().and_then(|text| text.parse().ok());
    match (id, sequence) {
        (None, _) => Asked::Fresh(session.user),
        (Some(id), Some(sequence)) if ids::is_id(id) => {
            Asked::Resume(session.user, id.into(), sequence)
        }
        (Some(_), _) => Asked::Nonsense,
    }
}
