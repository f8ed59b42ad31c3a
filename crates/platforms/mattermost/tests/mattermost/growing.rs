//! Answers that are shown while they grow.

use std::time::Duration;

use countersign_fakes::mattermost::Post;

use crate::town::{Plan, Town, shown};

async fn town() -> Town {
    let chat = |chat: &mut countersign_gateway::ChatSettings| {
        chat.edit_every = Some(Duration::from_millis(30));
    };
    Town::built(Plan { chat: Box::new(chat), ..Plan::default() }).await
}

fn answers(town: &Town) -> Vec<Post> {
    let posts = town.server.posts(&town.square);
    posts.into_iter().filter(|post| post.user_id == town.bot.id && shown(post).is_empty()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_grows_in_one_post_of_its_thread() {
    let town = town().await;
    let asks = "@signer say one @all\nwait 400\nsay two";
    let said = town.ann.posts(&town.square, None, asks).await;
    let part = town
        .server
        .wait_for("a part of it", |_| {
            answers(&town).into_iter().find(|post| post.message.contains("one"))
        })
        .await;
    assert!(!part.message.contains("two"), "{}", part.message);
    assert_eq!(part.root_id, said.as_str());
    let whole = town
        .server
        .wait_for("all of it", |_| {
            answers(&town).into_iter().find(|post| post.message.contains("two"))
        })
        .await;
    assert_eq!((whole.id, answers(&town).len()), (part.id, 1));
    // Neither the beginning nor the change of it calls anybody.
    assert!(whole.message.contains("@\u{200b}all"), "{}", whole.message);
    assert_eq!(
        whole.props.get("mentionHighlightDisabled"),
        part.props.get("mentionHighlightDisabled")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_changed_any_more_is_said_anew_and_whole() {
    let town = town().await;
    town.ann.posts(&town.square, None, "@signer say one\nsay more\nwait 400\nsay two").await;
    let part = town
        .server
        .wait_for("a part of it", |_| {
            answers(&town).into_iter().find(|post| post.message.contains("one"))
        })
        .await;
    for _ in 0..8 {
        town.server.fail_next(&format!("/posts/{}/patch", part.id), 403);
    }
    town.server
        .wait_for("all of it", |_| {
            let whole = |post: &Post| post.message.contains("one") && post.message.contains("two");
            answers(&town).into_iter().find(whole)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_a_card_stands_above_it_and_the_end_below() {
    let town = town().await;
    town.ann.posts(&town.square, None, "@signer say thinking\nwait 200\nrun rm -r made").await;
    let card = town.card().await;
    let above = answers(&town);
    assert_eq!(above.len(), 1);
    assert!(above[0].message.contains("thinking"), "{}", above[0].message);
    town.ann.clicks(&card.id, "allowonce").await;
    town.card_says(&card, "It ran: well").await;
    town.server.wait_for("the end", |_| (answers(&town).len() == 2).then_some(())).await;
    let posts = town.server.posts(&town.square);
    let place = |id| posts.iter().position(|post| post.id == id);
    assert!(place(above[0].id.clone()) < place(card.id.clone()));
    assert!(place(card.id) < place(answers(&town)[1].id.clone()));
}
