//! Clicks and dialogs.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;
use serde_json::{Value, json};

use super::auth::Caller;
use super::body::{done, read};
use super::posts::checked;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::{Click, Server};

pub(super) async fn click(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path((post, action)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    // The route takes letters and digits: with anything else there is no such page.
    if !action.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Refusal::no_such_page());
    }
    // A body that cannot be read is as good as none.
    let click: Click = read(&body, "action").unwrap_or_default();
    let clicked = server.click(&caller.user, checked(&post)?, &action, &click).await?;
    Ok(Json(json!({"status": "OK", "trigger_id": clicked.trigger})))
}

pub(super) async fn open_dialog(
    State(server): State<Arc<Server>>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    server.open_dialog(&read::<Value>(&body, "dialog")?)?;
    Ok(done())
}

pub(super) async fn submit_dialog(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let submission = read::<Value>(&body, "dialog")?;
    Ok(Json(server.submit_dialog(&caller.user, submission).await?))
}
