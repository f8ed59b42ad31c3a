//! The closing words: one line for each tool call.

use countersign_domain::display::one_line;
use countersign_ports::model_provider::ModelMessage;

use crate::runner::read_result;

/// How much of each result is repeated, in characters.
const SHOWN: usize = 200;

/// For each tool call of `messages`: its tool, its status and the beginning of its result.
pub(super) fn summary(messages: &[ModelMessage]) -> Vec<String> {
    messages.iter().filter_map(line).collect()
}

fn line(message: &ModelMessage) -> Option<String> {
    match message {
        ModelMessage::Tool { tool, content, .. } => {
            let (status, result) = read_result(content);
            let line = format!("{tool} {status} {}", one_line(result, SHOWN));
            Some(line.trim_end().to_owned())
        }
        ModelMessage::System(_) | ModelMessage::User(_) | ModelMessage::Assistant { .. } => None,
    }
}
