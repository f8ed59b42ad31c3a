//! Whether the bots can work: what their servers say, and how the connections of a running gateway
//! fare.

use countersign_mattermost::Health;
use serde_json::Value;

use super::house::of_this_environment;
use super::{Finding, Patient, Status};
use crate::client::Client;
use crate::commands::approvals::read_data;
use crate::commands::rules::text;
use crate::commands::test_platform::{self, Finding as Tested};
use crate::failure::Failure;
use crate::platforms;

/// A line for each thing that the bots need. Without readable keys callbacks cannot be tried.
pub(super) async fn bots(patient: &Patient<'_>, has_keys: bool) -> Vec<Finding> {
    let mut found = servers(patient, has_keys).await;
    found.extend(connections(patient).await);
    if found.is_empty() {
        found.push(Finding::good("platforms", "no bot is configured"));
    }
    found
}

/// What the servers of the bots say. Without signing keys bots are not looked at.
pub(in crate::commands) async fn servers(patient: &Patient<'_>, has_keys: bool) -> Vec<Finding> {
    let Patient { home, loaded, environment, running } = patient;
    let anywhere = ([127, 0, 0, 1], 0).into();
    let bad = |failure: Failure| vec![Finding::bad("platforms", of_this_environment(&failure))];
    match platforms::mattermost(loaded, environment, anywhere) {
        Err(failure) => return bad(failure),
        Ok(bots) if bots.is_empty() => return Vec::new(),
        Ok(_) if !has_keys => {
            let what = "bots need the signing keys: start the gateway once, then try again";
            return vec![Finding::skipped("platforms", what)];
        }
        Ok(_) => {}
    }
    match test_platform::look(home, loaded, environment).await {
        Ok(tested) => tested.into_iter().map(|one| of_server(one, running.is_some())).collect(),
        Err(failure) => bad(failure),
    }
}

fn of_server(Tested { account, checked }: Tested, runs: bool) -> Finding {
    let check = format!("mattermost/{account} {}", checked.what);
    match checked.health {
        // Nobody is there to be called.
        Health::Bad if checked.what == "callback" && !runs => {
            Finding::skipped(check, "start the gateway to have the server call it")
        }
        Health::Good => Finding::good(check, checked.says),
        Health::Poor => Finding::poor(check, checked.says),
        Health::Bad => Finding::bad(check, checked.says),
    }
}

/// What a running gateway knows of its connections, those of the bridge among them.
async fn connections(patient: &Patient<'_>) -> Vec<Finding> {
    let Some(running) = patient.running else {
        return Vec::new();
    };
    let listed = async {
        let client = Client::new(&running.announcement.url, &running.token)?;
        let page: Value = client.get("/v1/platforms").await?;
        read_data::<Value>(&page)
    };
    match listed.await {
        Ok(listed) => listed.iter().flat_map(fares).collect(),
        Err(failure) => vec![Finding::failed("connections", &failure)],
    }
}

fn fares(account: &Value) -> Vec<Finding> {
    let name = format!("{}/{}", text(account, "platform"), text(account, "account"));
    let check = format!("{name} connection");
    let why = text(account, "why");
    let state = match text(account, "state").as_str() {
        "connected" => Finding::good(check, "connected"),
        "elsewhere" => {
            Finding::good(check, format!("kept by the node {}", text(account, "kept_by")))
        }
        "reconnecting" => Finding::bad(check, format!("tried again and again: {why}")),
        _ => Finding::bad(check, format!("refused: {why}")),
    };
    let problems = account.get("problems").and_then(Value::as_array).into_iter().flatten();
    let told = problems.filter_map(Value::as_str);
    let told = told.map(|problem| Finding::new(name.clone(), Status::Poor, problem));
    [state].into_iter().chain(told).collect()
}
