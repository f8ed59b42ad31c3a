//! One conversation, decided in each way in which people decide.

use std::time::Duration;

use countersign_domain::approvals::Status;
use countersign_fakes::mattermost::{Post, PostId, TeamRole};
use reqwest::Method;
use serde_json::{Value, json};

use crate::town::{Plan, Town, shown};

/// A way to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Button,
    /// `/cs-approve`, because others have `/approve`.
    Prefixed,
    Umbrella,
    Text,
    /// What the web page and programs ask for.
    Api,
}

/// A town in which somebody else has `/approve`.
async fn town() -> Town {
    let town = Town::built(Plan { team_role: TeamRole::Member, ..Plan::default() }).await;
    town.server.set_team_role(&town.team, &town.boss, Some(TeamRole::Admin));
    let body = json!({"team_id": town.team, "trigger": "approve", "method": "P",
        "url": "http://127.0.0.1:9/other", "display_name": "Other"});
    let made = reqwest::Client::new()
        .post(format!("{}/api/v4/commands", town.server.url()))
        .bearer_auth(town.server.token(&town.boss))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 201);
    town.server.set_team_role(&town.team, &town.bot, Some(TeamRole::Admin));
    let town = town.crash().await;
    town.registered("cs-approve").await;
    town
}

async fn status(town: &Town, card: &Post) -> Status {
    let found = town.house.gateway.approval(Town::approval(card), &town.house.operator).await;
    found.unwrap().status
}

