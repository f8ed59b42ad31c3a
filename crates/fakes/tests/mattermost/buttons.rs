//! Clicks: who may, what is sent, what the answer does.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_fakes::mattermost::{Clock, Settings, TeamRole, TriggerSigning};
use reqwest::Method;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::gateway::{Callback, Says, card, place, place_with};

const FAILED: &str = "api.post.do_action.action_integration.app_error";

#[tokio::test]
async fn a_click_sends_who_clicked_where_and_the_context_sorted_and_nothing_that_proves_it() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({}))).await;
    let post = place.card(&callback.url).await;
    assert_eq!(place.ann.clicks(&post, "allowonce").await.status, 200);
    let call = callback.called().await;
    assert_eq!(call.method, "POST");
    assert_eq!(call.headers["content-type"], "application/json");
    assert_eq!(call.headers["user-agent"], "Mattermost-Bot/1.1");
    assert!(!call.headers.contains_key("authorization"));
    let mut sent: Value = serde_json::from_str(&call.body).unwrap();
    assert!(sent["trigger_id"].is_string());
    sent.as_object_mut().unwrap().remove("trigger_id");
    let expected = json!({
        "user_id": place.ann.id, "user_name": "ann", "channel_id": place.town,
        "channel_name": "town", "team_id": place.team, "team_domain": "main", "post_id": post,
        "type": "button", "data_source": "", "context": {"a": "first", "z": "last"},
    });
    assert_eq!(sent, expected);
    assert!(call.body.find("\"a\"") < call.body.find("\"z\""), "{}", call.body);
}

#[tokio::test]
async fn the_server_signs_who_clicked_and_when() {
    let clock = Clock::standing_at(1_700_000_000_000);
    let place = place_with(Settings { clock: clock.clone(), ..Settings::default() }).await;
    let key =
        place.get("/config/client?format=old").await.body["AsymmetricSigningPublicKey"].clone();
    let key = STANDARD.decode(key.as_str().unwrap()).unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key[key.len() - 65..]);
    let verify = |trigger: &str| {
        let text = String::from_utf8(STANDARD.decode(trigger).unwrap()).unwrap();
        let parts: Vec<&str> = text.split(':').collect();
        let said = format!("{}:{}:{}:", parts[0], parts[1], parts[2]);
        let signature = STANDARD.decode(parts[3]).unwrap();
        (key.verify(said.as_bytes(), &signature).is_ok(), parts[1].to_owned(), parts[2].to_owned())
    };
    let own = verify(&place.server.trigger_id(&place.ann));
    assert_eq!(own, (true, place.ann.id.to_string(), clock.now().to_string()));
    assert!(!verify(&place.server.foreign_trigger_id(&place.ann)).0);
    place.server.change(|settings| settings.trigger_signing = TriggerSigning::AnotherKeyShown);
    let other =
        place.get("/config/client?format=old").await.body["AsymmetricSigningPublicKey"].clone();
    assert_eq!(STANDARD.decode(other.as_str().unwrap()).unwrap().len(), 91);
    place.server.change(|settings| settings.trigger_signing = TriggerSigning::KeyMissing);
    let none = place.get("/config/client?format=old").await.body;
    assert!(none.get("AsymmetricSigningPublicKey").is_none());
}

#[tokio::test]
async fn what_the_answer_does_to_the_post() {
    let other = json!({"attachments": [{"text": "new"}]});
    let rows = [
        ("nothing", json!({}), "card", 1, false),
        ("a text keeps the buttons", json!({"update": {"message": "new"}}), "new", 1, true),
        (
            "null props keep them",
            json!({"update": {"message": "new", "props": null}}),
            "new",
            1,
            true,
        ),
        ("no text erases it", json!({"update": {"props": {}}}), "", 0, true),
        (
            "empty props take them",
            json!({"update": {"message": "new", "props": {}}}),
            "new",
            0,
            true,
        ),
        ("new attachments", json!({"update": {"message": "new", "props": other}}), "new", 0, true),
    ];
    for (what, answer, message, buttons, updated) in rows {
        let place = place().await;
        let callback = Callback::saying(Says::Json(answer)).await;
        let post = place.card(&callback.url).await;
        // The server itself edits: that the bot is gone makes no difference.
        place.server.leave(&place.town, &place.bot);
        let clicked = place.ann.clicks(&post, "allowonce").await;
        assert_eq!((clicked.status, clicked.updated.is_some()), (200, updated), "{what}");
        let now = place.server.post(&post).unwrap();
        assert_eq!((now.message.as_str(), now.buttons().len()), (message, buttons), "{what}");
        assert_eq!(now.props["from_bot"], "true", "{what}");
    }
}

