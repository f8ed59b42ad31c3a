//! Whoever waits for the answer of a run, and what becomes of the run when they go.

use axum::http::HeaderValue;
use axum::http::header::HeaderName;
use countersign_domain::ids::RunId;
use countersign_domain::runs::{Run, RunFailure, RunState};
use countersign_gateway::Caller;
use tokio::runtime::Handle;

use crate::access::{Identity, authenticate};
use crate::problem::{HermesBody, Problem};
use crate::server::App;
use crate::sse::Shutdown;

/// Somebody waits for the answer of a run. If they go before it is there, the run is stopped, unless
/// its answer can be had later. When the gateway itself stops, the run goes on afterwards.
pub(super) struct Attendance {
    app: App,
    caller: Caller,
    shutdown: Shutdown,
    run: RunId,
    /// Whether nobody could have the answer later.
    matters: bool,
}

impl Attendance {
    /// The caller waits for `run`; `kept` says whether its answer can be had later.
    pub(super) fn new(
        app: &App,
        caller: &Caller,
        shutdown: &Shutdown,
        (run, kept): (RunId, bool),
    ) -> Self {
        let (app, caller, shutdown) = (app.clone(), caller.clone(), shutdown.clone());
        Self { app, caller, shutdown, run, matters: !kept }
    }

    /// The answer is there.
    pub(super) const fn over(&mut self) {
        self.matters = false;
    }

    /// Waits for the end of the run.
    pub(super) async fn end(mut self, identity: &Identity) -> Result<Run, Problem> {
        let shutdown = self.shutdown.0.clone();
        let run = tokio::select! {
            run = self.app.gateway.run_when_over(self.run, &self.caller) => run?,
            () = shutdown.cancelled() => return Err(Problem::draining()),
        };
        self.over();
        // It may have taken long: whoever has lost their key meanwhile gets no answer.
        authenticate(&self.app, identity.credential.clone()).await?;
        Ok(run)
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        if !self.matters || self.shutdown.0.is_cancelled() {
            return;
        }
        let (gateway, caller, run) = (self.app.gateway.clone(), self.caller.clone(), self.run);
        // Without a runtime the process ends, and nobody has gone.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = gateway.stop_run(run, &caller).await {
                    tracing::warn!(%run, %error, "a run that nobody waits for was not stopped");
                }
            });
        }
    }
}

/// What a run has said, or why it has ended without an answer.
pub(super) fn output_of(run: &Run) -> Result<&str, Problem> {
    match &run.state {
        RunState::Completed { output } => Ok(output),
        RunState::Failed { failure } => Err(failed(failure)),
        RunState::Cancelled(_) => Err(cancelled(run.id)),
        RunState::Queued
        | RunState::Running
        | RunState::WaitingForApproval
        | RunState::WaitingForAnswer
        | RunState::Stopping(_) => {
            tracing::error!(run = %run.id, "a run was answered for before it was over");
            Err(Problem::internal())
        }
    }
}

/// Clients of OpenAI repeat what fails: a run that failed would be started again, and ask again.
const DO_NOT_REPEAT: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"));

fn failed(failure: &RunFailure) -> Problem {
    let message = format!("{} ({})", failure.message, failure.code);
    unclean(Problem::bad_gateway("agent_incomplete", message.clone()), message)
}

fn cancelled(run: RunId) -> Problem {
    let message = format!("{run} was stopped before it had an answer");
    unclean(Problem::conflict("run_cancelled", message.clone()), message)
}

fn unclean(problem: Problem, message: String) -> Problem {
    let said: String = message.chars().filter(|c| (' '..='~').contains(c)).take(200).collect();
    let said = HeaderValue::from_str(&said).unwrap_or(HeaderValue::from_static("failed"));
    let no = HeaderValue::from_static("false");
    problem
        .with(DO_NOT_REPEAT.0, DO_NOT_REPEAT.1)
        .with(HeaderName::from_static("x-hermes-completed"), no.clone())
        .with(HeaderName::from_static("x-hermes-partial"), no)
        .with(HeaderName::from_static("x-hermes-error"), said)
        .with_hermes(HermesBody::failed(message, false))
}
