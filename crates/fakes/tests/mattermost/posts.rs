//! Posts: who may make and change them, what is refused, and what is made once.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign_fakes::mattermost::{Clock, Settings, SystemRole};
use reqwest::Method;
use serde_json::{Value, json};

use crate::gateway::{card, place, place_with};

#[tokio::test]
async fn every_post_that_the_server_does_not_take_is_refused_with_its_own_id() {
    let place = place().await;
    let root = place.ann.posts(&place.town, None, "root").await;
    let reply = place.ann.posts(&place.town, Some(&root), "reply").await;
    let elsewhere = place.server.channel(&place.team, "elsewhere", &[&place.ann]);
    let other_root = place.ann.posts(&elsewhere, None, "root").await;
    let many: Vec<String> = (0..11).map(|_| "x".repeat(26)).collect();
    let rows = [
        (
            json!({"message": "é".repeat(16_384)}),
            400,
            "model.post.is_valid.message_length.app_error",
        ),
        (json!({"root_id": reply}), 400, "api.post.create_post.root_id.app_error"),
        (json!({"root_id": "nothing"}), 400, "api.post.create_post.root_id.app_error"),
        (json!({"root_id": other_root}), 400, "api.post.create_post.channel_root_id.app_error"),
        (json!({"channel_id": elsewhere}), 403, "api.context.permissions.app_error"),
        (json!({"channel_id": "nothing"}), 403, "api.context.permissions.app_error"),
        (json!({"type": "mine"}), 400, "model.post.is_valid.type.app_error"),
        (json!({"type": "system_mine"}), 400, "api.context.invalid_body_param.app_error"),
        (json!({"file_ids": many}), 400, "model.post.is_valid.file_ids.app_error"),
        (json!({"message": [5]}), 400, "api.context.invalid_body_param.app_error"),
        (
            json!({"message": "x".repeat(301_000)}),
            413,
            "api.context.request_body_too_large.app_error",
        ),
    ];
    for (body, status, id) in rows {
        let answer = place.post(body).await;
        assert_eq!(answer.refusal(), (status, id), "{}", answer.text);
        assert_eq!(
            (&answer.body["detailed_error"], &answer.body["status_code"]),
            (&json!(""), &json!(status))
        );
    }
    assert_eq!(place.post(json!({"message": "é".repeat(16_383)})).await.status, 201);
}

#[tokio::test]
async fn props_that_are_too_long_are_refused() {
    let place = place_with(Settings { max_payload_bytes: 2_000_000, ..Settings::default() }).await;
    let answer = place.post(json!({"props": {"x": "x".repeat(800_000)}})).await;
    assert_eq!(answer.refusal(), (400, "model.post.is_valid.props.app_error"));
}

#[tokio::test]
async fn who_is_not_logged_in_is_told_so() {
    let place = place().await;
    for token in ["", "nothing"] {
        let answer = place.ask_as(token, Method::GET, "/users/me", Value::Null).await;
        assert_eq!(answer.refusal(), (401, "api.context.session_expired.app_error"));
    }
    place.server.revoke(&place.bot.token);
    assert_eq!(place.get("/users/me").await.status, 401);
    assert_eq!(place.get("/config/client?format=old").await.status, 200);
    assert_eq!(place.get("/nothing").await.refusal(), (404, "api.context.404.app_error"));
}

#[tokio::test]
async fn a_post_that_is_sent_again_under_its_name_is_made_once_for_half_a_minute() {
    let clock = Clock::standing_at(1_700_000_000_000);
    let place = place_with(Settings { clock: clock.clone(), ..Settings::default() }).await;
    let body = json!({"message": "once", "pending_post_id": "signer:1"});
    let first = place.post(body.clone()).await;
    let again = place.post(body.clone()).await;
    assert_eq!((again.status, &again.body["id"]), (201, &first.body["id"]));
    clock.advance(Duration::from_secs(31));
    assert_ne!(place.post(body.clone()).await.body["id"], first.body["id"]);
    place.server.restart().await;
    assert_ne!(place.post(body).await.body["id"], first.body["id"], "a restart forgets");
}

