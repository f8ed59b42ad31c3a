use std::collections::BTreeMap;
use std::time::Duration;

use countersign_ports::model_provider::{
    ModelCall, ModelMessage, ModelProvider as _, ModelRequest,
};
use serde_json::json;
use tokio::sync::mpsc;

use super::server::{Answer, KEY, Server, complete, finish, request};
use crate::config::Secret;
use crate::providers::ollama_hint;
use crate::providers::openai::OpenAi;
use crate::providers::openai::request::body;

#[tokio::test]
async fn a_request_carries_the_key_the_headers_and_the_conversation() {
    let server = Server::start([Answer::stream([finish("stop")])]).await;
    let mut settings = server.settings();
    settings.headers = BTreeMap::from([("x-title".to_owned(), Secret::new("countersign"))]);
    complete(settings).await.0.unwrap();
    let asked = server.asked.lock().unwrap().pop().unwrap();
    assert_eq!(asked.path, "/v1/chat/completions");
    assert_eq!(asked.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(asked.headers["x-title"], "countersign");
    assert_eq!(asked.body, body(&request(), "default-model"));
}

#[test]
fn messages_and_tools_are_written_as_the_protocol_has_them() {
    let call = |id: &str, arguments: &str| ModelCall {
        id: id.to_owned(),
        tool: "terminal".to_owned(),
        arguments: arguments.to_owned(),
    };
    let request = ModelRequest {
        model: Some("other".to_owned()),
        messages: vec![
            ModelMessage::System("s".to_owned()),
            ModelMessage::Assistant {
                text: String::new(),
                calls: vec![call("a", "{ \"x\":1}"), call("b", "{broken")],
                thinking: None,
            },
            ModelMessage::Tool {
                call_id: "a".to_owned(),
                tool: "terminal".to_owned(),
                content: "r".to_owned(),
            },
            ModelMessage::Assistant { text: "t".to_owned(), calls: Vec::new(), thinking: None },
        ],
        tools: Vec::new(),
    };
    let function = |id: &str, arguments: &str| {
        json!({
            "id": id, "type": "function",
            "function": {"name": "terminal", "arguments": arguments},
        })
    };
    assert_eq!(
        body(&request, "default-model"),
        json!({
            "model": "other",
            "stream": true,
            "stream_options": {"include_usage": true},
            "messages": [
                {"role": "system", "content": "s"},
                {"role": "assistant", "content": "", "tool_calls": [
                    function("a", "{ \"x\":1}"),
                    function("b", "{\"invalid_arguments\":\"{broken\"}"),
                ]},
                {"role": "tool", "tool_call_id": "a", "content": "r"},
                {"role": "assistant", "content": "t"},
            ],
        })
    );
}

#[tokio::test]
async fn dropping_the_call_closes_the_connection() {
    crate::tools::testing::install_tls();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = Server::start([]).await.settings();
    settings.base_url = format!("http://{}", listener.local_addr().unwrap());
    settings.idle_timeout = Duration::from_mins(1);
    let provider = OpenAi::new(settings).unwrap();
    let (sender, _receiver) = mpsc::channel(1);
    let request = request();
    let mut connection = tokio::select! {
        reply = provider.complete(&request, &sender) => panic!("{reply:?}"),
        connection = listener.accept() => connection.unwrap().0,
    };
    let reading = async {
        let mut rest = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut connection, &mut rest).await
    };
    let closed = tokio::time::timeout(Duration::from_secs(10), reading).await;
    assert!(closed.is_ok(), "the connection stays open");
}

#[tokio::test]
async fn a_local_ollama_is_found_with_its_models() {
    let tags = json!({"models": [{"name": "qwen3:8b"}, {"name": "llama3"}]});
    let server = Server::start([]).await;
    // The scripted server wants a JSON body, which a GET has not: it gives up on it.
    assert_eq!(ollama_hint(&server.address).await, None);
    let router = axum::Router::new()
        .route("/api/tags", axum::routing::get(move || async move { axum::Json(tags) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    // On a busy machine even this server may miss the short time once.
    for _ in 0..20 {
        if let Some(names) = ollama_hint(&address).await {
            assert_eq!(names, ["qwen3:8b", "llama3"]);
            return;
        }
    }
    panic!("not found");
}
