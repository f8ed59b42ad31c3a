//! `GET /messages`, `POST /messages/ack`

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::bridge::Bridge;
use crate::store::{Brought, StoreError, UnknownCursor, place};

/// Nobody waits longer, in seconds.
const LONGEST_WAIT: u64 = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct After {
    after: Option<String>,
    wait: Option<u64>,
}

/// What is there is brought also while the account is not linked: it was said.
pub(super) async fn messages(
    State(bridge): State<Arc<Bridge>>,
    after: Result<Query<After>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(After { after, wait }) = after.map_err(|error| Refusal::bad(error.to_string()))?;
    let after = match after {
        Some(cursor) => read(&cursor)?,
        None => 0,
    };
    let wait = wait.unwrap_or(0);
    if wait > LONGEST_WAIT {
        return Err(Refusal::bad("`wait` is from 0 to 60"));
    }
    let first = bridge.store.waiting(after).await?;
    let found = if first.is_empty() && wait > 0 {
        let there = wait_for(&bridge, after);
        match tokio::time::timeout(Duration::from_secs(wait), there).await {
            Ok(found) => found?,
            Err(_) => Vec::new(),
        }
    } else {
        first
    };
    Ok(Json(json!({"messages": found})))
}

async fn wait_for(bridge: &Bridge, after: i64) -> Result<Vec<Brought>, StoreError> {
    // Whoever asks again after this hears of everything that comes from now on.
    let mut arrivals = bridge.store.arrivals();
    loop {
        let found = bridge.store.waiting(after).await?;
        if !found.is_empty() || arrivals.changed().await.is_err() {
            return Ok(found);
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ack {
    cursor: String,
}

pub(super) async fn ack(
    State(bridge): State<Arc<Bridge>>,
    body: Result<Json<Ack>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    let Json(Ack { cursor }) = body.map_err(|error| Refusal::bad(error.to_string()))?;
    match bridge.store.acknowledge(read(&cursor)?).await? {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(UnknownCursor) => Err(Refusal::bad("nothing was brought under this cursor")),
    }
}

fn read(cursor: &str) -> Result<i64, Refusal> {
    place(cursor).ok_or_else(|| Refusal::bad("this is no cursor"))
}
