//! What a run needs next: a pure function of what the store says.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_domain::ids::CallId;
use countersign_domain::runs::{
    Course, Entry, EntryBody, ProposedCall, RunFailure, RunState, ToolCallState,
};
use countersign_ports::run_journal::Snapshot;

use crate::limits::Limits;

/// What a run needs next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// It is over.
    Over,
    /// Somebody asked for a stop.
    Stop,
    /// The model's next reply.
    CallModel,
    /// The calls of the model's last reply are not all done.
    Calls(Calls),
    /// The model asked for nothing more.
    Complete {
        /// Its last words.
        output: String,
    },
    /// A limit is reached.
    Fail(RunFailure),
}

/// Tool calls that are not done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Calls {
    /// Nothing has been done about these yet.
    pub(super) proposed: Vec<ProposedCall>,
    /// These wait for a person's decision, which may have come.
    pub(super) awaiting: Vec<ProposedCall>,
    /// So many have started.
    pub(super) started: usize,
}

/// What the run in `snapshot` needs next, after it has worked for `spent`.
pub(super) fn next_step(snapshot: &Snapshot, limits: &Limits, spent: Duration) -> Step {
    match &snapshot.run.state {
        RunState::Completed { .. } | RunState::Failed { .. } | RunState::Cancelled(_) => Step::Over,
        RunState::Stopping(_) => Step::Stop,
        RunState::Queued
        | RunState::Running
        | RunState::WaitingForApproval
        | RunState::WaitingForAnswer => within_limits(snapshot, limits, spent),
    }
}

fn within_limits(snapshot: &Snapshot, limits: &Limits, spent: Duration) -> Step {
    let step = in_conversation(snapshot);
    match step {
        Step::CallModel | Step::Calls(_) if spent >= limits.max_run_time => {
            Step::Fail(out_of_time(limits))
        }
        Step::CallModel if snapshot.run.steps >= limits.max_steps => {
            Step::Fail(out_of_steps(limits))
        }
        Step::Over
        | Step::Stop
        | Step::CallModel
        | Step::Calls(_)
        | Step::Complete { .. }
        | Step::Fail(_) => step,
    }
}

fn in_conversation(snapshot: &Snapshot) -> Step {
    let own = |entry: &&Entry| entry.run_id == snapshot.run.id;
    let mut own = snapshot.entries.iter().rev().filter(own).map(|entry| &entry.body);
    let mut answered = Answered::Last;
    let reply = own.find_map(|body| match body {
        EntryBody::Assistant { text, calls, .. } => Some((text, calls)),
        EntryBody::System { .. } | EntryBody::User { .. } | EntryBody::ThirdParty { .. } => {
            answered = Answered::Spoken;
            None
        }
    });
    let Some((text, calls)) = reply else {
        return Step::CallModel;
    };
    // What people said since is read once the calls are done.
    match (unfinished(calls, snapshot), answered, snapshot.run.course) {
        (Step::CallModel, Answered::Last, _) if calls.is_empty() => {
            Step::Complete { output: text.clone() }
        }
        (Step::CallModel, Answered::Last, Course::Calls | Course::Foreign) => {
            Step::Complete { output: results(calls, snapshot) }
        }
        (step, _, _) => step,
    }
}

/// Whether anybody spoke after the model's last reply.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answered {
    Last,
    Spoken,
}

/// What the calls came to, for a run that ends with them.
fn results(calls: &[ProposedCall], snapshot: &Snapshot) -> String {
    let result = |call: &ProposedCall| {
        let found = snapshot.calls.iter().find(|known| known.call.id == call.id)?;
        match &found.state {
            ToolCallState::Done { result } => Some(result.content.clone()),
            ToolCallState::Proposed
            | ToolCallState::AwaitingApproval { .. }
            | ToolCallState::AwaitingAnswer { .. }
            | ToolCallState::Started { .. } => None,
        }
    };
    calls.iter().filter_map(result).collect::<Vec<_>>().join("\n")
}

fn unfinished(calls: &[ProposedCall], snapshot: &Snapshot) -> Step {
    let known = snapshot.calls.iter();
    let states: BTreeMap<CallId, &ToolCallState> =
        known.map(|call| (call.call.id, &call.state)).collect();
    let mut open = Calls::default();
    let mut all_done = true;
    for call in calls {
        match states.get(&call.id) {
            Some(ToolCallState::Done { .. }) => continue,
            Some(ToolCallState::Proposed) | None => open.proposed.push(call.clone()),
            Some(ToolCallState::AwaitingApproval { .. }) => open.awaiting.push(call.clone()),
            Some(ToolCallState::Started { .. }) => open.started += 1,
            Some(ToolCallState::AwaitingAnswer { .. }) => {}
        }
        all_done = false;
    }
    if all_done { Step::CallModel } else { Step::Calls(open) }
}

fn out_of_steps(limits: &Limits) -> RunFailure {
    RunFailure {
        code: "step_limit".to_owned(),
        message: format!(
            "The run has made {} model calls, as many as `agent.max_steps` allows. Send another \
             message to let the agent go on, or raise the limit.",
            limits.max_steps
        ),
    }
}

fn out_of_time(limits: &Limits) -> RunFailure {
    RunFailure {
        code: "time_limit".to_owned(),
        message: format!(
            "The run has worked for {} s, as long as `agent.max_run_time` allows. Send another \
             message to let the agent go on, or raise the limit.",
            limits.max_run_time.as_secs()
        ),
    }
}
