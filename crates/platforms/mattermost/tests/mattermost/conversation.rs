//! Whole conversations.

use std::time::Duration;

use countersign_domain::approvals::{Choice, Status};

use crate::town::{ASKS, Town, shown};

#[tokio::test(flavor = "multi_thread")]
async fn a_mention_becomes_a_run_a_card_in_the_thread_a_click_and_a_result() {
    let town = Town::open().await;
    let (said, card) = town.asked().await;
    assert_eq!(card.root_id, said.as_str());
    assert!(shown(&card).contains("rm -r made"), "{}", shown(&card));
    let buttons = card.action_ids();
    assert!(
        buttons.contains(&"allowonce".to_owned()) && buttons.contains(&"denyreason".to_owned())
    );

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
            post.user_id == town.bot.id && post.root_id == said.as_str() && post.id != card.id
        })
        .await;
    let approval =
        town.house.gateway.approval(Town::approval(&card), &town.house.operator).await.unwrap();
    assert_eq!(approval.status, Status::Executed);
    let clicked = town.ann.clicks(&card.id, "allowonce").await;
    assert_ne!(clicked.status, 200, "the card has no button any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_direct_messages_nobody_has_to_be_named_and_nothing_goes_into_a_thread() {
    let town = Town::open().await;
    let direct = town.ann.direct_with(&town.bot);
    town.ann.posts(&direct, None, ASKS).await;
    let card = town.card().await;
    assert_eq!((card.channel_id.clone(), card.root_id.as_str()), (direct.clone(), ""));
    let clicked = town.ann.clicks(&card.id, "allowonce").await;
    assert!(clicked.ephemeral.unwrap().starts_with("Approved"));
    town.card_says(&card, "It ran: well").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_elsewhere_takes_the_buttons_off_the_card() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    let (house, id) = (&town.house, Town::approval(&card));
    house.answer(id, Choice::Deny, Some("not today"), &house.operator).await.unwrap();
    let card = town.card_says(&card, "Denied").await;
    assert!(card.buttons().is_empty() && !town.has_run());
}

