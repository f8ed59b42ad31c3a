//! Who may call what.

use std::fmt::Write as _;
use std::time::Duration;

use countersign_domain::access::Scope;
use serde_json::{Value, json};

use crate::house::{Answer, ENV_KEY, House, OPERATOR_TOKEN, header, scopes};

const GOLDEN: &str = include_str!("../permissions.txt");

/// Every route that needs a caller, with its path filled in.
fn routes() -> Vec<(String, String, String)> {
    let document: Value = serde_json::from_str(&countersign_http_api::openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "patch", "delete"] {
            if item[method]["security"].is_array() {
                let zeros = "0".repeat(32);
                let address = path
                    .replace("{run_id}", &format!("run_{zeros}"))
                    .replace("{approval_id}", &format!("appr_{zeros}"))
                    .replace("{rule_id}", &format!("rule_{zeros}"))
                    .replace("{session_id}", &format!("sess_{zeros}"))
                    .replace("{response_id}", &format!("resp_{zeros}"))
                    .replace("{name}", "nobody");
                routes.push((method.to_uppercase(), path.clone(), address));
            }
        }
    }
    routes.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    routes
}

#[tokio::test]
async fn the_permission_table_is_the_golden_one() {
    let house = House::open().await;
    let mut keys = Vec::new();
    for scope in Scope::ALL {
        let name = scope.as_str().replace(':', "-");
        keys.push((scope.as_str(), house.key(&name, &[scope]).await));
    }
    let mut table = String::from("route | no credential");
    for (word, _) in &keys {
        write!(table, " | {word}").unwrap();
    }
    table.push('\n');
    for (method, path, address) in routes() {
        let nobody = house.anonymous(&method, &address).json(&json!({}));
        let status = nobody.send().await.unwrap().status();
        write!(table, "{method} {path} | {}", status.as_u16()).unwrap();
        for (_, key) in &keys {
            let request = house.with_key(key, &method, &address).json(&json!({}));
            let word = match request.send().await.unwrap().status().as_u16() {
                status @ (401 | 403) => status.to_string(),
                _ => "yes".to_owned(),
            };
            write!(table, " | {word}").unwrap();
        }
        table.push('\n');
    }
    assert_eq!(table, GOLDEN, "tests/permissions.txt is stale; it should be:\n{table}");
}

#[tokio::test]
async fn the_operator_and_the_key_from_the_environment_may_do_everything() {
    let house = House::open().await;
    for secret in [OPERATOR_TOKEN, ENV_KEY] {
        let answer = Answer::of(house.with_key(secret, "GET", "/v1/keys")).await;
        answer.expect(200);
    }
    let run = Answer::of(house.with_key(ENV_KEY, "POST", "/v1/runs").json(&json!({"input": "x"})));
    let run = run.await.expect(202);
    let path = format!("/v1/runs/{}", run["run_id"].as_str().unwrap());
    assert_eq!(house.get(&path).await.expect(200)["requested_by"], "api:env");
}

#[tokio::test]
async fn a_wrong_credential_is_refused_whatever_its_form() {
    let house = House::open().await;
    for value in ["Bearer nonsense-nonsense", "Basic b3A6b3A=", "Bearer ", "Bearer", ""] {
        let request = header(house.anonymous("GET", "/v1/runs"), "authorization", value);
        let answer = Answer::of(request).await;
        answer.refused(401, "unauthenticated", None);
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{value}");
    }
    let twice = house.operator("GET", "/v1/runs").bearer_auth("other");
    Answer::of(twice).await.refused(401, "unauthenticated", None);
}

#[tokio::test]
async fn a_revoked_and_an_expired_key_open_nothing() {
    let house = House::open().await;
    let ends = house.clock_after(60);
    let body = json!({"name": "brief", "scopes": ["runs"], "expires_at": ends});
    let made = house.post("/v1/keys", body).await.expect(201);
    let secret = made["secret"].as_str().unwrap().to_owned();
    Answer::of(house.with_key(&secret, "GET", "/v1/runs")).await.expect(200);
    house.clock.advance(std::time::Duration::from_mins(1));
    let late = Answer::of(house.with_key(&secret, "GET", "/v1/runs")).await;
    late.refused(401, "unauthenticated", None);

    let secret = house.key("gone", &[Scope::Runs]).await;
    Answer::of(house.operator("DELETE", "/v1/keys/gone")).await.expect(200);
    let revoked = Answer::of(house.with_key(&secret, "GET", "/v1/runs")).await;
    revoked.refused(401, "unauthenticated", None);
    let again = Answer::of(house.operator("DELETE", "/v1/keys/gone")).await;
    again.refused(404, "key_not_found", None);
}

#[tokio::test]
async fn a_key_shows_its_secret_once_and_is_listed_without_it() {
    let house = House::open().await;
    let body = json!({"name": "ci", "scopes": scopes(&["runs", "approvals:read"])});
    let made = house.post("/v1/keys", body.clone()).await.expect(201);
    assert!(made["secret"].as_str().unwrap().starts_with("cs_key_"), "{made}");
    assert_eq!((&made["object"], &made["name"]), (&json!("key"), &json!("ci")));
    let list = house.get("/v1/keys").await;
    assert!(!list.text.contains("cs_key_") && !list.text.contains("secret"), "{list:?}");
    assert_eq!(list.expect(200)["data"][0]["scopes"], json!(["runs", "approvals:read"]));
    house.post("/v1/keys", body).await.refused(409, "key_name_taken", Some("/name"));
    let env = json!({"name": "env", "scopes": ["runs"]});
    house.post("/v1/keys", env).await.refused(409, "key_name_taken", Some("/name"));
}

#[tokio::test]
async fn a_key_tells_when_it_was_used_last_to_within_minutes() {
    let house = House::open().await;
    let made = house.post("/v1/keys", json!({"name": "ci", "scopes": ["runs"]})).await.expect(201);
    assert_eq!(made["last_used_at"], Value::Null);
    let secret = made["secret"].as_str().unwrap().to_owned();
    let mut seen = Vec::new();
    for minutes in [1, 1, 5] {
        house.clock.advance(Duration::from_mins(minutes));
        Answer::of(house.with_key(&secret, "GET", "/v1/runs")).await.expect(200);
        let list = house.get("/v1/keys").await.expect(200);
        seen.push(list["data"][0]["last_used_at"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen[0], seen[1], "a write a request");
    assert!(seen[1] < seen[2], "{seen:?}");
}

#[tokio::test]
async fn failed_attempts_are_recorded_and_then_no_longer_looked_at() {
    let house = House::open().await;
    let mut refused = 0;
    let last = loop {
        let answer = Answer::of(house.with_key("wrong-wrong-wrong", "GET", "/v1/runs")).await;
        if answer.status == 429 {
            break answer;
        }
        answer.refused(401, "unauthenticated", None);
        refused += 1;
        assert!(refused < 100, "attempts are not limited");
    };
    last.refused(429, "rate_limited", None);
    assert!(last.header("retry-after").parse::<u64>().unwrap() >= 1);
    let audit = house.store.access().audit(0, 1000).await.unwrap();
    let failures = audit.iter().filter(|line| line.record.kind.as_str() == "auth.failed").count();
    assert_eq!(failures, refused);
    // Others behind the same address go on working.
    house.get("/v1/runs").await.expect(200);
}
