//! Using up grants over HTTP, and the keys that verify them.

use std::time::Duration;

use countersign_domain::action::ActionKind;
use countersign_domain::digest::Digest;
use countersign_domain::grants::{Binding, Grant, Terms, for_action};
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::ids::{GatewayId, GrantId, SessionId};
use countersign_domain::signing::{Purpose, SigningKey, VerifyingKey, VerifyingKeys};
use countersign_domain::time::Timestamp;
use countersign_ports::clock::Clock as _;
use countersign_ports::store::{Change, IssuedGrant, UnitOfWork};
use serde_json::json;
use uuid::Uuid;

use crate::house::{House, ring};

fn binding() -> Binding {
    Binding {
        gateway: ring().gateway(),
        kind: ActionKind::HttpRequest,
        tool: "send_message".to_owned(),
        destination: "webhook:ops".to_owned(),
        content: Digest::of(b"{}"),
        session: SessionId::from_uuid(Uuid::from_u128(5)),
    }
}

fn claims(number: u128, now: Timestamp) -> Grant {
    let by = Actor::Principal(Principal::Operator);
    let ttl = Duration::from_mins(2);
    for_action(
        GrantId::from_uuid(Uuid::from_u128(number)),
        &binding(),
        (Terms::Once, by, None),
        (now, ttl),
    )
}

fn token(claims: &Grant) -> String {
    ring().current().sign(Purpose::Grant, &claims.to_json()).unwrap()
}

impl House {
    async fn issue(&self, grant: &Grant) {
        let row = IssuedGrant {
            id: grant.jti,
            approval_id: None,
            expires_at: grant.exp,
            used_at: None,
            revoked_at: None,
        };
        self.store.commit(UnitOfWork::new().and(Change::AddGrant(row))).await.unwrap();
    }
}

#[tokio::test]
async fn a_grant_is_used_up_once_and_every_refusal_has_its_code() {
    let house = House::open().await;
    let now = house.clock.now();
    let grant = claims(1, now);
    house.issue(&grant).await;
    let good = token(&grant);
    let consume = async |body| house.post("/v1/grants/consume", body).await;
    let revoked = claims(2, now);
    house.issue(&revoked).await;
    let end = UnitOfWork::new().and(Change::RevokeGrant(revoked.jti, now));
    house.store.commit(end).await.unwrap();
    let mut elsewhere = claims(1, now);
    elsewhere.aud = GatewayId::from_uuid(Uuid::from_u128(99));
    let old = claims(1, Timestamp::from_millis(now.as_millis() - 200_000));
    let other = SigningKey::from_seed([9; 32]).unwrap();
    let stranger = other.sign(Purpose::Grant, &grant.to_json()).unwrap();
    let cases = [
        (json!({"grant": ""}), 400, "grant_missing"),
        (json!({"grant": "please"}), 400, "grant_malformed"),
        (json!({"grant": stranger}), 403, "grant_signature"),
        (json!({"grant": token(&elsewhere)}), 403, "grant_signature"),
        (json!({"grant": token(&old)}), 410, "grant_expired"),
        (json!({"grant": token(&revoked)}), 410, "grant_revoked"),
        (json!({"grant": token(&claims(3, now))}), 410, "grant_revoked"),
        (json!({"grant": good, "tool": "send_email"}), 409, "grant_wrong_tool"),
        (json!({"grant": good, "destination": "webhook:all"}), 409, "grant_wrong_destination"),
        (json!({"grant": good, "sha": Digest::of(b"[]")}), 409, "grant_content_changed"),
        (
            json!({"grant": good, "session_id": SessionId::from_uuid(Uuid::from_u128(6))}),
            409,
            "grant_wrong_session",
        ),
    ];
    for (body, status, code) in cases {
        let refused = consume(body.clone()).await.expect(status);
        assert_eq!(refused["error"]["code"], code, "{body}");
        assert!(!refused.to_string().contains("v4.public."), "{refused}");
    }
    let body = json!({
        "grant": good, "tool": "send_message", "destination": "webhook:ops",
        "sha": Digest::of(b"{}"), "session_id": binding().session,
    });
    let used = consume(body.clone()).await.expect(200);
    assert_eq!(used["claims"]["jti"], grant.jti.to_string());
    assert_eq!(used["claims"]["by"], "operator");
    assert_eq!(consume(body).await.expect(409)["error"]["code"], "grant_used");
}

#[tokio::test]
async fn the_published_keys_verify_grants_before_and_after_a_rotation() {
    let house = House::open().await;
    let now = house.clock.now();
    let before = claims(1, now);
    house.issue(&before).await;
    let token = token(&before);
    let rotated = house.post("/v1/signing-keys/rotate", json!({})).await.expect(200);
    let published = house.anonymous("GET", "/.well-known/countersign-keys.json");
    let published = crate::house::Answer::of(published).await.expect(200);
    assert_eq!(published, rotated);
    assert_eq!(published["gateway"], ring().gateway().to_string());
    let keys = published["keys"].as_array().unwrap();
    let status: Vec<_> = keys.iter().map(|key| key["status"].as_str().unwrap()).collect();
    assert_eq!(status, ["current", "retired"]);
    let known: VerifyingKeys = keys
        .iter()
        .map(|key| VerifyingKey::from_paserk(key["paserk"].as_str().unwrap()).unwrap())
        .collect();
    assert!(known.verify(Purpose::Grant, &token).is_ok());
    // What the retired key has signed is still good here, too.
    house.post("/v1/grants/consume", json!({"grant": token})).await.expect(200);
}

#[tokio::test]
async fn what_is_consumed_elsewhere_counts_among_what_its_destination_gets() {
    let house = House::open().await;
    let now = house.clock.now();
    for number in 1..=31 {
        let grant = claims(number, now);
        house.issue(&grant).await;
        let answer = house.post("/v1/grants/consume", json!({"grant": token(&grant)})).await;
        if number <= 30 {
            answer.expect(200);
        } else {
            let refused = answer.expect(429);
            assert_eq!(refused["error"]["code"], "rate_limited");
            assert!(refused["error"]["message"].as_str().unwrap().starts_with("30 messages"));
        }
    }
}
