//! Runs.

use countersign_domain::access::Scope;
use countersign_domain::runs::Question;
use countersign_ports::effect_gate::EffectGate as _;
use serde_json::{Value, json};

use crate::house::{Answer, Furnishing, House, header, id, request_to};

#[tokio::test]
async fn a_run_is_accepted_and_can_be_read() {
    let house = House::open().await;
    let body = json!({
        "input": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "input_text", "text": "b"}]},
        ],
        "conversation_history": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}],
        "instructions": "no emoji", "model": "some", "metadata": {"ticket": 7},
    });
    let started = house.post("/v1/runs", body).await.expect(202);
    let run = started["run_id"].as_str().unwrap();
    let session = started["session_id"].as_str().unwrap();
    assert_eq!(
        started,
        json!({"object": "run", "run_id": run, "session_id": session, "status": "queued"})
    );
    let read = house.get(&format!("/v1/runs/{run}")).await.expect(200);
    assert_eq!(
        read,
        json!({
            "object": "run", "run_id": run, "session_id": session, "status": "queued",
            "created_at": "2026-11-18T11:06:40.000Z", "updated_at": "2026-11-18T11:06:40.000Z",
            "requested_by": "operator", "last_event": null,
            "input": [
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": "hello"},
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": "a\nb"},
            ],
            "pending_approvals": [], "question": null, "metadata": {"ticket": 7},
        })
    );
}

#[tokio::test]
async fn a_session_goes_on_by_its_id_or_by_an_earlier_run() {
    let house = House::open().await;
    let first = house.post("/v1/runs", json!({"input": "one"})).await.expect(202);
    let by_session = json!({"input": "two", "session_id": first["session_id"]});
    let by_run = json!({"input": "three", "previous_response_id": first["run_id"]});
    for body in [by_session, by_run] {
        let next = house.post("/v1/runs", body).await.expect(202);
        assert_eq!(next["session_id"], first["session_id"]);
    }
    let both = json!({"input": "x", "session_id": first["session_id"], "previous_response_id": first["run_id"]});
    let answer = house.post("/v1/runs", both).await;
    answer.refused(400, "invalid_value", Some("/previous_response_id"));
    let unknown = json!({"input": "x", "session_id": format!("sess_{}", "f".repeat(32))});
    let answer = house.post("/v1/runs", unknown).await;
    answer.refused(404, "session_not_found", Some("/session_id"));
    let unknown = json!({"input": "x", "previous_response_id": format!("run_{}", "f".repeat(32))});
    let answer = house.post("/v1/runs", unknown).await;
    answer.refused(404, "run_not_found", Some("/previous_response_id"));
}

#[tokio::test]
async fn lists_come_in_parts_and_can_be_narrowed() {
    let house = House::open().await;
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(house.run(&format!("run {n}")).await.to_string());
    }
    made.reverse();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = house.get(&format!("/v1/runs?limit=2{cursor}")).await.expect(200);
        assert_eq!(page["object"], "list");
        for run in page["data"].as_array().unwrap() {
            seen.push(run["run_id"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, made);
    let none = house.get("/v1/runs?status=completed").await.expect(200);
    assert_eq!(none["data"], json!([]));
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("status=lost", "status"),
        ("session_id=1", "session_id"),
        ("cursor=appr_1", "cursor"),
        ("limit=1&limit=2", "limit"),
    ] {
        let answer = house.get(&format!("/v1/runs?{query}")).await;
        answer.refused(400, "invalid_value", Some(param));
    }
    let answer = house.get("/v1/runs?colour=red").await;
    answer.refused(400, "unknown_parameter", Some("colour"));
}

#[tokio::test]
async fn others_runs_are_not_there() {
    let house = House::open().await;
    let key = house.key("ci", &[Scope::Runs]).await;
    let run = house.run("mine").await;
    for (method, path) in [
        ("GET", format!("/v1/runs/{run}")),
        ("GET", format!("/v1/runs/{run}/events")),
        ("POST", format!("/v1/runs/{run}/stop")),
    ] {
        let answer = Answer::of(house.with_key(&key, method, &path)).await;
        answer.refused(404, "run_not_found", None);
    }
    let list = Answer::of(house.with_key(&key, "GET", "/v1/runs")).await.expect(200);
    assert_eq!(list["data"], json!([]));
}

