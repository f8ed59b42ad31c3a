//! Whole conversations.

use countersign_domain::approvals::{Choice, Status};

use crate::town::{Town, shown};

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_becomes_a_run_a_card_in_the_thread_a_click_and_a_result() {
    let town = Town::open().await;
    let (said, card) = town.asked().await;
    assert_eq!(card.root_id, said.as_str());
    assert!(shown(&card).contains("rm -r made"), "{}", shown(&card));
    let buttons = card.action_ids();
    assert!(buttons.contains(&"allowonce".to_owned()) && buttons.contains(&"denyreason".to_owned()));

    // A stranger, and a member who may not decide this: told privately, and nothing happens.
    let clicked = town.stranger.clicks(&card.id, "allowonce").await;
    assert_eq!(clicked.status, 200);
    assert!(clicked.ephemeral.unwrap().contains("You may not use this bot"));
    let clicked = town.bob.clicks(&card.id, "allowonce").await;
    assert!(clicked.ephemeral.unwrap().contains("was not decided"));
    assert!(!town.has_run());

    let clicked = town.ann.clicks(&card.id, "allowonce").await;
    assert_eq!(clicked.status, 200);
    assert!(clicked.ephemeral.unwrap().starts_with("Approved"));
    let card = town.card_says(&card, "It ran: well").await;
    assert!(card.buttons().is_empty() && town.has_run());
    assert!(shown(&card).contains(&town.ann.id.to_string()), "{}", shown(&card));
    // The end of the run is told in the same thread.
    town.server
        .wait_for_post(&town.square, |post| {
            post.user_id == town.bot.id && post.root_id == said.as_str() && post.buttons().is_empty() && post.id != card.id
        })
        .await;
    let approval = town.house.gateway.approval(Town::approval(&card), &town.house.operator).await.unwrap();
    assert_eq!(approval.status, Status::Executed);
    let clicked = town.ann.clicks(&card.id, "allowonce").await;
    assert_ne!(clicked.status, 200, "the card has no button any more");
    drop(Choice::Once);
}
