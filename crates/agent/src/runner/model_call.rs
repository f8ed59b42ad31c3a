//! One reply of the model: attempts, pauses between them, and what to say when none succeeds.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::display::one_line;
use countersign_domain::runs::RunFailure;
use countersign_ports::model_provider::{ModelError, ModelProvider, ModelReply, ModelRequest};
use countersign_ports::run_journal::{Fallback, Snapshot};
use countersign_ports::store::StoreError;
use tokio::sync::mpsc;

use super::agent::Shared;
use super::backoff::Backoff;
use super::deltas::{Spoken, write_deltas};
use super::masking::MaskedStream;
use super::transcript::transcript;
use super::trim::fit;

/// Pieces of text that may wait to be written.
const PIECES: usize = 64;
/// How much is told of why a model does not answer, in characters.
const REASON: usize = 300;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// What came of asking the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ModelOutcome {
    /// Its reply is recorded.
    Replied,
    /// There is none.
    Failed(RunFailure),
}

/// A model that can be asked, and by which name.
#[derive(Clone)]
struct Candidate {
    provider: Arc<dyn ModelProvider>,
    /// The name that the run gave, if it is not the provider's own.
    named: Option<String>,
}

/// Why a model gave no reply, and whether it had begun to.
struct Lost {
    error: ModelError,
    spoken: Spoken,
}

impl Shared {
    /// Gets the next reply of a model and records it.
    pub(super) async fn call_model(&self, snapshot: &Snapshot) -> Result<ModelOutcome, StoreError> {
        let limits = &self.parts.limits;
        let run = snapshot.run.id;
        let mut candidates = self.candidates(snapshot);
        let mut backoff = Backoff::new(FIRST_PAUSE, limits.max_backoff);
        let mut attempt = 1;
        loop {
            let error = match self.ask_one_after_the_other(snapshot, &mut candidates).await? {
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

    /// The models to ask, in order. Who has answered in this run before goes first, so that a run
    /// that has fallen back does not wait for the same server at every step.
    fn candidates(&self, snapshot: &Snapshot) -> Vec<Candidate> {
        let all = [&self.parts.provider].into_iter().chain(&self.parts.fallbacks);
        let mut all: Vec<Candidate> =
            all.map(|provider| Candidate { provider: Arc::clone(provider), named: None }).collect();
        let known = |name: &str| all.iter().position(|one| one.provider.model() == name);
        let wanted = snapshot.run.model.as_deref();
        let begin = wanted.and_then(known).unwrap_or_default();
        let latest = snapshot.run.spent.last().and_then(|spent| known(&spent.model));
        let at = latest.unwrap_or(begin);
        if wanted.is_some_and(|name| known(name).is_none())
            && let Some(first) = all.first_mut()
        {
            first.named.clone_from(&snapshot.run.model);
        }
        all.rotate_left(at);
        all
    }

    /// Asks one model after the other until one answers. Once one has begun to, only it is asked.
    async fn ask_one_after_the_other(
        &self,
        snapshot: &Snapshot,
        candidates: &mut Vec<Candidate>,
    ) -> Result<Result<ModelOutcome, ModelError>, StoreError> {
        let run = snapshot.run.id;
        let mut first_error = None;
        for (at, candidate) in candidates.clone().iter().enumerate() {
            let Lost { error, spoken } = match self.attempt(snapshot, candidate).await? {
                Ok(outcome) => return Ok(Ok(outcome)),
                Err(lost) => lost,
            };
            if spoken == Spoken::Something {
                *candidates = vec![candidate.clone()];
                return Ok(Err(error));
            }
            // Of those that stand in, one that is set up wrongly is passed over like one that is busy.
            let passed_over = error.makes_way() || first_error.is_some();
            let reason = one_line(&error.to_string(), REASON);
            let error = first_error.get_or_insert(error);
            let Some(next) = candidates.get(at + 1).filter(|_| passed_over) else {
                return Ok(Err(error.clone()));
            };
            let (from, to) = (candidate.name().to_owned(), next.name().to_owned());
            tracing::warn!(%run, from, to, reason, "a model does not answer; asking another one");
            self.parts.journal.fell_back(run, Fallback { from, to, reason }).await?;
        }
        let nobody = || ModelError::Unreachable("there is no model".to_owned());
        Ok(Err(first_error.unwrap_or_else(nobody)))
    }

    fn request(&self, snapshot: &Snapshot, candidate: &Candidate) -> ModelRequest {
        let mut tools = self.parts.tools.specs();
        // A third party's words are answered with few tools; the gate sees to it all the same.
        if let Some(third) = &snapshot.run.third_party {
            tools.retain(|tool| third.tools.contains(tool.name));
        }
        let messages = transcript(&self.parts.instructions, snapshot);
        ModelRequest {
            model: candidate.named.clone(),
            messages: fit(messages, &tools, candidate.provider.context_tokens()),
            tools,
        }
    }

    async fn attempt(
        &self,
        snapshot: &Snapshot,
        candidate: &Candidate,
    ) -> Result<Result<ModelOutcome, Lost>, StoreError> {
        let run = snapshot.run.id;
        let request = self.request(snapshot, candidate);
        let message = self.parts.journal.new_message();
        let (sender, receiver) = mpsc::channel(PIECES);
        let complete = async {
            let sender = sender;
            Ok(candidate.provider.complete(&request, &sender).await)
        };
        let masked = MaskedStream::new(&self.parts.redactor);
        let write = write_deltas(&*self.parts.journal, (run, message), receiver, masked);
        // When the store fails, the model need not go on.
        let (reply, spoken) = tokio::try_join!(complete, write)?;
        let reply = match reply {
            Ok(reply) => ModelReply { model: Some(candidate.name().to_owned()), ..reply },
            Err(error) => return Ok(Err(Lost { error, spoken })),
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

impl Candidate {
    fn name(&self) -> &str {
        self.named.as_deref().unwrap_or_else(|| self.provider.model())
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
