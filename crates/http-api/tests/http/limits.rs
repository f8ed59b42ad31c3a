//! How much and how often.

use std::num::NonZeroU32;
use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_ports::duration::HumanDuration;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::house::{Answer, House};
use crate::stream::Events;

#[tokio::test]
async fn a_body_over_the_limit_is_refused_announced_or_not() {
    let house = House::with(|config| config.max_body_bytes = 1000).await;
    let fits = house.post("/v1/runs", json!({"input": "x".repeat(900)})).await;
    fits.expect(202);
    let large = house.post("/v1/runs", json!({"input": "x".repeat(1000)})).await;
    large.refused(413, "body_too_large", None);
    let parts = std::iter::repeat_with(|| Ok::<_, std::io::Error>("x".repeat(600))).take(2);
    let body = reqwest::Body::wrap_stream(futures::stream::iter(parts));
    let request = house.operator("POST", "/v1/runs").header("content-type", "application/json");
    Answer::of(request.body(body)).await.refused(413, "body_too_large", None);
}

#[tokio::test]
async fn a_large_text_comes_back_whole() {
    let house = House::open().await;
    let text = "é".repeat(2_000_000);
    let run = house.run(&text).await;
    let read = house.get(&format!("/v1/runs/{run}")).await.expect(200);
    assert!(read["input"][0]["content"] == text, "the text was changed");
}

#[tokio::test]
async fn a_key_that_asks_too_often_has_to_wait_and_others_do_not() {
    let per_minute = NonZeroU32::new(3).unwrap();
    let house = House::with(|config| config.requests_per_minute = per_minute).await;
    let (busy, quiet) =
        (house.key("busy", &[Scope::Runs]).await, house.key("quiet", &[Scope::Runs]).await);
    for _ in 0..3 {
        Answer::of(house.with_key(&busy, "GET", "/v1/runs")).await.expect(200);
    }
    let answer = Answer::of(house.with_key(&busy, "GET", "/v1/runs")).await;
    answer.refused(429, "rate_limited", None);
    assert!((1..=20).contains(&answer.header("retry-after").parse::<u64>().unwrap()));
    Answer::of(house.with_key(&quiet, "GET", "/v1/runs")).await.expect(200);
}

#[tokio::test]
async fn who_does_not_send_a_head_is_cut_off() {
    let short = HumanDuration(Duration::from_millis(50));
    let house = House::with(|config| config.header_timeout = short).await;
    for beginning in ["", "GET /health HTTP/1.1\r\nHost: loc"] {
        let answer = house.raw(beginning).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
}

#[tokio::test]
async fn a_request_that_is_answered_when_the_gateway_stops_is_answered_to_its_end() {
    let house = House::open().await;
    let body = r#"{"input":"x"}"#;
    let head = format!(
        "POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        crate::house::OPERATOR_TOKEN,
        body.len()
    );
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // A stream that ends tells that the stop has been noticed.
    let events = Events::open(house.operator("GET", "/v1/approvals/events")).await;
    house.shutdown.cancel();
    assert_eq!(events.all().await, []);
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    house.server.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_holds_a_connection_open_does_not_hold_up_the_stop() {
    let house = House::open().await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head = "POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    Answer::of(house.anonymous("GET", "/health")).await.expect(200);
    house.shutdown.cancel();
    house.server.await.unwrap().unwrap();
}
