//! The figures of a node tell of what really happened.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

use std::time::Duration;

use countersign_domain::approvals::Choice;
use countersign_domain::runs::RunStatus;
use countersign_gateway::config::WebhookConfig;
use countersign_gateway::{Gateway, RuleText};
use countersign_ports::clock::Clock as _;
use countersign_ports::secret::Secret;
use countersign_test_kit::{FakeRemote, House};

/// The value of one sample, as it is written.
async fn figure(gateway: &Gateway, sample: &str) -> f64 {
    let text = gateway.metrics().await;
    let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {sample} in\n{text}")).parse().unwrap()
}

#[tokio::test]
async fn a_send_is_counted_from_the_question_to_its_end() {
    let remote = FakeRemote::listen().await;
    let url = remote.url("/hook");
    let hooks = |outbound: &mut countersign_gateway::config::OutboundConfig| {
        let secret = Some(Secret::new("webhook-secret-0123456789"));
        let hook = WebhookConfig { url, secret, secret_env: None, idempotent: false };
        outbound.webhooks.insert("ops".to_owned(), hook);
    };
    let house = House::with().outbound(hooks).open().await;
    let run = house.say("send Ops | the build is green").await;
    let id = house.pending(run, 1).await.remove(0).card.approval_id;
    house.run_when(run, RunStatus::WaitingForApproval).await;
    house.clock.advance(Duration::from_secs(20));
    house.decide(id, Choice::Once).await;
    house.run_when(run, RunStatus::Completed).await;
    let gateway = &house.gateway;
    for (sample, wanted) in [
        ("countersign_runs_total{state=\"queued\"}", 1.0),
        ("countersign_runs_total{state=\"waiting_for_approval\"}", 1.0),
        ("countersign_runs_total{state=\"completed\"}", 1.0),
        ("countersign_approvals_decided_total{choice=\"once\"}", 1.0),
        ("countersign_approvals_ended_total{state=\"claimed\"}", 1.0),
        ("countersign_approvals_ended_total{state=\"executed\"}", 1.0),
        ("countersign_approvals_ended_total{state=\"expired\"}", 0.0),
        ("countersign_approval_decision_seconds_count", 1.0),
        ("countersign_approval_decision_seconds_sum", 20.0),
        ("countersign_outbox_sends_total{outcome=\"sent\"}", 1.0),
        ("countersign_outbox_sends_total{outcome=\"failed\"}", 0.0),
        ("countersign_audit_records_total{kind=\"outbound.sent\"}", 1.0),
    ] {
        assert!((figure(gateway, sample).await - wanted).abs() < 1e-9, "{sample} is not {wanted}");
    }
}

#[tokio::test]
async fn whoever_is_buried_and_whoever_buries_both_count_it() {
    let ask = vec![RuleText::Command("mkdir *".to_owned())];
    let house = House::with().in_company().approvals(|approvals| approvals.ask = ask).open().await;
    let beside = house.neighbour("beside", 77);
    beside.gateway.join(&beside.settings).await.unwrap();
    let until = beside.clock.steady() + Duration::from_secs(12);
    while beside.clock.steady() < until {
        beside.gateway.beat(&beside.settings).await.unwrap();
        beside.clock.advance(Duration::from_secs(1));
    }
    house.gateway.beat(&house.as_node()).await.unwrap();
    for (gateway, sample, wanted) in [
        (&beside.gateway, "countersign_node_burials_total", 1.0),
        (&beside.gateway, "countersign_node_expulsions_total", 0.0),
        (&house.gateway, "countersign_node_burials_total", 0.0),
        (&house.gateway, "countersign_node_expulsions_total", 1.0),
        (&house.gateway, "countersign_node_joins_total", 2.0),
        (&house.gateway, "countersign_nodes{}", 2.0),
    ] {
        assert!((figure(gateway, sample).await - wanted).abs() < 1e-9, "{sample} is not {wanted}");
    }
    assert!(
        figure(&house.gateway, "countersign_store_units_total{outcome=\"expelled\"}").await > 0.0
    );
}
