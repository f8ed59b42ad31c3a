//! Rates and faults.

use std::time::Duration;

use countersign_fakes::mattermost::{Clock, RateLimit, Settings};
use reqwest::Method;
use serde_json::{Value, json};

use crate::gateway::{place, place_with};

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let clock = Clock::standing_at(1_700_000_000_000);
    let place = place_with(Settings { clock: clock.clone(), ..Settings::default() }).await;
    place.server.rate_limit(Some(RateLimit { per_second: 1, burst: 2 }));
    let header = |answer: &crate::gateway::Answer, name: &str| {
        answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    for remaining in ["2", "1", "0"] {
        let answer = place.get("/users/me").await;
        assert_eq!(answer.status, 200);
        assert_eq!(header(&answer, "x-ratelimit-limit").as_deref(), Some("3"));
        assert_eq!(header(&answer, "x-ratelimit-remaining").as_deref(), Some(remaining));
        assert_eq!(header(&answer, "retry-after"), None);
    }
    let limited = place.get("/users/me").await;
    assert_eq!((limited.status, limited.text.trim()), (429, "limit exceeded"));
    assert_eq!(header(&limited, "retry-after").as_deref(), Some("1"));
    assert_eq!(header(&limited, "x-ratelimit-reset").as_deref(), Some("3"));
    let other = place.server.token(&place.ann);
    let asked = place.ask_as(&other, Method::GET, "/users/me", Value::Null).await;
    assert_eq!(asked.status, 200, "each token has its own");
    clock.advance(Duration::from_secs(1));
    assert_eq!(place.get("/users/me").await.status, 200);
    assert_eq!(place.get("/users/me").await.status, 429);
    place.server.rate_limit(None);
    assert_eq!(place.get("/users/me").await.status, 200);
}

#[tokio::test]
async fn a_single_request_can_be_limited_or_fail() {
    let place = place().await;
    place.server.limit_next("/posts", 7);
    let limited = place.post(json!({"message": "hi"})).await;
    assert_eq!((limited.status, &limited.headers["retry-after"]), (429, &"7".parse().unwrap()));
    for status in [500, 502, 503, 504] {
        place.server.fail_next("/users", status);
        assert_eq!(place.get("/teams").await.status, 200, "another path");
        assert_eq!(place.get("/users/me").await.status, status);
        assert_eq!(place.get("/users/me").await.status, 200);
    }
}

#[tokio::test]
async fn a_click_can_come_before_the_answer_that_tells_of_the_post() {
    let place = place().await;
    let hold = place.server.hold_answer("/posts");
    let callback = crate::gateway::Callback::saying(crate::gateway::Says::Json(json!({}))).await;
    let posting = place.card(&callback.url);
    let clicking = async {
        hold.arrived().await;
        let post = place.server.posts(&place.town)[0].id.clone();
        assert_eq!(place.ann.clicks(&post, "allowonce").await.status, 200);
        hold.release();
        post
    };
    let (posted, clicked) = futures::join!(posting, clicking);
    assert_eq!(posted, clicked);
}
