//! `/channels`.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Caller;
use super::body::{done, read, read_list};
use crate::mattermost::model::channels::{Channel, ChannelKind};
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::{NewChannel, Server};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    team_id: String,
    name: String,
    display_name: String,
    #[serde(rename = "type")]
    kind: String,
}

fn created(channel: &Channel) -> Response {
    (StatusCode::CREATED, Json(channel.to_json())).into_response()
}

pub(super) async fn create(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    let wanted: Wanted = read(&body, "channel")?;
    let kind = match wanted.kind.as_str() {
        "O" => ChannelKind::Public,
        "P" => ChannelKind::Private,
        _ => return Err(Refusal::bad_body("type")),
    };
    let mut world = server.world();
    let team = world.team(&wanted.team_id)?.id.clone();
    if world.team_role(&caller.user, &team).is_none() && !world.is_admin(&caller.user) {
        return Err(Refusal::forbidden());
    }
    let same =
        |channel: &Channel| channel.team.as_ref() == Some(&team) && channel.name == wanted.name;
    if world.channels.values().any(same) {
        let id = "store.sql_channel.save_channel.exists.app_error";
        return Err(Refusal::new(400, id, "A channel with this name exists in the team."));
    }
    Ok(created(&world.add_channel(NewChannel {
        team: Some(team),
        kind,
        name: wanted.name,
        display_name: wanted.display_name,
        creator: Some(caller.user.clone()),
        members: BTreeSet::from([caller.user]),
    })))
}

pub(super) async fn direct(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    let ids: Vec<String> = read_list(&body, "user_ids")?;
    Ok(created(&server.direct_channel(&caller.user, &ids)?))
}

pub(super) async fn group(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    let ids: Vec<String> = read_list(&body, "user_ids")?;
    Ok(created(&server.group_channel(&caller.user, &ids)?))
}

pub(super) async fn show(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(channel): Path<String>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(server.world().readable_channel(&caller.user, &channel)?.to_json()))
}

pub(super) async fn by_name(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path((team, name)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    let channel = world
        .channels
        .values()
        .find(|channel| channel.team_id() == team && channel.name == name)
        .ok_or_else(Refusal::no_channel)?;
    // A private channel looks to others as if it were not there.
    if !world.may_read(&caller.user, channel) {
        return Err(match channel.kind {
            ChannelKind::Public => Refusal::forbidden(),
            ChannelKind::Private | ChannelKind::Direct | ChannelKind::Group => {
                Refusal::no_channel()
            }
        });
    }
    Ok(Json(channel.to_json()))
}

pub(super) async fn of_user(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path((user, team)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let user = caller.named(user);
    let world = server.world();
    if user != caller.user.as_str() || !world.may_view_team(&caller.user, &team) {
        return Err(Refusal::forbidden());
    }
    let theirs = world.channels.values().filter(|channel| {
        channel.members.contains(user.as_str())
            && (channel.team.is_none() || channel.team_id() == team)
            && channel.archived_at.is_none()
    });
    Ok(Json(theirs.map(Channel::to_json).collect()))
}

pub(super) async fn members(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(channel): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    let channel = world.readable_channel(&caller.user, &channel)?;
    Ok(Json(channel.members.iter().filter_map(|user| channel.member_to_json(user)).collect()))
}

pub(super) async fn member(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path((channel, user)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    let channel = world.readable_channel(&caller.user, &channel)?;
    let member = channel.member_to_json(&caller.named(user).into());
    member.map(Json).ok_or_else(|| {
        let id = "app.channel.get_member.missing.app_error";
        Refusal::new(404, id, "The user is not in the channel.")
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewMember {
    user_id: String,
}

pub(super) async fn add_member(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(channel): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let new: NewMember = read(&body, "channel_member")?;
    let channel = server.add_member(&caller.user, &channel, &new.user_id)?;
    let member = channel.member_to_json(&new.user_id.into());
    Ok((StatusCode::CREATED, Json(member)).into_response())
}

pub(super) async fn remove_member(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path((channel, user)): Path<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let user = caller.named(user);
    let mut world = server.world();
    let own = user == caller.user.as_str();
    if !own && !world.channel(&channel)?.members.contains(&caller.user) {
        return Err(Refusal::forbidden());
    }
    world.leave(&channel, &user.into());
    Ok(done())
}

pub(super) async fn view(_caller: Caller) -> Json<Value> {
    Json(json!({"status": "OK", "last_viewed_at_times": {}}))
}
