//! A response as it is made.

use bytes::Bytes;
use countersign_domain::ids::MessageId;
use countersign_domain::runs::{Event, RunFailure, Usage};
use serde::Serialize;
use serde_json::{Value, json};

use super::super::attendance::Attendance;
use super::super::chat::cancelled;
use super::wire::{OutputItemBody, OutputTextBody, ResponseBody};
use crate::script::{Script, Told, named};

/// How the events of one response are written.
pub(super) struct ResponseEvents {
    /// The response as it stands.
    pub(super) response: ResponseBody,
    pub(super) approvals: bool,
    pub(super) attendance: Attendance,
    /// The number of the next event.
    pub(super) next: u64,
    /// How many messages have begun.
    pub(super) items: u64,
    /// The message that is being made.
    pub(super) open: Option<OpenMessage>,
}

/// A message that is being made.
pub(super) struct OpenMessage {
    id: MessageId,
    place: u64,
    text: String,
}

impl Script for ResponseEvents {
    fn opening(&mut self) -> Bytes {
        self.response.status = "in_progress";
        let created = self.whole("response.created");
        (created + &self.whole("response.in_progress")).into()
    }

    fn event(&mut self, told: &Told<'_>) -> Bytes {
        match told.event {
            Event::MessageDelta { message_id, delta } => self.piece(*message_id, delta),
            Event::MessageCompleted { message_id, text, usage: _ } => {
                self.message(*message_id, text)
            }
            Event::RunCompleted { usage, .. } => self.complete(*usage),
            Event::RunFailed { error } => self.fail("failed", error.clone()),
            Event::RunCancelled { by } => self.fail("cancelled", cancelled(by)),
            Event::ApprovalRequired(_)
            | Event::ApprovalUpdated { .. }
            | Event::ApprovalResolved(_)
            | Event::ApprovalExecuted(_)
            | Event::ClarifyRequired { .. }
            | Event::ClarifyAnswered { .. } => {
                if self.approvals {
                    self.aside(told)
                } else {
                    String::new()
                }
            }
            Event::RunStarted { .. }
            | Event::RunRecovered {}
            | Event::ModelFellBack { .. }
            | Event::ToolStarted { .. }
            | Event::ToolCompleted { .. } => String::new(),
        }
        .into()
    }
}

#[derive(Serialize)]
struct Numbered<T> {
    r#type: &'static str,
    sequence_number: u64,
    #[serde(flatten)]
    of: T,
}

impl ResponseEvents {
    fn told(&mut self, name: &'static str, of: impl Serialize) -> String {
        let sequence_number = self.next;
        self.next += 1;
        named(name, &Numbered { r#type: name, sequence_number, of })
    }

    fn whole(&mut self, name: &'static str) -> String {
        let response = json!({ "response": self.response });
        self.told(name, response)
    }

    fn aside(&mut self, told: &Told<'_>) -> String {
        self.told(told.event.name(), told)
    }

    /// More of a message. An attempt that broke off is closed as such; the next one begins anew.
    fn piece(&mut self, id: MessageId, piece: &str) -> String {
        let mut records = String::new();
        if self.open.as_ref().is_none_or(|open| open.id != id) {
            records += &self.break_off();
            records += &self.begin(id);
        }
        if piece.is_empty() {
            return records;
        }
        if let Some(open) = &mut self.open {
            open.text.push_str(piece);
            let delta = at(open, &json!({"delta": piece, "logprobs": []}));
            records += &self.told("response.output_text.delta", delta);
        }
        records
    }

    fn message(&mut self, id: MessageId, whole: &str) -> String {
        let has_begun = self.open.as_ref().is_some_and(|open| open.id == id);
        if whole.is_empty() && !has_begun {
            return self.break_off();
        }
        let said = self.open.as_ref().filter(|open| open.id == id);
        let said = said.map_or("", |open| open.text.as_str());
        let rest = whole.strip_prefix(said).unwrap_or_default().to_owned();
        let mut records = self.piece(id, &rest);
        let Some(open) = self.open.take() else { return records };
        let item = OutputItemBody::completed(id, whole.to_owned());
        records += &self.close(&open, whole, &item);
        self.response.output.push(item);
        records
    }

    fn begin(&mut self, id: MessageId) -> String {
        let open = OpenMessage { id, place: self.items, text: String::new() };
        self.items += 1;
        let item = json!({"output_index": open.place, "item": OutputItemBody::begun(id)});
        let part = at(&open, &json!({"part": OutputTextBody::new(String::new())}));
        self.open = Some(open);
        let added = self.told("response.output_item.added", item);
        added + &self.told("response.content_part.added", part)
    }

    fn break_off(&mut self) -> String {
        let Some(open) = self.open.take() else { return String::new() };
        let item = OutputItemBody::broken_off(open.id, open.text.clone());
        self.close(&open, &open.text, &item)
    }

    fn close(&mut self, open: &OpenMessage, text: &str, item: &OutputItemBody) -> String {
        let done = at(open, &json!({"text": text, "logprobs": []}));
        let part = at(open, &json!({"part": OutputTextBody::new(text.to_owned())}));
        let item = json!({"output_index": open.place, "item": item});
        let mut records = self.told("response.output_text.done", done);
        records += &self.told("response.content_part.done", part);
        records + &self.told("response.output_item.done", item)
    }

    fn complete(&mut self, usage: Usage) -> String {
        self.attendance.over();
        let records = self.break_off();
        self.response.status = "completed";
        self.response.usage = Some(usage.into());
        records + &self.whole("response.completed")
    }

    fn fail(&mut self, status: &'static str, failure: RunFailure) -> String {
        self.attendance.over();
        let records = self.break_off();
        self.response.status = status;
        self.response.error = Some(failure.into());
        records + &self.whole("response.failed")
    }
}

/// What an event says of the text of a message.
fn at(open: &OpenMessage, more: &Value) -> Value {
    let mut facts = json!({"item_id": open.id, "output_index": open.place, "content_index": 0});
    if let (Some(facts), Some(more)) = (facts.as_object_mut(), more.as_object()) {
        facts.extend(more.clone());
    }
    facts
}