#[tokio::test(flavor = "multi_thread")]
async fn allowing_for_the_session_and_always_leave_their_rules() {
    for (button, word) in [("allowsession", "session"), ("allowalways", "always")] {
        let town = Town::open().await;
        let (_, card) = town.asked().await;
        let clicked = town.ann.clicks(&card.id, button).await;
        let told = clicked.ephemeral.unwrap();
        assert!(told.starts_with(&format!("Approved ({word})")), "{told}");
        town.card_says(&card, "It ran").await;
        let rules = town.house.gateway.rules(&town.house.operator).await.unwrap();
        assert_eq!(rules.len(), 1, "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_for_denying_is_written_in_a_dialog_and_reaches_the_agent() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    let clicked = town.ann.clicks(&card.id, "denyreason").await;
    assert_eq!((clicked.status, clicked.ephemeral), (200, None));
    let dialog = town.server.wait_for_dialog(&town.ann).await;
    // Whoever else has seen the state of the dialog can do nothing with it.
    let stolen = town.boss.submits_dialog(&dialog, &town.square, &[("reason", "mine")]).await;
    assert!(stolen.error.unwrap().contains("not opened for you"));
    let mut changed = dialog.clone();
    changed.state = changed.state.replace("deny_with_reason", "once");
    let changed = town.ann.submits_dialog(&changed, &town.square, &[("reason", "x")]).await;
    assert!(changed.error.is_some());
    let done = town.ann.submits_dialog(&dialog, &town.square, &[("reason", "use the trash")]).await;
    assert_eq!((done.status, done.error), (200, None));
    let card = town.card_says(&card, "Denied").await;
    assert!(card.buttons().is_empty() && !town.has_run());
    let id = Town::approval(&card);
    let approval = town.house.gateway.approval(id, &town.house.operator).await.unwrap();
    assert_eq!(approval.decision.unwrap().reason.as_deref(), Some("use the trash"));
    // Once more changes nothing, and says so.
    let late = town.ann.submits_dialog(&dialog, &town.square, &[("reason", "again")]).await;
    assert!(late.error.unwrap().contains("You had answered"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_may_not_decide_is_told_so_by_the_dialog_too() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    town.stranger.clicks(&card.id, "denyreason").await;
    let dialog = town.server.wait_for_dialog(&town.stranger).await;
    let done = town.stranger.submits_dialog(&dialog, &town.square, &[("reason", "x")]).await;
    assert!(done.error.unwrap().contains("You may not use this bot"));
    let id = Town::approval(&card);
    let approval = town.house.gateway.approval(id, &town.house.operator).await.unwrap();
    assert_eq!(approval.status, Status::Pending);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_decides_expires_and_a_late_click_is_told() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    let late = town.server.click_request(&card.id, "allowonce", &town.ann).unwrap();
    town.house.clock.advance(Duration::from_mins(16));
    town.server.clock().advance(Duration::from_mins(16));
    let card = town.card_says(&card, "Expired, nothing was run").await;
    assert!(card.buttons().is_empty());
    // Somebody whose screen is old still has the button.
    let (url, mut body) = late;
    body["trigger_id"] = town.server.trigger_id(&town.ann).into();
    let told = town.server.forge_json(&url, &body).await;
    assert_eq!(told.status, 200);
    let text = told.body["ephemeral_text"].as_str().unwrap();
    assert!(text.contains("was not decided"), "{text}");
    assert!(!town.has_run());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clicks_at_once_decide_once() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    let (ann, boss) = tokio::join!(
        town.ann.clicks_twice_at_once(&card.id, "allowonce"),
        town.boss.clicks(&card.id, "deny"),
    );
    let told: Vec<String> =
        [ann.0, ann.1, boss].into_iter().filter_map(|outcome| outcome.ephemeral).collect();
    let decided =
        told.iter().filter(|text| text.starts_with("Approved") || text.starts_with("Denied"));
    assert_eq!(decided.count(), 1, "{told:?}");
    let done = town
        .server
        .wait_for("the end", |server| {
            let text = shown(&server.post(&card.id)?);
            (text.contains("It ran: well") || text.starts_with("Denied")).then_some(text)
        })
        .await;
    assert_eq!(town.has_run(), done.contains("It ran"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quickest_click_is_quicker_than_the_answer_to_the_post() {
    let town = Town::open().await;
    let hold = town.server.hold_answer("/posts");
    town.ann.posts(&town.square, None, &format!("@signer {ASKS}")).await;
    let card = town.card().await;
    hold.arrived().await;
    let (clicked, ()) = tokio::join!(town.ann.clicks(&card.id, "allowonce"), async {
        // The click is on its way to the gateway when the answer comes.
        tokio::task::yield_now().await;
        hold.release();
    });
    assert!(clicked.ephemeral.as_deref().unwrap().starts_with("Approved"), "{clicked:?}");
    town.card_says(&card, "It ran: well").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_outlives_the_gateway_and_is_answered_after_its_restart() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    let town = town.crash().await;
    let clicked = town.ann.clicks(&card.id, "allowonce").await;
    assert!(clicked.ephemeral.unwrap().starts_with("Approved"));
    let card = town.card_says(&card, "It ran: well").await;
    assert!(card.buttons().is_empty() && town.has_run());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_outlives_the_server_and_what_was_said_meanwhile_is_heard_once() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    town.server.restart().await;
    town.house.clock.advance(Duration::from_secs(1));
    town.server.clock().advance(Duration::from_secs(1));
    // Nobody is connected when Bob speaks.
    let said = town.bob.posts(&town.square, None, "@signer say hello").await;
    town.connected().await;
    town.server
        .wait_for_post(&town.square, |post| {
            post.user_id == town.bot.id && post.root_id == said.as_str()
        })
        .await;
    let clicked = town.ann.clicks(&card.id, "allowonce").await;
    assert!(clicked.ephemeral.unwrap().starts_with("Approved"));
    town.card_says(&card, "It ran: well").await;
    let answers =
        town.server.posts(&town.square).into_iter().filter(|post| post.root_id == said.as_str());
    assert_eq!(answers.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_was_cut_goes_on_where_it_was() {
    let town = Town::open().await;
    town.ann.posts(&town.square, None, "@signer !status").await;
    town.server.wait_for_post(&town.square, |post| post.user_id == town.bot.id).await;
    let connections = town.server.connections(&town.bot);
    town.server.drop_sockets();
    let said = town.ann.posts(&town.square, None, "@signer say hello").await;
    town.connected().await;
    town.server
        .wait_for_post(&town.square, |post| {
            post.user_id == town.bot.id && post.root_id == said.as_str()
        })
        .await;
    assert_eq!(town.server.connections(&town.bot), connections);
}