/// What the stranger, Bob who did not ask, and Ann are told, in this order.
async fn all_try(town: &Town, way: Way, (said, card): (&PostId, &Post)) {
    let command = match way {
        Way::Prefixed => "/cs-approve",
        Way::Umbrella => "/countersign approve",
        Way::Button | Way::Text | Way::Api => "!approve",
    };
    for (person, words) in [
        (&town.stranger, "You may not use this bot"),
        (&town.bob, "was not decided"),
        (&town.ann, "Approved"),
    ] {
        match way {
            Way::Button => {
                let told = person.clicks(&card.id, "allowonce").await.ephemeral.unwrap();
                assert!(told.contains(words), "{way:?}: {told}");
            }
            Way::Prefixed | Way::Umbrella => {
                let told = person.types_command(&town.square, Some(said), command).await;
                assert_eq!(told.response_type, "ephemeral", "{told:?}");
                assert!(told.text.contains(words), "{way:?}: {told:?}");
            }
            Way::Text => {
                let text = format!("@signer {command}");
                let typed = person.posts(&town.square, Some(said), &text).await;
                // Whoever may not talk here is not answered in public.
                if person.id != town.stranger.id {
                    town.server
                        .wait_for("an answer in words", |server| {
                            let posts = server.posts(&town.square);
                            let after = posts.iter().skip_while(|post| post.id != typed);
                            let told = |post: &&Post| post.message.contains(words);
                            after.into_iter().find(told).map(drop)
                        })
                        .await;
                }
            }
            Way::Api if person.id == town.ann.id => {
                let path = format!("/v1/approvals/{}/resolve", Town::approval(card));
                let answer = town.api(Method::POST, &path).json(&json!({"choice": "once"}));
                assert_eq!(answer.send().await.unwrap().status(), 200);
            }
            Way::Api => {}
        }
        if person.id != town.ann.id {
            assert_eq!(status(town, card).await, Status::Pending, "{way:?}");
            assert!(!town.has_run());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_decide_ends_with_the_same_card_and_the_result_in_its_thread() {
    for way in [Way::Button, Way::Prefixed, Way::Umbrella, Way::Text, Way::Api] {
        let town = town().await;
        let (said, card) = town.asked().await;
        assert_eq!(card.root_id, said.as_str());
        all_try(&town, way, (&said, &card)).await;
        let done = town.card_says(&card, "It ran: well").await;
        assert!(done.buttons().is_empty() && town.has_run(), "{way:?}");
        let by = if way == Way::Api { "operator".to_owned() } else { town.ann.id.to_string() };
        assert!(shown(&done).contains(&by), "{way:?}: {}", shown(&done));
        // The end of the run is told there, too.
        town.server
            .wait_for("the result", |server| {
                let posts = server.posts(&town.square);
                let after = posts.iter().skip_while(|post| post.id != card.id).skip(1);
                let result = |post: &&Post| {
                    post.user_id == town.bot.id
                        && post.root_id == said.as_str()
                        && !post.message.starts_with("Approved")
                        && !post.message.contains("was not decided")
                };
                after.into_iter().find(result).map(drop)
            })
            .await;
        assert_eq!(status(&town, &card).await, Status::Executed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_for_the_session_or_always_is_not_asked_about_again() {
    for button in ["allowsession", "allowalways"] {
        let town = Town::open().await;
        let (said, card) = town.asked().await;
        town.ann.clicks(&card.id, button).await;
        town.card_says(&card, "It ran: well").await;
        std::fs::create_dir_all(town.house.workspace().join("made/deep")).unwrap();
        town.ann.posts(&town.square, Some(&said), "@signer run rm -r made").await;
        let gone = || (!town.house.workspace().join("made").exists()).then_some(());
        town.server.wait_for("the second run", |_| gone()).await;
        let cards =
            town.server.posts(&town.square).into_iter().filter(|post| !shown(post).is_empty());
        assert_eq!(cards.count(), 1, "{button}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_says_until_when_it_is_open_and_no_button_leads_anywhere() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    assert!(shown(&card).contains("Open until"), "{}", shown(&card));
    let actions = card.card().unwrap()["actions"].as_array().unwrap().clone();
    for action in actions {
        // A button that is a link opens a page of JSON.
        assert_eq!((&action["type"], action.get("url")), (&json!("button"), None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_runs_the_card_has_no_buttons_any_more() {
    let town = Town::open().await;
    let asks = "@signer run rm -r made; until test -e go; do sleep 0.02; done";
    town.ann.posts(&town.square, None, asks).await;
    let card = town.card().await;
    town.ann.clicks(&card.id, "allowonce").await;
    let running = town.card_says(&card, "Approved").await;
    assert!(running.buttons().is_empty());
    std::fs::write(town.house.workspace().join("go"), "").unwrap();
    town.card_says(&card, "It ran: well").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expires_while_the_server_is_away_loses_its_buttons_when_it_is_back() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    town.server.stop().await;
    town.house.clock.advance(Duration::from_mins(16));
    town.server.clock().advance(Duration::from_mins(16));
    town.house.approval_when(Town::approval(&card), Status::Expired).await;
    town.server.start_again();
    let card = town.card_says(&card, "Expired, nothing was run").await;
    assert!(card.buttons().is_empty() && !town.has_run());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_one_card_that_fails_holds_up_no_other_conversation() {
    let town = Town::open().await;
    let (_, card) = town.asked().await;
    for _ in 0..4 {
        town.server.fail_next(&format!("/posts/{}/patch", card.id), 500);
    }
    town.ann.clicks(&card.id, "deny").await;
    let said = town.bob.posts(&town.square, None, "@signer say hello").await;
    town.server
        .wait_for_post(&town.square, |post| {
            post.user_id == town.bot.id && post.root_id == said.as_str()
        })
        .await;
    town.card_says(&card, "Denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_should_set_is_shown_wherever_bots_are_listed() {
    let plan = Plan::default();
    let settings =
        countersign_fakes::mattermost::Settings { enable_commands: false, ..plan.settings };
    let town = Town::built(Plan { settings, ..Plan::default() }).await;
    let problem = town.when_registered(|adapter| adapter.command_problems().pop()).await;
    assert!(problem.contains("EnableCommands"), "{problem}");
    let listed: Value =
        town.api(Method::GET, "/v1/platforms").send().await.unwrap().json().await.unwrap();
    let problems = listed["data"][0]["problems"].as_array().unwrap();
    assert!(problems[0].as_str().unwrap().contains("EnableCommands"), "{listed}");
    town.boss.posts(&town.square, None, "@signer !status").await;
    town.server
        .wait_for_post(&town.square, |post| {
            post.user_id == town.bot.id && post.message.contains("Enable Custom Slash Commands")
        })
        .await;
}
