//! Responses.

use std::sync::Arc;

use countersign_domain::access::Scope;
use countersign_domain::ids::RunId;
use countersign_ports::run_journal::RunJournal as _;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::house::{Answer, House, header};
use crate::stream::Events;

const PATH: &str = "/v1/responses";

fn ask(house: &House, body: &Value) -> RequestBuilder {
    house.operator("POST", PATH).json(body)
}

fn response_id(run: RunId) -> String {
    run.to_string().replace("run_", "resp_")
}

/// A response that is answered with this.
async fn answered(house: &Arc<House>, count: usize, body: Value, text: &str) -> (RunId, Value) {
    let asking = tokio::spawn(Answer::of(ask(house, &body)));
    let run = house.newest_run(count).await;
    house.replies(run, text).await;
    (run, asking.await.unwrap().expect(200))
}

#[tokio::test]
async fn a_response_is_made_read_gone_on_from_and_deleted() {
    let house = Arc::new(House::open().await);
    let body = json!({
        "model": "countersign", "input": "hello", "instructions": "be brief",
        "metadata": {"ticket": "7"}, "tools": [{"type": "function"}], "temperature": 1,
    });
    let (run, response) = answered(&house, 1, body, "hi").await;
    let id = response_id(run);
    for (field, wanted) in [
        ("id", json!(id)),
        ("object", json!("response")),
        ("status", json!("completed")),
        ("model", json!("countersign")),
        ("instructions", json!("be brief")),
        ("metadata", json!({"ticket": "7"})),
        ("previous_response_id", Value::Null),
        ("store", json!(true)),
        ("error", Value::Null),
    ] {
        assert_eq!(response[field], wanted, "{field}");
    }
    assert_eq!(response["usage"]["total_tokens"], 15);
    let output = response["output"].as_array().unwrap();
    assert_eq!(output.len(), 1);
    assert_eq!(
        (&output[0]["type"], &output[0]["role"], &output[0]["status"]),
        (&json!("message"), &json!("assistant"), &json!("completed"))
    );
    assert_eq!(
        output[0]["content"],
        json!([{"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}])
    );
    let path = format!("{PATH}/{id}");
    let read = house.get(&path).await.expect(200);
    assert_eq!((&read["output"], &read["id"]), (&response["output"], &response["id"]));

    let next = json!({"input": [
        {"type": "message", "role": "developer", "content": "now in French"},
        {"role": "user", "content": [{"type": "input_text", "text": "again"}]},
    ], "previous_response_id": id});
    let (second, next) = answered(&house, 2, next, "salut").await;
    assert_eq!(next["previous_response_id"], json!(id));
    let sessions = [run, second].map(|run| format!("/v1/runs/{run}"));
    let first_session = house.get(&sessions[0]).await.expect(200)["session_id"].clone();
    assert_eq!(house.get(&sessions[1]).await.expect(200)["session_id"], first_session);

    let deleted = Answer::of(house.operator("DELETE", &path)).await.expect(200);
    assert_eq!(deleted, json!({"id": id, "object": "response", "deleted": true}));
    house.get(&path).await.refused(404, "response_not_found", None);
    Answer::of(house.operator("DELETE", &path)).await.refused(404, "response_not_found", None);
    let gone = house.post(PATH, json!({"input": "x", "previous_response_id": id})).await;
    gone.refused(404, "response_not_found", Some("/previous_response_id"));
    // What was done is not undone.
    house.get(&sessions[0]).await.expect(200);
}

#[tokio::test]
async fn a_conversation_can_go_on_from_any_of_its_responses() {
    let house = Arc::new(House::open().await);
    let (first, _) = answered(&house, 1, json!({"input": "one"}), "1").await;
    let goes_on =
        |from: RunId, text: &str| json!({"input": text, "previous_response_id": response_id(from)});
    let (left, _) = answered(&house, 2, goes_on(first, "left"), "l").await;
    let (right, _) = answered(&house, 3, goes_on(first, "right"), "r").await;
    let asking = tokio::spawn(Answer::of(ask(&house, &goes_on(right, "more"))));
    let last = house.newest_run(4).await;
    house.gateway.open(last).await.unwrap();
    let seen = house.gateway.read(last).await.unwrap();
    let mut runs: Vec<RunId> = seen.entries.iter().map(|entry| entry.run_id).collect();
    runs.dedup();
    assert_eq!(runs, [first, right, last], "{left} was another way");
    house.replies(last, "m").await;
    asking.await.unwrap().expect(200);
}

#[tokio::test]
async fn a_stream_tells_of_every_part_and_broken_off_attempts() {
    let house = House::open().await;
    let mut events = Events::open(ask(&house, &json!({"input": "hello", "stream": true}))).await;
    let run: RunId = events.head["x-countersign-run-id"].to_str().unwrap().parse().unwrap();
    house.gateway.open(run).await.unwrap();
    house.says(run, "hal").await;
    house.replies(run, "hello").await;
    let mut records = Vec::new();
    while let Some((name, data)) = events.unnumbered().await {
        let data: Value = serde_json::from_str(&data).unwrap();
        assert_eq!(data["type"], name.as_str());
        assert_eq!(data["sequence_number"], records.len());
        records.push((name, data));
    }
    let names: Vec<&str> = records.iter().map(|(n, _)| n.trim_start_matches("response.")).collect();
    let item = ["output_item.added", "content_part.added"];
    let done = ["output_text.done", "content_part.done", "output_item.done"];
    let wanted = [
        &["created", "in_progress"][..],
        &item,
        &["output_text.delta"],
        &done,
        &item,
        &["output_text.delta", "output_text.delta"],
        &done,
        &["completed"],
    ];
    assert_eq!(names, wanted.concat());
    let by = |name: &str| records.iter().filter(|(n, _)| n.ends_with(name)).collect::<Vec<_>>();
    assert_eq!(by("output_item.done")[0].1["item"]["status"], "incomplete");
    assert_eq!(by("output_item.done")[1].1["output_index"], 1);
    assert_eq!(by("output_text.done")[1].1["text"], "hello");
    let whole = &by("response.completed")[0].1["response"];
    assert_eq!(whole["output"].as_array().unwrap().len(), 1);
    let read = house.get(&format!("{PATH}/{}", response_id(run))).await.expect(200);
    for field in ["id", "output", "usage", "status", "created_at"] {
        assert_eq!(read[field], whole[field], "{field}");
    }
}

#[tokio::test]
async fn a_response_that_is_kept_goes_on_without_its_client_and_one_that_is_not_stops() {
    let house = Arc::new(House::open().await);
    let open = async |body: Value| {
        let events = Events::open(ask(&house, &body)).await;
        let run: RunId = events.head["x-countersign-run-id"].to_str().unwrap().parse().unwrap();
        (events, run)
    };
    let (events, run) = open(json!({"input": "hello", "stream": true})).await;
    drop(events);
    house.replies(run, "hi").await;
    let read = house.get(&format!("{PATH}/{}", response_id(run))).await.expect(200);
    assert_eq!(read["output"][0]["content"][0]["text"], "hi");

    let (events, run) = open(json!({"input": "hello", "stream": true, "store": false})).await;
    drop(events);
    house.run_once(run, "cancelled").await;
    let unkept = house.get(&format!("{PATH}/{}", response_id(run))).await;
    unkept.refused(404, "response_not_found", None);
}

#[tokio::test]
async fn failures_are_errors_and_can_be_read_as_such() {
    let house = Arc::new(House::open().await);
    let asking = tokio::spawn(Answer::of(ask(&house, &json!({"input": "hello"}))));
    let run = house.newest_run(1).await;
    house.fails(run).await;
    asking.await.unwrap().refused(502, "agent_incomplete", None);
    let read = house.get(&format!("{PATH}/{}", response_id(run))).await.expect(200);
    assert_eq!(read["status"], "failed");
    assert_eq!(read["error"], json!({"code": "model_unavailable", "message": "no model answers"}));

    let mut events = Events::open(ask(&house, &json!({"input": "hello", "stream": true}))).await;
    let run: RunId = events.head["x-countersign-run-id"].to_str().unwrap().parse().unwrap();
    house.fails(run).await;
    let mut last = None;
    while let Some(record) = events.unnumbered().await {
        last = Some(record);
    }
    assert_eq!(last.unwrap().0, "response.failed");
}

#[tokio::test]
async fn what_is_not_taken_is_refused_by_name_and_others_responses_are_not_there() {
    let house = Arc::new(House::open().await);
    for (body, (code, param)) in [
        (json!({}), ("missing_field", "/input")),
        (json!({"input": ""}), ("invalid_value", "/input")),
        (json!({"input": []}), ("invalid_value", "/input")),
        (json!({"input": [{"content": "x"}]}), ("missing_field", "/input/0/role")),
        (
            json!({"input": [{"type": "function_call_output", "call_id": "1", "output": "x"}]}),
            ("unsupported_value", "/input/0/type"),
        ),
        (
            json!({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]}),
            ("unsupported_content_type", "/input/0/content/0"),
        ),
        (json!({"input": "x", "conversation": "c"}), ("unsupported_value", "/conversation")),
        (json!({"input": "x", "background": true}), ("unsupported_value", "/background")),
        (
            json!({"input": "x", "previous_response_id": "run_1"}),
            ("invalid_value", "/previous_response_id"),
        ),
    ] {
        house.post(PATH, body).await.refused(400, code, Some(param));
    }
    let (run, _) = answered(&house, 1, json!({"input": "mine"}), "yours").await;
    let key = house.key("ci", &[Scope::Runs]).await;
    let path = format!("{PATH}/{}", response_id(run));
    for method in ["GET", "DELETE"] {
        let answer = Answer::of(house.with_key(&key, method, &path)).await;
        answer.refused(404, "response_not_found", None);
    }
    let body = json!({"input": "x", "previous_response_id": response_id(run)});
    let answer = Answer::of(house.with_key(&key, "POST", PATH).json(&body)).await;
    answer.refused(404, "response_not_found", Some("/previous_response_id"));
    let send = |body: Value| Answer::of(header(ask(&house, &body), "idempotency-key", "k"));
    let first = tokio::spawn(send(json!({"input": "once"})));
    let run = house.newest_run(2).await;
    house.replies(run, "one").await;
    let first = first.await.unwrap().expect(200);
    assert_eq!(send(json!({"input": "once"})).await.expect(200), first);
    send(json!({"input": "twice"})).await.refused(
        409,
        "idempotency_conflict",
        Some("Idempotency-Key"),
    );
}
