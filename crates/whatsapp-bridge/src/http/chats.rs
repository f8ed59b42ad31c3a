//! `GET /chats`, `GET /chat/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::refusal::{Refusal, linked};
use crate::bridge::Bridge;
use crate::store::ListedChat;

/// So many chats are listed at most.
const MOST: i64 = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    limit: Option<i64>,
    since: Option<String>,
}

pub(super) async fn chats(
    State(bridge): State<Arc<Bridge>>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(Wanted { limit, since }) = wanted.map_err(|error| Refusal::bad(error.to_string()))?;
    let limit = limit.unwrap_or(50);
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::bad("`limit` is from 1 to 200"));
    }
    let since = match since {
        Some(text) => {
            let at: Timestamp = text
                .parse()
                .map_err(|_| Refusal::bad("`since` is a moment, as RFC 3339 has it"))?;
            Some(at.as_millisecond())
        }
        None => None,
    };
    linked(&bridge)?;
    Ok(Json(json!({"chats": bridge.store.recent(limit, since).await?})))
}

pub(super) async fn chat(
    State(bridge): State<Arc<Bridge>>,
    Path(id): Path<String>,
) -> Result<Json<ListedChat>, Refusal> {
    linked(&bridge)?;
    let found = bridge.store.chat(id).await?;
    let missing = || Refusal::not_found("no_chat", "there is no such chat".to_owned());
    found.map(Json).ok_or_else(missing)
}
