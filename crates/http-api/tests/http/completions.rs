//! Chat completions and models.

use std::sync::Arc;

use countersign_domain::access::Scope;
use countersign_domain::ids::RunId;
use countersign_gateway::Caller;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::house::{Answer, House, header, request_to};
use crate::stream::Events;

const PATH: &str = "/v1/chat/completions";

fn ask(house: &House, body: &Value) -> RequestBuilder {
    house.operator("POST", PATH).json(body)
}

#[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called")]
fn hello(more: Value) -> Value {
    let mut body =
        json!({"model": "rehearsal", "messages": [{"role": "user", "content": "hello"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn run_of(head: &reqwest::header::HeaderMap) -> RunId {
    head["x-countersign-run-id"].to_str().unwrap().parse().unwrap()
}

/// Everything that a stream says up to its end.
async fn rest(mut events: Events) -> Vec<(String, Value)> {
    let mut records = Vec::new();
    while let Some((name, data)) = events.unnumbered().await {
        let data =
            if data == "[DONE]" { json!("[DONE]") } else { serde_json::from_str(&data).unwrap() };
        records.push((name, data));
    }
    assert_eq!(records.pop().unwrap(), (String::new(), json!("[DONE]")));
    records
}

fn text_of(records: &[(String, Value)]) -> String {
    let pieces = records.iter().filter_map(|(_, c)| c["choices"][0]["delta"]["content"].as_str());
    pieces.collect()
}

#[tokio::test]
async fn a_completion_is_the_answer_of_a_run_that_was_given_the_conversation() {
    let house = Arc::new(House::open().await);
    let body = json!({
        "model": "rehearsal", "temperature": 0.2, "tools": [{"type": "function"}], "stream": false,
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "developer", "content": "and kind"},
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "hello", "tool_calls": [], "refusal": null},
            {"role": "assistant", "content": null},
            {"role": "tool", "tool_call_id": "1", "content": "5"},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "input_text", "text": "b"}]},
        ],
        "metadata": {"ticket": "7"},
    });
    let request = ask(&house, &body);
    let asking = tokio::spawn(Answer::of(request));
    let run = house.newest_run(1).await;
    let read = house.get(&format!("/v1/runs/{run}")).await.expect(200);
    assert_eq!(read["metadata"], json!({"ticket": "7"}));
    assert_eq!(
        read["input"],
        json!([
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "hello"},
            {"role": "user", "content": "a\nb"},
        ])
    );
    let stored = house.gateway.visible_run(run, &Caller::operator()).await.unwrap();
    assert_eq!(stored.instructions.as_deref(), Some("be brief\n\nand kind"));
    house.replies(run, "done").await;
    let answer = asking.await.unwrap();
    assert_eq!(run_of(&answer.headers), run);
    assert_eq!(answer.header("x-hermes-session-id"), read["session_id"].as_str().unwrap());
    let digits = run.to_string().trim_start_matches("run_").to_owned();
    assert_eq!(
        answer.expect(200),
        json!({
            "id": format!("chatcmpl-{digits}"), "object": "chat.completion",
            "created": 1_795_000_000, "model": "rehearsal",
            "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null,
                "message": {"role": "assistant", "content": "done", "refusal": null}}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        })
    );
}

