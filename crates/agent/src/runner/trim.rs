//! Making a conversation fit the model's window.

use countersign_domain::runs::Thinking;
use countersign_ports::model_provider::{ModelMessage, ToolSpec};

use crate::tools::head_and_tail;

/// What a message costs besides its text, in bytes: role, separators, ids.
const OVERHEAD: usize = 24;

/// `messages` without the oldest of them, so that they fit a window of `tokens`. Instructions and
/// the person's last message stay; a call and its results stay or go together. If the newest
/// exchange alone is too large, its results are shortened.
pub(super) fn fit(
    messages: Vec<ModelMessage>,
    tools: &[ToolSpec],
    tokens: usize,
) -> Vec<ModelMessage> {
    let budget = budget(tools, tokens);
    if total(&messages) <= budget {
        return messages;
    }
    let last_user = messages.iter().rposition(|message| matches!(message, ModelMessage::User(_)));
    let mut groups = groups(messages, last_user);
    let mut size: usize = groups.iter().map(|group| total(&group.messages)).sum();
    let newest = groups.len().saturating_sub(1);
    for (at, group) in groups.iter_mut().enumerate() {
        if size > budget && !group.pinned && at != newest {
            size -= total(&group.messages);
            group.messages.clear();
        }
    }
    let mut kept: Vec<ModelMessage> = groups.into_iter().flat_map(|group| group.messages).collect();
    if size > budget {
        shorten_results(&mut kept, size, budget);
    }
    kept
}

/// Messages that stay or go together.
struct Group {
    pinned: bool,
    messages: Vec<ModelMessage>,
}

fn groups(messages: Vec<ModelMessage>, last_user: Option<usize>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, message) in messages.into_iter().enumerate() {
        match (&message, groups.last_mut()) {
            (ModelMessage::Tool { .. }, Some(group)) => group.messages.push(message),
            _ => groups.push(Group {
                pinned: matches!(message, ModelMessage::System(_)) || Some(at) == last_user,
                messages: vec![message],
            }),
        }
    }
    groups
}

/// Bytes of conversation that a window of `tokens` takes: 3.5 bytes a token, less what the tools'
/// descriptions and the reply need.
fn budget(tools: &[ToolSpec], tokens: usize) -> usize {
    let reply = (tokens / 4).min(4096);
    let bytes = tokens.saturating_sub(reply).saturating_mul(7) / 2;
    let described: usize = tools
        .iter()
        .map(|tool| tool.name.len() + tool.description.len() + tool.parameters.to_string().len())
        .sum();
    bytes.saturating_sub(described)
}

fn total(messages: &[ModelMessage]) -> usize {
    messages.iter().map(cost).sum()
}

fn cost(message: &ModelMessage) -> usize {
    let text = match message {
        ModelMessage::System(text) | ModelMessage::User(text) => text.len(),
        ModelMessage::Tool { content, .. } => content.len(),
        ModelMessage::Assistant { text, calls, thinking } => {
            let calls = calls.iter();
            text.len()
                + thinking.as_ref().map_or(0, Thinking::size)
                + calls.map(|call| OVERHEAD + call.tool.len() + call.arguments.len()).sum::<usize>()
        }
    };
    text + OVERHEAD
}

/// Cuts the results, each to the same share of what is left for them.
fn shorten_results(messages: &mut [ModelMessage], size: usize, budget: usize) {
    let results = messages
        .iter_mut()
        .filter_map(|message| match message {
            ModelMessage::Tool { content, .. } => Some(content),
            ModelMessage::System(_) | ModelMessage::User(_) | ModelMessage::Assistant { .. } => {
                None
            }
        })
        .collect::<Vec<_>>();
    let held: usize = results.iter().map(|content| content.len()).sum();
    let room = budget.saturating_sub(size.saturating_sub(held));
    let Some(share) = room.checked_div(results.len()) else {
        return;
    };
    for content in results {
        if content.len() > share {
            *content = head_and_tail(content, share.max(256));
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_ports::model_provider::ModelCall;

    use super::*;

    fn exchange(n: usize, size: usize) -> [ModelMessage; 2] {
        let call = ModelCall {
            id: n.to_string(),
            tool: "terminal".to_owned(),
            arguments: "{}".to_owned(),
        };
        [
            ModelMessage::Assistant { text: String::new(), calls: vec![call], thinking: None },
            ModelMessage::Tool {
                call_id: n.to_string(),
                tool: "terminal".to_owned(),
                content: "x".repeat(size),
            },
        ]
    }

    fn conversation(exchanges: usize, size: usize) -> Vec<ModelMessage> {
        let mut messages = vec![
            ModelMessage::System("instructions".to_owned()),
            ModelMessage::User("earlier".to_owned()),
            ModelMessage::User("now".to_owned()),
        ];
        messages.extend((0..exchanges).flat_map(|n| exchange(n, size)));
        messages
    }

    #[test]
    fn what_fits_is_left_alone() {
        let messages = conversation(3, 100);
        assert_eq!(fit(messages.clone(), &[], 4096), messages);
    }

    #[test]
    fn the_oldest_go_first_and_calls_keep_their_results() {
        let kept = fit(conversation(20, 1000), &[], 2000);
        assert!(total(&kept) <= budget(&[], 2000));
        assert_eq!(kept[0], ModelMessage::System("instructions".to_owned()));
        assert_eq!(kept[1], ModelMessage::User("now".to_owned()));
        let rest = &kept[2..];
        assert_eq!(rest.len() % 2, 0);
        assert!(!rest.is_empty());
        assert_eq!(rest[rest.len() - 2..], exchange(19, 1000));
    }

    #[test]
    fn a_newest_exchange_that_is_too_large_is_shortened() {
        let kept = fit(conversation(2, 100_000), &[], 2000);
        assert_eq!(kept.len(), 4);
        assert!(total(&kept) <= budget(&[], 2000) + 512, "{}", total(&kept));
    }
}
