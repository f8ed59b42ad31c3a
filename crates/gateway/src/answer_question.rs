//! Answering the agent's own question (`clarify`).

use countersign_domain::ids::{CallId, RunId};
use countersign_domain::runs::{Event, ToolCall, ToolCallState, ToolResult, ToolStatus};
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};

use crate::caller::Caller;
use crate::effect_gate;
use crate::effect_gate::event;
use crate::gateway::{Gateway, Settles};

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// No such run, or the caller may not see it.
    #[error("there is no run `{0}`")]
    NoRun(RunId),
    /// The run asks nothing, or not this.
    #[error("the run asks no question that could be answered now")]
    NoQuestion,
    /// Several questions are open and none was named.
    #[error("the run asks {} questions: name one of {}", .0.len(), names(.0))]
    Ambiguous(Vec<CallId>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Settles for AnswerError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl Gateway {
    /// Gives the person's answer to the question of `call`, or to the only open one.
    pub async fn answer_question(
        &self,
        run: RunId,
        call: Option<CallId>,
        text: &str,
        caller: &Caller,
    ) -> Result<(), AnswerError> {
        self.until_settled(|| self.try_answer(run, call, text, caller)).await?;
        self.wake(run);
        Ok(())
    }

    async fn try_answer(
        &self,
        run_id: RunId,
        call: Option<CallId>,
        text: &str,
        caller: &Caller,
    ) -> Result<(), AnswerError> {
        let found = self.store.runs().run(run_id).await?;
        if found.is_none_or(|run| !caller.may_see(&run.value)) {
            return Err(AnswerError::NoRun(run_id));
        }
        let calls = self.store.runs().calls(run_id).await?;
        let open = calls.into_iter().filter(|open| {
            matches!(open.value.state, ToolCallState::AwaitingAnswer { .. })
                && call.is_none_or(|id| open.value.call.id == id)
        });
        let asked = only(open.collect())?;
        let now = self.clock.now();
        let result = ToolResult {
            status: ToolStatus::Ok,
            content: self.redactor.redact(text).into_owned(),
            exit_code: None,
            duration_ms: 0,
        };
        let answered =
            Event::ClarifyAnswered { call_id: asked.value.call.id, answer: result.content.clone() };
        let done = effect_gate::completed(&asked.value, &result);
        let next = ToolCall { state: ToolCallState::Done { result }, ..asked.value };
        let mut work = UnitOfWork::new()
            .and(event(run_id, now, answered))
            .and(event(run_id, now, done))
            .and(Change::UpdateCall(Box::new(next), asked.version));
        self.resume_waiting_run(run_id, now, &mut work).await?;
        self.commit(work).await?;
        Ok(())
    }
}

fn only(mut open: Vec<Versioned<ToolCall>>) -> Result<Versioned<ToolCall>, AnswerError> {
    if open.len() > 1 {
        return Err(AnswerError::Ambiguous(open.iter().map(|call| call.value.call.id).collect()));
    }
    open.pop().ok_or(AnswerError::NoQuestion)
}

fn names(calls: &[CallId]) -> String {
    calls.iter().map(CallId::to_string).collect::<Vec<_>>().join(", ")
}
