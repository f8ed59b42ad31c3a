//! What models were used for.

use countersign_domain::access::Scope;
use serde_json::{Value, json};

use crate::house::{Answer, House, id};

async fn answered(house: &House, session: Option<&Value>) -> Value {
    let mut body = json!({"input": "hi"});
    if let Some(session) = session {
        body["session_id"] = session.clone();
    }
    let started = house.post("/v1/runs", body).await.expect(202);
    house.replies(id(&started["run_id"]), "hello").await;
    started
}

fn sum(runs: u64) -> Value {
    json!({
        "runs": runs, "input_tokens": 10 * runs, "output_tokens": 5 * runs,
        "total_tokens": 15 * runs, "cache_read_tokens": 0, "cache_write_tokens": 0,
        "cost_usd": null, "unpriced_tokens": 15 * runs,
    })
}

fn named(name: &str, mut sum: Value) -> Value {
    sum["name"] = name.into();
    sum
}

#[tokio::test]
async fn usage_is_told_by_day_model_and_session() {
    let house = House::open().await;
    let first = answered(&house, None).await;
    answered(&house, Some(&first["session_id"])).await;
    let other = answered(&house, None).await;
    house.post("/v1/runs", json!({"input": "not yet"})).await.expect(202);
    let by = async |by: &str| house.get(&format!("/v1/usage?by={by}")).await.expect(200);
    let days = by("day").await;
    assert_eq!((&days["object"], &days["by"]), (&json!("usage"), &json!("day")));
    assert_eq!(days["total"], sum(3));
    assert_eq!(days["data"], json!([named("2026-11-18", sum(3))]));
    let models = by("model").await;
    let model = models["data"][0]["name"].as_str().unwrap();
    assert_eq!(models["data"], json!([named(model, sum(3))]));
    let mut sessions = [
        named(first["session_id"].as_str().unwrap(), sum(2)),
        named(other["session_id"].as_str().unwrap(), sum(1)),
    ];
    sessions.sort_by_key(|part| part["name"].to_string());
    assert_eq!(by("session").await["data"], json!(sessions));
    let of_one = format!("/v1/usage?session_id={}", other["session_id"].as_str().unwrap());
    assert_eq!(house.get(&of_one).await.expect(200)["total"], sum(1));
    let run = format!("/v1/runs/{}", first["run_id"].as_str().unwrap());
    let run = house.get(&run).await.expect(200);
    assert_eq!(
        run["models"],
        json!([{"model": model, "input_tokens": 10, "output_tokens": 5, "total_tokens": 15}])
    );
    assert!(run.get("cost_usd").is_none());
}

#[tokio::test]
async fn a_caller_sees_the_usage_of_its_own_runs_only() {
    let house = House::open().await;
    answered(&house, None).await;
    let key = house.key("ci", &[Scope::Runs]).await;
    let answer = Answer::of(house.with_key(&key, "GET", "/v1/usage")).await.expect(200);
    assert_eq!((&answer["total"]["runs"], &answer["data"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let house = House::open().await;
    for (query, code, about) in [
        ("by=colour", "invalid_value", "by"),
        ("since=yesterday", "invalid_value", "since"),
        ("since=2026-11-18T00:00:00Z&until=2026-11-17T00:00:00Z", "invalid_value", "since"),
        ("since=2026-01-01T00:00:00Z&until=2026-11-17T00:00:00Z", "invalid_value", "since"),
        ("colour=red", "unknown_parameter", "colour"),
    ] {
        let answer = house.get(&format!("/v1/usage?{query}")).await;
        answer.refused(400, code, Some(about));
    }
}
