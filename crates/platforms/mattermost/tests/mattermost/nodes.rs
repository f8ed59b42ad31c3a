//! Clicks and commands that come to another node than the one that keeps the connection.

use crate::town::{Plan, Town};

#[tokio::test(flavor = "multi_thread")]
async fn a_click_and_a_command_are_good_on_every_node() {
    let town = Town::built(Plan { in_company: true, ..Plan::default() }).await;
    town.registered("whoami").await;
    let (said, card) = town.asked().await;
    let other = town.house.neighbour("other", 7);
    other.gateway.join(&other.settings).await.unwrap();
    // What it needs it finds in the store: it has never spoken to the server.
    town.call_at(&other.gateway, 3).await;
    let outcome = town.ann.types_command(&town.square, Some(&said), "/approvals").await;
    assert!(outcome.text.contains("Waiting for a decision"), "{outcome:?}");
    let clicked = town.ann.clicks(&card.id, "allowonce").await;
    assert!(
        clicked.ephemeral.as_deref().unwrap_or_default().starts_with("Approved"),
        "{clicked:?}"
    );
    town.card_says(&card, "It ran: well").await;
    assert_eq!(town.server.open_sockets(&town.bot), 1);
}
