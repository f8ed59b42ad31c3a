use countersign_domain::runs::Usage;
use countersign_ports::model_provider::{ModelCall, ModelReply};
use serde_json::{Value, json};

use super::server::{Answer, Server, calls, complete, finish, text};

fn call(id: &str, tool: &str, arguments: &str) -> ModelCall {
    ModelCall { id: id.to_owned(), tool: tool.to_owned(), arguments: arguments.to_owned() }
}

async fn reply<T: ToString>(events: impl IntoIterator<Item = T>) -> ModelReply {
    let server = Server::start([Answer::stream(events)]).await;
    let (reply, deltas) = server.complete().await;
    let reply = reply.unwrap();
    assert_eq!(deltas, reply.text);
    reply
}

#[tokio::test]
async fn text_comes_in_pieces_and_usage_at_the_end() {
    let usage = json!({"choices": [], "usage": {
        "prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1},
    }});
    let first = json!({"choices": [{"delta": {"role": "assistant", "content": null}}]});
    let reply = reply([
        first.to_string(),
        text("Hello"),
        text(", you"),
        finish("stop"),
        usage.to_string(),
        "[DONE]".to_owned(),
    ])
    .await;
    let expected = ModelReply {
        text: "Hello, you".to_owned(),
        usage: Usage {
            input_tokens: 3,
            output_tokens: 2,
            cache_read_tokens: 1,
            ..Usage::default()
        },
        ..ModelReply::default()
    };
    assert_eq!(reply, expected);
}

#[tokio::test]
async fn an_end_mark_or_a_finish_reason_is_enough() {
    assert_eq!(reply([text("a"), finish("stop")]).await.text, "a");
    assert_eq!(reply([text("a"), "[DONE]".to_owned()]).await.text, "a");
    let every = |content: &str| {
        let choice = json!({"delta": {"content": content}, "finish_reason": "stop"});
        json!({"choices": [choice]}).to_string()
    };
    assert_eq!(reply([every("a"), every("b"), every("c")]).await.text, "abc");
}

#[tokio::test]
async fn a_finished_stream_that_stays_open_is_complete() {
    let answer = Answer::stream([text("a"), finish("stop")]).then_hang();
    let server = Server::start([answer]).await;
    assert_eq!(complete(server.impatient()).await.0.unwrap().text, "a");
}

#[tokio::test]
async fn a_last_event_without_its_empty_line_counts() {
    let mut answer = Answer::stream([text("a")]);
    answer.pieces.push(format!("data: {}", finish("stop")));
    let server = Server::start([answer]).await;
    assert_eq!(server.complete().await.0.unwrap().text, "a");
}

#[tokio::test]
async fn calls_are_put_together_by_index() {
    let pieces = [
        json!([{"index": 0, "id": "a", "type": "function", "function": {"name": "one", "arguments": ""}}]),
        json!([{"index": 0, "function": {"arguments": "{\"x\""}}]),
        json!([{"index": 1, "id": "b", "function": {"name": "two", "arguments": "{}"}}]),
        json!([{"index": 0, "function": {"arguments": ": 1}"}}]),
    ];
    let events = pieces.iter().map(calls).chain([finish("tool_calls"), "[DONE]".to_owned()]);
    let expected = [call("a", "one", "{\"x\": 1}"), call("b", "two", "{}")];
    assert_eq!(reply(events).await.calls, expected);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it is one table")]
async fn calls_come_in_many_dialects() {
    let whole = |pieces: Value| {
        let choice = json!({"delta": {"tool_calls": pieces}, "finish_reason": "tool_calls"});
        vec![json!({"choices": [choice]}).to_string()]
    };
    let f = |name: &str, arguments: &str| json!({"name": name, "arguments": arguments});
    let table: [(&str, Vec<String>, Vec<ModelCall>); 7] = [
        (
            "all in the piece with the finish reason",
            whole(json!([
                {"index": 0, "id": "a", "function": f("one", "{}")},
                {"index": 1, "id": "b", "function": f("two", "{}")},
            ])),
            vec![call("a", "one", "{}"), call("b", "two", "{}")],
        ),
        (
            "without an index",
            whole(json!([
                {"id": "a", "function": f("one", "{}")},
                {"id": "b", "function": f("two", "{}")},
            ])),
            vec![call("a", "one", "{}"), call("b", "two", "{}")],
        ),
        (
            "pieces without an index",
            vec![
                calls(&json!([{"id": "a", "function": f("one", "{")}])),
                calls(&json!([{"function": {"arguments": "}"}}])),
                finish("tool_calls"),
            ],
            vec![call("a", "one", "{}")],
        ),
        (
            "every index 0, told apart by id",
            vec![
                calls(&json!([{"index": 0, "id": "a", "function": f("one", "{}")}])),
                calls(&json!([{"index": 0, "id": "b", "function": f("two", "{}")}])),
                finish("tool_calls"),
            ],
            vec![call("a", "one", "{}"), call("b", "two", "{}")],
        ),
        (
            "without ids, or with the same one twice",
            whole(json!([
                {"index": 0, "function": f("one", "{}")},
                {"index": 1, "id": "", "function": f("two", "{}")},
                {"index": 2, "id": "x", "function": f("three", "{}")},
                {"index": 3, "id": "x", "function": f("four", "{}")},
            ])),
            vec![
                call("call_0", "one", "{}"),
                call("call_1", "two", "{}"),
                call("x", "three", "{}"),
                call("x_3", "four", "{}"),
            ],
        ),
        (
            "name and id in every piece",
            vec![
                calls(&json!([{"index": 0, "id": "a", "function": f("one", "{\"x")}])),
                calls(&json!([{"index": 0, "id": "a", "function": f("one", "\":1}")}])),
                finish("stop"),
            ],
            vec![call("a", "one", "{\"x\":1}")],
        ),
        (
            "arguments as an object",
            whole(json!([{"id": "a", "function": {"name": "one", "arguments": {"x": 1}}}])),
            vec![call("a", "one", "{\"x\":1}")],
        ),
    ];
    for (name, events, expected) in table {
        assert_eq!(reply(events).await.calls, expected, "{name}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_stream_is_taken_too() {
    let body = json!({
        "choices": [{"message": {
            "role": "assistant",
            "content": [{"type": "text", "text": "he"}, {"type": "text", "text": "y"}],
            "tool_calls": [{"id": "a", "function": {"name": "one", "arguments": "{}"}}],
        }, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    });
    let server = Server::start([Answer::json(200, &body)]).await;
    let (reply, deltas) = server.complete().await;
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), deltas.as_str()), ("hey", "hey"));
    assert_eq!(reply.calls, [call("a", "one", "{}")]);
}