#[tokio::test]
async fn a_stopped_run_cancels_its_question_to_people() {
    let house = House::open().await;
    let run = house.run("do it").await;
    let (_, approval) = house.wants(run, request_to("a.example")).await;
    let stopped = house.post(&format!("/v1/runs/{run}/stop"), json!({})).await.expect(200);
    assert_eq!(stopped["run_id"], run.to_string());
    let read = house.get(&format!("/v1/approvals/{approval}")).await.expect(200);
    assert_eq!(read["status"], "cancelled");
    let resolve = format!("/v1/approvals/{approval}/resolve");
    let late = house.post(&resolve, json!({"choice": "once"})).await;
    let late = late.refused(409, "already_resolved", None);
    assert_eq!(late["approval"]["status"], "cancelled");
}

#[tokio::test]
async fn a_question_of_the_agent_is_shown_and_answered() {
    let house = House::open().await;
    let run = house.run("ask me").await;
    let path = format!("/v1/runs/{run}/answer");
    let early = house.post(&path, json!({"text": "blue"})).await;
    early.refused(409, "no_question", None);
    let call = house.calls_tool(run, "clarify").await;
    let question = Question { text: "which colour?".to_owned() };
    house.gateway.ask(run, call, question).await.unwrap();
    let read = house.get(&format!("/v1/runs/{run}")).await.expect(200);
    assert_eq!(read["question"], json!({"call_id": call.to_string(), "text": "which colour?"}));
    let answer = house.post(&path, json!({"text": " "})).await;
    answer.refused(400, "invalid_value", Some("/text"));
    let answer = house.post(&path, json!({"call_id": "1", "text": "blue"})).await;
    answer.refused(400, "invalid_value", Some("/call_id"));
    house.post(&path, json!({"call_id": call, "text": "blue"})).await.expect(200);
    assert_eq!(house.get(&format!("/v1/runs/{run}")).await.expect(200)["question"], Value::Null);
}

#[tokio::test]
async fn a_repeated_request_gets_the_stored_answer() {
    let house = House::open().await;
    let send = |key: &str, body: Value| {
        let request = header(house.operator("POST", "/v1/runs"), "idempotency-key", key);
        Answer::of(request.json(&body))
    };
    let first = send("k1", json!({"input": "once"})).await.expect(202);
    assert_eq!(send("k1", json!({"input": "once"})).await.expect(202), first);
    let other = send("k1", json!({"input": "twice"})).await;
    other.refused(409, "idempotency_conflict", Some("Idempotency-Key"));
    assert_ne!(send("k2", json!({"input": "once"})).await.expect(202), first);
    assert_eq!(house.get("/v1/runs").await.expect(200)["data"].as_array().unwrap().len(), 2);
    let long = "x".repeat(256);
    for key in ["", long.as_str()] {
        let answer = send(key, json!({"input": "once"})).await;
        answer.refused(400, "invalid_value", Some("Idempotency-Key"));
    }
    for (path, body) in
        [("/v1/keys", json!({"name": "a", "scopes": ["runs"]})), ("/v1/sign-in-links", json!({}))]
    {
        let request = header(house.operator("POST", path), "idempotency-key", "k3").json(&body);
        let answer = Answer::of(request).await;
        answer.refused(400, "idempotency_not_supported", Some("Idempotency-Key"));
    }
}

#[tokio::test]
async fn at_the_cap_a_run_is_refused_until_another_waits() {
    let mut furnishing = Furnishing::default();
    furnishing.runs.max_working = 1;
    let house = House::furnished(furnishing).await;
    let run = house.run("first").await;
    let refused = house.post("/v1/runs", json!({"input": "second"})).await;
    refused.refused(429, "too_many_runs", None);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    house.ends(run).await;
    let started = house.post("/v1/runs", json!({"input": "second"})).await.expect(202);
    let _: countersign_domain::ids::RunId = id(&started["run_id"]);
}
