use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use countersign_domain::runs::{ToolCall, ToolCallState, ToolStatus};

use super::stage::Stage;
use super::world::{Decision, World};
use crate::limits::Limits;
use crate::providers::rehearsal::Rehearsal;

#[tokio::test(start_paused = true)]
async fn the_second_decided_first_runs_alone() {
    let stage = Stage::new("run& ask a\nrun& ask b").begin();
    stage.until_parked().await;
    stage.decide("ask b", Decision::Approved);
    stage.world.until("b is done", |state| state.executed.len() == 1).await;
    stage.until_parked().await;
    assert_eq!(stage.world.lock().executed, ["ask b"]);
    assert_eq!(stage.world.status_of("ask a"), None);
    stage.decide("ask a", Decision::Denied);
    assert_eq!(stage.output().await, "terminal denied no\nterminal ok did ask b");
}

#[tokio::test(start_paused = true)]
async fn a_call_approved_while_others_work_starts_at_once() {
    let stage = Stage::new("run& gong\nrun& ask a").begin();
    stage.world.until("asked", |state| state.executed == ["gong"] && state.calls.len() == 2).await;
    stage.decide("ask a", Decision::Approved);
    stage.world.until("both at work", |state| state.executed.len() == 2).await;
    assert_eq!(stage.world.status_of("gong"), None);
    stage.world.gong.notify_one();
    assert_eq!(stage.output().await, "terminal ok did gong\nterminal ok did ask a");
}

#[tokio::test(start_paused = true)]
async fn of_fifty_in_parallel_exactly_the_approved_run_once() {
    let mut message = String::new();
    for n in 0..50 {
        writeln!(message, "run& ask {n}").unwrap();
    }
    let stage = Stage::new(&message).begin();
    stage.until_parked().await;
    // 17 and 50 have no common divisor: every call comes up, in an order of its own.
    let order: Vec<usize> = (0..50).map(|n| (n * 17 + 5) % 50).collect();
    let mut approved = BTreeSet::new();
    for n in order {
        let decision = if n % 3 == 0 { Decision::Denied } else { Decision::Approved };
        if decision == Decision::Approved {
            approved.insert(format!("ask {n}"));
        }
        stage.decide(&format!("ask {n}"), decision);
        tokio::task::yield_now().await;
    }
    let output = stage.output().await;
    let executed = stage.world.lock().executed.clone();
    assert_eq!(executed.len(), approved.len());
    assert_eq!(executed.into_iter().collect::<BTreeSet<_>>(), approved);
    for n in 0..50 {
        let expected = if n % 3 == 0 { ToolStatus::Denied } else { ToolStatus::Ok };
        assert_eq!(stage.world.status_of(&format!("ask {n}")), Some(expected));
    }
    assert_eq!(output.lines().count(), 50);
}

#[tokio::test(start_paused = true)]
async fn no_more_work_at_a_time_than_allowed() {
    let limits = Limits { parallel_tools: 2, ..Limits::default() };
    let message = "run& gong 1\nrun& gong 2\nrun& gong 3\nrun& ask 4";
    let stage = Stage::with(World::new(message), Arc::new(Rehearsal), limits).begin();
    let waiting = |call: &ToolCall| matches!(call.state, ToolCallState::AwaitingApproval { .. });
    stage
        .world
        .until("two at work and a person asked", |state| {
            state.executed.len() == 2 && state.calls.iter().any(waiting)
        })
        .await;
    stage.decide("ask 4", Decision::Approved);
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(stage.world.lock().executed, ["gong 1", "gong 2"]);
    // What has no room is not started: what was permitted now could be forbidden by then.
    assert_eq!(stage.world.call("gong 3").state, ToolCallState::Proposed);
    assert!(waiting(&stage.world.call("ask 4")));
    for _ in 0..3 {
        stage.world.gong.notify_one();
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    stage.output().await;
    assert_eq!(stage.world.lock().executed, ["gong 1", "gong 2", "gong 3", "ask 4"]);
}
