//! Accounts, teams and channels: who sees and makes them.

use countersign_fakes::mattermost::{ChannelId, SystemRole, TeamRole};
use reqwest::Method;
use serde_json::{Value, json};

use crate::gateway::place;

#[tokio::test]
async fn a_direct_channel_is_the_same_whoever_opens_it() {
    let place = place().await;
    let ids = json!([place.bot.id, place.ann.id]);
    let made = place.send("/channels/direct", ids).await;
    assert_eq!((made.status, &made.body["type"]), (201, &json!("D")));
    assert_eq!(made.body["id"], json!(place.ann.direct_with(&place.bot)));
    let foreign = place.send("/channels/direct", json!([place.ann.id, place.bob.id])).await;
    assert_eq!(foreign.status, 403);
    assert_eq!(place.send("/channels/direct", json!([place.ann.id])).await.status, 400);
    assert_eq!(place.send("/channels/direct", json!([place.bot.id, "nobody"])).await.status, 404);
}

#[tokio::test]
async fn a_group_has_three_to_eight_members() {
    let place = place().await;
    assert_eq!(place.send("/channels/group", json!([place.ann.id])).await.status, 400);
    let group = place.send("/channels/group", json!([place.ann.id, place.bob.id])).await;
    assert_eq!((group.status, &group.body["type"]), (201, &json!("G")));
    let again = place.send("/channels/group", json!([place.bob.id, place.ann.id])).await;
    assert_eq!(again.body["id"], group.body["id"]);
}

#[tokio::test]
async fn who_reads_and_posts_where() {
    let place = place().await;
    let room = place.server.private_channel(&place.team, "room", &[&place.ann]);
    let open = place.server.channel(&place.team, "open", &[&place.ann]);
    let post = async |channel: &ChannelId| {
        place.post(json!({"channel_id": channel, "message": "hi"})).await
    };
    let read = async |channel: &ChannelId| place.get(&format!("/channels/{channel}/posts")).await;
    assert_eq!((read(&open).await.status, post(&open).await.status), (200, 403));
    assert_eq!((read(&room).await.status, post(&room).await.status), (403, 403));
    let by_name = format!("/teams/{}/channels/name/room", place.team);
    assert_eq!(place.get(&by_name).await.status, 404, "a private channel is not even there");
    place.server.grant(&place.bot, SystemRole::PostAllPublic);
    assert_eq!((post(&open).await.status, post(&room).await.status), (201, 403));
    place.server.grant(&place.bot, SystemRole::PostAll);
    assert_eq!((read(&room).await.status, post(&room).await.status), (403, 201));
    place.server.set_team_role(&place.team, &place.bot, None);
    assert_eq!(read(&open).await.status, 403);
    place.server.archive(&open);
    let archived = place.ann.tries_to_post(&open, None, "hi").await.unwrap_err();
    assert_eq!(archived.id, "api.post.create_post.can_not_post_to_deleted.error");
}

#[tokio::test]
async fn a_bot_joins_what_is_public_and_is_put_into_the_rest() {
    let place = place().await;
    let open = place.server.channel(&place.team, "open", &[&place.ann]);
    let room = place.server.private_channel(&place.team, "room", &[&place.ann]);
    let join = |channel: &str| {
        place.send_to(format!("/channels/{channel}/members"), json!({"user_id": place.bot.id}))
    };
    assert_eq!(join(&open).await, 201);
    assert_eq!(join(&room).await, 403);
    place.server.join(&room, &place.bot);
    let mine = place.get(&format!("/users/me/teams/{}/channels", place.team)).await.body;
    let mut names: Vec<&str> =
        mine.as_array().unwrap().iter().filter_map(|channel| channel["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["open", "room", "town"]);
    let member = format!("/channels/{room}/members/{}", place.bot.id);
    assert_eq!(place.get(&member).await.status, 200);
    assert_eq!(place.ask(Method::DELETE, &member, Value::Null).await.status, 200);
    assert_eq!(place.get(&member).await.status, 403);
}

#[tokio::test]
async fn teams_show_themselves_to_their_members() {
    let place = place().await;
    assert_eq!(place.get("/users/me/teams").await.body[0]["name"], "main");
    let member = format!("/teams/{}/members/me", place.team);
    assert_eq!(place.get(&member).await.body["roles"], "team_user team_admin");
    place.server.set_team_role(&place.team, &place.bot, Some(TeamRole::Guest));
    assert_eq!(place.get(&member).await.body["scheme_guest"], true);
    place.server.set_team_role(&place.team, &place.bot, None);
    assert_eq!(place.get("/users/me/teams").await.body, json!([]));
    assert_eq!(place.get("/teams/name/main").await.status, 403);
}

#[tokio::test]
async fn accounts_can_be_looked_up_and_bots_say_what_they_are() {
    let place = place().await;
    let me = place.get("/users/me").await.body;
    assert_eq!((&me["username"], &me["is_bot"]), (&json!("signer"), &json!(true)));
    let ann = place.get("/users/username/ann").await.body;
    assert_eq!((&ann["id"], ann.get("is_bot")), (&json!(place.ann.id), None));
    assert_eq!(place.send("/users/ids", json!([place.ann.id, "nobody"])).await.body, json!([ann]));
    assert_eq!(place.send("/users/usernames", json!(["ann"])).await.body, json!([ann]));
    assert_eq!(place.get("/users/nobody").await.status, 404);
    place.server.deactivate(&place.bot);
    assert_eq!(place.get("/users/me").await.status, 401);
}

#[tokio::test]
async fn bots_are_made_by_administrators_if_the_settings_allow_it() {
    let place = place().await;
    let creates = |token: String| {
        let body = json!({"username": "helper"});
        let place = &place;
        async move { place.ask_as(&token, Method::POST, "/bots", body).await }
    };
    let ann = place.server.token(&place.ann);
    assert_eq!(creates(ann.clone()).await.status, 403);
    place.server.grant(&place.ann, SystemRole::Admin);
    assert_eq!(creates(ann.clone()).await.refusal(), (403, "api.bot.create_disabled"));
    place.server.change(|settings| settings.enable_bot_account_creation = true);
    assert_eq!(creates(place.bot.token.clone()).await.status, 403, "bots make no bots");
    let made = creates(ann.clone()).await;
    assert_eq!(made.status, 201);
    let path = format!("/users/{}/tokens", made.body["user_id"].as_str().unwrap());
    let body = json!({"description": "for a test"});
    let token = place.ask_as(&ann, Method::POST, &path, body.clone()).await.body["token"].clone();
    let helper = place.ask_as(token.as_str().unwrap(), Method::GET, "/users/me", Value::Null).await;
    assert_eq!(helper.body["username"], "helper");
    let own = place.ask_as(&ann, Method::POST, "/users/me/tokens", body).await;
    assert_eq!(own.refusal(), (501, "app.user_access_token.disabled"));
}
