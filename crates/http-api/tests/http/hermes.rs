//! What clients of the reference system use.

use countersign_domain::access::Scope;
use countersign_domain::action::Action;
use countersign_domain::ids::{ApprovalId, RunId};
use countersign_ports::effect_gate::{EffectGate as _, Passage, Slot};
use serde_json::{Value, json};

use crate::house::{Answer, House, request_to};
use crate::stream::Events;

async fn also_wants(house: &House, run: RunId, action: Action) -> ApprovalId {
    let call = house.calls_tool(run, "http_request").await;
    let passage = house.gateway.propose(run, call, action, Slot::Free).await.unwrap();
    let Passage::Waiting(approval) = passage else { panic!("nobody is asked: {passage:?}") };
    approval
}

#[tokio::test]
async fn capabilities_pass_the_checks_of_the_reference_systems_client() {
    let house = House::open().await;
    let answer = house.get("/v1/capabilities").await;
    assert!(answer.text.len() <= 65_536);
    let body = answer.expect(200);
    assert_eq!(body["object"], "hermes.api_server.capabilities");
    assert_eq!(body["platform"], "hermes-agent");
    assert_eq!(body["auth"], json!({"type": "bearer", "required": true}));
    assert_eq!(body["model"], "rehearsal");
    let features = &body["features"];
    for name in ["chat_completions", "chat_completions_streaming", "run_approval_response"] {
        assert_eq!(features[name], true, "{name}");
    }
    assert_eq!(features["jobs_admin"], false);
    assert_eq!(features["cors"], false);
    let document: Value = serde_json::from_str(&countersign_http_api::openapi()).unwrap();
    for (name, endpoint) in body["endpoints"].as_object().unwrap() {
        let method = endpoint["method"].as_str().unwrap().to_lowercase();
        let operation = &document["paths"][endpoint["path"].as_str().unwrap()][method];
        assert!(operation.is_object(), "{name}: {endpoint}");
    }
}

#[tokio::test]
async fn a_run_is_decided_by_its_own_address_if_it_is_clear_what_is_meant() {
    let house = House::open().await;
    let run = house.run("do it").await;
    let path = format!("/v1/runs/{run}/approval");
    let early = house.post(&path, json!({"choice": "once"})).await;
    early.refused(409, "approval_not_pending", None);
    let (_, first) = house.wants(run, request_to("a.example")).await;
    let word = house.post(&path, json!({"choice": "maybe"})).await;
    word.refused(400, "invalid_approval_choice", Some("/choice"));
    let second = also_wants(&house, run, request_to("b.example")).await;
    let unclear = house.post(&path, json!({"choice": "once"})).await;
    let unclear = unclear.refused(409, "approval_ambiguous", Some("/approval_id"));
    let message = unclear["error"]["message"].as_str().unwrap();
    assert!(message.contains(&first.to_string()) && message.contains(&second.to_string()));
    let all = house.post(&path, json!({"choice": "approve", "all": true})).await;
    all.refused(400, "invalid_value", Some("/all"));
    let body = json!({"choice": "approve", "approval_id": first});
    let answer = house.post(&path, body).await.expect(200);
    assert_eq!(
        answer,
        json!({"object": "hermes.run.approval_response", "run_id": run, "choice": "once", "resolved": 1})
    );
    let read = house.get(&format!("/v1/approvals/{first}")).await.expect(200);
    assert_eq!(read["status"], "approved");
    house.post(&path, json!({"choice": "deny", "resolve_all": true})).await.expect(200);
    let read = house.get(&format!("/v1/approvals/{second}")).await.expect(200);
    assert_eq!(read["status"], "denied");
    let other = house.run("another").await;
    let (_, elsewhere) = house.wants(other, request_to("c.example")).await;
    let body = json!({"choice": "once", "approval_id": elsewhere});
    house.post(&path, body).await.refused(404, "approval_not_found", None);
    let nowhere = format!("/v1/runs/run_{}/approval", "f".repeat(32));
    house.post(&nowhere, json!({"choice": "once"})).await.refused(404, "run_not_found", None);
}

#[tokio::test]
async fn what_was_changed_is_not_approved_by_who_cannot_have_seen_it() {
    let house = House::open().await;
    let run = house.run("do it").await;
    let (_, approval) = house.wants(run, request_to("a.example")).await;
    let read = house.get(&format!("/v1/approvals/{approval}")).await.expect(200);
    let edit = json!({"content": "another", "digest": read["digest"]});
    house.post(&format!("/v1/approvals/{approval}/edit"), edit).await.expect(200);
    let answer = house.post(&format!("/v1/runs/{run}/approval"), json!({"choice": "once"})).await;
    answer.refused(409, "content_changed", None);
}

#[tokio::test]
async fn who_may_only_run_does_not_decide() {
    let house = House::open().await;
    let key = house.key("ci", &[Scope::Runs]).await;
    let path = format!("/v1/runs/run_{}/approval", "0".repeat(32));
    let answer = Answer::of(house.with_key(&key, "POST", &path).json(&json!({"choice": "once"})));
    answer.await.refused(403, "insufficient_scope", None);
}

#[tokio::test]
async fn the_dialect_has_no_names_and_numbers_beside_the_data() {
    let house = House::open().await;
    let run = house.run("do it").await;
    let (_, approval) = house.wants(run, request_to("a.example")).await;
    let resolve = format!("/v1/approvals/{approval}/resolve");
    house.post(&resolve, json!({"choice": "deny"})).await.expect(200);
    house.replies(run, "done").await;
    let path = format!("/v1/runs/{run}/events?dialect=hermes");
    let mut events = Events::open(house.operator("GET", &path)).await;
    let mut records = Vec::new();
    let mut closed = false;
    while let Some(text) = events.text().await {
        closed = text == ": stream closed";
        if let Some(data) = text.strip_prefix("data: ") {
            let data: Value = serde_json::from_str(data).unwrap();
            assert_eq!(data["run_id"], run.to_string());
            assert!(data["timestamp"].is_f64(), "{data}");
            records.push(data);
        }
    }
    assert!(closed);
    let by = |name: &str| records.iter().find(|data| data["event"] == name).cloned().unwrap();
    let request = by("approval.request");
    assert_eq!(request["approval_id"], approval.to_string());
    assert_eq!(request["pattern_key"], request["findings"][0]["id"]);
    assert_eq!(request["allow_permanent"], true);
    assert_eq!(by("approval.responded")["choice"], "deny");
    assert_eq!(by("run.completed")["usage"]["total_tokens"], 30);
    let answer = house.get(&format!("/v1/runs/{run}/events?dialect=latin")).await;
    answer.refused(400, "invalid_value", Some("dialect"));
}