#[tokio::test]
async fn a_stream_says_everything_once_and_names_tools_without_disturbing_anybody() {
    let house = House::open().await;
    let mut events = Events::open(ask(&house, &hello(json!({"stream": true})))).await;
    let run = run_of(&events.head);
    let (name, first) = events.unnumbered().await.unwrap();
    let first: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(name, "");
    assert_eq!(first["object"], "chat.completion.chunk");
    assert_eq!(
        first["choices"],
        json!([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null}])
    );
    let (call, approval) = house.wants(run, request_to("a.example")).await;
    let resolve = format!("/v1/approvals/{approval}/resolve");
    house.post(&resolve, json!({"choice": "deny"})).await.expect(200);
    house.replies(run, "as you wish").await;
    let records = rest(events).await;
    let names: Vec<&str> = records.iter().map(|(name, _)| name.as_str()).collect();
    // Nothing of the approval: it was not asked for.
    assert_eq!(names, ["hermes.tool.progress", "", "", ""]);
    for (_, chunk) in &records {
        for field in ["id", "object", "created", "model"] {
            assert_eq!(chunk[field], first[field], "{chunk}");
        }
        assert_eq!(chunk["choices"].as_array().unwrap().len(), 1, "{chunk}");
    }
    let progress = &records[0].1;
    assert_eq!(progress["tool"], "http_request");
    assert_eq!(progress["toolCallId"], call.to_string());
    assert_eq!(progress["status"], "running");
    assert_eq!(progress["choices"], json!([{"index": 0, "delta": {}, "finish_reason": null}]));
    assert_eq!(text_of(&records), "as you wish");
    let last = &records.last().unwrap().1;
    assert_eq!(last["choices"], json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]));
    // Two replies of the model, each of 10 and 5.
    assert_eq!(
        last["usage"],
        json!({"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30})
    );
}

#[tokio::test]
async fn usage_comes_by_itself_where_it_is_asked_for_and_approvals_too() {
    let house = House::open().await;
    let options = json!({"include_usage": true, "include_approvals": true});
    let body = hello(json!({"stream": true, "stream_options": options}));
    let mut events = Events::open(ask(&house, &body)).await;
    let run = run_of(&events.head);
    events.unnumbered().await.unwrap();
    let (_, approval) = house.wants(run, request_to("a.example")).await;
    let (name, _) = events.unnumbered().await.unwrap();
    assert_eq!(name, "hermes.tool.progress");
    let (name, data) = events.unnumbered().await.unwrap();
    let data: Value = serde_json::from_str(&data).unwrap();
    assert_eq!(name, "approval.required");
    assert_eq!(data["approval_id"], approval.to_string());
    assert_eq!(data["kind"], "http_request");
    let resolve = format!("/v1/approvals/{approval}/resolve");
    house.post(&resolve, json!({"choice": "once"})).await.expect(200);
    house.replies(run, "done").await;
    let records = rest(events).await;
    assert_eq!(records[0].0, "approval.resolved");
    let (finish, usage) = (&records[records.len() - 2].1, &records[records.len() - 1].1);
    assert_eq!(finish["choices"][0]["finish_reason"], "stop");
    assert_eq!(finish["usage"], Value::Null);
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"]["total_tokens"], 30);
}

#[tokio::test]
async fn a_run_that_fails_or_is_stopped_is_an_error_that_is_not_repeated() {
    let house = Arc::new(House::open().await);
    let asking = tokio::spawn(Answer::of(ask(&house, &hello(json!({})))));
    let run = house.newest_run(1).await;
    house.fails(run).await;
    let answer = asking.await.unwrap();
    let body = answer.refused(502, "agent_incomplete", None);
    assert_eq!(body["error"]["type"], "server_error");
    assert_eq!(
        body["error"]["hermes"],
        json!({"completed": false, "partial": false, "failed": true, "error_code": "agent_error",
            "error": "no model answers (model_unavailable)"})
    );
    assert_eq!(answer.header("x-should-retry"), "false");
    assert_eq!(answer.header("x-hermes-completed"), "false");
    assert_eq!(run_of(&answer.headers), run);

    let asking = tokio::spawn(Answer::of(ask(&house, &hello(json!({})))));
    let run = house.newest_run(2).await;
    house.post(&format!("/v1/runs/{run}/stop"), json!({})).await.expect(200);
    asking.await.unwrap().refused(409, "run_cancelled", None);

    let events = Events::open(ask(&house, &hello(json!({"stream": true})))).await;
    house.fails(run_of(&events.head)).await;
    let records = rest(events).await;
    let last = &records.last().unwrap().1;
    assert_eq!(last["choices"][0]["finish_reason"], "error");
    assert_eq!(last["error"]["code"], "model_unavailable");
    assert_eq!(last["hermes"]["partial"], false);
}

#[tokio::test]
async fn who_goes_stops_the_run_unless_the_answer_can_be_had_again() {
    let house = House::open().await;
    let events = Events::open(ask(&house, &hello(json!({"stream": true})))).await;
    let run = run_of(&events.head);
    drop(events);
    house.run_once(run, "cancelled").await;

    let asking = tokio::spawn(Answer::of(ask(&house, &hello(json!({})))));
    let run = house.newest_run(2).await;
    asking.abort();
    house.run_once(run, "cancelled").await;

    let body = hello(json!({"stream": true}));
    let send = |body: &Value| header(ask(&house, body), "idempotency-key", "k1");
    let events = Events::open(send(&body)).await;
    let run = run_of(&events.head);
    drop(events);
    house.replies(run, "still here").await;
    let again = Events::open(send(&body)).await;
    assert_eq!(run_of(&again.head), run);
    assert_eq!(text_of(&rest(again).await), "still here");
    let other = Answer::of(send(&hello(json!({"stream": false})))).await;
    other.refused(409, "idempotency_conflict", Some("Idempotency-Key"));
}

#[tokio::test]
async fn a_session_goes_on_by_its_header() {
    let house = House::open().await;
    let first = Events::open(ask(&house, &hello(json!({"stream": true})))).await;
    let session = first.head["x-hermes-session-id"].to_str().unwrap().to_owned();
    house.replies(run_of(&first.head), "hi").await;
    rest(first).await;
    let body = json!({"stream": true, "stream_options": {"include_usage": true}, "messages": [
        {"role": "user", "content": "what the client remembers"}, {"role": "user", "content": "go on"},
    ]});
    let request = header(ask(&house, &body), "x-hermes-session-id", &session);
    let second = Events::open(header(request, "x-hermes-session-key", "lamp")).await;
    assert_eq!(second.head["x-hermes-session-id"], session.as_str());
    assert_eq!(second.head["x-hermes-session-key"], "lamp");
    let run = run_of(&second.head);
    let read = house.get(&format!("/v1/runs/{run}")).await.expect(200);
    assert_eq!(read["input"], json!([{"role": "user", "content": "go on"}]));
    house.replies(run, "on").await;
    // A client of the reference system takes nothing after the chunk that finishes.
    let last = rest(second).await.pop().unwrap().1;
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["usage"]["total_tokens"], 15);
    let unknown = format!("sess_{}", "f".repeat(32));
    for name in [unknown.as_str(), "kitchen"] {
        let request = header(ask(&house, &hello(json!({}))), "x-hermes-session-id", name);
        let answer = Answer::of(request).await;
        answer.refused(404, "session_not_found", Some("X-Hermes-Session-Id"));
    }
}

