//! The events of a run as the reference system writes them: `data:` lines alone, with its names.

use bytes::Bytes;
use countersign_domain::approvals::Choice;
use countersign_domain::runs::Event;
use serde_json::{Map, Value, json};

use crate::script::{Script, Told, data};

/// How the reference system writes events.
pub(crate) struct HermesRecords;

impl Script for HermesRecords {
    fn event(&mut self, told: &Told<'_>) -> Bytes {
        // An event is plain data with text keys, which JSON can always hold.
        let mut fields = match serde_json::to_value(told) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) | Err(_) => Map::new(),
        };
        let at = told.timestamp.as_millis();
        let millis = u32::try_from(at.rem_euclid(1000)).unwrap_or(0);
        let seconds = f64::from(u32::try_from(at.div_euclid(1000)).unwrap_or(u32::MAX));
        fields.insert("timestamp".to_owned(), json!(seconds + f64::from(millis) / 1000.0));
        rename(told.event, &mut fields);
        let record = data(&fields);
        if told.event.is_final() { (record + CLOSED).into() } else { record.into() }
    }

    fn keep_alive(&self) -> Bytes {
        Bytes::from_static(b": keepalive\n\n")
    }
}

/// What stands after the last event.
const CLOSED: &str = ": stream closed\n\n";

/// Gives `fields` the names that the reference system has for them, besides our own.
fn rename(event: &Event, fields: &mut Map<String, Value>) {
    let mut set = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    match event {
        Event::ApprovalRequired(card) => {
            let findings: Vec<String> = card.findings.iter().map(|f| f.id.to_string()).collect();
            set("event", json!("approval.request"));
            set("pattern_key", json!(findings.first()));
            set("pattern_keys", json!(findings));
            set("allow_permanent", json!(card.choices.contains(&Choice::Always)));
        }
        Event::ApprovalResolved(_) => {
            set("event", json!("approval.responded"));
            set("resolved", json!(1));
        }
        Event::ToolCompleted { duration_ms, .. } => {
            let millis = u32::try_from(*duration_ms).unwrap_or(u32::MAX);
            set("duration", json!(f64::from(millis) / 1000.0));
        }
        Event::RunCompleted { usage, .. } => {
            let total = usage.input_tokens.saturating_add(usage.output_tokens);
            let (input, output) = (usage.input_tokens, usage.output_tokens);
            let usage =
                json!({"input_tokens": input, "output_tokens": output, "total_tokens": total});
            set("usage", usage);
        }
        Event::RunFailed { error } => set("error", json!(error.message)),
        Event::RunStarted { .. }
        | Event::RunRecovered {}
        | Event::ModelFellBack { .. }
        | Event::MessageDelta { .. }
        | Event::MessageCompleted { .. }
        | Event::ToolStarted { .. }
        | Event::ClarifyRequired { .. }
        | Event::ClarifyAnswered { .. }
        | Event::ApprovalUpdated { .. }
        | Event::ApprovalExecuted(_)
        | Event::RunCancelled { .. } => {}
    }
}
