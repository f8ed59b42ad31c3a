//! The rehearsal model: it needs no network and no key, and does what the message says, line by
//! line. It keeps no state: what comes next follows from the conversation alone.

mod script;
mod summary;

use std::time::Duration;

use async_trait::async_trait;
use countersign_ports::model_provider::{
    ModelCall, ModelError, ModelMessage, ModelProvider, ModelReply, ModelRequest,
};
use tokio::sync::mpsc;

use script::{Step, read_script};
use summary::summary;

/// The built-in model.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rehearsal;

impl Rehearsal {
    /// The model's name, as banners and `/status` show it.
    pub const NAME: &'static str = "rehearsal";
}

#[async_trait]
impl ModelProvider for Rehearsal {
    fn model(&self) -> &str {
        Self::NAME
    }

    fn context_tokens(&self) -> usize {
        1 << 20
    }

    async fn complete(
        &self,
        request: &ModelRequest,
        deltas: &mpsc::Sender<String>,
    ) -> Result<ModelReply, ModelError> {
        let turn = Turn::of(&request.messages);
        let mut speech = Speech { text: String::new(), deltas };
        let mut rounds = turn.rounds;
        for step in read_script(turn.message) {
            match step {
                // What comes before the last calls was done in an earlier reply.
                Step::Calls(_) if rounds > 0 => rounds -= 1,
                Step::Say(_) | Step::Wait(_) | Step::Stream(_) | Step::Fail(_) if rounds > 0 => {}
                Step::Calls(calls) => return Ok(speech.calling(calls, turn.rounds)),
                Step::Say(line) => speech.line(&line).await,
                Step::Wait(pause) => tokio::time::sleep(pause).await,
                Step::Stream(words) => speech.count_to(words).await,
                Step::Fail(status) => return Err(failure(status)),
            }
        }
        for line in summary(turn.after) {
            speech.line(&line).await;
        }
        if speech.text.is_empty() {
            speech.line("(nothing to do)").await;
        }
        Ok(speech.calling(Vec::new(), turn.rounds))
    }
}

/// The person's last message and what has happened since.
struct Turn<'m> {
    message: &'m str,
    after: &'m [ModelMessage],
    rounds: usize,
}

impl<'m> Turn<'m> {
    fn of(messages: &'m [ModelMessage]) -> Self {
        let mut turn = Self { message: "", after: messages, rounds: 0 };
        for (at, message) in messages.iter().enumerate() {
            if let ModelMessage::User(text) = message {
                turn.message = text;
                turn.after = messages.get(at + 1..).unwrap_or_default();
            }
        }
        turn.rounds = turn.after.iter().filter(|message| calls(message)).count();
        turn
    }
}

fn calls(message: &ModelMessage) -> bool {
    matches!(message, ModelMessage::Assistant { calls, .. } if !calls.is_empty())
}

/// The text of the reply, as it is said.
struct Speech<'d> {
    text: String,
    deltas: &'d mpsc::Sender<String>,
}

impl Speech<'_> {
    async fn line(&mut self, line: &str) {
        let separator = if self.text.is_empty() { "" } else { "\n" };
        self.say(format!("{separator}{line}")).await;
    }

    async fn count_to(&mut self, words: u32) {
        for n in 1..=words {
            let separator = match (n, self.text.is_empty()) {
                (1, true) => "",
                (1, false) => "\n",
                _ => " ",
            };
            self.say(format!("{separator}word{n}")).await;
        }
    }

    async fn say(&mut self, piece: String) {
        self.text.push_str(&piece);
        // Whoever asked may no longer want the pieces; the reply still is complete.
        drop(self.deltas.send(piece).await);
    }

    fn calling(self, calls: Vec<script::Call>, round: usize) -> ModelReply {
        let numbered = calls.into_iter().enumerate();
        let calls = numbered.map(|(n, call)| ModelCall {
            id: format!("rehearsal_{}_{}", round + 1, n + 1),
            tool: call.tool.to_owned(),
            arguments: call.arguments.to_string(),
        });
        ModelReply { text: self.text, calls: calls.collect(), ..ModelReply::default() }
    }
}

fn failure(status: u16) -> ModelError {
    ModelError::Status {
        status,
        message: "the rehearsal model was told to fail".to_owned(),
        retry_after: (status == 429).then_some(Duration::ZERO),
    }
}

#[cfg(test)]
mod tests;
