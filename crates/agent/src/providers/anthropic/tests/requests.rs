use countersign_fakes::anthropic::{Answer, Block, FakeAnthropic};
use countersign_ports::model_provider::{
    ModelCall, ModelMessage, ModelProvider as _, ModelRequest,
};
use serde_json::{Value, json};

use super::{Effort, complete, request, settings, user};
use crate::providers::anthropic::{Anthropic, AnthropicSettings};

fn spoke(text: &str, calls: &[(&str, &str, &str)]) -> ModelMessage {
    let calls = calls.iter().map(|(id, tool, arguments)| ModelCall {
        id: (*id).to_owned(),
        tool: (*tool).to_owned(),
        arguments: (*arguments).to_owned(),
    });
    ModelMessage::Assistant { text: text.to_owned(), calls: calls.collect(), thinking: None }
}

fn result(id: &str, content: &str) -> ModelMessage {
    ModelMessage::Tool {
        call_id: id.to_owned(),
        tool: "terminal".to_owned(),
        content: content.to_owned(),
    }
}

/// The request as a server that is strict has taken it.
async fn taken(request: &ModelRequest) -> Value {
    let fake = FakeAnthropic::start([Answer::message([Block::Text("ok")])]).await;
    let outcome = complete(settings(&fake, Effort::Unsaid), request).await.0;
    assert_eq!(fake.refused(), [""; 0]);
    outcome.unwrap();
    fake.taken().remove(0)
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

#[tokio::test]
async fn a_conversation_is_written_as_the_protocol_has_it() {
    let system = |text: &str| ModelMessage::System(text.to_owned());
    let conversation = [
        system("be careful"),
        user("first"),
        spoke("", &[("a", "terminal", "{\"x\":1}"), ("b", "terminal", "{broken")]),
        result("a", "one"),
        result("b", ""),
        user("by the way"),
        system("in French"),
        spoke("done", &[]),
        user("now"),
    ];
    let body = taken(&request(conversation)).await;
    let tool_use = |id: &str, input: Value| json!({"type": "tool_use", "id": id, "name": "terminal", "input": input});
    let tool_result = |id: &str, content: &str| json!({"type": "tool_result", "tool_use_id": id, "content": content});
    let kept = json!({"type": "ephemeral"});
    assert_eq!(
        body,
        json!({
            "model": "claude-test",
            "max_tokens": AnthropicSettings::default().max_tokens,
            "stream": true,
            "system": [{"type": "text", "text": "be careful\n\nin French", "cache_control": kept}],
            "tools": [
                {"name": "terminal", "description": "runs", "input_schema": {"type": "object"}},
            ],
            "messages": [
                {"role": "user", "content": [text("first")]},
                {"role": "assistant", "content": [
                    tool_use("a", json!({"x": 1})),
                    tool_use("b", json!({"invalid_arguments": "{broken"})),
                ]},
                {"role": "user", "content": [
                    tool_result("a", "one"), tool_result("b", ""), text("by the way"),
                ]},
                {"role": "assistant", "content": [text("done")]},
                {"role": "user", "content": [
                    {"type": "text", "text": "now", "cache_control": kept},
                ]},
            ],
        })
    );
}

#[tokio::test]
async fn whatever_a_conversation_is_like_the_server_takes_it() {
    let odd = "functions.run it:0";
    for conversation in [
        // Its beginning was left out.
        vec![spoke("hello", &[]), user("now")],
        vec![spoke("", &[("a", "terminal", "{}")]), result("a", "r"), user("now")],
        // Other servers' ids and names, and the same id again.
        vec![
            user("x"),
            spoke("", &[(odd, odd, "{}"), (odd, "", "[]")]),
            result(odd, "r"),
            result(odd, "s"),
            spoke("", &[("call_0", "terminal", "{}"), ("call_0", "terminal", "{}")]),
            result("call_0", "r"),
            result("call_0", "s"),
        ],
        // Nothing was said, by anybody.
        vec![user(" \n"), spoke(" ", &[]), user(""), spoke("", &[]), user("x")],
        vec![],
        // The model spoke last.
        vec![user("x"), spoke("I begin ", &[])],
        vec![user("x"), spoke("a", &[]), spoke("b", &[]), user("y"), user("z")],
    ] {
        let without = ModelRequest { tools: Vec::new(), ..request(conversation.clone()) };
        taken(&without).await;
        taken(&request(conversation)).await;
    }
}

#[tokio::test]
async fn the_models_of_the_server_are_listed() {
    let fake = FakeAnthropic::start([]).await;
    let provider = Anthropic::new(settings(&fake, Effort::Unsaid)).unwrap();
    let offered = provider.offered().await.unwrap();
    assert_eq!(offered, Some(vec!["claude-test".to_owned()]));
}

#[tokio::test]
async fn a_run_may_name_another_model() {
    let named = ModelRequest { model: Some("claude-other".to_owned()), ..request([user("x")]) };
    assert_eq!(taken(&named).await["model"], "claude-other");
}
