use std::time::Duration;

use countersign_ports::model_provider::ModelError;
use serde_json::json;

use super::server::{Answer, KEY, Server, complete, text};

async fn error(answer: Answer) -> ModelError {
    let server = Server::start([answer]).await;
    server.complete().await.0.unwrap_err()
}

#[tokio::test]
async fn a_refusal_gives_the_servers_words_without_secrets() {
    let words = format!("Incorrect API key provided: {KEY}. \u{1b}[31m{}", "x".repeat(1000));
    let error = error(Answer::json(401, &json!({"error": {"message": words}}))).await;
    let said = error.to_string();
    let expected = "the model provider answered 401: Incorrect API key provided: …. ⟨U+001B⟩[31mx";
    assert!(said.starts_with(expected), "{said}");
    assert!(said.len() < 600, "{}", said.len());
    assert!(!error.is_transient());
}

#[tokio::test]
async fn an_overloaded_server_says_when_to_come_back() {
    for (status, value, expected) in [
        (429, "7", Some(Duration::from_secs(7))),
        (503, "Wed, 21 Oct 2015 07:28:00 GMT", Some(Duration::ZERO)),
        (500, "soon", None),
    ] {
        let answer = Answer::json(status, &json!({"message": "busy"})).header("retry-after", value);
        let error = error(answer).await;
        let expected =
            ModelError::Status { status, message: "busy".to_owned(), retry_after: expected };
        assert_eq!(error, expected);
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn error_bodies_of_every_shape_are_read() {
    for (body, words) in [
        (json!({"error": "plain"}), "plain"),
        (json!({"detail": "fastapi"}), "fastapi"),
        (json!([{"error": {"message": "gemini"}}]), "gemini"),
        (json!({"odd": 1}), "{\"odd\":1}"),
    ] {
        let error = error(Answer::json(400, &body)).await;
        assert_eq!(error.to_string(), format!("the model provider answered 400: {words}"));
    }
    let mut html = Answer::stream(["x"]);
    html.status = 502;
    html.pieces = vec!["<html>bad gateway</html>".to_owned()];
    let said = error(html).await.to_string();
    assert_eq!(said, "the model provider answered 502: <html>bad gateway</html>");
    let mut empty = Answer::stream(["x"]);
    empty.status = 404;
    empty.pieces = Vec::new();
    assert_eq!(error(empty).await.to_string(), "the model provider answered 404: Not Found");
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_stream_ends_it() {
    let numbered = json!({"error": {"code": 429, "message": "slow down"}}).to_string();
    let error_1 = error(Answer::stream([text("half"), numbered])).await;
    assert!(matches!(error_1, ModelError::Status { status: 429, .. }), "{error_1}");
    let named = json!({"error": {"type": "server_error", "message": "oops"}}).to_string();
    let error_2 = error(Answer::stream([text("half"), named, "[DONE]".to_owned()])).await;
    assert_eq!(error_2, ModelError::Broken("oops".to_owned()));
}

#[tokio::test]
async fn half_a_stream_is_broken() {
    let expected = ModelError::Broken("the stream ended in the middle".to_owned());
    assert_eq!(error(Answer::stream([text("half")])).await, expected);
    assert_eq!(error(Answer::stream(Vec::<String>::new())).await, expected);
    let mut cut = Answer::stream([text("half")]);
    cut.pieces.push("data: {\"choices\": [{\"del".to_owned());
    assert_eq!(error(cut).await, expected);
}

#[tokio::test]
async fn a_server_that_hangs_is_silent() {
    let silent = ModelError::Silent(Duration::from_millis(300));
    for answer in [Answer::stream(Vec::<String>::new()), Answer::stream([text("half")])] {
        let server = Server::start([answer.then_hang()]).await;
        assert_eq!(complete(server.impatient()).await.0.unwrap_err(), silent);
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = Server::start([]).await.impatient();
    settings.base_url = format!("http://{}", listener.local_addr().unwrap());
    assert_eq!(complete(settings).await.0.unwrap_err(), silent);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = Server::start([]).await.settings();
    settings.base_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = complete(settings).await.0.unwrap_err();
    assert!(
        matches!(&error, ModelError::Unreachable(words) if words.contains("refused")),
        "{error}"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_key() {
    let answer = Answer::json(307, &json!({})).header("location", "http://127.0.0.1:1/");
    let error = error(answer).await;
    assert!(matches!(error, ModelError::Status { status: 307, .. }), "{error}");
}
