//! `/teams`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::Value;

use super::auth::Caller;
use crate::mattermost::model::users::Team;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::Server;

pub(super) async fn of_user(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let user = caller.named(user);
    let world = server.world();
    if user != caller.user.as_str() && !world.is_admin(&caller.user) {
        return Err(Refusal::forbidden());
    }
    let teams = world.teams.values().filter(|team| team.members.contains_key(user.as_str()));
    Ok(Json(teams.map(Team::to_json).collect()))
}

pub(super) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    let teams = world.teams.values().filter(|team| world.may_view_team(&caller.user, &team.id));
    Ok(Json(teams.map(Team::to_json).collect()))
}

pub(super) async fn show(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(team): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    let team = world.team(&team)?;
    if !world.may_view_team(&caller.user, &team.id) {
        return Err(Refusal::forbidden());
    }
    Ok(Json(team.to_json()))
}

pub(super) async fn by_name(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    let team = world.teams.values().find(|team| team.name == name);
    let team = team.ok_or_else(Refusal::no_team)?;
    if !world.may_view_team(&caller.user, &team.id) {
        return Err(Refusal::forbidden());
    }
    Ok(Json(team.to_json()))
}

pub(super) async fn member(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path((team, user)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    if !world.may_view_team(&caller.user, &team) {
        return Err(Refusal::forbidden());
    }
    let member = world.team(&team)?.member_to_json(&caller.named(user).into());
    member.map(Json).ok_or_else(|| {
        let id = "app.team.get_member.missing.app_error";
        Refusal::new(404, id, "The user is not in the team.")
    })
}
