//! Operators' own chats with the agent, over the business number.

use std::time::Duration;

use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_fakes::whatsapp_cloud::{FakeCloud, File};
use countersign_ports::store::{PageRequest, RunFilter};

use crate::town::{ASKS, Plan, Town, approval, titles};

/// How many runs there are.
pub(crate) async fn runs(town: &Town) -> usize {
    let page = PageRequest { before: None, limit: 1000 };
    let found = town.house.gateway.runs(RunFilter::default(), page, &town.house.operator).await;
    found.unwrap().items.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_becomes_a_run_a_list_a_tap_and_a_result() {
    let town = Town::open().await;
    let card = town.asked().await;
    assert!(card.content.text().contains("rm -r made"), "{card:?}");
    assert!(card.content.text().contains("Open until:"), "{card:?}");
    let offered = titles(&card);
    assert!(offered.contains(&"Allow once") && offered.contains(&"Deny"), "{offered:?}");
    assert!(!town.has_run());
    let tapped = town.ann.taps(&card, "Allow once").await;
    assert_eq!(tapped.status, 200);
    town.cloud.wait_for_text(&town.ann, "Approved (once)").await;
    // A message that was sent is not changed: its end comes as a new one.
    town.cloud.wait_for_text(&town.ann, "It ran: well").await;
    assert!(town.has_run());
    let decided = town.house.gateway.approval(approval(&card), &town.house.operator).await.unwrap();
    assert_eq!(decided.status, Status::Executed);
    assert!(town.bob.sees().is_empty(), "nobody else is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_choice_leaves_what_it_says() {
    for (title, word, rules) in
        [("Allow for this session", "session", 1), ("Always allow", "always", 1), ("Deny", "", 0)]
    {
        let town = Town::open().await;
        let card = town.asked().await;
        town.ann.taps(&card, title).await;
        let told = if word.is_empty() { "Denied".to_owned() } else { format!("Approved ({word})") };
        town.cloud.wait_for_text(&town.ann, &told).await;
        let left = town.house.gateway.rules(&town.house.operator).await.unwrap();
        assert_eq!(left.len(), rules, "{title}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_and_plain_words_count_as_everywhere() {
    let town = Town::open().await;
    town.ann.writes("/whoami").await;
    town.cloud.wait_for_text(&town.ann, "34600000001").await;
    let card = town.asked().await;
    town.ann.writes("yes").await;
    town.cloud.wait_for_text(&town.ann, "Approved (once)").await;
    town.cloud.wait_for_text(&town.ann, "It ran: well").await;
    // In words that name it, and too late.
    town.ann.writes(&format!("/deny {}", approval(&card))).await;
    town.cloud.wait_for_text(&town.ann, "Nothing changed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_quotes_the_card_decides_it() {
    let town = Town::open().await;
    let card = town.asked().await;
    assert!(card.content.text().contains("1 allow once"), "{}", card.content.text());
    // Where the card is, the house knows a moment after the phone does.
    for _ in 0..50 {
        town.ann.replies(&card.id, "0").await;
        if town.ann.sees().iter().any(|sent| sent.content.text().starts_with("Denied")) {
            break;
        }
    }
    town.cloud.wait_for_text(&town.ann, "Denied").await;
    assert!(!town.has_run());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_elsewhere_is_told_and_the_list_does_nothing_any_more() {
    let town = Town::open().await;
    let card = town.asked().await;
    let (house, id) = (&town.house, approval(&card));
    house.answer(id, Choice::Deny, Some("not today"), &house.operator).await.unwrap();
    town.cloud.wait_for_text(&town.ann, "Denied").await;
    // It stays on the phone, and can be tapped for ever.
    town.ann.taps(&card, "Allow once").await;
    town.cloud.wait_for_text(&town.ann, "was decided before").await;
    assert!(!town.has_run());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_tap_is_told_that_it_is_too_late() {
    let town = Town::open().await;
    let card = town.asked().await;
    town.pass(Duration::from_mins(16));
    town.house.approval_when(approval(&card), Status::Expired).await;
    town.cloud.wait_for_text(&town.ann, "Expired").await;
    town.ann.taps(&card, "Allow once").await;
    town.cloud.wait_for_text(&town.ann, "was not decided").await;
    assert!(!town.has_run());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_first_tap_counts() {
    let town = Town::open().await;
    let card = town.asked().await;
    let town = town.crash().await;
    town.ann.taps(&card, "Allow once").await;
    town.cloud.wait_for_text(&town.ann, "It ran: well").await;
    assert!(town.has_run());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_not_heard_and_costs_nothing() {
    let town = Town::open().await;
    for text in [ASKS, "/whoami", "/approve all", "yes"] {
        assert_eq!(town.movistar.writes(text).await.status, 200);
    }
    assert_eq!(runs(&town).await, 0);
    assert!(town.movistar.sees().is_empty(), "nobody answers a stranger");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_with_a_message_is_named() {
    let town = Town::open().await;
    town.ann
        .sends(File {
            kind: "image",
            mime: "image/png",
            name: None,
            caption: Some("wait 0"),
            content: b"png",
        })
        .await;
    assert_eq!(runs(&town).await, 1);
    // A thumb is no word to the agent.
    let thumb =
        serde_json::json!({"type": "reaction", "reaction": {"message_id": "x", "emoji": "👍"}});
    assert_eq!(town.ann.brings(thumb, None).await.status, 200);
    assert_eq!(runs(&town).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_chats_are_two_conversations() {
    let town = Town::built(Plan::default()).await;
    let card = town.asked().await;
    town.bob.writes("yes").await;
    town.bob.writes("/approvals").await;
    town.cloud.wait_for_text(&town.bob, "Nothing waits for a decision here").await;
    // Whoever else may talk decides nothing of hers, with or without the card's row.
    let row = card.content.rows()[0].clone();
    town.bob.pretends_to_tap(&row, &card.id).await;
    town.bob.writes(&format!("/approve {}", approval(&card))).await;
    town.cloud.wait_for_text(&town.bob, "was not decided").await;
    assert!(!town.has_run());
    assert_eq!(town.house.audited(AuditKind::ApprovalDecided).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_offers_commands_and_typing_is_shown_while_the_agent_is_at_work() {
    let town = Town::open().await;
    let menu = town.cloud.commands();
    assert!(menu.iter().any(|(name, _)| name == "approve") && menu.len() <= 30, "{menu:?}");
    let written = town.ann.writes("wait 5000").await;
    let seen = |cloud: &FakeCloud| cloud.typing().contains(&written.id).then_some(());
    town.cloud.wait_for("typing", seen).await;
    // Of what strangers write nobody is told that it was read.
    let stranger = town.movistar.writes("Offers!").await;
    assert!(!town.cloud.read().contains(&stranger.id));
    town.ann.writes("/stop").await;
}
