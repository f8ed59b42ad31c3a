//! Saying something in a chat: the same dispatcher and gate as on platforms.

use serde_json::{Value, json};

use crate::house::{Answer, House};

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
            "run_id": null, "session_id": null, "chat_session_id": null,
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
async fn each_says_in_its_own_session_of_one_chat_and_is_told_where_it_is_now() {
    let house = House::open().await;
    let in_session = async |session: &Value, text: &str| {
        said(&house, json!({"chat": "web", "text": text, "session_id": session})).await
    };
    let first = said(&house, json!({"chat": "web", "text": "first"})).await["session_id"].clone();
    let new = json!({"chat": "web", "text": "/help", "session_id": "new"});
    let begun = said(&house, new).await["chat_session_id"].clone();
    assert!(begun.is_string() && begun != first, "{begun}");
    // Nothing was said there yet, and it can be gone on in all the same.
    assert_eq!(in_session(&first, "/status").await["chat_session_id"], first);
    assert_eq!(in_session(&begun, "/resume 99").await["chat_session_id"], begun);
    assert_eq!(in_session(&begun, "second").await["session_id"], begun);
    for (session, other) in [(&first, &begun), (&begun, &first)] {
        let answer = in_session(session, "/queue more").await;
        assert_eq!(&answer["session_id"], session);
        assert_eq!(&answer["chat_session_id"], session);
        let status = in_session(other, "/status").await["reply"].clone();
        assert!(status.as_str().unwrap().contains(other.as_str().unwrap()), "{status}");
    }
    // Turning to another one waits for the work in this one.
    assert_eq!(in_session(&begun, "/resume 1").await["chat_session_id"], begun);
    let other = async |text: &str| {
        said(&house, json!({"chat": "other", "text": text})).await["chat_session_id"].clone()
    };
    let idle = other("/new").await;
    assert_ne!(other("/new Two").await, idle);
    assert_eq!(other("/resume").await, idle);
}

#[tokio::test]
async fn what_is_said_again_under_its_key_is_taken_once() {
    let house = House::open().await;
    for text in ["hello", "/title One"] {
        let say = || {
            let body = json!({"chat": "web", "text": text});
            house.operator("POST", "/v1/chat").json(&body).header("idempotency-key", text)
        };
        Answer::of(say()).await.expect(200);
        Answer::of(say()).await.refused(409, "already_said", Some("Idempotency-Key"));
    }
    let runs = house.get("/v1/runs").await.expect(200);
    assert_eq!(runs["data"].as_array().unwrap().len(), 1);
    let empty = house.operator("POST", "/v1/chat").json(&json!({"text": "x"}));
    let answer = Answer::of(empty.header("idempotency-key", "")).await;
    answer.refused(400, "invalid_value", Some("Idempotency-Key"));
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
