//! Saying something in a chat: the same dispatcher and gate as on platforms.

use serde_json::{Value, json};

use crate::house::House;

async fn said(house: &House, body: Value) -> Value {
    house.post("/v1/chat", body).await.expect(200)
}

#[tokio::test]
async fn a_command_is_answered_and_text_becomes_a_run() {
    let house = House::open().await;
    let status = said(&house, json!({"text": "/status"})).await;
    assert_eq!(
        status,
        json!({
            "object": "chat.answer", "reply": "The agent is idle; nothing was said here yet.",
            "run_id": null, "session_id": null,
        })
    );
    let first = said(&house, json!({"text": "hello"})).await;
    let run = first["run_id"].as_str().unwrap();
    let read = house.get(&format!("/v1/runs/{run}")).await.expect(200);
    assert_eq!(read["session_id"], first["session_id"]);
    // The same chat goes on, another one is another conversation.
    let second = said(&house, json!({"text": "/queue and then?"})).await;
    assert_eq!(second["session_id"], first["session_id"]);
    assert!(second["reply"].as_str().unwrap().starts_with("Queued"), "{second}");
    let other = said(&house, json!({"chat": "other", "text": "hello"})).await;
    assert_ne!(other["session_id"], first["session_id"]);
    let back = json!({"chat": "third", "text": "hello", "session_id": first["session_id"]});
    assert_eq!(said(&house, back).await["session_id"], first["session_id"]);
}

#[tokio::test]
async fn what_cannot_be_said_is_refused_by_name() {
    let house = House::open().await;
    for (body, status, code) in [
        (json!({"text": " "}), 400, "invalid_value"),
        (json!({"text": "x", "chat": ""}), 400, "invalid_value"),
        (json!({"text": "x", "chat": "a\u{7}"}), 400, "invalid_value"),
        (
            json!({"text": "x", "session_id": "sess_00000000000000000000000000000001"}),
            404,
            "session_not_found",
        ),
    ] {
        let problem = house.post("/v1/chat", body).await.expect(status);
        assert_eq!(problem["error"]["code"], code, "{problem}");
    }
}
