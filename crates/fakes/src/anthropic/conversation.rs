//! What a conversation must be like: roles in turn, results right after their calls, thoughts as
//! they were given out.

use std::collections::BTreeSet;

use serde_json::Value;

use super::request::{Thinks, Tools};
use super::stream::Issued;

/// Whether the server would take the conversation.
pub(super) fn check(
    body: &Value,
    thinks: Thinks,
    tools: Tools,
    issued: &[Issued],
) -> Result<(), String> {
    let messages = body.get("messages").and_then(Value::as_array);
    let messages = messages.filter(|list| !list.is_empty());
    let messages = messages.ok_or("messages: at least one message is required")?;
    let mut open: Vec<String> = Vec::new();
    let mut ids = BTreeSet::new();
    for (at, message) in messages.iter().enumerate() {
        let role = if at % 2 == 0 { "user" } else { "assistant" };
        if text(message, "role") != role {
            return Err(format!("messages.{at}: roles must alternate, beginning with `user`"));
        }
        let blocks = blocks(message);
        if blocks.is_empty() {
            return Err(format!("messages.{at}: content is required"));
        }
        for (n, block) in blocks.iter().enumerate() {
            check_block(block, role)
                .map_err(|what| format!("messages.{at}.content.{n}: {what}"))?;
        }
        let uses = of_kind(blocks, "tool_use");
        if role == "user" {
            let results =
                leading_results(blocks).map_err(|what| format!("messages.{at}: {what}"))?;
            if results != open {
                return Err(format!(
                    "messages.{at}: `tool_use` ids {open:?} were found without `tool_result` blocks \
                     immediately after, or the other way round: {results:?}"
                ));
            }
            open.clear();
        }
        for id in uses.iter().map(|block| text(block, "id").to_owned()) {
            if !ids.insert(id.clone()) {
                return Err(format!("messages.{at}: `tool_use` ids must be unique: {id}"));
            }
            open.push(id);
        }
    }
    if messages.len() % 2 == 0 {
        return Err("This model does not support assistant message prefill.".to_owned());
    }
    if !ids.is_empty() && tools == Tools::None {
        return Err("Requests which include `tool_use` blocks must define tools".to_owned());
    }
    let model = text(body, "model");
    check_thoughts(messages, (thinks, model), issued)
}

fn check_block(block: &Value, role: &str) -> Result<(), String> {
    let (kind, allowed): (_, &[&str]) = match text(block, "type") {
        "text" if text(block, "text").trim().is_empty() => {
            return Err("text content blocks must be non-empty".to_owned());
        }
        "text" => ("text", &["type", "text", "cache_control"]),
        "tool_use" if role == "assistant" => {
            let (id, name) = (text(block, "id"), text(block, "name"));
            if !is_name(id) || !is_name(name) {
                return Err("tool_use.id, name: String should match pattern".to_owned());
            }
            if !block.get("input").is_some_and(Value::is_object) {
                return Err("tool_use.input: Input should be a valid dictionary".to_owned());
            }
            ("tool_use", &["type", "id", "name", "input", "cache_control"])
        }
        "tool_result" if role == "user" => {
            ("tool_result", &["type", "tool_use_id", "content", "is_error", "cache_control"])
        }
        "thinking" if role == "assistant" => ("thinking", &["type", "thinking", "signature"]),
        "redacted_thinking" if role == "assistant" => ("redacted_thinking", &["type", "data"]),
        other => return Err(format!("`{other}` blocks are not allowed for {role}")),
    };
    let fields = block.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    match fields.into_iter().find(|key| !allowed.contains(key)) {
        Some(unknown) => Err(format!("{kind}.{unknown}: Extra inputs are not permitted")),
        None => Ok(()),
    }
}

/// The calls whose results a message begins with.
fn leading_results(blocks: &[Value]) -> Result<Vec<String>, String> {
    let is_result = |block: &&Value| text(block, "type") == "tool_result";
    let leading: Vec<String> = blocks
        .iter()
        .take_while(is_result)
        .map(|block| text(block, "tool_use_id").to_owned())
        .collect();
    if leading.len() < blocks.iter().filter(is_result).count() {
        return Err("tool_result blocks must come first".to_owned());
    }
    Ok(leading)
}

/// Thoughts come back unchanged, and first; those of the turn at work come back at all.
fn check_thoughts(
    messages: &[Value],
    (thinks, model): (Thinks, &str),
    issued: &[Issued],
) -> Result<(), String> {
    let plain = |message: &Value| {
        text(message, "role") == "user" && of_kind(blocks(message), "tool_result").is_empty()
    };
    let turn = messages.iter().rposition(plain).unwrap_or_default();
    for (at, message) in messages.iter().enumerate() {
        let blocks = blocks(message);
        let thoughts: Vec<Value> =
            blocks.iter().filter(|block| is_thought(block)).cloned().collect();
        let known = |thought: &Value| issued.iter().any(|own| own.thoughts.contains(thought));
        if !thoughts.iter().all(known) {
            return Err(format!("messages.{at}: Invalid `signature` in `thinking` block"));
        }
        if text(message, "role") == "user" {
            continue;
        }
        let first = blocks.first().is_some_and(is_thought);
        if !thoughts.is_empty() && !first {
            return Err(format!(
                "messages.{at}.content.0: If an assistant message contains any thinking blocks, \
                 the first block must be `thinking` or `redacted_thinking`."
            ));
        }
        if blocks.last().is_some_and(is_thought) {
            return Err(format!(
                "messages.{at}: The final block in an assistant message cannot be `thinking`."
            ));
        }
        let calls: Vec<String> =
            of_kind(blocks, "tool_use").iter().map(|block| text(block, "id").to_owned()).collect();
        let own =
            issued.iter().find(|own| !calls.is_empty() && own.calls == calls && own.model == model);
        if at > turn && thinks != Thinks::Not && own.is_some_and(|own| own.thoughts != thoughts) {
            return Err(format!(
                "messages.{at}: `thinking` or `redacted_thinking` blocks in the latest assistant \
                 message cannot be modified. These blocks must remain as they were in the original \
                 response."
            ));
        }
        if at > turn && thinks == Thinks::WithBudget && !first {
            return Err(format!(
                "messages.{at}.content.0.type: Expected `thinking` or `redacted_thinking`, but \
                 found another. When `thinking` is enabled, a final `assistant` message must start \
                 with a thinking block."
            ));
        }
    }
    Ok(())
}

/// Whether the server takes it as an id or a name.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !text.is_empty() && text.len() <= 64 && text.chars().all(plain)
}

fn is_thought(block: &Value) -> bool {
    matches!(text(block, "type"), "thinking" | "redacted_thinking")
}

fn of_kind<'b>(blocks: &'b [Value], kind: &str) -> Vec<&'b Value> {
    blocks.iter().filter(|block| text(block, "type") == kind).collect()
}

fn blocks(message: &Value) -> &[Value] {
    message.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
