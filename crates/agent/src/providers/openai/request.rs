//! The request as the wire has it.

use countersign_ports::model_provider::{ModelCall, ModelMessage, ModelRequest, ToolSpec};
use serde_json::{Value, json};

/// The body of a request for a streamed reply.
pub(super) fn body(request: &ModelRequest, default_model: &str) -> Value {
    let model = request.model.as_deref().unwrap_or(default_model);
    let messages: Vec<Value> = request.messages.iter().map(message).collect();
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    // Some servers refuse an empty list.
    if !request.tools.is_empty()
        && let Value::Object(fields) = &mut body
    {
        let tools = request.tools.iter().map(tool).collect();
        fields.insert("tools".to_owned(), Value::Array(tools));
    }
    body
}

fn message(message: &ModelMessage) -> Value {
    match message {
        ModelMessage::System(text) => json!({"role": "system", "content": text}),
        ModelMessage::User(text) => json!({"role": "user", "content": text}),
        ModelMessage::Assistant { text, calls, .. } if calls.is_empty() => {
            json!({"role": "assistant", "content": text})
        }
        ModelMessage::Assistant { text, calls, .. } => {
            let calls: Vec<Value> = calls.iter().map(call).collect();
            json!({"role": "assistant", "content": text, "tool_calls": calls})
        }
        ModelMessage::Tool { call_id, content, .. } => {
            json!({"role": "tool", "tool_call_id": call_id, "content": content})
        }
    }
}

fn call(call: &ModelCall) -> Value {
    json!({
        "id": call.id,
        "type": "function",
        "function": {"name": call.tool, "arguments": arguments(&call.arguments)},
    })
}

/// The arguments as the model wrote them. Servers that parse them refuse the whole conversation
/// when they are not a JSON object, so such ones are wrapped.
fn arguments(written: &str) -> String {
    match serde_json::from_str(written) {
        Ok(Value::Object(_)) => written.to_owned(),
        _ => json!({"invalid_arguments": written}).to_string(),
    }
}

fn tool(spec: &ToolSpec) -> Value {
    json!({
        "type": "function",
        "function": {
            "name": spec.name,
            "description": spec.description,
            "parameters": spec.parameters,
        },
    })
}
