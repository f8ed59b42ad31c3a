//! Every tool that sends, under everything that can go wrong: without a grant that was used up
//! nothing reaches a listening socket, not even a connection.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::collections::BTreeSet;
use std::time::Duration;

use countersign_delivery::{MailSettings, SmtpMailer, Tls};
use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::ids::ApprovalId;
use countersign_domain::outbound::TOKEN_ARGUMENT;
use countersign_domain::runs::RunStatus;
use countersign_gateway::config::WebhookConfig;
use countersign_ports::effect_gate::{EffectGate as _, Passage};
use countersign_ports::secret::Secret;
use countersign_test_kit::{FakeRemote, House};
use tokio::task::JoinSet;

/// What can go wrong between the question and the first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    NobodyDecides,
    Denied,
    Expired,
    RunStopped,
    KeyMissing,
    StoreDown,
    ClockBack,
    DecidedTooLongAgo,
    CrashBeforeTheClaim,
}

const FAULTS: [Fault; 9] = [
    Fault::NobodyDecides,
    Fault::Denied,
    Fault::Expired,
    Fault::RunStopped,
    Fault::KeyMissing,
    Fault::StoreDown,
    Fault::ClockBack,
    Fault::DecidedTooLongAgo,
    Fault::CrashBeforeTheClaim,
];

/// A line of the rehearsal model for each tool that sends.
fn lines(remote: &FakeRemote) -> [(&'static str, String); 4] {
    [
        ("send_message", "send ops | hello".to_owned()),
        ("send_email", "email ana@example.org | subject | body".to_owned()),
        ("http_request", format!("post {} | body", remote.url("/x"))),
        ("http_request", format!("get {}", remote.url("/x?q=1"))),
    ]
}

/// A house in which everything that leaves goes to `remote`.
async fn house(remote: &FakeRemote) -> House {
    let address = remote.url("");
    let port = address.rsplit(':').next().unwrap().parse().unwrap();
    let mailer = SmtpMailer::new(MailSettings {
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        credentials: None,
        trusted: None,
    });
    let hook = WebhookConfig {
        url: remote.url("/hook"),
        secret: Some(Secret::new("webhook-secret-0123456789")),
        secret_env: None,
        idempotent: true,
    };
    House::with()
        .mailer(mailer.unwrap())
        .outbound(|outbound| {
            outbound.webhooks.insert("ops".to_owned(), hook);
        })
        .open()
        .await
}

#[tokio::test]
async fn every_registered_tool_that_sends_is_walked() {
    let remote = FakeRemote::listen().await;
    let house = house(&remote).await;
    let takes_token = |schema: &serde_json::Value| {
        schema["properties"].as_object().is_some_and(|known| known.contains_key(TOKEN_ARGUMENT))
    };
    let sends: BTreeSet<&str> = house
        .tools
        .iter()
        .filter(|tool| takes_token(&tool.parameters))
        .map(|tool| tool.name)
        .collect();
    let walked: BTreeSet<&str> = lines(&remote).iter().map(|(tool, _)| *tool).collect();
    assert_eq!(sends, walked);
    let others: BTreeSet<&str> = house.tools.iter().map(|tool| tool.name).collect();
    let others: Vec<&str> = others.difference(&sends).copied().collect();
    // A new tool is put into one of the two lists by whoever adds it.
    assert_eq!(others, ["clarify", "execute_code", "read_file", "terminal", "write_file"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_used_up_grant_no_tool_reaches_a_socket_whatever_goes_wrong() {
    let mut walks = JoinSet::new();
    for fault in FAULTS {
        walks.spawn(walk(fault));
    }
    walks.join_all().await;
}

/// The process dies after the grant was used up and before the first byte: nothing was sent, nothing
/// is sent again, and everybody is told that it may have been.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_the_claim_and_the_send_leaves_it_indeterminate_for_every_tool() {
    let remote = FakeRemote::listen().await;
    for (tool, line) in lines(&remote) {
        let house = house(&remote).await;
        let run = house.say(&line).await;
        let view = house.pending(run, 1).await.remove(0);
        let id = view.card.approval_id;
        let house = house.reopen_undriven().await;
        house.decide(id, Choice::Once).await;
        let passage = house.gateway.claim(run, view.call_id).await.unwrap();
        let Passage::Run(permitted) = passage else { panic!("{tool}: {passage:?}") };
        drop(permitted);
        let house = house.crash().await;
        let house = house.reopen_sending(|_| {}).await;
        house.approval_when(id, Status::Indeterminate).await;
        house.run_when(run, RunStatus::Completed).await;
        assert_eq!(remote.connections(), 0, "{tool}");
        assert_eq!(house.audited(AuditKind::GrantConsumed).await.len(), 1, "{tool}");
        let failed = house.audited(AuditKind::OutboundFailed).await;
        assert_eq!(failed.len(), 1, "{tool}");
        assert_eq!(failed[0].detail["outcome"], "indeterminate", "{tool}");
    }
}

async fn walk(fault: Fault) {
    let remote = FakeRemote::listen().await;
    for (tool, line) in lines(&remote) {
        let house = house(&remote).await;
        let run = house.say(&line).await;
        let id = house.pending(run, 1).await.remove(0).card.approval_id;
        let house = inject(fault, house, id).await;
        assert_eq!(remote.connections(), 0, "{tool} under {fault:?}");
        let consumed = house.audited(AuditKind::GrantConsumed).await;
        assert!(consumed.is_empty(), "{tool} under {fault:?}");
    }
}

async fn inject(fault: Fault, house: House, id: ApprovalId) -> House {
    let run = house.run_of(id).await;
    match fault {
        Fault::NobodyDecides => {}
        Fault::Denied => {
            house.decide(id, Choice::Deny).await;
            house.run_when(run, RunStatus::Completed).await;
        }
        Fault::Expired => {
            house.clock.advance(Duration::from_mins(15));
            house.approval_when(id, Status::Expired).await;
            house.run_when(run, RunStatus::Completed).await;
        }
        Fault::RunStopped => {
            house.gateway.stop_run(run, &house.operator).await.unwrap();
            house.run_when(run, RunStatus::Cancelled).await;
        }
        Fault::KeyMissing => {
            house.signer.break_off(true);
            house.decide(id, Choice::Once).await;
            house.approval_when(id, Status::Lapsed).await;
        }
        Fault::StoreDown => {
            house.breakable.break_off(true);
            house.decide(id, Choice::Once).await;
            house.breakable.refused().await;
        }
        Fault::ClockBack | Fault::DecidedTooLongAgo => {
            let house = house.reopen_undriven().await;
            house.decide(id, Choice::Once).await;
            if fault == Fault::ClockBack {
                house.clock.set_back(Duration::from_hours(2));
            } else {
                house.clock.advance(Duration::from_mins(2));
            }
            let house = house.reopen_sending(|_| {}).await;
            house.approval_when(id, Status::Lapsed).await;
            return house;
        }
        Fault::CrashBeforeTheClaim => {
            let house = house.reopen_undriven().await;
            house.decide(id, Choice::Once).await;
            return house.crash().await;
        }
    }
    house
}
