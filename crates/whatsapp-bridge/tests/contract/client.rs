//! The gateway's side of the contract, over both bridges.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::service_conversations::ChatKind;
use countersign_domain::time::Timestamp;
use countersign_ports::bridge_link::{BridgeLink as _, LinkState, PairError};
use countersign_ports::clock::Clock;
use countersign_ports::platform::AccountState;
use countersign_ports::service_bridge::{BridgeSender, ServiceBridge as _};
use countersign_whatsapp_bridge::{TERMS, TERMS_TEXT};
use countersign_whatsapp_platform::{BridgeClient, BridgeSettings, Link, Terms};

use crate::suite::line;
use crate::worlds::{Line, World, fake, own};

/// A clock that stands.
struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_000_000_000)
    }

    fn steady(&self) -> Duration {
        Duration::ZERO
    }

    async fn pause(&self, _: Duration) {
        std::future::pending::<()>().await;
    }

    async fn sleep_until(&self, _: Timestamp) {
        std::future::pending::<()>().await;
    }
}

fn client(world: &impl World, token: Option<&str>) -> Arc<BridgeClient> {
    let asker = world.asker();
    let (url, known) = asker.place();
    let token = token.unwrap_or(known).to_owned();
    let settings = BridgeSettings { url: url.to_owned(), token, account: "own".parse().unwrap() };
    Arc::new(BridgeClient::new(settings).unwrap())
}

fn link(client: &Arc<BridgeClient>, terms: Terms) -> Link {
    Link::new(client.clone(), None, terms, Arc::new(Still))
}

async fn what_a_bridge_says_is_understood(world: impl World) {
    world.says(Line { reply_to: Some("3EB0CARD".to_owned()), ..line("one") }).await;
    world.says(Line { by_hand: true, ..line("two") }).await;
    let client = client(&world, None);
    let all = client.messages(Duration::ZERO).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].text.as_str(), all[0].kind), ("one", ChatKind::Direct));
    assert_eq!((all[0].from, all[1].from), (BridgeSender::Provider, BridgeSender::User));
    assert!(all.iter().all(|one| one.number.is_some()));
    client.acknowledge(&all[1].cursor).await.unwrap();
    assert!(client.messages(Duration::ZERO).await.unwrap().is_empty());
    let chats = client.chats(10).await.unwrap();
    assert_eq!(chats[0].name.as_deref(), Some("Movistar"));
}

async fn how_a_bridge_fares_is_told(world: impl World) {
    let (mine, theirs) = (client(&world, None), client(&world, Some("not-the-token")));
    assert_eq!(link(&mine, Terms::Open).state().await, AccountState::Connected);
    world.is_linked(false);
    let AccountState::Refused { why } = link(&mine, Terms::Open).state().await else {
        panic!("it is not linked");
    };
    assert!(why.contains("platforms pair whatsapp"), "{why}");
    let AccountState::Refused { why } = link(&theirs, Terms::Open).state().await else {
        panic!("the token is another one");
    };
    assert!(why.contains("unauthorized"), "{why}");
}

async fn a_code_is_given_to_who_has_accepted_the_terms(world: impl World) {
    world.is_linked(false);
    world.has_code(true);
    let client = client(&world, None);
    let open = link(&client, Terms::Open).pairing().await;
    assert_eq!(open, Err(PairError::Terms(TERMS)));
    let link = link(&client, Terms::accepted_as(Some(TERMS)));
    let LinkState::Code(code) = link.pairing().await.unwrap() else { panic!("there is a code") };
    assert!(code.text.contains('▀'));
    let told = format!("{code:?}");
    assert!(!told.contains("svg") && !told.contains('▀'), "{told}");
    world.is_linked(true);
    let LinkState::Linked(account) = link.pairing().await.unwrap() else { panic!("it is linked") };
    assert_eq!(account.number.as_deref(), Some("+34600000000"));
}

#[tokio::test]
async fn what_either_bridge_says_is_understood() {
    what_a_bridge_says_is_understood(fake().await).await;
    what_a_bridge_says_is_understood(own().await).await;
}

#[tokio::test]
async fn how_either_bridge_fares_is_told() {
    how_a_bridge_fares_is_told(fake().await).await;
    how_a_bridge_fares_is_told(own().await).await;
}

#[tokio::test]
async fn a_code_of_either_bridge_is_given_to_who_has_accepted_the_terms() {
    a_code_is_given_to_who_has_accepted_the_terms(fake().await).await;
    a_code_is_given_to_who_has_accepted_the_terms(own().await).await;
}

#[tokio::test]
async fn a_bridge_that_is_not_there_is_waited_for() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let settings = BridgeSettings {
        url: "http://127.0.0.1:9".to_owned(),
        token: "t".to_owned(),
        account: "own".parse().unwrap(),
    };
    let client = Arc::new(BridgeClient::new(settings).unwrap());
    let state = link(&client, Terms::Accepted).state().await;
    let AccountState::Reconnecting { since, .. } = state else { panic!("{state:?}") };
    assert_eq!(since, Still.now());
}

#[test]
fn both_sides_mean_the_same_terms() {
    assert_eq!(countersign_whatsapp_platform::TERMS, TERMS);
    assert_eq!(countersign_whatsapp_platform::TERMS_TEXT, TERMS_TEXT);
    for name in [None, Some(""), Some("yes"), Some("linked-device-2025-01")] {
        assert_eq!(Terms::accepted_as(name), Terms::Open);
    }
}