#[tokio::test]
async fn what_is_no_good_answer_is_a_failure_for_the_clicker() {
    let rows = [
        Says::With(204, "application/json", ""),
        Says::With(201, "application/json", "{}"),
        Says::With(500, "application/json", "{}"),
        Says::With(200, "application/json", "<html>"),
        Says::With(200, "application/json", "[]"),
    ];
    for says in rows {
        let place = place().await;
        let callback = Callback::saying(says.clone()).await;
        let post = place.card(&callback.url).await;
        let clicked = place.ann.clicks(&post, "allowonce").await;
        assert_eq!((clicked.status, clicked.error.as_deref()), (400, Some(FAILED)), "{says:?}");
    }
    let place = place().await;
    let callback = Callback::saying(Says::With(200, "text/plain", "")).await;
    let post = place.card(&callback.url).await;
    assert_eq!(place.ann.clicks(&post, "allowonce").await.status, 200, "an empty answer is fine");
}

#[tokio::test]
async fn an_answer_that_takes_longer_than_the_deadline_is_a_failure() {
    let clock = Clock::standing_at(1_700_000_000_000);
    let place = place_with(Settings { clock: clock.clone(), ..Settings::default() }).await;
    let callback = Callback::saying(Says::Never).await;
    let post = place.card(&callback.url).await;
    let answered = place.ann.clicks(&post, "allowonce");
    let wait = async {
        callback.called().await;
        clock.advance(Duration::from_secs(31));
    };
    let (clicked, ()) = futures::join!(answered, wait);
    assert_eq!((clicked.status, clicked.error.as_deref()), (400, Some(FAILED)));
    assert_eq!(place.server.delivered()[0].status, None);
}

#[tokio::test]
async fn who_can_read_may_click_and_nobody_else() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({}))).await;
    let post = place.card(&callback.url).await;
    let (eve, guest) = (place.server.user("eve"), place.server.user("guest"));
    place.server.set_team_role(&place.team, &guest, Some(TeamRole::Guest));
    assert_eq!(eve.clicks(&post, "allowonce").await.status, 200, "anybody in a public channel");
    assert_eq!(guest.clicks(&post, "allowonce").await.status, 403);
    place.server.join(&place.town, &guest);
    assert_eq!(guest.clicks(&post, "allowonce").await.status, 200, "a guest who was put there");
    let room = place.server.private_channel(&place.team, "room", &[&place.ann, &place.bot]);
    let card = place.post(json!({"channel_id": room, "props": card(&callback.url)})).await;
    let card = card.body["id"].as_str().unwrap().into();
    assert_eq!(eve.clicks(&card, "allowonce").await.status, 403);
    assert_eq!(place.ann.clicks(&card, "allowonce").await.status, 200);
}

#[tokio::test]
async fn an_action_with_other_signs_than_letters_and_digits_is_never_sent() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({}))).await;
    for id in ["allow_once", "allow-once"] {
        let mut props = card(&callback.url);
        props["attachments"][0]["actions"][0]["id"] = json!(id);
        let post =
            place.post(json!({"props": props})).await.body["id"].as_str().unwrap().to_owned();
        let clicked = place.ann.clicks(&post.as_str().into(), id).await;
        assert_eq!(
            (clicked.status, clicked.error.as_deref()),
            (404, Some("api.context.404.app_error"))
        );
        let token = place.server.token(&place.ann);
        let path = format!("/posts/{post}/actions/{id}");
        assert_eq!(place.ask_as(&token, Method::POST, &path, json!({})).await.status, 404);
    }
    assert!(callback.calls().is_empty());
}

#[tokio::test]
async fn private_words_are_in_the_thread_of_the_card() {
    let place = place().await;
    let callback =
        Callback::saying(Says::Json(json!({"ephemeral_text": "not <https://x.test|yours>"}))).await;
    let root = place.ann.posts(&place.town, None, "root").await;
    let post = place.post(json!({"root_id": root, "props": card(&callback.url)})).await;
    let post = post.body["id"].as_str().unwrap().into();
    let clicked = place.bob.clicks(&post, "allowonce").await;
    assert_eq!(clicked.ephemeral.as_deref(), Some("not [yours](https://x.test)"));
    let told = place.server.wait_for_ephemeral(&place.bob, "yours").await;
    assert_eq!(told.root_id, root.as_str());
    assert!(place.server.ephemerals(&place.ann).is_empty());
    assert_eq!(place.server.posts(&place.town).len(), 2);
}

