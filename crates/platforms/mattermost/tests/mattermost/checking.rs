//! What an operator is told of a server.

use countersign_fakes::mattermost::{Settings, SiteUrl, TeamRole, TriggerSigning};
use countersign_mattermost::Health;
use serde_json::json;

use crate::town::{Plan, Town};

/// What is not good, and why.
async fn faults(town: &Town) -> Vec<(&'static str, String)> {
    let checked = town.adapter.check().await;
    checked
        .into_iter()
        .filter(|one| one.health != Health::Good)
        .map(|one| (one.what, one.says))
        .collect()
}

async fn with(change: impl FnOnce(&mut Settings)) -> Vec<(&'static str, String)> {
    let mut plan = Plan::default();
    change(&mut plan.settings);
    faults(&Town::built(plan).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_set_up_well_has_no_faults_and_keeps_no_trace() {
    let town = Town::open().await;
    town.registered("whoami").await;
    let before = town.server.commands(&town.team);
    assert_eq!(faults(&town).await, []);
    assert_eq!(town.server.commands(&town.team), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_told_with_what_to_set() {
    let told = with(|settings| settings.site_url = SiteUrl::Unset).await;
    assert!(
        told.iter().any(|(what, says)| *what == "SiteURL" && says.contains("Site URL")),
        "{told:?}"
    );
    let told = with(|settings| settings.enable_commands = false).await;
    assert!(
        told.iter()
            .any(|(what, says)| *what == "EnableCommands" && says.contains("Slash Commands")),
        "{told:?}"
    );
    let told = with(|settings| settings.trigger_signing = TriggerSigning::KeyMissing).await;
    assert!(matches!(told.as_slice(), [("signature", _)]), "{told:?}");
    let told = with(|settings| settings.untrusted_internal_connections = String::new()).await;
    assert!(
        told.iter().any(|(what, says)| *what == "callback" && says.contains("add `127.0.0.1`")),
        "{told:?}"
    );
}

/// Somebody else registers a command of this name.
async fn registers(town: &Town, trigger: &str) {
    let body = json!({"team_id": town.team, "trigger": trigger, "method": "P",
        "url": "http://127.0.0.1:9/other", "display_name": "Other"});
    let request =
        reqwest::Client::new().post(format!("{}/api/v4/commands", town.server.url())).json(&body);
    let answer = request.bearer_auth(town.server.token(&town.boss)).send().await.unwrap();
    assert_eq!(answer.status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_others_have_are_told_before_and_after_the_prefix() {
    let town = Town::built(Plan { team_role: TeamRole::Member, ..Plan::default() }).await;
    town.server.set_team_role(&town.team, &town.boss, Some(TeamRole::Admin));
    registers(&town, "approve").await;
    town.server.set_team_role(&town.team, &town.bot, Some(TeamRole::Admin));
    let names = async || {
        let checked = town.adapter.check().await.into_iter();
        checked.filter(|one| one.what == "names").map(|one| (one.health, one.says)).collect()
    };
    let told: Vec<_> = names().await;
    let [(Health::Good, says)] = told.as_slice() else { panic!("{told:?}") };
    assert!(says.contains("others have approve") && says.contains("`cs-` before"), "{says}");
    registers(&town, "cs-approve").await;
    let told: Vec<_> = names().await;
    let [(Health::Poor, says)] = told.as_slice() else { panic!("{told:?}") };
    assert!(says.contains("approve") && says.contains("`main`"), "{says}");
    // Nothing was registered by looking.
    assert!(town.server.commands(&town.team).iter().all(|one| one.creator == town.boss.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_without_rights_or_token_is_told_where_to_give_it_some() {
    let town = Town::built(Plan { team_role: TeamRole::Member, ..Plan::default() }).await;
    let told = faults(&town).await;
    assert!(
        matches!(told.as_slice(), [("commands", says)] if says.contains("team admin")),
        "{told:?}"
    );
    let town = Town::open().await;
    town.server.revoke(&town.bot.token);
    let [(what, says)] = faults(&town).await.try_into().unwrap();
    assert_eq!(what, "token");
    assert!(says.contains("Bot Accounts"), "{says}");
}
