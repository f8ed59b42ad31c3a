//! Slash commands: registered, found taken, forbidden, invoked and forged.

use std::collections::BTreeMap;

use countersign_domain::approvals::Status;
use countersign_fakes::mattermost::{
    FakeMattermost, Person, PostId, RateLimit, Settings, TeamRole,
};
use countersign_mattermost::{AccountConfig, SignedClicks};
use reqwest::Method;
use serde_json::{Value, json};

use crate::town::{Plan, Town, shown};

/// Somebody else's integration registers a command.
async fn registers(town: &Town, who: &Person, trigger: &str) -> String {
    let token = town.server.token(who);
    let body = json!({"team_id": town.team, "trigger": trigger, "method": "P",
        "url": "http://127.0.0.1:9/other", "display_name": "Other"});
    let answer = reqwest::Client::new()
        .request(Method::POST, format!("{}/api/v4/commands", town.server.url()))
        .bearer_auth(token)
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    let made: Value = answer.json().await.unwrap();
    made.get("id").and_then(Value::as_str).unwrap().to_owned()
}

fn triggers(town: &Town) -> Vec<String> {
    town.server.commands(&town.team).into_iter().map(|command| command.trigger).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_is_registered_and_what_the_server_has_gets_the_prefix() {
    let town = Town::open().await;
    town.registered("whoami").await;
    let there = triggers(&town);
    for trigger in ["countersign", "approve", "deny", "cs-help", "cs-status", "stop"] {
        assert!(there.contains(&trigger.to_owned()), "{trigger} of {there:?}");
    }
    let approve =
        town.server.commands(&town.team).into_iter().find(|one| one.trigger == "approve").unwrap();
    assert_eq!(
        (approve.method.as_str(), approve.display_name.as_str()),
        ("P", "Countersign: /approve")
    );
    assert!(approve.auto_complete && !approve.auto_complete_desc.is_empty());
    assert!(approve.url.ends_with("/platforms/mattermost/main/commands"));
    assert!(!approve.url.contains(&approve.token));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_given_by_each_way_to_write_a_command() {
    for way in ["/approve", "/countersign approve", "!approve", "@signer !approve once"] {
        let town = Town::open().await;
        town.registered("approve").await;
        let (said, card) = town.asked().await;
        if way.starts_with('/') {
            let outcome = town.ann.types_command(&town.square, Some(&said), way).await;
            assert_eq!(
                (outcome.status, outcome.response_type.as_str()),
                (200, "ephemeral"),
                "{outcome:?}"
            );
            assert!(outcome.text.starts_with("Approved"), "{way}: {}", outcome.text);
        } else {
            let text = if way.starts_with('@') { way.to_owned() } else { format!("@signer {way}") };
            town.ann.posts(&town.square, Some(&said), &text).await;
        }
        let card = town.card_says(&card, "It ran: well").await;
        assert!(card.buttons().is_empty(), "{way}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_others_have_gets_the_prefix_and_theirs_is_left_alone() {
    let plan = Plan::default();
    let town = Town::built(Plan { team_role: TeamRole::Member, ..plan }).await;
    let boss_is_admin = Some(TeamRole::Admin);
    town.server.set_team_role(&town.team, &town.boss, boss_is_admin);
    let theirs = registers(&town, &town.boss, "approve").await;
    town.server.set_team_role(&town.team, &town.bot, Some(TeamRole::Admin));
    let town = town.crash().await;
    town.registered("cs-approve").await;
    let (said, card) = town.asked().await;
    let outcome = town.ann.types_command(&town.square, Some(&said), "/cs-approve").await;
    assert!(outcome.text.starts_with("Approved"), "{outcome:?}");
    town.card_says(&card, "It ran: well").await;
    let there = town.server.commands(&town.team);
    let kept = there.iter().find(|command| command.id.as_str() == theirs).unwrap();
    assert_eq!((kept.trigger.as_str(), &kept.creator), ("approve", &town.boss.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_the_same_after_a_restart_and_stale_ones_are_removed() {
    let town = Town::open().await;
    town.registered("whoami").await;
    let before = town.server.commands(&town.team);
    let town = town.crash().await;
    town.registered("whoami").await;
    assert_eq!(town.server.commands(&town.team), before);
    let outcome = town.ann.types_command(&town.square, None, "/cs-status").await;
    assert!(outcome.text.contains("The agent is"), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_may_not_register_says_what_to_set_and_text_works() {
    let town = Town::built(Plan { team_role: TeamRole::Member, ..Plan::default() }).await;
    let problem = town.when_registered(|adapter| adapter.command_problems().pop()).await;
    assert!(
        problem.contains("manage_own_slash_commands") && problem.contains("`main`"),
        "{problem}"
    );
    assert!(triggers(&town).is_empty());
    town.ann.posts(&town.square, None, "@signer !status").await;
    town.server
        .wait_for_post(&town.square, |post| {
            post.user_id == town.bot.id && post.message.contains("The agent is")
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_may_make_commands_and_not_see_them_keeps_its_own() {
    let plan = Plan::default();
    let settings = Settings { refuse_command_lists: true, ..plan.settings };
    let town = Town::built(Plan { settings, ..Plan::default() }).await;
    town.registered("whoami").await;
    let before = town.server.commands(&town.team);
    let town = town.crash().await;
    town.registered("whoami").await;
    let outcome = town.ann.types_command(&town.square, None, "/countersign status").await;
    assert!(outcome.text.contains("The agent is"), "{outcome:?}");
    assert_eq!(town.server.commands(&town.team), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_the_server_refuses_is_left_out_and_the_others_are_there() {
    // The list is not shown, and the first command, `/countersign`, is not taken.
    let before = |server: &FakeMattermost| {
        server.fail_next("/commands", 403);
        server.fail_next("/commands", 400);
    };
    let town = Town::built(Plan { before: Box::new(before), ..Plan::default() }).await;
    let problem = town.when_registered(|adapter| adapter.command_problems().pop()).await;
    assert!(
        problem.contains("`main` the server does not take") && problem.contains("/countersign")
    );
    let there = triggers(&town);
    assert!(there.contains(&"whoami".to_owned()) && !there.contains(&"countersign".to_owned()));
    let outcome = town.ann.types_command(&town.square, None, "/cs-status").await;
    assert!(outcome.text.contains("The agent is"), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refusal_forgets_no_token_where_the_list_is_not_shown() {
    for status in [403, 400] {
        let plan = Plan::default();
        let settings = Settings { refuse_command_lists: true, ..plan.settings };
        let town = Town::built(Plan { settings, ..Plan::default() }).await;
        town.registered("whoami").await;
        town.server.fail_next("/commands", 403);
        town.server.fail_next("/commands", status);
        let town = town.crash().await;
        let problem = town.when_registered(|adapter| adapter.command_problems().pop()).await;
        assert!(!problem.is_empty());
        for command in ["/countersign status", "/cs-status"] {
            let outcome = town.ann.types_command(&town.square, None, command).await;
            assert!(outcome.text.contains("The agent is"), "{outcome:?}");
        }
    }
}

/// What the server sends when Ann types `command`.
fn form(town: &Town, said: &PostId, (command, token): (&str, &str)) -> BTreeMap<String, String> {
    let trigger = town.server.trigger_id(&town.ann);
    let fields = [
        ("token", token),
        ("team_id", town.team.as_str()),
        ("channel_id", town.square.as_str()),
        ("channel_name", "square"),
        ("user_id", town.ann.id.as_str()),
        ("command", command),
        ("text", ""),
        ("trigger_id", &trigger),
        ("root_id", said.as_str()),
    ];
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_its_command_in_its_team_and_nothing_else() {
    let town = Town::open().await;
    town.registered("whoami").await;
    let (said, card) = town.asked().await;
    let there = town.server.commands(&town.team);
    let of = |trigger: &str| there.iter().find(|one| one.trigger == trigger).unwrap().clone();
    let (approve, status) = (of("approve"), of("cs-status"));
    let form = |command: &str, token: &str| form(&town, &said, (command, token));
    let other = "x".repeat(26);
    let with = |change: (&str, &str)| {
        let mut form = form("/approve", &approve.token);
        form.insert(change.0.to_owned(), change.1.to_owned());
        form
    };
    for (fields, header) in [
        (form("/approve", &status.token), None),
        (form("/approve", &other), None),
        (form("/approve", ""), None),
        (form("/cs-approve", &approve.token), None),
        (form("/approve", &approve.token), Some(other.as_str())),
        (with(("team_id", &other)), None),
        (with(("user_id", "../me")), None),
    ] {
        let answer = town.server.forge_form(&approve.url, &fields, header).await;
        assert!([400, 401].contains(&answer.status), "{fields:?} {answer:?}");
    }
    // Somebody who knows the token is still not the server: who typed it is signed.
    for trigger in [
        String::new(),
        town.server.trigger_id(&town.bob),
        town.server.foreign_trigger_id(&town.ann),
    ] {
        let answer =
            town.server.forge_form(&approve.url, &with(("trigger_id", &trigger)), None).await;
        assert!(
            answer.body["text"].as_str().unwrap().starts_with("Nothing was done"),
            "{answer:?}"
        );
    }
    let id = Town::approval(&card);
    let pending = town.house.gateway.approval(id, &town.house.operator).await.unwrap();
    assert_eq!(pending.status, Status::Pending);
    let fields = form("/approve", &approve.token);
    let answer = town.server.forge_form(&approve.url, &fields, Some(&approve.token)).await;
    assert!(answer.body["text"].as_str().unwrap().starts_with("Approved"), "{answer:?}");
    // The same once more is the same delivery: it has no effect.
    let again = town.server.forge_form(&approve.url, &fields, None).await;
    assert!(again.body["text"].as_str().unwrap().contains("nothing was done"), "{again:?}");
    let card = town.card_says(&card, "It ran: well").await;
    assert!(!shown(&card).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_command_has_no_effect_and_says_so_to_one_person() {
    let town = Town::open().await;
    town.registered("whoami").await;
    let outcome = town.bob.types_command(&town.square, None, "/yolo").await;
    assert!(outcome.text.contains("/yolo is admin"), "{outcome:?}");
    let outcome = town.stranger.types_command(&town.square, None, "/cs-status").await;
    assert!(outcome.text.contains("You may not use this bot"), "{outcome:?}");
    let nothing: Vec<PostId> =
        town.server.posts(&town.square).into_iter().map(|post| post.id).collect();
    assert!(nothing.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_pauses_while_commands_are_made_loses_no_token() {
    let settings = Settings {
        refuse_command_lists: true,
        rate_limit: Some(RateLimit { per_second: 25, burst: 10 }),
        ..Settings::default()
    };
    // The server's clock is the real one here, and the house's is not.
    let require_signed_click = SignedClicks::Never;
    let account = AccountConfig { require_signed_click, ..AccountConfig::default() };
    let town = Town::built(Plan { settings, account, ..Plan::default() }).await;
    town.registered("whoami").await;
    for command in ["/cs-status", "/countersign status"] {
        let outcome = town.ann.types_command(&town.square, None, command).await;
        assert!(outcome.text.contains("The agent is"), "{outcome:?}");
    }
}
