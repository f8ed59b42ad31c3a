//! A small model of the gateway in memory: a journal, a gate, a person who decides, and faults.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::ids::{ApprovalId, CallId, MessageId, RunId, SessionId};
use countersign_domain::runs::{
    Course, Entry, EntryBody, ProposedCall, Question, Run, RunState, RunStatus, ToolCall,
    ToolCallState, ToolResult, ToolStatus, Usage,
};
use countersign_domain::time::Timestamp;
use countersign_ports::effect_gate::{EffectGate, Passage, ServiceRequest, Slot};
use countersign_ports::model_provider::ModelReply;
use countersign_ports::run_journal::{Ended, Fallback, Parked, RunEnd, RunJournal, Snapshot};
use countersign_ports::store::StoreError;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::tools::testing;

pub(crate) fn run_id() -> RunId {
    RunId::from_uuid(Uuid::from_u128(1))
}

/// What a person said about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Approved,
    Denied,
}

/// Everything that is stored, and everything that happened.
pub(crate) struct State {
    pub(crate) run: Run,
    pub(crate) entries: Vec<Entry>,
    pub(crate) calls: Vec<ToolCall>,
    pub(crate) decisions: BTreeMap<CallId, Decision>,
    pub(crate) deltas: Vec<(MessageId, String)>,
    pub(crate) opened: u32,
    pub(crate) executed: Vec<String>,
    pub(crate) fallbacks: Vec<Fallback>,
    /// What the next operations of this name fail with.
    pub(crate) faults: VecDeque<(&'static str, StoreError)>,
    ids: u128,
}

/// The store, the gate and the world that tools act on.
pub(crate) struct World {
    state: Mutex<State>,
    changed: Notify,
    /// Lets the tools that wait for it go on.
    pub(crate) gong: Notify,
}

impl World {
    pub(crate) fn new(message: &str) -> Arc<Self> {
        let session_id = SessionId::from_uuid(Uuid::from_u128(1));
        let at = Timestamp::from_millis(0);
        let run = Run {
            id: run_id(),
            session_id,
            requested_by: "api:test".parse().unwrap(),
            instructions: None,
            model: None,
            metadata: Map::new(),
            created_at: at,
            updated_at: at,
            state: RunState::Queued,
            entries: 1,
            steps: 0,
            active_ms: 0,
            usage: Usage::default(),
            spent: Vec::new(),
            steered: Vec::new(),
            without: Vec::new(),
            course: Course::default(),
            third_party: None,
            response: None,
        };
        let entry = Entry {
            session_id,
            run_id: run.id,
            position: 0,
            at,
            body: EntryBody::User { text: message.to_owned() },
        };
        Arc::new(Self {
            state: Mutex::new(State {
                run,
                entries: vec![entry],
                calls: Vec::new(),
                decisions: BTreeMap::new(),
                deltas: Vec::new(),
                opened: 0,
                executed: Vec::new(),
                fallbacks: Vec::new(),
                faults: VecDeque::new(),
                ids: 100,
            }),
            changed: Notify::new(),
            gong: Notify::new(),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let answer = change(&mut self.lock());
        self.changed.notify_waiters();
        answer
    }

    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&State) -> bool) {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if holds(&self.lock()) {
                    return;
                }
                changed.await;
            }
        };
        let limit = Duration::from_hours(1);
        let outcome = tokio::time::timeout(limit, waiting).await;
        assert!(outcome.is_ok(), "never {what}");
    }

    /// The call whose arguments hold `command`.
    pub(crate) fn call(&self, command: &str) -> ToolCall {
        let wanted = json!({"command": command}).to_string();
        let state = self.lock();
        let found = state.calls.iter().rfind(|call| call.call.arguments == wanted);
        found.unwrap_or_else(|| panic!("no call of {command}")).clone()
    }

    pub(crate) fn status_of(&self, command: &str) -> Option<ToolStatus> {
        let state = self.call(command).state;
        if let ToolCallState::Done { result } = state { Some(result.status) } else { None }
    }

    pub(crate) fn fail_next(&self, operation: &'static str, error: StoreError) {
        self.lock().faults.push_back((operation, error));
    }

    fn fault(&self, operation: &str) -> Result<(), StoreError> {
        let mut state = self.lock();
        let at = state.faults.iter().position(|(name, _)| *name == operation);
        match at.and_then(|at| state.faults.remove(at)) {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }

    fn set(&self, call: CallId, next: ToolCallState) {
        self.change(|state| {
            let known = state.calls.iter_mut().find(|known| known.call.id == call).unwrap();
            let is_done = matches!(known.state, ToolCallState::Done { .. });
            assert!(!is_done, "{call} has a result already");
            known.state = next;
        });
    }

    fn start(&self, call: CallId, action: Action) -> Passage {
        let at = Timestamp::from_millis(0);
        self.set(call, ToolCallState::Started { at, approval_id: None });
        Passage::Run(testing::permitted(action))
    }

    fn refuse(&self, call: CallId, status: ToolStatus) -> Passage {
        let result =
            ToolResult { status, content: "no".to_owned(), exit_code: None, duration_ms: 0 };
        self.set(call, ToolCallState::Done { result: result.clone() });
        Passage::Refused(result)
    }
}

