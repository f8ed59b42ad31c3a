//! Any text leaves as it was hashed, and no destination gets more than its share, whatever the order.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]
#![expect(clippy::panic, reason = "an answer that came out otherwise fails the test where it is")]

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_delivery::{SIGNATURE, TIMESTAMP, WebhookSettings, Webhooks, sign};
use countersign_domain::action::Action;
use countersign_domain::audit::AuditKind;
use countersign_domain::ids::{CallId, RunId};
use countersign_domain::runs::EntryBody;
use countersign_gateway::config::WebhookConfig;
use countersign_gateway::{Role, StartRun};
use countersign_ports::delivery::{Delivery, Messenger as _};
use countersign_ports::effect_gate::{EffectGate as _, Passage, Slot};
use countersign_ports::model_provider::{ModelCall, ModelReply};
use countersign_ports::run_journal::RunJournal as _;
use countersign_ports::secret::Secret;
use countersign_test_kit::{FakeRemote, House};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

const SECRET: &str = "webhook-secret-0123456789";

/// A house in which nobody is asked and so many messages an hour may go to `ops` and to `log`.
async fn house(most: u32) -> (House, RunId) {
    let house = House::with()
        .outbound(|outbound| {
            let secret = Some(Secret::new(SECRET));
            let url = "http://127.0.0.1:1/".to_owned();
            let hook = WebhookConfig { url, secret, secret_env: None, idempotent: false };
            outbound.webhooks.insert("ops".to_owned(), hook.clone());
            outbound.webhooks.insert("log".to_owned(), hook);
            outbound.exempt = vec!["webhook:ops".to_owned(), "webhook:log".to_owned()];
            outbound.max_per_hour = most;
        })
        .undriven()
        .open()
        .await;
    let input = vec![(Role::User, "x".to_owned())];
    let request = StartRun { input, ..StartRun::default() };
    let run = house.gateway.start_run(request, &house.operator, None).await.unwrap().run_id;
    (house, run)
}

async fn new_call(house: &House, run: RunId) -> CallId {
    let (id, tool) = ("c".to_owned(), "send_message".to_owned());
    let call = ModelCall { id, tool, arguments: String::new() };
    let reply = ModelReply { calls: vec![call], ..ModelReply::default() };
    house.gateway.reply(run, house.gateway.new_message(), reply).await.unwrap();
    let snapshot = house.gateway.read(run).await.unwrap();
    let last = snapshot.entries.iter().rev().find(|entry| entry.run_id == run).unwrap();
    let EntryBody::Assistant { calls, .. } = &last.body else { panic!("{last:?}") };
    calls.first().unwrap().id
}

fn message(hook: &str, text: String) -> Action {
    let destination = format!("webhook:{hook}").parse().unwrap();
    Action::SendMessage { destination, name: None, text, attachments: Vec::new() }
}

#[tokio::test]
async fn what_arrives_is_byte_for_byte_what_the_grant_was_signed_for() {
    let remote = FakeRemote::listen().await;
    let (house, run) = house(10_000).await;
    let (url, secret) = (remote.url("/").parse().unwrap(), SECRET.to_owned());
    let hook = WebhookSettings { url, secret, idempotent: false };
    let hooks = BTreeMap::from([("ops".parse().unwrap(), hook)]);
    let webhooks = Webhooks::new(hooks, house.clock.clone()).unwrap();
    let mut runner = TestRunner::deterministic();
    for number in 0..60 {
        let text = any::<String>().new_tree(&mut runner).unwrap().current();
        let call = new_call(&house, run).await;
        let action = message("ops", text);
        let passage = house.gateway.propose(run, call, action.clone(), Slot::Free).await.unwrap();
        // What only looks like a secret is refused, and is not what this is about.
        let Passage::Run(permitted) = passage else { continue };
        let before = remote.received().len();
        let delivery = webhooks.deliver(permitted.into_outbound().unwrap()).await;
        assert_eq!(delivery, Delivery::Sent("HTTP 200 OK".to_owned()), "{number}");
        let received = remote.received().split_off(before).remove(0);
        let timestamp = received.headers[TIMESTAMP].parse().unwrap();
        assert_eq!(received.headers[SIGNATURE], sign(SECRET, timestamp, &received.body));
        let body: Value = serde_json::from_str(&received.body).unwrap();
        let arrived: Action = serde_json::from_value(json!({
            "kind": "send_message", "destination": body["destination"], "text": body["text"],
        }))
        .unwrap();
        let issued = house.audited(AuditKind::GrantIssued).await.pop().unwrap();
        assert_eq!(issued.detail["digest"], json!(arrived.digest()), "{action:?}");
        assert_eq!(issued.subject, body["id"].as_str().unwrap());
    }
    assert!(remote.received().len() > 50);
}

#[tokio::test]
async fn no_destination_gets_more_than_its_share_in_any_hour() {
    const MOST: usize = 3;
    let (house, run) = house(3).await;
    let mut sent: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let (mut now, mut refused) = (0, 0);
    let step = (prop::sample::select(vec!["ops", "log"]), 0_u64..1800);
    let mut runner = TestRunner::deterministic();
    for number in 0..200 {
        let (hook, seconds) = step.new_tree(&mut runner).unwrap().current();
        house.clock.advance(Duration::from_secs(seconds));
        now += seconds;
        let call = new_call(&house, run).await;
        let action = message(hook, number.to_string());
        let passage = house.gateway.propose(run, call, action, Slot::Free).await.unwrap();
        let times = sent.entry(hook).or_default();
        let within = times.iter().filter(|at| **at + 3600 > now).count();
        match passage {
            Passage::Run(_) => {
                assert!(within < MOST, "{number}: {within} in this hour");
                times.push(now);
            }
            Passage::Refused(result) => {
                assert!(within >= MOST, "{number}: only {within} in this hour: {result:?}");
                assert!(result.content.starts_with("rate_limited"), "{result:?}");
                refused += 1;
            }
            Passage::Waiting(_) | Passage::NoSlot => panic!("nobody is asked"),
        }
    }
    assert!(refused > 10 && sent.values().all(|times| times.len() > 10), "{refused} {sent:?}");
}