#[tokio::test]
async fn large_numbers_in_a_context_lose_their_last_digits() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({}))).await;
    let mut props = card(&callback.url);
    props["attachments"][0]["actions"][0]["integration"]["context"] =
        json!({"large": 9_007_199_254_740_993_i64, "text": "9007199254740993"});
    let post = place.post(json!({"props": props})).await.body["id"].as_str().unwrap().into();
    place.ann.clicks(&post, "allowonce").await;
    let sent: Value = serde_json::from_str(&callback.called().await.body).unwrap();
    let expected = json!({"large": 9_007_199_254_740_992_i64, "text": "9007199254740993"});
    assert_eq!(sent["context"], expected);
}

#[tokio::test]
async fn buttons_of_a_post_for_one_user_carry_what_they_do_in_a_cookie() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({"ephemeral_text": "heard"}))).await;
    let shown = json!({"text": "choose", "attachments": card(&callback.url)["attachments"]});
    let command = Callback::saying(Says::Json(shown)).await;
    let body =
        json!({"team_id": place.team, "trigger": "cs-choose", "method": "P", "url": command.url});
    assert_eq!(place.send("/commands", body).await.status, 201);
    assert_eq!(place.ann.types_command(&place.town, None, "/cs-choose").await.status, 200);
    let post = place.server.wait_for_ephemeral(&place.ann, "choose").await;
    let clicked = place.ann.clicks_ephemeral(&post, "allowonce").await;
    assert_eq!((clicked.status, clicked.ephemeral.as_deref()), (200, Some("heard")));
    let without = place.ann.clicks(&post.id, "allowonce").await;
    assert_eq!(without.status, 403, "there is no such post");
}

#[tokio::test]
async fn an_update_of_a_post_for_one_user_fails_after_the_integration_has_decided() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({"update": {"message": "done"}}))).await;
    let shown = json!({"text": "choose", "attachments": card(&callback.url)["attachments"]});
    let command = Callback::saying(Says::Json(shown)).await;
    let body =
        json!({"team_id": place.team, "trigger": "cs-choose", "method": "P", "url": command.url});
    assert_eq!(place.send("/commands", body).await.status, 201);
    place.ann.types_command(&place.town, None, "/cs-choose").await;
    let post = place.server.wait_for_ephemeral(&place.ann, "choose").await;
    let clicked = place.ann.clicks_ephemeral(&post, "allowonce").await;
    assert_eq!((clicked.status, callback.calls().len()), (404, 1));
}

#[tokio::test]
async fn the_server_calls_only_where_it_may() {
    let rows = [
        ("", "127.0.0.1", false),
        ("localhost", "127.0.0.1", false),
        ("127.0.0.1", "127.0.0.1", true),
        ("127.0.0.1", "localhost", false),
        ("10.0.0.0/8, 127.0.0.0/8", "127.0.0.1", true),
        ("10.0.0.0/8 127.0.0.0/8", "localhost", true),
        ("10.0.0.0/8", "127.0.0.1", false),
    ];
    for (listed, host, reached) in rows {
        let place = place().await;
        place.server.change(|settings| settings.untrusted_internal_connections = listed.to_owned());
        let callback = Callback::saying(Says::Json(json!({}))).await;
        let post = place.card(&callback.url.replace("127.0.0.1", host)).await;
        let status = place.ann.clicks(&post, "allowonce").await.status;
        assert_eq!(status, if reached { 200 } else { 400 }, "{listed:?} {host}");
        assert_eq!(callback.calls().len(), usize::from(reached));
    }
}

#[tokio::test]
async fn anybody_can_make_a_card_of_their_own_with_our_address_and_any_context() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({}))).await;
    let props = card(&callback.url).as_object().unwrap().clone();
    let post = place.bob.posts_with_props(&place.town, None, "mine", props).await.unwrap();
    assert_eq!(place.bob.clicks(&post, "allowonce").await.status, 200);
    let forged = place
        .server
        .forge(&post, "allowonce", &place.bob, |body| body["user_id"] = json!(place.ann.id))
        .await;
    assert_eq!(forged.status, 200);
    let forged: Value = serde_json::from_str(&callback.calls()[1].body).unwrap();
    assert_eq!(forged["user_id"], json!(place.ann.id));
}

#[tokio::test]
async fn a_deleted_card_takes_no_clicks() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({}))).await;
    let post = place.card(&callback.url).await;
    place.ask(Method::DELETE, &format!("/posts/{post}"), Value::Null).await;
    assert_eq!(place.ann.clicks(&post, "allowonce").await.status, 404);
    assert!(callback.calls().is_empty());
}
