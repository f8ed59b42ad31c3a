//! Who pretends to be the server, or somebody else.

use std::time::Duration;

use countersign_domain::approvals::Status;
use countersign_domain::audit::AuditKind;
use countersign_fakes::mattermost::{Post, Settings, TriggerSigning};
use countersign_gateway::NewContent;
use countersign_mattermost::{AccountConfig, SignedClicks};
use serde_json::{Value, json};

use crate::town::{Plan, Town};

async fn is_pending(town: &Town, card: &Post) -> bool {
    let id = Town::approval(card);
    let approval = town.house.gateway.approval(id, &town.house.operator).await.unwrap();
    approval.status == Status::Pending
}

fn told(body: &Value) -> &str {
    body["ephemeral_text"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_anything_of_a_click_decides_nothing() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    let boss = town.boss.id.to_string();
    let elsewhere = town.server.channel(&town.team, "elsewhere", &[&town.ann, &town.bot]);
    let others = town.server.foreign_trigger_id(&town.ann);
    let other_post = town.ann.posts(&elsewhere, None, "x").await;
    let changes: Vec<(&str, Value)> = vec![
        ("/user_id", json!(boss)),
        ("/channel_id", json!(elsewhere)),
        ("/post_id", json!(other_post)),
        ("/trigger_id", json!("")),
        ("/trigger_id", json!(others)),
        ("/trigger_id", json!(town.server.trigger_id(&town.bob))),
        ("/context/a", json!("appr_00000000000000000000000000000009")),
        ("/context/c", json!("card_00000000000000000000000000000009")),
        ("/context/d", json!("always")),
        ("/context/n", json!("0".repeat(32))),
        ("/context/r", json!("")),
        ("/context/k", json!("0".repeat(64))),
        ("/context/k", json!(null)),
        ("/context", json!({})),
        ("/context", json!([1, 2])),
    ];
    for (pointer, value) in changes {
        let answer = town
            .server
            .forge(&card.id, "allowonce", &town.ann, |body| {
                *body.pointer_mut(pointer).unwrap() = value.clone();
            })
            .await;
        assert_eq!(answer.status, 200, "{pointer}");
        assert!(!told(&answer.body).starts_with("Approved"), "{pointer}: {}", answer.body);
        assert!(is_pending(&town, &card).await, "{pointer}");
    }
    // What is no click at all.
    let (url, _) = town.server.click_request(&card.id, "allowonce", &town.ann).unwrap();
    for body in [json!(null), json!([]), json!({"user_id": "../x"}), json!("x")] {
        let answer = town.server.forge_json(&url, &body).await;
        assert_eq!(answer.status, 200);
        assert!(is_pending(&town, &card).await);
    }
    let audited = town.house.audited(AuditKind::CallbackRefused).await;
    assert!(audited.len() > 10);
    assert_eq!(audited[0].subject, "mattermost/main/actions");
    // And unchanged it counts.
    let answer = town.server.forge(&card.id, "allowonce", &town.ann, |_| {}).await;
    assert!(told(&answer.body).starts_with("Approved"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_that_was_copied_onto_a_post_of_ones_own_decides_nothing() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    // As if somebody had read it out of the server's database.
    let (url, body) = town.server.click_request(&card.id, "allowonce", &town.ann).unwrap();
    let props = json!({"attachments": [{"text": "free coffee", "actions": [
        {"id": "coffee", "type": "button", "name": "Coffee", "integration": {"url": url, "context": body["context"]}},
    ]}]});
    let Value::Object(props) = props else { unreachable!() };
    let bait = town.stranger.posts_with_props(&town.square, None, "", props).await.unwrap();
    let clicked = town.ann.clicks(&bait, "coffee").await;
    assert_eq!(clicked.status, 200);
    let text = clicked.ephemeral.unwrap();
    assert!(text.contains("nothing was decided"), "{text}");
    assert!(is_pending(&town, &card).await);
    // The server itself takes the buttons off the post that was pressed, and off no other.
    assert!(town.server.post(&bait).unwrap().buttons().is_empty());
    assert!(!town.server.post(&card.id).unwrap().buttons().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_is_brought_again_after_an_edit_decides_nothing() {
    let town = Town::open().await;
    let place = tempfile::tempdir().unwrap().keep().join("note.txt");
    let asks = format!("@signer write {} | first words", place.display());
    town.ann.posts(&town.square, None, &asks).await;
    let card = town.card().await;
    let id = Town::approval(&card);
    let (url, old) = town.server.click_request(&card.id, "allowonce", &town.ann).unwrap();
    let view = town.house.gateway.approval(id, &town.house.operator).await.unwrap();
    let new = NewContent { content: "other words".to_owned(), digest: view.card.digest };
    town.house.gateway.edit_approval(id, &new, &town.house.operator).await.unwrap();
    town.card_says(&card, "other words").await;
    // In other words until it is noted that the card shows something else.
    let answer = town.server.forge_json(&url, &old).await;
    let refused = ["nothing was decided", "was not decided"];
    assert!(refused.iter().any(|words| told(&answer.body).contains(words)), "{}", answer.body);
    assert!(is_pending(&town, &card).await && !place.exists());
    let clicked = town.ann.clicks(&card.id, "allowonce").await;
    assert!(clicked.ephemeral.unwrap().starts_with("Approved"));
    town.card_says(&card, "It ran: well").await;
    assert_eq!(std::fs::read_to_string(&place).unwrap(), "other words");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_click_and_one_of_the_future_decide_nothing() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    let (url, body) = town.server.click_request(&card.id, "allowonce", &town.ann).unwrap();
    town.house.clock.advance(Duration::from_secs(301));
    let answer = town.server.forge_json(&url, &body).await;
    assert!(told(&answer.body).contains("not of now"), "{}", answer.body);
    town.server.clock().advance(Duration::from_secs(603));
    let answer = town.server.forge(&card.id, "allowonce", &town.ann, |_| {}).await;
    assert!(told(&answer.body).contains("not of now"), "{}", answer.body);
    assert!(is_pending(&town, &card).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_needed_of_a_click_follows_from_the_policy_and_the_servers_key() {
    use SignedClicks::{Always, Auto, Never};
    use TriggerSigning::{AnotherKeyShown, KeyMissing, KeyShown};
    for (policy, signing, signed, counts) in [
        (Auto, KeyShown, true, true),
        (Auto, KeyShown, false, false),
        (Auto, KeyMissing, true, true),
        (Auto, KeyMissing, false, true),
        (Auto, AnotherKeyShown, true, false),
        (Always, KeyShown, true, true),
        (Always, KeyShown, false, false),
        (Always, KeyMissing, true, false),
        (Never, AnotherKeyShown, true, true),
        (Never, KeyShown, false, true),
    ] {
        let plan = Plan::default();
        let town = Town::built(Plan {
            settings: Settings { trigger_signing: signing, ..plan.settings },
            account: AccountConfig { require_signed_click: policy, ..AccountConfig::default() },
            ..Plan::default()
        })
        .await;
        let (_, card) = town.asked().await;
        let answer = town
            .server
            .forge(&card.id, "allowonce", &town.ann, |body| {
                if !signed {
                    body["trigger_id"] = json!("");
                }
            })
            .await;
        assert_eq!(
            told(&answer.body).starts_with("Approved"),
            counts,
            "{policy:?} {signing:?} {signed}: {}",
            answer.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_servers_key_a_click_waits_and_a_key_once_seen_is_always_needed() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    town.server.fail_next("/config/client", 503);
    let clicked = town.ann.clicks(&card.id, "allowonce").await.ephemeral.unwrap();
    assert!(clicked.contains("Nothing was decided") && clicked.contains("try again"), "{clicked}");
    assert!(is_pending(&town, &card).await);
    // Now it is seen, and noted.
    let unsigned = |body: &mut Value| body["trigger_id"] = json!("");
    let answer = town.server.forge(&card.id, "allowonce", &town.ann, unsigned).await;
    assert!(told(&answer.body).contains("no signature"), "{}", answer.body);
    let town = town.crash().await;
    // A server that shows none any more changes nothing.
    town.server.change(|settings| settings.trigger_signing = TriggerSigning::KeyMissing);
    let answer = town.server.forge(&card.id, "allowonce", &town.ann, unsigned).await;
    assert!(told(&answer.body).contains("no signature"), "{}", answer.body);
    assert!(is_pending(&town, &card).await);
    let clicked = town.ann.clicks(&card.id, "allowonce").await.ephemeral.unwrap();
    assert!(clicked.starts_with("Approved"), "{clicked}");
}
