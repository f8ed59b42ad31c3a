//! `GET /pairing`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::health::shown;
use super::refusal::Refusal;
use crate::account::Standing;
use crate::bridge::{Bridge, now};
use crate::pairing::draw;

/// Whoever has the code has the account: it is in this answer and nowhere else.
pub(super) async fn pairing(State(bridge): State<Arc<Bridge>>) -> Result<Json<Value>, Refusal> {
    if !matches!(bridge.account.standing(), Standing::Linked { .. }) {
        bridge.account.pair().await;
    }
    match bridge.account.standing() {
        Standing::Linked { owner, .. } => {
            Ok(Json(json!({"state": "linked", "account": shown(&owner)})))
        }
        Standing::Code { code, until } if until > now() => {
            let drawn = draw(&code).ok_or_else(|| {
                Refusal::broken("WhatsApp has given a code that cannot be drawn".to_owned())
            })?;
            let until = Timestamp::from_millisecond(until).unwrap_or(Timestamp::MAX);
            Ok(Json(json!({
                "state": "code",
                "qr": {
                    "svg": drawn.svg,
                    "text": drawn.text,
                    "expires_at": format!("{until:.3}"),
                },
            })))
        }
        Standing::Code { .. } => Ok(Json(json!({"state": "waiting", "why": null}))),
        Standing::Unlinked { why } => Ok(Json(json!({"state": "waiting", "why": why}))),
    }
}
