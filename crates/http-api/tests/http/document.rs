//! The OpenAPI document.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::house::{Answer, House};

#[tokio::test]
async fn the_gateway_serves_the_document_that_is_generated() {
    let house = House::open().await;
    let answer = Answer::of(house.anonymous("GET", "/openapi.json")).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let mut served = answer.expect(200);
    assert_eq!(served["servers"], json!([{"url": house.url("")}]));
    let generated: Value = serde_json::from_str(&countersign_http_api::openapi()).unwrap();
    assert_eq!(generated["servers"], json!([{"url": "http://127.0.0.1:8642"}]));
    served["servers"] = generated["servers"].clone();
    assert_eq!(served, generated);
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is one list, a line a route")]
fn the_document_tells_of_exactly_the_routes_that_are_there() {
    let document: Value = serde_json::from_str(&countersign_http_api::openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            routes.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let wanted = [
        "DELETE /v1/keys/{name}",
        "DELETE /v1/responses/{response_id}",
        "DELETE /v1/rules/{rule_id}",
        "DELETE /v1/sessions/{session_id}",
        "GET /v1/sessions",
        "GET /v1/settings",
        "GET /v1/sessions/{session_id}",
        "GET /v1/sessions/{session_id}/messages",
        "PATCH /v1/sessions/{session_id}",
        "POST /v1/sessions/{session_id}/fork",
        "GET /.well-known/countersign-keys.json",
        "GET /health",
        "GET /health/ready",
        "GET /metrics",
        "GET /platforms/{platform}/{account}/{what}",
        "POST /platforms/{platform}/{account}/{what}",
        "GET /sign-in",
        "GET /v1/approvals",
        "GET /v1/approvals/events",
        "GET /v1/approvals/{approval_id}",
        "GET /v1/approvals/{approval_id}/receipt",
        "GET /v1/audit",
        "GET /v1/capabilities",
        "GET /v1/keys",
        "GET /v1/models",
        "GET /v1/models/{model}",
        "GET /v1/nodes",
        "GET /v1/pairings",
        "GET /v1/platforms",
        "POST /v1/pairings/approve",
        "DELETE /v1/pairings/{pairing_id}",
        "GET /v1/responses/{response_id}",
        "GET /v1/rules",
        "GET /v1/rules/{rule_id}",
        "GET /v1/runs",
        "GET /v1/runs/{run_id}",
        "GET /v1/runs/{run_id}/events",
        "GET /v1/usage",
        "GET /v1/whatsapp/chats",
        "GET /v1/whatsapp/pairing",
        "GET /v1/whatsapp/service-chats",
        "GET /v1/whatsapp/service-chats/{chat}",
        "POST /v1/whatsapp/service-chats",
        "POST /v1/whatsapp/service-chats/{chat}/change",
        "GET /web/session",
        "POST /v1/approvals",
        "POST /v1/approvals/{approval_id}/edit",
        "POST /v1/approvals/{approval_id}/resolve",
        "POST /v1/assess",
        "POST /v1/chat",
        "POST /v1/chat/completions",
        "POST /v1/grants/consume",
        "POST /v1/keys",
        "POST /v1/responses",
        "POST /v1/runs",
        "POST /v1/runs/{run_id}/answer",
        "POST /v1/runs/{run_id}/approval",
        "POST /v1/runs/{run_id}/stop",
        "POST /v1/sign-in-links",
        "POST /v1/signing-keys/rotate",
        "POST /web/sign-out",
    ];
    assert_eq!(routes, wanted.map(str::to_owned).into());
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_is_described() {
    let document: Value = serde_json::from_str(&countersign_http_api::openapi()).unwrap();
    references(&document, &mut |target| {
        let pointer = target.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{target} leads nowhere");
    });
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is there twice");
            assert!(operation["summary"].is_string(), "{method} {path}");
            for (status, answer) in operation["responses"].as_object().unwrap() {
                assert!(answer["description"].as_str().is_some_and(|t| !t.is_empty()), "{status}");
                assert!(answer["content"].is_object(), "{method} {path} {status}");
            }
            let guarded = operation["security"].is_array();
            assert_eq!(guarded, operation["responses"]["403"].is_object(), "{method} {path}");
            for part in path.split('/').filter(|part| part.starts_with('{')) {
                let filled = json!(part.trim_matches(['{', '}']));
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(parameters.iter().any(|p| p["name"] == filled), "{method} {path}");
            }
        }
    }
}

fn references(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get("$ref") {
                found(target);
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