pub(crate) fn exec(command: &str) -> Action {
    Action::Exec {
        command: command.to_owned(),
        cwd: "/".to_owned(),
        env: BTreeMap::new(),
        timeout_s: 1,
        files: Vec::new(),
    }
}

#[async_trait]
impl RunJournal for World {
    async fn let_go(&self, _run: RunId) -> Result<(), StoreError> {
        self.fault("let_go")
    }

    async fn open(&self, run: RunId) -> Result<Option<Snapshot>, StoreError> {
        self.fault("open")?;
        let over = self.change(|state| {
            state.opened += 1;
            for call in &mut state.calls {
                if matches!(call.state, ToolCallState::Started { .. }) {
                    let result = ToolResult {
                        status: ToolStatus::Indeterminate,
                        content: "may have run".to_owned(),
                        exit_code: None,
                        duration_ms: 0,
                    };
                    call.state = ToolCallState::Done { result };
                }
            }
            if !matches!(state.run.state, RunState::Stopping(_)) && !state.run.status().is_final() {
                state.run.state = RunState::Running;
            }
            state.run.status().is_final()
        });
        if over { Ok(None) } else { self.read(run).await.map(Some) }
    }

    async fn read(&self, _: RunId) -> Result<Snapshot, StoreError> {
        self.fault("read")?;
        let state = self.lock();
        Ok(Snapshot {
            run: state.run.clone(),
            entries: state.entries.clone(),
            calls: state.calls.clone(),
        })
    }

    async fn delta(&self, _: RunId, message: MessageId, text: String) -> Result<(), StoreError> {
        self.fault("delta")?;
        self.change(|state| state.deltas.push((message, text)));
        Ok(())
    }

    async fn fell_back(&self, _: RunId, fallback: Fallback) -> Result<(), StoreError> {
        self.fault("fell_back")?;
        self.change(|state| state.fallbacks.push(fallback));
        Ok(())
    }

    async fn reply(&self, run: RunId, id: MessageId, reply: ModelReply) -> Result<(), StoreError> {
        self.fault("reply")?;
        self.change(|state| {
            state.run.steps += 1;
            state.run.spend(reply.model.as_deref().unwrap_or_default(), reply.usage, None);
            let position = u32::try_from(state.entries.len()).unwrap();
            let calls: Vec<ProposedCall> = reply
                .calls
                .into_iter()
                .map(|call| {
                    state.ids += 1;
                    ProposedCall {
                        id: CallId::from_uuid(Uuid::from_u128(state.ids)),
                        provider_id: call.id,
                        tool: call.tool,
                        arguments: call.arguments,
                    }
                })
                .collect();
            for (index, call) in calls.iter().enumerate() {
                state.calls.push(ToolCall {
                    call: call.clone(),
                    run_id: run,
                    entry: position,
                    index: u32::try_from(index).unwrap(),
                    state: ToolCallState::Proposed,
                });
            }
            state.entries.push(Entry {
                session_id: state.run.session_id,
                run_id: run,
                position,
                at: Timestamp::from_millis(0),
                body: EntryBody::Assistant {
                    message_id: id,
                    text: reply.text,
                    calls,
                    thinking: reply.thinking,
                },
            });
        });
        Ok(())
    }