#[tokio::test]
async fn a_post_that_is_being_made_is_not_made_a_second_time() {
    let place = place().await;
    let hold = place.server.hold_posting();
    let body = json!({"message": "once", "pending_post_id": "signer:1"});
    let first = place.post(body.clone());
    let second = async {
        hold.arrived().await;
        let answer = place.post(body.clone()).await;
        assert_eq!(answer.refusal(), (500, "api.post.deduplicate_create_post.pending"));
        hold.release();
    };
    assert_eq!(futures::join!(first, second).0.status, 201);
    assert_eq!(place.server.posts(&place.town).len(), 1);
}

#[tokio::test]
async fn a_refused_post_does_not_keep_its_name() {
    let place = place().await;
    let named = |message: String| json!({"message": message, "pending_post_id": "signer:1"});
    assert_eq!(place.post(named("x".repeat(16_384))).await.status, 400);
    assert_eq!(place.post(named("short".to_owned())).await.status, 201);
}

#[tokio::test]
async fn an_answer_that_is_lost_has_made_the_post() {
    let place = place().await;
    place.server.lose_answer("/posts", 502);
    let body = json!({"message": "once", "pending_post_id": "signer:1"});
    let lost = place.post(body.clone()).await;
    assert_eq!((lost.status, &lost.body), (502, &Value::Null));
    let again = place.post(body).await;
    assert_eq!(again.body["id"], json!(place.server.posts(&place.town)[0].id));
    place.server.fail_next("/posts", 503);
    assert_eq!(place.post(json!({"message": "never"})).await.status, 503);
    assert_eq!(place.server.posts(&place.town).len(), 1);
}

