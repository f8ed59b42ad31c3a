//! What anybody can send to the gateway's address, and what slow channels do to others.

use countersign_fakes::mattermost::{ChannelId, PostId};
use serde_json::json;
use tokio::task::JoinSet;

use crate::town::Town;

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_forgeries_keeps_no_click_of_the_server_out() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    let (url, mut body) = town.server.click_request(&card.id, "allowonce", &town.ann).unwrap();
    body["context"]["k"] = json!("0".repeat(64));
    let mut forgers = JoinSet::new();
    for _ in 0..80 {
        let (server, url, body) = (town.server.clone(), url.clone(), body.clone());
        forgers.spawn(async move { server.forge_json(&url, &body).await.status });
    }
    let clicked = town.ann.clicks(&card.id, "allowonce").await;
    assert!(clicked.ephemeral.as_deref().unwrap().starts_with("Approved"), "{clicked:?}");
    for status in forgers.join_all().await {
        assert_eq!(status, 200, "each is told privately that nothing was decided");
    }
    town.card_says(&card, "It ran: well").await;
    // And what is larger than anything that a server brings is not read to its end.
    body["context"]["k"] = json!("0".repeat(600 * 1024));
    assert_eq!(town.server.forge_json(&url, &body).await.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_slow_holds_up_nobody_else_and_keeps_its_order() {
    let town = Town::open().await;
    let den = town.server.channel(&town.team, "room", &[&town.ann, &town.bot]);
    // Whose thread it is has to be asked of the server, which does not answer.
    let root = town.ann.posts(&den, None, "nothing for the bot").await;
    let hold = town.server.hold_answer(&format!("/posts/{root}"));
    town.ann.posts(&den, Some(&root), "is it mine?").await;
    hold.arrived().await;
    let first = town.ann.posts(&den, None, "@signer say first").await;
    let second = town.ann.posts(&den, None, "@signer say second").await;
    let elsewhere = town.bob.posts(&town.square, None, "@signer say hello").await;
    let is_answered = |channel: &ChannelId, said: &PostId| {
        let posts = town.server.posts(channel);
        posts.iter().any(|post| post.user_id == town.bot.id && post.root_id == said.as_str())
    };
    let answered = async |channel: &ChannelId, said: &PostId| {
        town.server.wait_for("an answer", |_| is_answered(channel, said).then_some(())).await;
    };
    answered(&town.square, &elsewhere).await;
    assert!(!is_answered(&den, &first) && !is_answered(&den, &second));
    hold.release();
    answered(&den, &first).await;
    answered(&den, &second).await;
}
