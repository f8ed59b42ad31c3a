//! One reply of the model: attempts, pauses between them, and what to say when none succeeds.

use std::time::Duration;

use countersign_domain::ids::RunId;
use countersign_domain::runs::RunFailure;
use countersign_ports::model_provider::{ModelError, ModelReply, ModelRequest};
use countersign_ports::run_journal::Snapshot;
use countersign_ports::store::StoreError;
use tokio::sync::mpsc;

use super::agent::Shared;
use super::backoff::Backoff;
use super::deltas::write_deltas;
use super::masking::MaskedStream;
use super::transcript::transcript;
use super::trim::fit;

/// Pieces of text that may wait to be written.
const PIECES: usize = 64;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// What came of asking the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ModelOutcome {
    /// Its reply is recorded.
    Replied,
    /// There is none.
    Failed(RunFailure),
}

impl Shared {
    /// Gets the model's next reply and records it.
    pub(super) async fn call_model(&self, snapshot: &Snapshot) -> Result<ModelOutcome, StoreError> {
        let limits = &self.parts.limits;
        let run = snapshot.run.id;
        let request = self.request(snapshot);
        let mut backoff = Backoff::new(FIRST_PAUSE, limits.max_backoff);
        let mut attempt = 1;
        loop {
            let error = match self.attempt(run, &request).await? {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            if !error.is_transient() || attempt >= limits.max_attempts {
                return Ok(ModelOutcome::Failed(failure(&error, attempt)));
            }
            let pause = backoff.pause(retry_after(&error));
            let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(%run, attempt, %error, pause_ms, "the model gave no reply; asking again");
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    fn request(&self, snapshot: &Snapshot) -> ModelRequest {
        let mut tools = self.parts.tools.specs();
        // A third party's words are answered with few tools; the gate sees to it all the same.
        if let Some(third) = &snapshot.run.third_party {
            tools.retain(|tool| third.tools.contains(tool.name));
        }
        let messages = transcript(&self.parts.instructions, snapshot);
        ModelRequest {
            model: snapshot.run.model.clone(),
            messages: fit(messages, &tools, self.parts.provider.context_tokens()),
            tools,
        }
    }

    async fn attempt(
        &self,
        run: RunId,
        request: &ModelRequest,
    ) -> Result<Result<ModelOutcome, ModelError>, StoreError> {
        let message = self.parts.journal.new_message();
        let (sender, receiver) = mpsc::channel(PIECES);
        let complete = async {
            let sender = sender;
            Ok(self.parts.provider.complete(request, &sender).await)
        };
        let masked = MaskedStream::new(&self.parts.redactor);
        let write = write_deltas(&*self.parts.journal, (run, message), receiver, masked);
        // When the store fails, the model need not go on.
        let (reply, ()) = tokio::try_join!(complete, write)?;
        let reply = match reply {
            Ok(reply) => reply,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(failure) = self.too_many_calls(&reply) {
            return Ok(Ok(ModelOutcome::Failed(failure)));
        }
        self.parts.journal.reply(run, message, reply).await?;
        Ok(Ok(ModelOutcome::Replied))
    }

    fn too_many_calls(&self, reply: &ModelReply) -> Option<RunFailure> {
        let limit = self.parts.limits.max_tool_calls;
        (reply.calls.len() > limit).then(|| RunFailure {
            code: "too_many_tool_calls".to_owned(),
            message: format!(
                "The model asked for {} tool calls in one message; `agent.max_tool_calls` allows \
                 {limit}. None of them was run. Ask it to go in smaller steps, or raise the limit.",
                reply.calls.len()
            ),
        })
    }
}

fn retry_after(error: &ModelError) -> Option<Duration> {
    match error {
        ModelError::Status { retry_after, .. } => *retry_after,
        ModelError::Unreachable(_)
        | ModelError::Silent(_)
        | ModelError::Broken(_)
        | ModelError::Unreadable(_)
        | ModelError::CutOff(_)
        | ModelError::Declined => None,
    }
}

/// What a person is told when the model gives no reply.
fn failure(error: &ModelError, attempts: u32) -> RunFailure {
    let (code, advice) = match error {
        ModelError::Status { status: 401 | 403, .. } => {
            ("model_refused", "Check `model.api_key` and whether it may use this model.")
        }
        ModelError::Status { status: 404, .. } => {
            ("model_not_found", "Check `model.model` and `model.base_url`.")
        }
        ModelError::Status { status: 429, .. } => (
            "model_unavailable",
            "The provider's rate limit or quota is used up: wait, or check the account.",
        ),
        ModelError::Unreachable(_) => (
            "model_unavailable",
            "Check `model.base_url`, the network and whether the server runs; then send the message again.",
        ),
        ModelError::Unreadable(_) => {
            ("model_error", "Check that `model.provider` fits the server at `model.base_url`.")
        }
        ModelError::CutOff(_) => (
            "model_error",
            "Nothing of it was run. Ask for less at a time, or raise `model.max_tokens`.",
        ),
        ModelError::Declined => {
            ("model_declined", "Put it in other words, or choose another model.")
        }
        transient if transient.is_transient() => {
            ("model_unavailable", "This is on the provider's side: send the message again later.")
        }
        ModelError::Status { .. } | ModelError::Silent(_) | ModelError::Broken(_) => {
            ("model_error", "The provider did not accept the request: see its words above.")
        }
    };
    let times = if attempts > 1 { format!(" ({attempts} attempts)") } else { String::new() };
    RunFailure {
        code: code.to_owned(),
        message: format!("{}{times}. {advice}", capitalised(&error.to_string())),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