#[tokio::test]
async fn reads_show_buttons_without_what_they_do_and_with_every_field() {
    let place = place().await;
    let mut props = card("http://127.0.0.1:1/hook");
    props["attachments"][0]["actions"][0]["unknown"] = json!("gone");
    props["attachments"][0]["actions"][0].as_object_mut().unwrap().remove("id");
    let made = place.post(json!({"message": "card", "props": props})).await;
    let read = place.get(&format!("/posts/{}", made.body["id"].as_str().unwrap())).await;
    assert_eq!(read.body["props"], made.body["props"]);
    let attachment = &read.body["props"]["attachments"][0];
    let action = attachment["actions"][0].as_object().unwrap();
    let fields: BTreeSet<&str> = action.keys().map(String::as_str).collect();
    assert_eq!(fields, BTreeSet::from(["id", "name", "type"]));
    assert_eq!(action["id"].as_str().unwrap().len(), 26, "one without an id gets one");
    assert_eq!((&attachment["fallback"], &attachment["ts"]), (&json!(""), &Value::Null));
    assert_eq!(read.body["props"]["from_bot"], "true");
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_only_that() {
    let place = place().await;
    let post = place.card("http://127.0.0.1:1/hook").await;
    let path = format!("/posts/{post}/patch");
    let text = place.ask(Method::PUT, &path, json!({"message": "new"})).await;
    assert_eq!((text.status, &text.body["message"]), (200, &json!("new")));
    assert_eq!(place.server.post(&post).unwrap().action_ids(), ["allowonce"]);
    assert!(
        place.server.post(&post).unwrap().action("allowonce").unwrap()["integration"].is_object()
    );
    let props = place.ask(Method::PUT, &path, json!({"props": {}})).await;
    assert_eq!((props.status, &props.body["message"]), (200, &json!("new")));
    assert!(place.server.post(&post).unwrap().buttons().is_empty());
    assert!(props.body["edit_at"].as_i64() > text.body["edit_at"].as_i64());
}

#[tokio::test]
async fn what_is_read_and_written_back_has_lost_its_buttons_effect() {
    let place = place().await;
    let post = place.card("http://127.0.0.1:1/hook").await;
    let read = place.get(&format!("/posts/{post}")).await.body;
    let patch = json!({"props": read["props"]});
    assert_eq!(place.ask(Method::PUT, &format!("/posts/{post}/patch"), patch).await.status, 200);
    let clicked = place.ann.clicks(&post, "allowonce").await;
    assert_eq!(
        (clicked.status, clicked.error.as_deref()),
        (404, Some("api.post.do_action.action_id.app_error"))
    );
}

#[tokio::test]
async fn only_the_author_edits_and_not_what_is_deleted_or_too_old() {
    let clock = Clock::standing_at(1_700_000_000_000);
    let limit = Some(Duration::from_mins(1));
    let settings =
        Settings { clock: clock.clone(), post_edit_time_limit: limit, ..Settings::default() };
    let place = place_with(settings).await;
    let ours = place.card("http://127.0.0.1:1/hook").await;
    let theirs = place.ann.posts(&place.town, None, "hers").await;
    let patch = async |post: &str, body| {
        place.ask(Method::PUT, &format!("/posts/{post}/patch"), body).await
    };
    let forbidden = (403, "api.context.permissions.app_error");
    assert_eq!(patch(&theirs, json!({"message": "x"})).await.refusal(), forbidden);
    clock.advance(Duration::from_secs(61));
    let late = patch(&ours, json!({"message": "x"})).await;
    assert_eq!(late.refusal(), (400, "api.post.update_post.permissions_time_limit.app_error"));
    assert_eq!(patch(&ours, json!({"props": {}})).await.status, 200, "props may change later");
    let deleted = place.ask(Method::DELETE, &format!("/posts/{ours}"), Value::Null).await;
    assert_eq!(deleted.status, 200);
    assert_eq!(patch(&ours, json!({"props": {}})).await.refusal(), forbidden);
    assert_eq!(
        place.get(&format!("/posts/{ours}")).await.refusal(),
        (404, "app.post.get.app_error")
    );
    place.server.leave(&place.town, &place.bot);
    let ours = place.server.posts(&place.town)[0].id.clone();
    assert_eq!(patch(&ours, json!({"message": "x"})).await.refusal(), forbidden);
}

#[tokio::test]
async fn posts_for_one_user_need_an_administrator() {
    let place = place().await;
    let body =
        json!({"user_id": place.ann.id, "post": {"channel_id": place.town, "message": "psst"}});
    let refused = place.send("/posts/ephemeral", body.clone()).await;
    assert_eq!(refused.refusal(), (403, "api.context.permissions.app_error"));
    place.server.grant(&place.bot, SystemRole::Admin);
    assert_eq!(place.send("/posts/ephemeral", body).await.status, 201);
    assert_eq!(place.server.ephemerals(&place.ann)[0].message, "psst");
    assert!(place.server.posts(&place.town).is_empty());
}

#[tokio::test]
async fn what_changed_since_a_time_is_listed_with_edits_and_deletions() {
    let clock = Clock::standing_at(1_700_000_000_000);
    let place = place_with(Settings { clock: clock.clone(), ..Settings::default() }).await;
    let old = place.ann.posts(&place.town, None, "old").await;
    let edited = place.ann.posts(&place.town, None, "to be edited").await;
    let deleted = place.ann.posts(&place.town, None, "to be deleted").await;
    clock.advance(Duration::from_secs(1));
    let since = clock.now() - 1;
    let new = place.ann.posts(&place.town, None, "new").await;
    place.ann.edits(&edited, "edited").unwrap();
    place.ann.deletes(&deleted).unwrap();
    let listed = place.get(&format!("/channels/{}/posts?since={since}", place.town)).await.body;
    assert_eq!(listed["order"], json!([new, deleted, edited]));
    assert_eq!(listed["posts"][edited.as_str()]["message"], "edited");
    let all = place.get(&format!("/channels/{}/posts", place.town)).await.body;
    assert_eq!(all["order"], json!([new, edited, old]));
    let before =
        place.get(&format!("/channels/{}/posts?before={new}&per_page=1", place.town)).await;
    assert_eq!(before.body["order"], json!([edited]));
    let after = place.get(&format!("/channels/{}/posts?after={old}&per_page=1", place.town)).await;
    assert_eq!(after.body["order"], json!([edited]));
}

#[tokio::test]
async fn in_hardened_mode_props_of_integrations_are_for_integrations() {
    let place = place_with(Settings { hardened_mode: true, ..Settings::default() }).await;
    let props = json!({"from_webhook": "true"});
    let forged = place
        .ann
        .posts_with_props(&place.town, None, "hi", props.as_object().unwrap().clone())
        .await;
    assert_eq!(forged.unwrap_err().id, "api.context.invalid_body_param.app_error");
    assert_eq!(place.post(json!({"message": "hi", "props": props})).await.status, 201);
}
