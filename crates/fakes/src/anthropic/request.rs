//! What a request must be like, before its conversation is looked at.

use axum::http::HeaderMap;
use serde_json::Value;

use super::conversation;
use super::fake::header;
use super::stream::Issued;

/// Everything that a request may say.
const FIELDS: [&str; 15] = [
    "model",
    "messages",
    "max_tokens",
    "metadata",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
    "service_tier",
    "cache_control",
];

/// Parts of a request that may be marked to be kept.
const MOST_MARKS: usize = 4;

/// The fewest tokens of thinking that can be allowed.
const LEAST_THINKING: u64 = 1024;

/// The body as JSON.
pub(super) fn read(body: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(body).map_err(|error| format!("the body is no JSON: {error}"))
}

/// Whether the real server would take it; its own words where it would not.
pub(super) fn check(headers: &HeaderMap, body: &Value, issued: &[Issued]) -> Result<(), String> {
    if header(headers, "anthropic-version") != Some("2023-06-01") {
        return Err("anthropic-version: header is required".to_owned());
    }
    if header(headers, "content-type") != Some("application/json") {
        return Err("content-type: must be application/json".to_owned());
    }
    let fields = body.as_object().ok_or("the body is no object")?;
    if let Some(unknown) = fields.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        return Err(format!("{unknown}: Extra inputs are not permitted"));
    }
    if body.get("model").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err("model: Field required".to_owned());
    }
    let max_tokens = body.get("max_tokens").and_then(Value::as_u64).unwrap_or_default();
    if max_tokens == 0 {
        return Err("max_tokens: Field required".to_owned());
    }
    let thinks = thinking(body, max_tokens)?;
    let tools = tools(body)?;
    marks(body)?;
    conversation::check(body, thinks, tools, issued)
}

/// Whether and how the model is to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinks {
    Not,
    Adaptively,
    WithBudget,
}

fn thinking(body: &Value, max_tokens: u64) -> Result<Thinks, String> {
    let Some(thinking) = body.get("thinking") else {
        return Ok(Thinks::Not);
    };
    let budget = thinking.get("budget_tokens");
    match thinking.get("type").and_then(Value::as_str) {
        Some("disabled") => Ok(Thinks::Not),
        Some("adaptive") if budget.is_some() => {
            Err("thinking.adaptive.budget_tokens: Extra inputs are not permitted".to_owned())
        }
        Some("adaptive") => Ok(Thinks::Adaptively),
        Some("enabled") => match budget.and_then(Value::as_u64) {
            Some(tokens) if tokens < LEAST_THINKING => {
                Err("thinking.enabled.budget_tokens: must be at least 1024".to_owned())
            }
            Some(tokens) if tokens >= max_tokens => {
                Err("`max_tokens` must be greater than `thinking.budget_tokens`".to_owned())
            }
            Some(_) => Ok(Thinks::WithBudget),
            None => Err("thinking.enabled.budget_tokens: Field required".to_owned()),
        },
        _ => Err("thinking: no such type".to_owned()),
    }
}

/// Whether a request offers tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tools {
    Offered,
    None,
}

fn tools(body: &Value) -> Result<Tools, String> {
    let Some(tools) = body.get("tools").and_then(Value::as_array) else {
        return Ok(Tools::None);
    };
    for (at, tool) in tools.iter().enumerate() {
        let name = tool.get("name").and_then(Value::as_str).unwrap_or_default();
        if !conversation::is_name(name) {
            return Err(format!("tools.{at}.name: String should match pattern"));
        }
        let kind = tool.pointer("/input_schema/type").and_then(Value::as_str);
        if kind != Some("object") {
            return Err(format!("tools.{at}.custom.input_schema.type: Field required"));
        }
    }
    Ok(if tools.is_empty() { Tools::None } else { Tools::Offered })
}

fn marks(body: &Value) -> Result<(), String> {
    let marks = count_marks(body);
    if marks > MOST_MARKS {
        return Err(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {marks}."
        ));
    }
    Ok(())
}

fn count_marks(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            let below: usize = fields.values().map(count_marks).sum();
            below + usize::from(fields.contains_key("cache_control"))
        }
        Value::Array(list) => list.iter().map(count_marks).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
