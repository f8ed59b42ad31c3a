//! Sessions.

use countersign_domain::access::Scope;
use countersign_domain::ids::RunId;
use countersign_ports::run_journal::RunJournal as _;
use serde_json::{Value, json};

use crate::house::{Answer, House, header, id, request_to};

/// A run that is answered with this; the run and its session.
async fn answered(house: &House, body: Value, text: &str) -> (RunId, String) {
    let started = house.post("/v1/runs", body).await.expect(202);
    let run = id(&started["run_id"]);
    house.replies(run, text).await;
    (run, started["session_id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_session_is_listed_named_and_read_with_what_was_said() {
    let house = House::open().await;
    let (first, session) = answered(&house, json!({"input": "one"}), "1").await;
    let (second, _) = answered(&house, json!({"input": "two", "session_id": session}), "2").await;
    let (_, other) = answered(&house, json!({"input": "else"}), "e").await;
    let list = house.get("/v1/sessions").await.expect(200);
    let ids: Vec<&Value> =
        list["data"].as_array().unwrap().iter().map(|s| &s["session_id"]).collect();
    assert_eq!(ids, [&json!(other), &json!(session)]);
    let part = house.get("/v1/sessions?limit=1").await.expect(200);
    let rest = format!("/v1/sessions?limit=1&cursor={}", part["next_cursor"].as_str().unwrap());
    let rest = house.get(&rest).await.expect(200);
    assert_eq!(rest["data"][0]["session_id"], json!(session));

    let path = format!("/v1/sessions/{session}");
    let name = |body: Value| Answer::of(house.operator("PATCH", &path).json(&body));
    let named = name(json!({"title": "counting"})).await.expect(200);
    assert_eq!(named["title"], "counting");
    assert_eq!(house.get(&path).await.expect(200), named);
    assert_eq!(name(json!({"title": null})).await.expect(200)["title"], Value::Null);
    name(json!({})).await.refused(400, "missing_field", Some("/title"));
    name(json!({"title": "x".repeat(201)})).await.refused(400, "invalid_value", Some("/title"));

    let messages = house.get(&format!("{path}/messages")).await.expect(200);
    let said: Vec<(&str, &str, &str)> = messages["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| {
            let text = |field: &str| m[field].as_str().unwrap();
            (text("run_id"), text("role"), text("content"))
        })
        .collect();
    let (one, two) = (first.to_string(), second.to_string());
    assert_eq!(
        said,
        [
            (one.as_str(), "user", "one"),
            (one.as_str(), "assistant", "1"),
            (two.as_str(), "user", "two"),
            (two.as_str(), "assistant", "2"),
        ]
    );
    let end = house.get(&format!("{path}/messages?limit=1")).await.expect(200);
    assert_eq!(end["data"][0]["content"], "two");
    let before = format!("{path}/messages?cursor={}", end["next_cursor"].as_str().unwrap());
    assert_eq!(house.get(&before).await.expect(200)["data"][0]["content"], "one");
}

#[tokio::test]
async fn tool_calls_are_told_with_what_came_of_them() {
    let house = House::open().await;
    let started = house.post("/v1/runs", json!({"input": "do it"})).await.expect(202);
    let run = id(&started["run_id"]);
    let (call, _) = house.wants(run, request_to("a.example")).await;
    let path = format!("/v1/sessions/{}/messages", started["session_id"].as_str().unwrap());
    let messages = house.get(&path).await.expect(200);
    assert_eq!(
        messages["data"][1]["calls"],
        json!([{"call_id": call, "tool": "http_request", "status": null, "output": null}])
    );
}

#[tokio::test]
async fn a_fork_has_what_was_said_and_goes_its_own_way() {
    let house = House::open().await;
    let (_, session) = answered(&house, json!({"input": "one"}), "1").await;
    let path = format!("/v1/sessions/{session}/fork");
    let send = || Answer::of(header(house.operator("POST", &path), "idempotency-key", "f1"));
    let forked = send().await.expect(201);
    assert_eq!(send().await.expect(201), forked);
    let fork = forked["session_id"].as_str().unwrap().to_owned();
    assert_ne!(fork, session);
    let started = house.post("/v1/runs", json!({"input": "two", "session_id": fork})).await;
    let run: RunId = id(&started.expect(202)["run_id"]);
    house.gateway.open(run).await.unwrap();
    let seen = house.gateway.read(run).await.unwrap();
    assert_eq!(seen.entries.len(), 3, "{:?}", seen.entries);
    house.replies(run, "2").await;
    let said = |id: &str| format!("/v1/sessions/{id}/messages");
    assert_eq!(house.get(&said(&fork)).await.expect(200)["data"].as_array().unwrap().len(), 4);
    assert_eq!(house.get(&said(&session)).await.expect(200)["data"].as_array().unwrap().len(), 2);
    let other = format!("/v1/sessions/{fork}/fork");
    let conflict = header(house.operator("POST", &other), "idempotency-key", "f1");
    Answer::of(conflict).await.refused(409, "idempotency_conflict", Some("Idempotency-Key"));
}

#[tokio::test]
async fn a_session_is_deleted_with_its_runs_unless_one_is_at_work() {
    let house = House::open().await;
    let (run, session) = answered(&house, json!({"input": "one"}), "1").await;
    let path = format!("/v1/sessions/{session}");
    let more = house.post("/v1/runs", json!({"input": "two", "session_id": session})).await;
    let more: RunId = id(&more.expect(202)["run_id"]);
    let busy = Answer::of(house.operator("DELETE", &path)).await;
    busy.refused(409, "session_at_work", None);
    house.replies(more, "2").await;
    let deleted = Answer::of(house.operator("DELETE", &path)).await.expect(200);
    assert_eq!(deleted, json!({"object": "session", "session_id": session, "deleted": true}));
    house.get(&path).await.refused(404, "session_not_found", None);
    house.get(&format!("/v1/runs/{run}")).await.refused(404, "run_not_found", None);
    Answer::of(house.operator("DELETE", &path)).await.refused(404, "session_not_found", None);
    let audit = house.get("/v1/audit?kind=session.deleted").await.expect(200);
    assert_eq!(audit["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn others_sessions_are_not_there() {
    let house = House::open().await;
    let (_, session) = answered(&house, json!({"input": "mine"}), "yours").await;
    let key = house.key("ci", &[Scope::Runs]).await;
    for (method, path) in [
        ("GET", format!("/v1/sessions/{session}")),
        ("GET", format!("/v1/sessions/{session}/messages")),
        ("DELETE", format!("/v1/sessions/{session}")),
        ("POST", format!("/v1/sessions/{session}/fork")),
        ("GET", "/v1/sessions/kitchen".to_owned()),
    ] {
        let answer = Answer::of(house.with_key(&key, method, &path)).await;
        answer.refused(404, "session_not_found", None);
    }
    let name = house.with_key(&key, "PATCH", &format!("/v1/sessions/{session}"));
    let name = Answer::of(name.json(&json!({"title": "x"}))).await;
    name.refused(404, "session_not_found", None);
    let list = Answer::of(house.with_key(&key, "GET", "/v1/sessions")).await.expect(200);
    assert_eq!((&list["data"], &list["next_cursor"]), (&json!([]), &Value::Null));
}