    async fn park(&self, _: RunId, active_ms: u64) -> Result<Parked, StoreError> {
        self.fault("park")?;
        Ok(self.change(|state| {
            let undecided = |call: &ToolCall| !state.decisions.contains_key(&call.call.id);
            let waits = |call: &ToolCall| match call.state {
                ToolCallState::AwaitingApproval { .. } => undecided(call),
                ToolCallState::AwaitingAnswer { .. } | ToolCallState::Done { .. } => true,
                ToolCallState::Proposed | ToolCallState::Started { .. } => false,
            };
            if matches!(state.run.state, RunState::Running) && state.calls.iter().all(waits) {
                state.run.state = RunState::WaitingForApproval;
                state.run.active_ms += active_ms;
                Parked::Waiting
            } else {
                Parked::GoOn
            }
        }))
    }

    async fn end(&self, _: RunId, end: RunEnd) -> Result<Ended, StoreError> {
        self.fault("end")?;
        self.change(|state| {
            assert!(!state.run.status().is_final(), "ended twice");
            state.run.state = match (end, state.run.state.clone()) {
                (RunEnd::Completed { output }, _) => RunState::Completed { output },
                (RunEnd::Failed(failure), _) => RunState::Failed { failure },
                (RunEnd::Stopped, RunState::Stopping(request)) => RunState::Cancelled(request),
                (RunEnd::Stopped, other) => panic!("stopped while {other:?}"),
            };
        });
        Ok(Ended::Over)
    }

    async fn status(&self, _: RunId) -> Result<RunStatus, StoreError> {
        self.fault("read")?;
        Ok(self.lock().run.status())
    }

    async fn unfinished(&self) -> Result<Vec<RunId>, StoreError> {
        let over = self.lock().run.status().is_final();
        Ok(if over { Vec::new() } else { vec![run_id()] })
    }

    fn new_message(&self) -> MessageId {
        self.change(|state| {
            state.ids += 1;
            MessageId::from_uuid(Uuid::from_u128(state.ids))
        })
    }
}

#[async_trait]
impl EffectGate for World {
    async fn propose(
        &self,
        _: RunId,
        call: CallId,
        action: Action,
        slot: Slot,
    ) -> Result<Passage, StoreError> {
        self.fault("propose")?;
        if action.text().starts_with("forbidden") {
            return Ok(self.refuse(call, ToolStatus::Blocked));
        }
        if !action.text().starts_with("ask") {
            return Ok(match slot {
                Slot::Free => self.start(call, action),
                Slot::Taken => Passage::NoSlot,
            });
        }
        let approval_id = ApprovalId::from_uuid(Uuid::from_u128(9));
        self.set(call, ToolCallState::AwaitingApproval { approval_id });
        Ok(Passage::Waiting(approval_id))
    }

    async fn claim(&self, _: RunId, call: CallId) -> Result<Passage, StoreError> {
        self.fault("claim")?;
        let decision = self.lock().decisions.get(&call).copied();
        let known = self.lock().calls.iter().find(|known| known.call.id == call).cloned().unwrap();
        let arguments: Value = serde_json::from_str(&known.call.arguments).unwrap();
        Ok(match decision {
            None => Passage::Waiting(ApprovalId::from_uuid(Uuid::from_u128(9))),
            Some(Decision::Denied) => self.refuse(call, ToolStatus::Denied),
            Some(Decision::Approved) => {
                self.start(call, exec(arguments["command"].as_str().unwrap()))
            }
        })
    }

    async fn ask(&self, _: RunId, call: CallId, question: Question) -> Result<(), StoreError> {
        self.set(call, ToolCallState::AwaitingAnswer { question });
        Ok(())
    }

    async fn converse(
        &self,
        _: RunId,
        call: CallId,
        _: ServiceRequest,
        _: Slot,
    ) -> Result<Passage, StoreError> {
        Ok(self.refuse(call, ToolStatus::Blocked))
    }

    async fn finish(&self, _: RunId, call: CallId, result: ToolResult) -> Result<(), StoreError> {
        self.fault("finish")?;
        self.set(call, ToolCallState::Done { result });
        Ok(())
    }
}

pub(crate) fn unavailable() -> StoreError {
    StoreError::Unavailable("busy".to_owned())
}
