use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{any, get};
use countersign_domain::action::Action;
use countersign_domain::runs::ToolStatus;
use serde_json::json;

use crate::tools::testing::{Bench, install_tls};

async fn echo(method: Method, headers: HeaderMap, body: Bytes) -> Response {
    let header = headers.get("x-test").map_or("", |value| value.to_str().unwrap());
    let body = String::from_utf8_lossy(&body).into_owned();
    format!("{method} [{header}] {body}").into_response()
}

/// A server and its address.
async fn serve() -> String {
    install_tls();
    let router = Router::new()
        .route("/echo", any(echo))
        .route("/away", get(|| async { Redirect::to("/echo") }))
        .route("/no", get(|| async { (StatusCode::NOT_FOUND, "none here") }))
        .route("/long", get(|| async { "x".repeat(3_000_000) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[test]
fn the_action_is_the_request_in_one_form() {
    let bench = Bench::new();
    let arguments = json!({
        "method": "post", "url": "HTTP://Example.COM:80/a/../b?q=1#part",
        "headers": {"X-One": "1"}, "body": "b",
    });
    let expected = Action::HttpRequest {
        method: "POST".to_owned(),
        url: "http://example.com/b?q=1".to_owned(),
        headers: BTreeMap::from([("x-one".to_owned(), "1".to_owned())]),
        body: "b".to_owned(),
    };
    assert_eq!(bench.plan("http_request", &arguments), Ok(expected));
}

#[test]
fn a_host_has_one_spelling() {
    let bench = Bench::new();
    for (given, expected) in [
        ("http://localhost.:8000/x", "http://localhost:8000/x"),
        ("http://LOCALHOST.:80/x", "http://localhost/x"),
        ("http://localhost%2E/x", "http://localhost/x"),
        ("http://b\u{fc}cher.example./", "http://xn--bcher-kva.example/"),
        ("http://127.1./", "http://127.0.0.1/"),
        ("http://localhost\u{3002}:1/", "http://localhost:1/"),
    ] {
        let planned = bench.plan("http_request", &json!({"url": given}));
        let Ok(Action::HttpRequest { url, .. }) = planned else { panic!("{given}: {planned:?}") };
        assert_eq!(url, expected, "{given}");
    }
    for given in ["http://./", "http://../"] {
        bench.refusal("http_request", &json!({"url": given}));
    }
    let long = format!("http://h/{}", "x".repeat(32 * 1024));
    let error = bench.refusal("http_request", &json!({"url": long}));
    assert!(error.contains("takes at most 32768 bytes"), "{error}");
}

#[test]
fn what_is_no_request_is_refused() {
    let bench = Bench::new();
    for (arguments, problem) in [
        (json!({"url": "/x"}), "needs an absolute address"),
        (json!({"url": "file:///etc/passwd"}), "speaks http and https, not `file`"),
        (json!({"url": "http://u:p@h/"}), "takes no user name or password"),
        (json!({"url": "http://h/", "method": "CONNECT"}), "does not know the method `CONNECT`"),
        (json!({"url": "http://h/", "body": "x"}), "sends no `body` with GET or HEAD"),
        (json!({"url": "http://h/", "headers": {"Host": "x"}}), "sets the header `host` by itself"),
        (json!({"url": "http://h/", "headers": {"a b": "x"}}), "cannot send a header named `a b`"),
        (json!({"url": "http://h/", "headers": {"a": "x\ny"}}), "cannot send this value of `a`"),
        (json!({"url": "http://h/", "headers": {"a": "1", "A": "2"}}), "the header `a` twice"),
        (json!({"url": "http://h/", "approval_token": "t"}), "has no argument `approval_token`"),
    ] {
        let error = bench.refusal("http_request", &arguments);
        assert!(error.contains(problem), "{error}");
    }
}

#[tokio::test]
async fn an_answer_is_its_status_and_its_text() {
    let bench = Bench::new();
    let server = serve().await;
    let ask = async |path: &str, method: &str, body: &str| {
        let url = format!("{server}{path}");
        let headers = json!({"x-test": "h"});
        let arguments = json!({"url": url, "method": method, "headers": headers, "body": body});
        bench.run("http_request", &arguments).await
    };
    let output = ask("/echo", "put", "hello").await;
    let expected = "HTTP 200 OK\ncontent-type: text/plain; charset=utf-8\n\nPUT [h] hello";
    assert_eq!((output.content.as_str(), output.status), (expected, ToolStatus::Ok));
    let output = ask("/away", "get", "").await;
    assert_eq!(output.content, "HTTP 303 See Other\nlocation: /echo");
    let output = ask("/no", "get", "").await;
    assert!(output.content.ends_with("\n\nnone here"), "{}", output.content);
    assert_eq!(output.status, ToolStatus::Error);
    let output = ask("/long", "get", "").await;
    assert!(output.content.ends_with("(cut after 1048576 bytes)"));
    assert!(output.content.len() < 70_000);
}

#[tokio::test]
async fn no_answer_is_an_error_and_a_stop_ends_the_waiting() {
    install_tls();
    let bench = Bench::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let arguments = json!({"url": url});
    let stopping = async {
        let connection = listener.accept().await.unwrap();
        bench.cancel.cancel();
        connection
    };
    let (output, _connection) = tokio::join!(bench.run("http_request", &arguments), stopping);
    assert_eq!(output.status, ToolStatus::Cancelled);
    drop(listener);
    let bench = Bench::new();
    let output = bench.run("http_request", &arguments).await;
    assert!(output.content.starts_with("no answer: "), "{}", output.content);
}

#[tokio::test]
async fn a_request_does_not_reach_the_gateway_by_any_name() {
    install_tls();
    let mut bench = Bench::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    bench.context.own_port = Some(port);
    for host in ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "127.1", "0x7f000001", "0"] {
        for (method, body) in [("GET", ""), ("POST", "x")] {
            let url = format!("http://{host}:{port}/v1/approvals");
            let arguments = json!({"url": url, "method": method, "body": body});
            let output = bench.run("http_request", &arguments).await;
            assert_eq!(output.status, ToolStatus::Error, "{host}");
            let told = "to the gateway that controls the agent; nothing was sent";
            assert!(output.content.contains(told), "{}", output.content);
        }
    }
    // Nobody has even connected.
    let connected = tokio::time::timeout(std::time::Duration::ZERO, listener.accept()).await;
    assert!(connected.is_err());
    // Other servers of this machine are reached by name.
    bench.context.own_port = Some(1);
    let server = serve().await.replace("127.0.0.1", "localhost");
    let output = bench.run("http_request", &json!({"url": format!("{server}/echo")})).await;
    assert_eq!(output.status, ToolStatus::Ok, "{}", output.content);
}
