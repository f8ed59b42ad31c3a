//! The audit log and receipts.

use countersign_domain::access::Scope;
use countersign_domain::audit::receipt::Receipt;
use countersign_domain::audit::verify::Verifier;
use countersign_domain::signing::{VerifyingKey, VerifyingKeys};
use serde_json::{Value, json};

use crate::house::{Answer, House, request_to};

async fn decided(house: &House) -> String {
    let run = house.run("do it").await;
    let (_, id) = house.wants(run, request_to("a.example")).await;
    let body = json!({"choice": "deny", "reason": "not today"});
    house.post(&format!("/v1/approvals/{id}/resolve"), body).await.expect(200);
    id.to_string()
}

/// The public keys as anybody gets them.
async fn keys(house: &House) -> VerifyingKeys {
    let request = house.anonymous("GET", "/.well-known/countersign-keys.json");
    let published = Answer::of(request).await.expect(200);
    let keys = published["keys"].as_array().unwrap().clone();
    keys.iter()
        .map(|key| VerifyingKey::from_paserk(key["paserk"].as_str().unwrap()).unwrap())
        .collect()
}

#[tokio::test]
async fn the_log_is_filtered_and_comes_in_parts() {
    let house = House::open().await;
    let id = decided(&house).await;
    let all = house.get("/v1/audit?limit=200").await.expect(200);
    let all = all["data"].as_array().unwrap().clone();
    assert_eq!(all.last().unwrap()["seq"], 1);
    let mut parts = Vec::new();
    let mut cursor = String::new();
    loop {
        let part = house.get(&format!("/v1/audit?limit=2{cursor}")).await.expect(200);
        parts.extend(part["data"].as_array().unwrap().clone());
        let Some(next) = part["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(parts, all);
    let found =
        house.get(&format!("/v1/audit?subject={id}&kind=approval.decided")).await.expect(200);
    let found = found["data"].as_array().unwrap();
    assert_eq!(found.len(), 1);
    for (field, wanted) in [
        ("object", json!("audit_record")),
        ("actor", json!("operator")),
        ("subject", json!(id)),
        ("node", json!("localhost")),
    ] {
        assert_eq!(found[0][field], wanted, "{field}");
    }
    assert_eq!(found[0]["detail"]["choice"], "deny");
    assert!(found[0]["detail"]["card"].is_string(), "{}", found[0]);
    let none = house.get("/v1/audit?until=2026-11-18T11:06:39Z").await.expect(200);
    assert_eq!(none["data"], json!([]));
    let after = house.get("/v1/audit?after=1&limit=1&wait=5s").await.expect(200);
    assert_eq!(after["data"][0]["seq"], 2);
    for (query, param) in [
        ("kind=nonsense", "kind"),
        ("actor=%20", "actor"),
        ("since=yesterday", "since"),
        ("wait=1s", "wait"),
        ("after=1&wait=11m", "wait"),
        ("after=1&cursor=2", "cursor"),
        ("cursor=x", "cursor"),
    ] {
        house.get(&format!("/v1/audit?{query}")).await.refused(400, "invalid_value", Some(param));
    }
}

#[tokio::test]
async fn whoever_follows_the_log_is_told_of_what_comes() {
    let house = House::open().await;
    let last = house.get("/v1/audit?limit=1").await.expect(200);
    let seq = last["data"][0]["seq"].as_u64().unwrap_or(0);
    let path = format!("/v1/audit?after={seq}&wait=60s&kind=approval.decided");
    let (told, id) = tokio::join!(house.get(&path), decided(&house));
    assert_eq!(told.expect(200)["data"][0]["subject"], json!(id));
}

#[tokio::test]
async fn a_receipt_proves_a_decision_with_the_public_key_alone() {
    let house = House::open().await;
    let id = decided(&house).await;
    let path = format!("/v1/approvals/{id}/receipt");
    let receipt = house.get(&path).await.expect(200);
    assert_eq!(receipt["choice"], "deny");
    assert_eq!(receipt["decided_by"], "operator");
    let approval = house.get(&format!("/v1/approvals/{id}")).await.expect(200);
    assert_eq!(receipt["digest"], approval["digest"]);
    let keys = keys(&house).await;
    let text = receipt.to_string();
    Receipt::verify(&text, &keys).unwrap();
    assert!(Receipt::verify(&text.replace("not today", "not ever"), &keys).is_err());
    // It was made once; asking again makes no other, and the log is still whole.
    assert_eq!(house.get(&path).await.expect(200), receipt);
    let mut verifier = Verifier::new(Some(&keys));
    for line in house.store.access().audit(0, 1000).await.unwrap() {
        verifier.line(&line.line().unwrap()).unwrap();
    }
    assert_eq!(verifier.finish(&[]).unwrap().checkpoints, 1);
}

#[tokio::test]
async fn there_is_no_receipt_of_what_nobody_decided_or_one_may_not_see() {
    let house = House::open().await;
    let run = house.run("do it").await;
    let (_, id) = house.wants(run, request_to("a.example")).await;
    let path = format!("/v1/approvals/{id}/receipt");
    house.get(&path).await.refused(409, "not_decided", None);
    let key = house.key("ci", &[Scope::Runs]).await;
    let theirs = Answer::of(house.with_key(&key, "GET", &path)).await;
    theirs.refused(404, "approval_not_found", None);
    let none: Value =
        house.get("/v1/approvals/appr_1/receipt").await.refused(404, "approval_not_found", None);
    assert!(none["error"]["message"].is_string());
}
