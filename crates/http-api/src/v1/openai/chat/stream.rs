//! A chat completion in pieces.
//!
//! Records that tell of tools are chunks at the same time, without text: who knows chunks alone reads
//! over them. Those of approvals are not, and come only to who has asked for them.

use bytes::Bytes;
use countersign_domain::identity::Actor;
use countersign_domain::ids::CallId;
use countersign_domain::runs::{Event, RunFailure, Usage};
use serde::Serialize;

use super::super::attendance::Attendance;
use super::speech::Speech;
use super::wire::{Base, ChatUsageBody};
use crate::problem::HermesBody;
use crate::script::{Script, Told, data, named};

/// Where the used tokens are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UsageAt {
    /// In the chunk that finishes.
    Finish,
    /// In one more, which has no choices.
    Own,
}

/// How the chunks of one completion are written.
pub(super) struct Chunks {
    pub(super) base: Base,
    pub(super) usage: UsageAt,
    pub(super) approvals: bool,
    pub(super) attendance: Attendance,
    pub(super) speech: Speech,
}

#[derive(Serialize)]
struct Chunk<'a> {
    #[serde(flatten)]
    base: &'a Base,
    choices: Vec<ChunkChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<ChatUsageBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ChunkError<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hermes: Option<HermesBody>,
}

#[derive(Default, Serialize)]
struct ChunkChoice<'a> {
    index: u32,
    delta: Delta<'a>,
    finish_reason: Option<&'static str>,
}

#[derive(Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

/// Why there is no answer. Clients of OpenAI raise it.
#[derive(Serialize)]
struct ChunkError<'a> {
    message: &'a str,
    r#type: &'static str,
    param: Option<()>,
    code: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolProgress<'a> {
    tool: &'a str,
    tool_call_id: CallId,
    status: &'static str,
}

/// A record of its own kind that is a chunk as well.
#[derive(Serialize)]
struct Aside<'a> {
    #[serde(flatten)]
    chunk: Chunk<'a>,
    #[serde(flatten)]
    progress: &'a ToolProgress<'a>,
}

impl Script for Chunks {
    fn opening(&mut self) -> Bytes {
        let delta = Delta { role: Some("assistant"), content: Some("") };
        data(&self.chunk(ChunkChoice { delta, ..ChunkChoice::default() })).into()
    }

    fn event(&mut self, told: &Told<'_>) -> Bytes {
        match told.event {
            Event::MessageDelta { message_id, delta } => {
                let text = self.speech.hear(*message_id, delta);
                self.text(&text)
            }
            Event::MessageCompleted { message_id, text, usage: _ } => {
                let text = self.speech.complete(*message_id, text);
                self.text(&text)
            }
            Event::ToolStarted { call_id, tool, .. } => {
                self.tool(&ToolProgress { tool, tool_call_id: *call_id, status: "running" })
            }
            Event::ToolCompleted { call_id, tool, .. } => {
                self.tool(&ToolProgress { tool, tool_call_id: *call_id, status: "completed" })
            }
            Event::ApprovalRequired(_)
            | Event::ApprovalUpdated { .. }
            | Event::ApprovalResolved(_)
            | Event::ApprovalExecuted(_)
            | Event::ClarifyRequired { .. }
            | Event::ClarifyAnswered { .. } => {
                if self.approvals {
                    named(told.event.name(), told).into()
                } else {
                    Bytes::new()
                }
            }
            Event::RunCompleted { output, usage } => self.finish(output, *usage),
            Event::RunFailed { error } => self.fail(error),
            Event::RunCancelled { by } => self.fail(&cancelled(by)),
            Event::RunStarted { .. } | Event::RunRecovered {} | Event::ModelFellBack { .. } => {
                Bytes::new()
            }
        }
    }
}

impl Chunks {
    fn chunk<'a>(&'a self, choice: ChunkChoice<'a>) -> Chunk<'a> {
        let choices = vec![choice];
        Chunk { base: &self.base, choices, usage: None, error: None, hermes: None }
    }

    fn text(&self, text: &str) -> Bytes {
        if text.is_empty() {
            return Bytes::new();
        }
        let delta = Delta { role: None, content: Some(text) };
        data(&self.chunk(ChunkChoice { delta, ..ChunkChoice::default() })).into()
    }

    fn tool(&self, progress: &ToolProgress<'_>) -> Bytes {
        let chunk = self.chunk(ChunkChoice::default());
        named("hermes.tool.progress", &Aside { chunk, progress }).into()
    }

    fn finish(&mut self, output: &str, usage: Usage) -> Bytes {
        self.attendance.over();
        let mut records = String::new();
        if !self.speech.begun && !output.is_empty() {
            let delta = Delta { role: None, content: Some(output) };
            records += &data(&self.chunk(ChunkChoice { delta, ..ChunkChoice::default() }));
        }
        let finish = ChunkChoice { finish_reason: Some("stop"), ..ChunkChoice::default() };
        let finish = self.chunk(finish);
        let usage = Some(usage.into());
        records += &match self.usage {
            UsageAt::Finish => data(&Chunk { usage, ..finish }),
            UsageAt::Own => {
                let own =
                    Chunk { choices: Vec::new(), usage, ..self.chunk(ChunkChoice::default()) };
                data(&finish) + &data(&own)
            }
        };
        (records + DONE).into()
    }

    fn fail(&mut self, failure: &RunFailure) -> Bytes {
        self.attendance.over();
        let RunFailure { code, message } = failure;
        let finish = ChunkChoice { finish_reason: Some("error"), ..ChunkChoice::default() };
        let error = ChunkError { message, r#type: "server_error", param: None, code };
        let hermes = HermesBody::failed(message.clone(), self.speech.begun);
        let chunk = self.chunk(finish);
        (data(&Chunk { error: Some(error), hermes: Some(hermes), ..chunk }) + DONE).into()
    }
}

/// What ends every stream.
const DONE: &str = "data: [DONE]\n\n";

pub(crate) fn cancelled(by: &Actor) -> RunFailure {
    let message = format!("the run was stopped by {by} before it had an answer");
    RunFailure { code: "run_cancelled".to_owned(), message }
}
