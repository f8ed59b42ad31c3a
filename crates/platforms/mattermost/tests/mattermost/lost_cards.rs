//! Cards whose posts were made, although nobody heard of it.

use std::time::Duration;

use countersign_domain::approvals::Choice;
use countersign_fakes::mattermost::Post;
use countersign_mattermost::{AccountConfig, ReplyMode};

use crate::town::{ASKS, Plan, Town, shown};

fn cards(town: &Town) -> Vec<Post> {
    let posts = town.server.posts(&town.square);
    posts.into_iter().filter(|post| !shown(post).is_empty()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_whose_answer_was_lost_is_found_where_the_server_has_forgotten_the_question() {
    for reply_mode in [ReplyMode::Thread, ReplyMode::Flat] {
        let account = AccountConfig { reply_mode, ..AccountConfig::default() };
        let town = Town::built(Plan { account, ..Plan::default() }).await;
        town.registered("whoami").await;
        town.server.lose_answer("/posts", 500);
        // Meanwhile it is looked for in vain.
        let looked_at = match reply_mode {
            ReplyMode::Thread => "/posts".to_owned(),
            ReplyMode::Flat => format!("/channels/{}/posts", town.square),
        };
        for _ in 0..3 {
            town.server.fail_next(&looked_at, 503);
        }
        town.ann.posts(&town.square, None, &format!("@signer {ASKS}")).await;
        let card = town.card().await;
        // The server remembers for thirty seconds what it was asked.
        town.server.clock().advance(Duration::from_secs(31));
        town.house.clock.advance(Duration::from_secs(31));
        let (house, id) = (&town.house, Town::approval(&card));
        house.answer(id, Choice::Deny, None, &house.operator).await.unwrap();
        // The one that is there is the one that is changed.
        let card = town.card_says(&card, "Denied").await;
        assert!(card.buttons().is_empty());
        assert_eq!(cards(&town).len(), 1, "{reply_mode:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_a_killed_process_has_put_there_is_found_by_the_next() {
    let town = Town::open().await;
    town.registered("whoami").await;
    // The answer to the post never comes.
    let hold = town.server.hold_answer("/posts");
    town.ann.posts(&town.square, None, &format!("@signer {ASKS}")).await;
    let card = town.card().await;
    hold.arrived().await;
    let town = town.crash().await;
    hold.release();
    town.server.clock().advance(Duration::from_secs(31));
    town.house.clock.advance(Duration::from_secs(31));
    let told = town.ann.clicks(&card.id, "allowonce").await.ephemeral.unwrap();
    assert!(told.starts_with("Approved"), "{told}");
    town.card_says(&card, "It ran: well").await;
    assert_eq!(cards(&town).len(), 1);
}
