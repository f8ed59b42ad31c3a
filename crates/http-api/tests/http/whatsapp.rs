//! Service conversations over the API, where no bridge is configured.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn without_a_bridge_and_switched_off_everything_says_so() {
    let house = House::open().await;
    let listed = house.get("/v1/whatsapp/service-chats").await.expect(200);
    assert_eq!(listed["data"], json!([]));
    assert_eq!(
        listed["limits"],
        json!({
            "enabled": "off",
            "begun_within_24h": 0,
            "max_new_service_chats_per_day": 3,
            "max_auto_sends_per_chat_per_hour": 6,
        })
    );
    house.get("/v1/whatsapp/chats").await.refused(409, "no_bridge", None);
    house.get("/v1/whatsapp/pairing").await.refused(409, "no_bridge", None);
    for (query, name) in [("limit=0", "limit"), ("limit=201", "limit"), ("kinds=x", "kinds")] {
        let answer = house.get(&format!("/v1/whatsapp/chats?{query}")).await;
        answer.refused(400, "invalid_value", Some(name));
    }
    let start = json!({"target": "+34600111222", "message": "Hello"});
    house.post("/v1/whatsapp/service-chats", start).await.refused(409, "service_chats_off", None);
}

#[tokio::test]
async fn a_chat_that_nobody_knows_is_not_there_and_what_is_revoked_stays_so() {
    let house = House::open().await;
    for chat in ["+34600111222", "600111222", "1-2@g.us", "Movistar"] {
        let path = format!("/v1/whatsapp/service-chats/{chat}");
        house.get(&path).await.refused(404, "service_chat_not_found", None);
    }
    let path = "/v1/whatsapp/service-chats/+34600111222/change";
    house.post(path, json!({"change": "pause"})).await.refused(409, "service_chat_state", None);
    let revoked = house.post(path, json!({"change": "revoke"})).await.expect(200);
    assert_eq!((&revoked["status"], &revoked["mode"]), (&json!("revoked"), &json!(null)));
    // The number in another spelling is the same chat.
    let read = house.get("/v1/whatsapp/service-chats/0034600111222").await.expect(200);
    assert_eq!(read["chat"]["chat_id"], "+34600111222");
    let answer = house.post(path, json!({"change": "approve"})).await;
    answer.refused(409, "service_chat_state", None);
}
