use std::sync::Arc;
use std::time::Duration;

use countersign_domain::runs::ToolStatus;
use countersign_ports::model_provider::{ModelCall, ModelReply};

use super::actors::Scripted;
use super::stage::Stage;
use super::world::{Decision, World};
use crate::limits::Limits;
use crate::providers::rehearsal::Rehearsal;

fn stage(message: &str, limits: Limits) -> Stage {
    Stage::with(World::new(message), Arc::new(Rehearsal), limits).begin()
}

#[tokio::test(start_paused = true)]
async fn a_run_makes_only_so_many_model_calls() {
    let limits = Limits { max_steps: 2, ..Limits::default() };
    let stage = stage("run 1\nrun 2\nrun 3", limits);
    assert_eq!(stage.failure().await.code, "step_limit");
    assert_eq!(stage.world.lock().executed, ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_works_only_so_long_and_waiting_does_not_count() {
    let limits = Limits { max_run_time: Duration::from_mins(1), ..Limits::default() };
    let stage = stage("run ask a\nrun hang", limits);
    stage.until_parked().await;
    tokio::time::sleep(Duration::from_hours(10)).await;
    stage.decide("ask a", Decision::Approved);
    let failure = stage.failure().await;
    assert_eq!(failure.code, "time_limit");
    assert!(failure.message.contains("`agent.max_run_time`"), "{}", failure.message);
    assert_eq!(stage.world.status_of("ask a"), Some(ToolStatus::Ok));
    assert_eq!(stage.world.status_of("hang"), Some(ToolStatus::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_takes_too_long_ends_the_run() {
    let limits = Limits { max_run_time: Duration::from_mins(1), ..Limits::default() };
    assert_eq!(stage("wait 3000000", limits).failure().await.code, "time_limit");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_calls_in_one_message_run_nothing() {
    let calls = (0..10_000).map(|n| ModelCall {
        id: n.to_string(),
        tool: "terminal".to_owned(),
        arguments: "{\"command\":\"x\"}".to_owned(),
    });
    let provider =
        Scripted::new([Ok(ModelReply { calls: calls.collect(), ..ModelReply::default() })]);
    let stage = Stage::with(World::new("go"), provider, Limits::default()).begin();
    assert_eq!(stage.failure().await.code, "too_many_tool_calls");
    let stored = stage.world.lock();
    assert_eq!((stored.executed.len(), stored.calls.len()), (0, 0));
}
