//! What an operator is told of a server.

use countersign_fakes::mattermost::{Settings, SiteUrl, TeamRole, TriggerSigning};
use countersign_mattermost::Health;

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
