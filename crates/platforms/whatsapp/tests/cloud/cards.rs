//! Lists: taps that come twice, late, from elsewhere, or were never made.

use countersign_domain::approvals::Status;
use countersign_domain::audit::AuditKind;
use countersign_fakes::whatsapp_cloud::{Content, Row};
use countersign_test_kit::{HouseBuilder, business};

use crate::town::{ASKS, Town, approval};

/// What the house has said to Ann in words that contain `words`.
fn told(town: &Town, words: &str) -> usize {
    town.ann.sees().iter().filter(|sent| sent.content.text().contains(words)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_that_is_brought_again_is_taken_once_and_answered_once() {
    let town = Town::open().await;
    let card = town.asked().await;
    let tapped = town.ann.taps(&card, "Allow once").await;
    town.cloud.wait_for_text(&town.ann, "It ran: well").await;
    for _ in 0..3 {
        assert_eq!(town.cloud.repeats(&tapped).await, 200);
    }
    // Tapping twice is another message, and is answered.
    town.ann.taps(&card, "Allow once").await;
    town.cloud.wait_for_text(&town.ann, "You had answered").await;
    assert_eq!(told(&town, "You had answered"), 1);
    assert_eq!(town.house.audited(AuditKind::ApprovalDecided).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_made_up_or_is_of_another_message_decides_nothing() {
    let town = Town::open().await;
    let first = town.asked().await;
    // Another card, in another chat.
    town.bob.writes(ASKS).await;
    let second = town.cloud.wait_for_list(&town.bob).await;
    let row = |of: usize| first.content.rows()[of].clone();
    let made_up = |id: &str| Row { id: id.to_owned(), title: "Deny".to_owned(), description: None };
    let once = first.content.rows().iter().find(|row| row.title == "Allow once").unwrap();
    for (row, message) in [
        // A good row of one card, tapped on another, and on what is no message of the house.
        (row(0), second.id.as_str()),
        (row(0), "wamid.made-up"),
        (made_up("deny"), &first.id),
        (made_up(&once.id.replace(".once.", ".always.")), &first.id),
        (made_up(&once.id.to_uppercase()), &first.id),
        (made_up(&"1.".repeat(90)), &first.id),
    ] {
        let tapped = town.ann.pretends_to_tap(&row, message).await;
        assert_eq!(tapped.status, 200);
    }
    for card in [&first, &second] {
        let found =
            town.house.gateway.approval(approval(card), &town.house.operator).await.unwrap();
        assert_eq!(found.status, Status::Pending);
    }
    assert!(!town.has_run());
    assert!(town.house.audited(AuditKind::CallbackRefused).await.len() >= 2);
    // The real ones count all the same.
    town.ann.taps(&first, "Deny").await;
    town.cloud.wait_for_text(&town.ann, "Denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_taps_at_once_decide_once() {
    let town = Town::open().await;
    let card = town.asked().await;
    let (first, second) =
        tokio::join!(town.ann.taps(&card, "Allow once"), town.ann.taps(&card, "Deny"));
    assert_eq!((first.status, second.status), (200, 200));
    town.cloud
        .wait_for("an end", |_| (told(&town, "It ran") + told(&town, "Denied") > 0).then_some(()))
        .await;
    assert_eq!(town.house.audited(AuditKind::ApprovalDecided).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_is_good_on_every_node() {
    let town = Town::built(crate::town::Plan {
        house: Box::new(HouseBuilder::in_company),
        ..crate::town::Plan::default()
    })
    .await;
    let card = town.asked().await;
    let other = town.house.neighbour("other", 7);
    other.gateway.join(&other.settings).await.unwrap();
    // It has never spoken to Meta: rows are sealed with what all nodes have.
    let number = business::number(business::settings(&town.cloud), &other.gateway, &other.clock);
    let adapter = number.platform().unwrap();
    other.gateway.attach_platform(std::sync::Arc::new(adapter)).await.unwrap();
    town.door.call_at(Some(&other.gateway));
    let tapped = town.ann.taps(&card, "Allow once").await;
    assert_eq!(tapped.status, 200);
    // The first node is brought the same again.
    town.door.call_at(Some(&town.house.gateway));
    assert_eq!(town.cloud.repeats(&tapped).await, 200);
    town.cloud.wait_for_text(&town.ann, "It ran: well").await;
    assert_eq!(told(&town, "You had answered"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_list_is_not_taken_the_card_comes_as_a_text_with_numbers() {
    let town = Town::open().await;
    // The typing, and then the card.
    town.cloud.refuses_lists(1);
    town.ann.writes(ASKS).await;
    let card = town.cloud.wait_for_text(&town.ann, "1 allow once").await;
    assert!(matches!(card.content, Content::Text(_)), "{card:?}");
    // Where the card is, the house knows a moment after the phone does.
    for _ in 0..50 {
        town.ann.replies(&card.id, "1").await;
        if told(&town, "Approved") > 0 {
            break;
        }
    }
    town.cloud.wait_for_text(&town.ann, "It ran: well").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_command_fits_and_is_not_approved_where_it_is_cut() {
    let town = Town::open().await;
    let long = format!("run rm -r made && echo {}", "x".repeat(6000));
    // A text of WhatsApp has room for less: it is said in two ways.
    assert_eq!(town.ann.writes(&long).await.status, 200);
    let card = town.cloud.wait_for_list(&town.ann).await;
    assert_eq!(crate::town::titles(&card), ["Deny"]);
    town.ann.writes(&format!("/approve {}", approval(&card))).await;
    town.cloud.wait_for_text(&town.ann, "web page").await;
    assert!(!town.has_run());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_is_acknowledged_before_its_command_ends() {
    let town = Town::open().await;
    let go = town.house.workspace().join("go");
    // It ends when the file is there, and not by itself.
    town.ann.writes("run rm -r made; until [ -e go ]; do sleep 0.05; done").await;
    let card = town.cloud.wait_for_list(&town.ann).await;
    town.stands(&card).await;
    assert_eq!(town.ann.taps(&card, "Allow once").await.status, 200);
    let id = approval(&card);
    let found = town.house.gateway.approval(id, &town.house.operator).await.unwrap();
    assert_ne!(found.status, Status::Executed);
    assert_ne!(found.status, Status::Pending);
    std::fs::write(go, "").unwrap();
    town.house.approval_when(id, Status::Executed).await;
}
