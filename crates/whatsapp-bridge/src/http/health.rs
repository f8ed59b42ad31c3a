//! `GET /health`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::account::{Owner, Standing};
use crate::bridge::Bridge;

pub(super) async fn health(State(bridge): State<Arc<Bridge>>) -> Json<Value> {
    let (account, why) = match bridge.account.standing() {
        Standing::Linked { owner, offline } => (Some(shown(&owner)), offline),
        Standing::Unlinked { why } => (None, why),
        Standing::Code { .. } => (None, None),
    };
    Json(json!({
        "status": "ok",
        "protocol": 1,
        "linked": account.is_some(),
        "account": account,
        "why": why,
    }))
}

pub(super) fn shown(owner: &Owner) -> Value {
    json!({"number_jid": owner.number, "lid": owner.lid, "push_name": owner.push_name})
}
