use countersign_domain::runs::{RunStatus, ToolStatus};
use countersign_ports::model_provider::ModelMessage;
use countersign_ports::store::{Conflicting, StoreError};

use super::actors::{Scripted, reply_with, says};
use super::stage::Stage;
use super::world::{Decision, World, run_id, unavailable};
use crate::limits::Limits;
use countersign_ports::agent_runner::AgentRunner as _;

#[tokio::test(start_paused = true)]
async fn a_run_goes_from_its_message_to_its_last_words() {
    let stage = Stage::new("run one\nrun two\nforbidden is only a word\nrun forbidden x").begin();
    assert_eq!(
        stage.output().await,
        "terminal ok did one\nterminal ok did two\nterminal blocked no"
    );
    assert_eq!(stage.world.lock().executed, ["one", "two"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_holds_nothing_and_goes_on_when_it_is_woken() {
    let stage = Stage::new("run ask me").begin();
    stage.until_parked().await;
    assert_eq!(stage.agent.active(), 0);
    stage.agent.wake(run_id());
    stage.until_parked().await;
    assert_eq!(stage.world.lock().executed, Vec::<String>::new());
    stage.decide("ask me", Decision::Approved);
    assert_eq!(stage.output().await, "terminal ok did ask me");
}

#[tokio::test(start_paused = true)]
async fn a_denied_call_does_not_run_and_the_model_is_told() {
    let stage = Stage::new("run ask me\nrun after").begin();
    stage.until_parked().await;
    stage.decide("ask me", Decision::Denied);
    assert_eq!(stage.output().await, "terminal denied no\nterminal ok did after");
    assert_eq!(stage.world.lock().executed, ["after"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_understood_is_an_error_that_says_what_is_accepted() {
    let provider = Scripted::new([
        Ok(reply_with(&[
            ("no_such_tool", "{}"),
            ("terminal", "{\"command\": \"a\""),
            ("terminal", "[1]"),
            ("terminal", "{\"x\": 1}"),
        ])),
        says("done"),
    ]);
    let stage = Stage::with(World::new("go"), provider.clone(), Limits::default()).begin();
    assert_eq!(stage.output().await, "done");
    let told: Vec<String> = provider
        .told()
        .into_iter()
        .filter_map(|message| {
            if let ModelMessage::Tool { content, .. } = message { Some(content) } else { None }
        })
        .collect();
    assert_eq!(
        told,
        [
            "[status: error]\nthere is no tool `no_such_tool`; there are `terminal`",
            "[status: error]\nthe arguments of `terminal` are not valid JSON (EOF while parsing \
             an object at line 1 column 15); write one JSON object",
            "[status: error]\nthe arguments of `terminal` are not a JSON object; write \
             {\"name\": value, …}",
            "[status: error]\n`terminal` needs `command`",
        ]
    );
    assert_eq!(stage.world.lock().executed, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_for_a_while_loses_nothing() {
    let stage = Stage::new("run ask me\nrun two");
    let conflict = StoreError::Conflict(Conflicting::Value("run".to_owned()));
    for operation in ["open", "read", "delta", "reply", "propose", "claim", "finish", "end", "park"]
    {
        stage.world.fail_next(operation, unavailable());
        stage.world.fail_next(operation, conflict.clone());
    }
    let stage = stage.begin();
    stage.until_parked().await;
    stage.decide("ask me", Decision::Approved);
    assert_eq!(stage.output().await, "terminal ok did ask me\nterminal ok did two");
    assert_eq!(stage.world.lock().executed, ["ask me", "two"]);
    assert_eq!(stage.world.lock().faults.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_result_is_recorded_however_long_the_store_is_away() {
    let stage = Stage::new("run gong").begin();
    stage.world.until("at work", |state| state.executed.len() == 1).await;
    for _ in 0..40 {
        stage.world.fail_next("finish", unavailable());
        stage.world.fail_next("read", unavailable());
    }
    stage.agent.wake(run_id());
    stage.world.gong.notify_one();
    assert_eq!(stage.output().await, "terminal ok did gong");
    assert_eq!(stage.world.lock().executed, ["gong"]);
}

#[tokio::test(start_paused = true)]
async fn a_broken_store_stops_the_driving() {
    let stage = Stage::new("run one");
    let fault = countersign_ports::store::Fault::DiskFull;
    stage.world.fail_next("propose", StoreError::Broken { fault, message: "full".to_owned() });
    let stage = stage.begin();
    stage.world.until("asked", |state| state.faults.is_empty()).await;
    stage.until_idle().await;
    assert_eq!(stage.world.lock().run.status(), RunStatus::Running);
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_panics_may_have_run() {
    let stage = Stage::new("run panic").begin();
    assert!(stage.output().await.starts_with("terminal indeterminate the tool crashed"));
    assert_eq!(stage.world.status_of("panic"), Some(ToolStatus::Indeterminate));
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_panics_again_and_again_fails_the_run() {
    // The scripted model panics when it has no reply left.
    let stage = Stage::with(World::new("go"), Scripted::new([]), Limits::default()).begin();
    assert_eq!(stage.failure().await.code, "internal_error");
}