#[tokio::test]
async fn what_is_not_taken_is_refused_by_name() {
    let house = House::open().await;
    let user = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    for (body, (code, param)) in [
        (json!({}), ("missing_field", "/messages")),
        (json!({"messages": []}), ("invalid_value", "/messages")),
        (json!({"messages": "hello"}), ("invalid_type", "/messages")),
        (
            json!({"messages": [{"role": "king", "content": "x"}]}),
            ("invalid_value", "/messages/0/role"),
        ),
        (user(json!(5)), ("invalid_type", "/messages/0/content")),
        (user(json!(" ")), ("invalid_value", "/messages")),
        (
            json!({"messages": [{"role": "assistant", "content": "x"}]}),
            ("invalid_value", "/messages"),
        ),
        (
            user(
                json!([{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "x"}}]),
            ),
            ("unsupported_content_type", "/messages/0/content/1"),
        ),
        (user(json!([{"type": "text"}])), ("missing_field", "/messages/0/content/0/text")),
        (hello(json!({"n": 2})), ("unsupported_value", "/n")),
        (hello(json!({"stream": "yes"})), ("invalid_type", "/stream")),
    ] {
        let answer = house.post(PATH, body).await;
        answer.refused(400, code, Some(param));
    }
    let answer = house.post(PATH, hello(json!({"model": "gpt-9"}))).await;
    answer.refused(404, "model_not_found", Some("/model"));
    let key = house.key("reader", &[Scope::ApprovalsRead]).await;
    let answer = Answer::of(house.with_key(&key, "POST", PATH).json(&hello(json!({})))).await;
    answer.refused(403, "insufficient_scope", None);
}

#[tokio::test]
async fn models_are_listed_and_read() {
    let house = House::open().await;
    let list = house.get("/v1/models").await.expect(200);
    let names: Vec<&str> =
        list["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["rehearsal", "countersign"]);
    let model = house.get("/v1/models/countersign").await.expect(200);
    assert_eq!(model["object"], "model");
    for other in ["gpt-9", "%ff"] {
        let answer = house.get(&format!("/v1/models/{other}")).await;
        answer.refused(404, "model_not_found", None);
    }
}

#[tokio::test]
async fn a_key_that_is_taken_back_gets_no_answer() {
    let house = Arc::new(House::open().await);
    let key = house.key("ci", &[Scope::Runs]).await;
    let request = house.with_key(&key, "POST", PATH).json(&hello(json!({})));
    let asking = tokio::spawn(Answer::of(request));
    let run: RunId = house.newest_run(1).await;
    Answer::of(house.operator("DELETE", "/v1/keys/ci")).await;
    house.replies(run, "a secret").await;
    let answer = asking.await.unwrap();
    answer.refused(401, "unauthenticated", None);
}
