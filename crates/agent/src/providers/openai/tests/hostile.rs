use countersign_ports::model_provider::ModelError;
use serde_json::{Value, json};

use super::server::{Answer, Server, calls, complete, finish, text};

async fn error(answer: Answer) -> String {
    let server = Server::start([answer]).await;
    let error = server.complete().await.0.unwrap_err();
    assert!(matches!(error, ModelError::Unreadable(_)), "{error}");
    error.to_string()
}

#[tokio::test]
async fn ten_megabytes_are_too_many() {
    let piece = text(&"x".repeat(100_000));
    let in_pieces = Answer::stream((0..100).map(|_| piece.clone()));
    assert!(error(in_pieces).await.contains("larger than the 4194304 bytes"));
    let at_once = Answer::stream([text(&"x".repeat(10_000_000))]);
    assert!(error(at_once).await.contains("larger than"));
    let mut one_line = Answer::stream(["x"]);
    one_line.pieces = (0..100).map(|_| "x".repeat(100_000)).collect();
    assert!(error(one_line).await.contains("larger than"));
    let message = json!({"message": {"content": "x".repeat(10_000_000)}});
    let whole = Answer::json(200, &json!({"choices": [message]}));
    assert!(error(whole).await.contains("larger than"));
}

#[tokio::test]
async fn an_endless_stream_of_nothing_is_too_much() {
    let mut comments = Answer::stream(["x"]);
    comments.pieces = (0..100).map(|_| ": nothing\n\n".repeat(1000)).collect();
    let server = Server::start([comments]).await;
    let mut settings = server.settings();
    settings.max_reply_bytes = 1000;
    let error = complete(settings).await.0.unwrap_err();
    assert!(error.to_string().contains("larger than"), "{error}");
}

#[tokio::test]
async fn ten_thousand_calls_are_read_for_the_loop_to_refuse() {
    let function = json!({"name": "terminal", "arguments": "{}"});
    let flood: Vec<Value> = (0..10_000)
        .map(|n| json!({"index": n, "id": n.to_string(), "function": function}))
        .collect();
    let answer = Answer::stream([calls(&Value::Array(flood)), finish("tool_calls")]);
    let server = Server::start([answer]).await;
    assert_eq!(server.complete().await.0.unwrap().calls.len(), 10_000);
    let empty: Vec<Value> = (0..100_000).map(|n| json!({"index": n})).collect();
    assert!(error(Answer::stream([calls(&Value::Array(empty))])).await.contains("larger than"));
}

#[tokio::test]
async fn what_is_no_json_or_has_other_types_is_unreadable() {
    for event in ["not json", "[1]", "{\"choices\": 7}", "{\"choices\": [{\"delta\": \"x\"}]}"] {
        assert!(error(Answer::stream([event])).await.contains("cannot be read"), "{event}");
    }
    assert!(error(Answer::json(200, &json!("hello"))).await.contains("cannot be read"));
}
