use std::sync::Arc;

use countersign_domain::runs::{EntryBody, RunState, ToolCallState, ToolResult, ToolStatus};
use countersign_domain::time::Timestamp;

use super::stage::Stage;
use super::world::{Decision, World, run_id};
use crate::limits::Limits;
use crate::providers::rehearsal::Rehearsal;
use countersign_ports::model_provider::{ModelCall, ModelReply};
use countersign_ports::run_journal::RunJournal as _;

/// A world as a process left it that died with these calls in these states.
async fn left_behind(states: &[ToolCallState]) -> Arc<World> {
    let lines: Vec<String> = (0..states.len()).map(|n| format!("run& ask {n}")).collect();
    let world = World::new(&lines.join("\n"));
    let calls = (0..states.len()).map(|n| ModelCall {
        id: format!("c{n}"),
        tool: "terminal".to_owned(),
        arguments: serde_json::json!({"command": format!("ask {n}")}).to_string(),
    });
    let reply = ModelReply { calls: calls.collect(), ..ModelReply::default() };
    let message = world.new_message();
    world.reply(run_id(), message, reply).await.unwrap();
    world.change(|state| {
        state.run.state = RunState::Running;
        for (call, left) in state.calls.iter_mut().zip(states) {
            call.state = left.clone();
        }
    });
    world
}

fn done(content: &str) -> ToolCallState {
    ToolCallState::Done {
        result: ToolResult {
            status: ToolStatus::Ok,
            content: content.to_owned(),
            exit_code: None,
            duration_ms: 0,
        },
    }
}

fn started() -> ToolCallState {
    ToolCallState::Started { at: Timestamp::from_millis(0), approval_id: None }
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_off_is_not_run_again_and_the_rest_goes_on() {
    let world = left_behind(&[done("before"), started(), ToolCallState::Proposed]).await;
    let stage = Stage::with(world, Arc::new(Rehearsal), Limits::default());
    stage.agent.resume().await.unwrap();
    stage.until_parked().await;
    stage.decide("ask 2", Decision::Approved);
    assert_eq!(
        stage.output().await,
        "terminal ok before\nterminal indeterminate may have run\nterminal ok did ask 2"
    );
    assert_eq!(stage.world.lock().executed, ["ask 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_cut_off_inside_a_model_call_calls_it_again() {
    let world = left_behind(&[done("before")]).await;
    let stage = Stage::with(world, Arc::new(Rehearsal), Limits::default());
    stage.agent.resume().await.unwrap();
    assert_eq!(stage.output().await, "terminal ok before");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_over_is_not_taken_up() {
    let world = World::new("x");
    world.change(|state| {
        state.run.state = RunState::Completed { output: String::new() };
    });
    let stage = Stage::with(world, Arc::new(Rehearsal), Limits::default()).begin();
    stage.until_idle().await;
    let entries = stage.world.lock().entries.clone();
    assert!(matches!(entries.last().unwrap().body, EntryBody::User { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_permit_lost_with_an_error_is_settled_without_running() {
    // The gate records the start, but its answer does not arrive.
    let world = left_behind(&[ToolCallState::Proposed]).await;
    world.fail_next("propose", super::world::unavailable());
    let stage = Stage::with(world, Arc::new(Rehearsal), Limits::default());
    stage.world.change(|state| state.calls[0].state = started());
    stage.agent.resume().await.unwrap();
    assert_eq!(stage.output().await, "terminal indeterminate may have run");
    assert_eq!(stage.world.lock().executed, Vec::<String>::new());
}
