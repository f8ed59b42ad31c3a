//! Letting people in who are on no list.

use countersign_domain::chat::{Pairing, PairingCode, PersonId};
use countersign_ports::clock::Clock as _;
use countersign_ports::store::{Change, UnitOfWork};
use serde_json::json;

use crate::house::{Answer, House};

#[tokio::test]
async fn somebody_is_let_in_by_their_code_and_shown_out_again() {
    let house = House::open().await;
    let platform = "mattermost".parse().unwrap();
    let now = house.clock.now();
    let waiting = Pairing {
        id: "pair_00000000000000000000000000000001".parse().unwrap(),
        person: PersonId::on(&platform, "k5w8").unwrap(),
        platform,
        code: PairingCode::new([1, 2, 3, 4, 5, 6, 7, 8]),
        asked_at: now,
        expires_at: now.after(std::time::Duration::from_mins(1)),
        paired: None,
    };
    let work = UnitOfWork::new().and(Change::PutPairing(Box::new(waiting.clone())));
    house.store.commit(work).await.unwrap();
    let listed = house.get("/v1/pairings").await.expect(200);
    assert_eq!(listed["data"][0]["status"], "waiting");
    assert!(!listed.to_string().contains(waiting.code.as_str()), "{listed}");
    for (code, status, problem) in
        [("AAAAAAAA", 404, "pairing_not_found"), ("A0", 400, "invalid_value")]
    {
        let answer = house.post("/v1/pairings/approve", json!({"code": code})).await;
        assert_eq!(answer.expect(status)["error"]["code"], problem);
    }
    let code = waiting.code.as_str().to_lowercase();
    let let_in = house.post("/v1/pairings/approve", json!({"code": code})).await.expect(200);
    assert_eq!((&let_in["status"], &let_in["paired_by"]), (&json!("paired"), &json!("operator")));
    let path = format!("/v1/pairings/{}", waiting.id);
    assert_eq!(Answer::of(house.operator("DELETE", &path)).await.expect(200)["removed"], true);
    assert_eq!(
        Answer::of(house.operator("DELETE", &path)).await.expect(404)["error"]["code"],
        "pairing_not_found"
    );
    assert_eq!(house.get("/v1/pairings").await.expect(200)["data"], json!([]));
}
