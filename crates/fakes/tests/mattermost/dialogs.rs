//! Dialogs: opened by a fresh signature, submitted wherever the client says.

use std::time::Duration;

use countersign_fakes::mattermost::{Clock, Settings};
use serde_json::{Value, json};

use crate::gateway::{Callback, Place, Says, place, place_with};

async fn open(place: &Place, trigger: &str, url: &str) -> (u16, String) {
    let body = json!({"trigger_id": trigger, "url": url, "dialog": {
        "callback_id": "deny", "title": "Why not?", "state": "sealed",
        "elements": [{"display_name": "Reason", "name": "reason", "type": "textarea"}],
    }});
    let answer = place.ask_as("", reqwest::Method::POST, "/actions/dialogs/open", body).await;
    let (status, id) = answer.refusal();
    (status, id.to_owned())
}

#[tokio::test]
async fn a_dialog_opens_for_whom_the_server_signed_and_not_later_than_thirty_seconds() {
    let clock = Clock::standing_at(1_700_000_000_000);
    let place = place_with(Settings { clock: clock.clone(), ..Settings::default() }).await;
    let mut socket = place.socket().await;
    let trigger = place.server.trigger_id(&place.bot);
    assert_eq!(open(&place, &trigger, "http://x.test").await.0, 200);
    let event = socket.event("open_dialog").await;
    let dialog: Value = serde_json::from_str(event["data"]["dialog"].as_str().unwrap()).unwrap();
    assert_eq!(dialog["trigger_id"].as_str().unwrap().len(), 26, "the client gets its own name");
    assert_eq!(place.server.dialogs(&place.bot)[0].title, "Why not?");
    let foreign = place.server.foreign_trigger_id(&place.ann);
    clock.advance(Duration::from_secs(29));
    assert_eq!(open(&place, &trigger, "http://x.test").await.0, 200);
    clock.advance(Duration::from_secs(2));
    let prefix = "interactive_message.decode_trigger_id.";
    let rows = [
        (trigger.as_str(), "expired"),
        (foreign.as_str(), "expired"),
        ("###", "base64_decode_failed"),
        ("eDp5", "missing_data"),
    ];
    for (trigger, id) in rows {
        assert_eq!(open(&place, trigger, "http://x.test").await, (400, format!("{prefix}{id}")));
    }
    let foreign = place.server.foreign_trigger_id(&place.ann);
    let refused = open(&place, &foreign, "http://x.test").await;
    assert_eq!(refused, (400, format!("{prefix}verify_signature_failed")));
    assert_eq!(open(&place, &foreign, "").await.0, 400);
    assert!(place.server.dialogs(&place.ann).is_empty());
}

#[tokio::test]
async fn a_submission_carries_what_the_client_says_but_who_it_is_says_the_server() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({"errors": {"reason": "too short"}}))).await;
    let trigger = place.server.trigger_id(&place.ann);
    open(&place, &trigger, &callback.url).await;
    let mut dialog = place.server.wait_for_dialog(&place.ann).await;
    let outcome = place.ann.submits_dialog(&dialog, &place.town, &[("reason", "no")]).await;
    assert_eq!((outcome.status, &outcome.errors["reason"]), (200, &json!("too short")));
    dialog.state = "forged".to_owned();
    place.bob.submits_dialog(&dialog, &place.town, &[("reason", "mine")]).await;
    let sent: Vec<Value> =
        callback.calls().iter().map(|call| serde_json::from_str(&call.body).unwrap()).collect();
    let expected = json!({
        "type": "dialog_submission", "callback_id": "deny", "state": "sealed",
        "user_id": place.ann.id, "channel_id": place.town, "team_id": place.team,
        "submission": {"reason": "no"}, "cancelled": false,
    });
    assert_eq!(sent[0], expected);
    assert_eq!((&sent[1]["state"], &sent[1]["user_id"]), (&json!("forged"), &json!(place.bob.id)));
}

#[tokio::test]
async fn who_cannot_read_the_channel_submits_nothing_there() {
    let place = place().await;
    let callback = Callback::saying(Says::Json(json!({}))).await;
    let trigger = place.server.trigger_id(&place.ann);
    open(&place, &trigger, &callback.url).await;
    let dialog = place.server.wait_for_dialog(&place.ann).await;
    let room = place.server.private_channel(&place.team, "room", &[&place.bob]);
    assert_eq!(place.ann.submits_dialog(&dialog, &room, &[]).await.status, 403);
    let direct = place.ann.direct_with(&place.bot);
    assert_eq!(place.ann.submits_dialog(&dialog, &direct, &[]).await.status, 200);
    let silent = Callback::saying(Says::With(200, "text/plain", "")).await;
    let mut to_silent = dialog.clone();
    to_silent.url.clone_from(&silent.url);
    let outcome = place.ann.submits_dialog(&to_silent, &place.town, &[]).await;
    assert_eq!((outcome.status, outcome.error), (200, None));
    let broken = Callback::saying(Says::With(500, "text/plain", "")).await;
    to_silent.url.clone_from(&broken.url);
    assert_eq!(place.ann.submits_dialog(&to_silent, &place.town, &[]).await.status, 400);
}
