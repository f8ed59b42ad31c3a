//! Every state of a run and of its calls, and what is next.

use std::time::Duration;

use countersign_domain::identity::Actor;
use countersign_domain::ids::{ApprovalId, CallId, MessageId, RunId};
use countersign_domain::runs::{
    Entry, EntryBody, ProposedCall, Question, RunFailure, RunState, StopRequest, ToolCall,
    ToolCallState, ToolResult, ToolStatus,
};
use countersign_domain::time::Timestamp;
use countersign_ports::run_journal::Snapshot;
use uuid::Uuid;

use super::world::{World, run_id};
use crate::limits::Limits;
use crate::runner::step::{Calls, Step, next_step};

fn call(n: u128) -> ProposedCall {
    ProposedCall {
        id: CallId::from_uuid(Uuid::from_u128(n)),
        provider_id: n.to_string(),
        tool: "terminal".to_owned(),
        arguments: "{}".to_owned(),
    }
}

/// A run with the person's message and, for `Some`, a reply with calls in these states.
fn snapshot(state: RunState, calls: Option<&[ToolCallState]>) -> Snapshot {
    let world = World::new("go");
    let mut run = world.lock().run.clone();
    run.state = state;
    let mut snapshot = Snapshot { entries: world.lock().entries.clone(), calls: Vec::new(), run };
    let Some(states) = calls else {
        return snapshot;
    };
    for (n, state) in (0..).zip(states) {
        snapshot.calls.push(ToolCall {
            call: call(u128::from(n)),
            run_id: run_id(),
            entry: 1,
            index: n,
            state: state.clone(),
        });
    }
    snapshot.entries.push(Entry {
        position: 1,
        body: EntryBody::Assistant {
            message_id: MessageId::from_uuid(Uuid::from_u128(1)),
            text: "words".to_owned(),
            calls: snapshot.calls.iter().map(|call| call.call.clone()).collect(),
            thinking: None,
        },
        ..snapshot.entries[0].clone()
    });
    snapshot
}

fn step(snapshot: &Snapshot) -> Step {
    next_step(snapshot, &Limits::default(), Duration::ZERO)
}

#[test]
fn a_run_that_is_over_or_to_stop_needs_nothing_else() {
    let request = StopRequest { by: Actor::System, at: Timestamp::from_millis(0), failure: None };
    let failure = RunFailure { code: String::new(), message: String::new() };
    for (state, expected) in [
        (RunState::Completed { output: String::new() }, Step::Over),
        (RunState::Failed { failure }, Step::Over),
        (RunState::Cancelled(request.clone()), Step::Over),
        (RunState::Stopping(request), Step::Stop),
        (RunState::Queued, Step::CallModel),
        (RunState::Running, Step::CallModel),
        (RunState::WaitingForApproval, Step::CallModel),
        (RunState::WaitingForAnswer, Step::CallModel),
    ] {
        assert_eq!(step(&snapshot(state.clone(), None)), expected, "{state:?}");
    }
}

#[test]
fn calls_in_every_state_are_told_apart() {
    let awaiting =
        ToolCallState::AwaitingApproval { approval_id: ApprovalId::from_uuid(Uuid::from_u128(1)) };
    let question = Question { text: "?".to_owned() };
    let started = ToolCallState::Started { at: Timestamp::from_millis(0), approval_id: None };
    let done = ToolCallState::Done {
        result: ToolResult {
            status: ToolStatus::Ok,
            content: String::new(),
            exit_code: None,
            duration_ms: 0,
        },
    };
    let states = [
        done.clone(),
        ToolCallState::Proposed,
        awaiting,
        ToolCallState::AwaitingAnswer { question },
        started,
    ];
    let open = Calls { proposed: vec![call(1)], awaiting: vec![call(2)], started: 1 };
    assert_eq!(step(&snapshot(RunState::Running, Some(&states))), Step::Calls(open));
    let all_done = snapshot(RunState::Running, Some(&[done.clone(), done]));
    assert_eq!(step(&all_done), Step::CallModel);
    let no_calls = snapshot(RunState::Running, Some(&[]));
    let output = "words".to_owned();
    assert_eq!(step(&no_calls), Step::Complete { output });
}

#[test]
fn what_earlier_runs_of_the_session_said_is_not_this_runs() {
    let mut snapshot = snapshot(RunState::Running, Some(&[]));
    snapshot.entries[1].run_id = RunId::from_uuid(Uuid::from_u128(77));
    assert_eq!(step(&snapshot), Step::CallModel);
}

#[test]
fn a_finished_run_completes_even_at_its_limits() {
    let limits = Limits::default();
    let mut finished = snapshot(RunState::Running, Some(&[]));
    finished.run.steps = limits.max_steps;
    let at_limit = next_step(&finished, &limits, limits.max_run_time);
    assert!(matches!(at_limit, Step::Complete { .. }));
    let mut unfinished = snapshot(RunState::Running, None);
    unfinished.run.steps = limits.max_steps;
    assert!(matches!(step(&unfinished), Step::Fail(failure) if failure.code == "step_limit"));
    let out_of_time = next_step(&unfinished, &limits, limits.max_run_time);
    assert!(matches!(out_of_time, Step::Fail(failure) if failure.code == "time_limit"));
}
