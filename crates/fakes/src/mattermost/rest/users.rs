//! `/users`, `/bots`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::{Caller, bearer};
use super::body::{done, read, read_list};
use crate::mattermost::model::ids::UserId;
use crate::mattermost::model::users::User;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::Server;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Credentials {
    login_id: String,
    password: String,
}

pub(super) async fn log_in(
    State(server): State<Arc<Server>>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let credentials: Credentials = read(&body, "login")?;
    let (user, token) = server.log_in(&credentials.login_id, &credentials.password)?;
    Ok(([("Token", token)], Json(user.to_json())).into_response())
}

pub(super) async fn log_out(State(server): State<Arc<Server>>, headers: HeaderMap) -> Json<Value> {
    if let Some(token) = bearer(&headers) {
        server.world().sessions.remove(&token);
    }
    done()
}

pub(super) async fn show(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(server.world().user(&caller.named(user))?.to_json()))
}

pub(super) async fn by_name(
    State(server): State<Arc<Server>>,
    _caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    world.user_named(&name).map(|user| Json(user.to_json())).ok_or_else(Refusal::no_user)
}

pub(super) async fn by_ids(
    State(server): State<Arc<Server>>,
    _caller: Caller,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let ids: Vec<String> = read_list(&body, "user_ids")?;
    let world = server.world();
    let users = ids.iter().filter_map(|id| world.users.get(id.as_str())).map(User::to_json);
    Ok(Json(users.collect()))
}

pub(super) async fn by_names(
    State(server): State<Arc<Server>>,
    _caller: Caller,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let names: Vec<String> = read_list(&body, "usernames")?;
    let world = server.world();
    let users = names.iter().filter_map(|name| world.user_named(name)).map(User::to_json);
    Ok(Json(users.collect()))
}

pub(super) async fn status(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    let user = world.user(&caller.named(user))?;
    let status = if world.hub.open_sockets(&user.id) > 0 { "online" } else { "offline" };
    Ok(Json(json!({"user_id": user.id, "status": status, "manual": false, "last_activity_at": 0})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Typing {
    channel_id: String,
    parent_id: String,
}

pub(super) async fn type_in(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(user): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let typing: Typing = read(&body, "typing")?;
    let user = UserId::from(caller.named(user));
    if user != caller.user && !server.world().is_admin(&caller.user) {
        return Err(Refusal::forbidden());
    }
    server.type_in(&user, &typing.channel_id, &typing.parent_id)?;
    Ok(done())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewToken {
    description: String,
}

pub(super) async fn create_token(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(user): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let new: NewToken = read(&body, "user_access_token")?;
    if new.description.is_empty() {
        return Err(Refusal::bad_body("description"));
    }
    let user = caller.named(user);
    let token = server.create_token(&caller.user, &user)?;
    Ok(Json(json!({
        "id": crate::mattermost::model::ids::fresh(),
        "token": token,
        "user_id": user,
        "description": new.description,
        "is_active": true,
    })))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewBot {
    username: String,
}

pub(super) async fn create_bot(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    let new: NewBot = read(&body, "bot")?;
    let bot = server.create_bot(&caller.user, &new.username)?;
    Ok((StatusCode::CREATED, Json(bot.bot_to_json())).into_response())
}

pub(super) async fn show_bot(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(bot): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    let bot = world.user(&bot)?;
    // Only the bot's owner and administrators may look at it; a bot may not look at itself.
    if bot.is_bot() && world.is_admin(&caller.user) {
        return Ok(Json(bot.bot_to_json()));
    }
    Err(Refusal::new(404, "store.sql_bot.get.missing.app_error", "The bot could not be found."))
}
