//! A message as a stream: every piece in an event of its own, arguments in bits.

use serde_json::{Value, json};

use super::answer::{Block, End, error};

/// A message that was given out.
#[derive(Debug, Clone)]
pub(super) struct Issued {
    /// The model that was asked.
    pub(super) model: String,
    /// Its thoughts, as they must come back.
    pub(super) thoughts: Vec<Value>,
    /// The ids of its calls.
    pub(super) calls: Vec<String>,
}

/// Bytes of arguments in one event.
const BIT: usize = 5;

/// The `n`th message, and the events that bring it.
pub(super) fn events(
    (n, model): (usize, &str),
    blocks: &[Block],
    end: End,
) -> (Issued, Vec<String>) {
    let mut issued = Issued { model: model.to_owned(), thoughts: Vec::new(), calls: Vec::new() };
    let usage = json!({
        "input_tokens": 10, "output_tokens": 1,
        "cache_read_input_tokens": 200, "cache_creation_input_tokens": 30,
    });
    let message = json!({
        "id": format!("msg_{n}"), "type": "message", "role": "assistant", "content": [],
        "model": model, "stop_reason": null, "stop_sequence": null, "usage": usage,
    });
    let mut events = vec![
        event(&json!({"type": "message_start", "message": message})),
        event(&json!({"type": "ping"})),
    ];
    for (index, block) in blocks.iter().enumerate() {
        let id = format!("toolu_{n}_{index}");
        let signature = format!("c2lnbmVk{n}x{index}==");
        let (start, deltas) = parts(block, &id, &signature);
        events.push(event(
            &json!({"type": "content_block_start", "index": index, "content_block": start}),
        ));
        for delta in deltas {
            events.push(event(
                &json!({"type": "content_block_delta", "index": index, "delta": delta}),
            ));
        }
        match block {
            Block::Thinking(text) => issued
                .thoughts
                .push(json!({"type": "thinking", "thinking": text, "signature": signature})),
            Block::Redacted => issued.thoughts.push(start),
            Block::Call(..) => issued.calls.push(id),
            Block::Text(_) => {}
        }
        if end == End::Cut && index + 1 == blocks.len() {
            return (issued, events);
        }
        events.push(event(&json!({"type": "content_block_stop", "index": index})));
    }
    let reason = match end {
        End::Error(kind) => {
            events.push(event(&error(kind, "in the middle")));
            return (issued, events);
        }
        End::Because(reason) => reason,
        End::Proper | End::Cut if issued.calls.is_empty() => "end_turn",
        End::Proper | End::Cut => "tool_use",
    };
    events.push(event(&json!({
        "type": "message_delta",
        "delta": {"stop_reason": reason, "stop_sequence": null},
        "usage": {"output_tokens": 7},
    })));
    events.push(event(&json!({"type": "message_stop"})));
    (issued, events)
}

/// How a block begins, and what is added to it.
fn parts(block: &Block, id: &str, signature: &str) -> (Value, Vec<Value>) {
    match block {
        Block::Text(text) => {
            let pieces = text.split_inclusive(' ');
            let deltas = pieces.map(|piece| json!({"type": "text_delta", "text": piece}));
            (json!({"type": "text", "text": ""}), deltas.collect())
        }
        Block::Thinking(text) => {
            let pieces = text.split_inclusive(' ');
            let deltas = pieces.map(|piece| json!({"type": "thinking_delta", "thinking": piece}));
            let signed = json!({"type": "signature_delta", "signature": signature});
            let start = json!({"type": "thinking", "thinking": "", "signature": ""});
            (start, deltas.chain([signed]).collect())
        }
        Block::Redacted => (json!({"type": "redacted_thinking", "data": signature}), Vec::new()),
        Block::Call(name, arguments) => {
            let letters: Vec<char> = arguments.chars().collect();
            let bits = letters.chunks(BIT).map(|bit| bit.iter().collect::<String>());
            let bits = std::iter::once(String::new()).chain(bits);
            let deltas = bits.map(|bit| json!({"type": "input_json_delta", "partial_json": bit}));
            (json!({"type": "tool_use", "id": id, "name": name, "input": {}}), deltas.collect())
        }
    }
}

fn event(data: &Value) -> String {
    let name = data.get("type").and_then(Value::as_str).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n")
}
