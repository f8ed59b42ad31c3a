//! `/commands` and the addresses for late answers.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Caller;
use super::body::{done, read};
use crate::mattermost::model::commands::Command;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::{Listing, Server, TypedCommand};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    team_id: String,
    custom_only: String,
}

pub(super) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<Command>>, Refusal> {
    if wanted.team_id.is_empty() {
        return Err(Refusal::bad_body("team_id"));
    }
    let custom = matches!(wanted.custom_only.as_str(), "true" | "1" | "t" | "T" | "TRUE" | "True");
    let listing = if custom { Listing::Custom } else { Listing::All };
    Ok(Json(server.list_commands(&caller.user, &wanted.team_id, listing)?))
}

pub(super) async fn autocomplete(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(team): Path<String>,
) -> Result<Json<Vec<Command>>, Refusal> {
    let world = server.world();
    if !world.may_view_team(&caller.user, &team) {
        return Err(Refusal::forbidden());
    }
    let completed = world.commands_of(&team).filter(|command| command.auto_complete);
    Ok(Json(completed.map(Command::sanitized).collect()))
}

pub(super) async fn create(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    let command = server.create_command(&caller.user, read(&body, "command")?)?;
    Ok((StatusCode::CREATED, Json(command)).into_response())
}

pub(super) async fn show(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(command): Path<String>,
) -> Result<Json<Command>, Refusal> {
    Ok(Json(server.command(&caller.user, &command)?))
}

pub(super) async fn update(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Command>, Refusal> {
    Ok(Json(server.update_command(&caller.user, &id, read(&body, "command")?)?))
}

pub(super) async fn delete(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(command): Path<String>,
) -> Result<Json<Value>, Refusal> {
    server.delete_command(&caller.user, &command)?;
    Ok(done())
}

pub(super) async fn regenerate_token(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(command): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let token = server.regenerate_token(&caller.user, &command)?;
    Ok(Json(json!({"token": token})))
}

pub(super) async fn execute(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let typed: TypedCommand = read(&body, "command_args")?;
    Ok(Json(server.run_command(&caller.user, typed).await?))
}

/// There is no session: who knows the address may answer.
pub(super) async fn answer_late(
    State(server): State<Arc<Server>>,
    Path(hook): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<&'static str, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    server.answer_late(&hook, kind.unwrap_or_default(), &body)?;
    Ok("ok")
}
