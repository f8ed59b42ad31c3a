//! Requests of chat platforms, and how the bots fare.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_domain::chat::{Address, MessageId};
use countersign_domain::time::Timestamp;
use countersign_ports::platform::{
    About, AccountState, Callback, CallbackMethod, CallbackReply, Callbacks, CardPost, Inbox,
    Markup, NativeCommand, Platform, PlatformError, TextPost,
};
use serde_json::json;

use crate::house::{Answer, House};

/// Says what it was asked, and puts nothing anywhere.
struct Parrot(About);

impl Parrot {
    fn new() -> Arc<Self> {
        Arc::new(Self(About {
            platform: "parrot".parse().expect("a name"),
            account: "main".parse().expect("a name"),
            bot_name: None,
            features: BTreeSet::new(),
            markup: Markup::Text,
            longest_text: 100,
            most_buttons: 0,
        }))
    }
}

#[async_trait]
impl Callbacks for Parrot {
    async fn call(&self, callback: Callback, _: &Arc<dyn Inbox>) -> CallbackReply {
        let method = match callback.method {
            CallbackMethod::Get => "GET",
            CallbackMethod::Post => "POST",
        };
        if callback.what == "plain" {
            return CallbackReply::text(202, callback.query);
        }
        let mut reply = CallbackReply::json(
            200,
            &json!({
                "method": method,
                "what": callback.what,
                "query": callback.query,
                "signature": callback.header("x-signature"),
                "body": String::from_utf8_lossy(&callback.body),
            }),
        );
        reply.headers.push(("x-no-retry".to_owned(), "1".to_owned()));
        reply.headers.push(("bad header\n".to_owned(), "1".to_owned()));
        reply
    }
}

#[async_trait]
impl Platform for Parrot {
    fn about(&self) -> &About {
        &self.0
    }

    async fn post_text(&self, _: &TextPost) -> Result<MessageId, PlatformError> {
        Err(PlatformError::Refused("no texts".to_owned()))
    }

    async fn post_card(&self, _: &CardPost) -> Result<MessageId, PlatformError> {
        Err(PlatformError::Refused("no cards".to_owned()))
    }

    async fn edit_card(&self, _: &MessageId, _: &CardPost) -> Result<(), PlatformError> {
        Err(PlatformError::Refused("no cards".to_owned()))
    }

    async fn show_typing(&self, _: &Address) -> Result<(), PlatformError> {
        Ok(())
    }

    async fn register_commands(&self, _: &[NativeCommand]) -> Result<(), PlatformError> {
        Ok(())
    }

    fn callbacks(&self) -> Option<&dyn Callbacks> {
        Some(self)
    }

    fn state(&self) -> AccountState {
        let since = Timestamp::from_millis(1_795_000_000_000);
        AccountState::Reconnecting { since, why: "the cage is shut".to_owned() }
    }
}

#[tokio::test]
async fn a_request_of_a_platform_comes_to_its_adapter_byte_by_byte() {
    let house = House::open().await;
    house.gateway.attach_platform(Parrot::new()).await.unwrap();
    let address = "/platforms/parrot/main/actions?a=%20b&a=2";
    let body = "{\"z\":1, \"a\" : \"\u{e4}\"}";
    let request = house.anonymous("POST", address).body(body).header("x-signature", "abc");
    let answer = Answer::of(request).await;
    assert_eq!(answer.header("x-no-retry"), "1");
    let seen = answer.expect(200);
    let wanted = json!({
        "method": "POST", "what": "actions", "query": "a=%20b&a=2", "signature": "abc", "body": body
    });
    assert_eq!(seen, wanted);
    let plain = Answer::of(house.anonymous("GET", "/platforms/parrot/main/plain?c=7")).await;
    assert_eq!((plain.status.as_u16(), plain.text.as_str()), (202, "c=7"));
    assert_eq!(plain.header("content-type"), "text/plain; charset=utf-8");
}

#[tokio::test]
async fn a_platform_may_call_back_by_any_name() {
    let house = House::open().await;
    house.gateway.attach_platform(Parrot::new()).await.unwrap();
    let by_name = |path| house.anonymous("GET", path).header("host", "gateway.internal:8642");
    assert_eq!(Answer::of(by_name("/platforms/parrot/main/plain")).await.status, 202);
    Answer::of(by_name("/v1/platforms")).await.refused(421, "host_not_allowed", Some("Host"));
}

#[tokio::test]
async fn what_is_no_account_of_a_platform_is_not_there() {
    let house = House::open().await;
    house.gateway.attach_platform(Parrot::new()).await.unwrap();
    for path in ["/platforms/parrot/other/x", "/platforms/other/main/x", "/platforms/main/parrot/x"]
    {
        for method in ["GET", "POST"] {
            let answer = Answer::of(house.anonymous(method, path)).await;
            answer.refused(404, "platform_not_found", None);
        }
    }
    for path in ["/platforms/parrot/main", "/platforms/parrot/main/x/y", "/platforms"] {
        Answer::of(house.anonymous("POST", path)).await.refused(404, "not_found", None);
    }
    let large = "x".repeat(11 * 1024 * 1024);
    let answer = Answer::of(house.anonymous("POST", "/platforms/parrot/main/x").body(large)).await;
    answer.refused(413, "body_too_large", None);
}

#[tokio::test]
async fn how_a_bot_fares_is_listed_and_counted() {
    let house = House::open().await;
    assert_eq!(house.get("/v1/platforms").await.expect(200)["data"], json!([]));
    house.gateway.attach_platform(Parrot::new()).await.unwrap();
    let listed = house.get("/v1/platforms").await.expect(200);
    let account = &listed["data"][0];
    assert_eq!((&account["platform"], &account["account"]), (&json!("parrot"), &json!("main")));
    assert_eq!(account["state"], "reconnecting");
    assert_eq!(account["why"], "the cage is shut");
    assert!(account["since"].as_str().is_some_and(|since| since.starts_with("20")), "{account}");
    let metrics = Answer::of(house.operator("GET", "/metrics")).await.text;
    for line in [
        "countersign_platform_accounts{state=\"reconnecting\"} 1",
        "countersign_platform_accounts{state=\"connected\"} 0",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
}
