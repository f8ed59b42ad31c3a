//! One way through everything.

use serde_json::{Value, json};

use crate::gateway::{Callback, Says, place};

#[tokio::test]
async fn a_bot_hears_a_message_posts_a_card_and_is_told_of_the_click() {
    let place = place().await;
    let mut socket = place.socket().await;
    let asked = place.ann.posts(&place.town, None, "hello @signer").await;
    let posted = socket.event("posted").await;
    let post: Value = serde_json::from_str(posted["data"]["post"].as_str().unwrap()).unwrap();
    assert_eq!((&post["id"], &post["message"]), (&json!(asked), &json!("hello @signer")));
    assert_eq!(posted["data"]["mentions"], json!([place.bot.id]).to_string());
    assert_eq!(posted["seq"], 1);

    let answers = json!({"update": {"message": "done", "props": {}}, "ephemeral_text": "thanks"});
    let callback = Callback::saying(Says::Json(answers)).await;
    let card = place.card(&callback.url).await;
    let clicked = place.ann.clicks(&card, "allowonce").await;
    assert_eq!((clicked.status, clicked.ephemeral.as_deref()), (200, Some("thanks")));
    let sent: Value = serde_json::from_str(&callback.calls()[0].body).unwrap();
    assert_eq!(sent["user_id"], json!(place.ann.id));
    assert_eq!(place.server.post(&card).unwrap().message, "done");
    assert!(place.server.post(&card).unwrap().buttons().is_empty());
    assert_eq!(place.server.ephemerals(&place.ann)[0].root_id, card.as_str());
    assert_eq!(socket.event("post_edited").await["broadcast"]["channel_id"], json!(place.town));

    let team = place.team.as_str();
    let command =
        json!({"team_id": team, "trigger": "cs-status", "method": "P", "url": callback.url});
    assert_eq!(place.send("/commands", command).await.status, 201);
    let typed = place.ann.types_command(&place.town, Some(&asked), "/cs-status now").await;
    assert_eq!(typed.status, 200, "{typed:?}");
    assert!(callback.calls()[1].body.contains("text=now"));
}
