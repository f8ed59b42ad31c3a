//! What leaves the house: only what was decided, once, and with a grant.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign_delivery::{SIGNATURE, TIMESTAMP, sign};
use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::ids::{ApprovalId, RunId};
use countersign_domain::runs::RunStatus;
use countersign_gateway::RuleText;
use countersign_gateway::config::{
    ApprovalsConfig, ModeText, OutboundConfig, SecretPolicyText, WebhookConfig,
};
use countersign_ports::secret::Secret;
use countersign_test_kit::{Answers, FakeRemote, House};
use serde_json::json;

const SECRET: &str = "webhook-secret-0123456789";

/// Messages to `ops` and `log` go to `remote`.
fn to(remote: &FakeRemote) -> impl FnOnce(&mut OutboundConfig) + use<> {
    let url = remote.url("/hook");
    move |outbound| {
        let secret = Some(Secret::new(SECRET));
        let hook = WebhookConfig { url, secret, secret_env: None, idempotent: false };
        outbound.webhooks.insert("ops".to_owned(), hook.clone());
        outbound.webhooks.insert("log".to_owned(), hook);
    }
}

async fn asked(house: &House, run: RunId) -> ApprovalId {
    house.pending(run, 1).await.remove(0).card.approval_id
}

async fn output(house: &House, run: RunId) -> String {
    let view = house.run_when(run, RunStatus::Completed).await;
    format!("{:?}", view.run.state)
}

#[tokio::test]
async fn what_was_approved_arrives_once_signed_and_with_its_grant_as_key() {
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).open().await;
    let run = house.say("send Ops | the build is green").await;
    let card = house.pending(run, 1).await.remove(0).card;
    assert_eq!(card.destination.as_deref(), Some("webhook:ops (Ops)"));
    assert_eq!(card.content.as_deref(), Some("the build is green"));
    assert_eq!(card.kind.as_str(), "send_message");
    assert_eq!(remote.connections(), 0);
    house.decide(card.approval_id, Choice::Once).await;
    let said = output(&house, run).await;
    assert!(said.contains("send_message ok sent: HTTP 200"), "{said}");
    let received = remote.received();
    let [request] = received.as_slice() else { panic!("{received:?}") };
    let grant = house.grant_of(card.approval_id).await;
    assert_eq!(request.headers["idempotency-key"], grant.id.to_string());
    let timestamp = request.headers[TIMESTAMP].parse().unwrap();
    assert_eq!(request.headers[SIGNATURE], sign(SECRET, timestamp, &request.body));
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["text"], "the build is green");
    assert_eq!(house.audited(AuditKind::OutboundSent).await.len(), 1);
    assert_eq!(house.audited(AuditKind::GrantConsumed).await.len(), 1);
}

#[tokio::test]
async fn what_was_denied_does_not_leave() {
    let remote = FakeRemote::answering(&[Answers::With(200)]).await;
    let house = House::with().outbound(to(&remote)).open().await;
    let run = house.say("send ops | hello").await;
    house.decide(asked(&house, run).await, Choice::Deny).await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(remote.connections(), 0);
    assert!(house.approvals_of(run, Some(Status::Pending)).await.is_empty());
}

#[tokio::test]
async fn what_may_pass_without_a_question_still_has_a_grant_of_its_own() {
    let remote = FakeRemote::listen().await;
    for (terms, change) in [
        ("exempt", exempt_ops as fn(&mut OutboundConfig)),
        ("exempt", |outbound| outbound.require_approval = false),
        ("approvals_off", |_| {}),
    ] {
        let off = terms == "approvals_off";
        let house = House::with()
            .outbound(to(&remote))
            .outbound(change)
            .approvals(|approvals| {
                if off {
                    approvals.mode = ModeText::Off;
                }
            })
            .open()
            .await;
        let before = remote.received().len();
        let run = house.say("send ops | one\nsend ops | two").await;
        house.run_when(run, RunStatus::Completed).await;
        assert_eq!(remote.received().len(), before + 2, "{terms}");
        let issued = house.audited(AuditKind::GrantIssued).await;
        assert_eq!(issued.len(), 2);
        assert!(issued.iter().all(|record| record.detail["use"] == terms), "{issued:?}");
        assert_eq!(house.audited(AuditKind::GrantConsumed).await.len(), 2);
    }
}

fn exempt_ops(outbound: &mut OutboundConfig) {
    outbound.exempt = vec!["webhook:OPS".to_owned()];
}

#[tokio::test]
async fn an_exemption_is_exact() {
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).outbound(exempt_ops).open().await;
    let run = house.say("send log | hello").await;
    asked(&house, run).await;
    assert_eq!(remote.connections(), 0);
}

#[tokio::test]
async fn a_lasting_choice_covers_its_destination_and_each_send_has_its_grant() {
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).open().await;
    let first = house.say("send ops | one").await;
    let card = house.pending(first, 1).await.remove(0).card;
    assert_eq!(
        card.covers.always.as_deref(),
        Some("Always: any text with `send_message` to webhook:ops")
    );
    house.decide(card.approval_id, Choice::Always).await;
    house.run_when(first, RunStatus::Completed).await;
    let second = house.say("send ops | two\nsend log | three").await;
    house.decide(asked(&house, second).await, Choice::Deny).await;
    house.run_when(second, RunStatus::Completed).await;
    let keys: Vec<String> =
        remote.received().iter().map(|one| one.headers["idempotency-key"].clone()).collect();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
    let third = house.say(&format!("send ops | {}", key())).await;
    let said = output(&house, third).await;
    assert!(said.contains("send_message blocked secret_in_content"), "{said}");
    assert_eq!(remote.received().len(), 2);
}

/// What looks like a key of AWS.
fn key() -> String {
    format!("AKIA{}", "ABCDEFGHIJKLMNOP")
}

#[tokio::test]
async fn a_secret_does_not_leave_and_is_not_repeated() {
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).open().await;
    for line in [
        format!("send ops | the key is {}", key()),
        format!("post {} | {}", remote.url("/x"), key()),
        format!("get {}", remote.url(&format!("/x?key={}", key()))),
    ] {
        let run = house.say(&line).await;
        let said = output(&house, run).await;
        assert!(said.contains("blocked secret_in_content"), "{said}");
        assert!(said.contains("AWS access key in the "), "{said}");
        assert!(!said.contains(&key()), "{said}");
    }
    assert_eq!(remote.connections(), 0);
    assert_eq!(house.audited(AuditKind::OutboundBlocked).await.len(), 3);
}

#[tokio::test]
async fn where_a_person_decides_about_secrets_the_card_says_so_first() {
    let remote = FakeRemote::listen().await;
    let house = House::with()
        .outbound(to(&remote))
        .outbound(|outbound| outbound.secret_policy = SecretPolicyText::Ask)
        .open()
        .await;
    let run = house.say(&format!("send ops | {}", key())).await;
    let card = house.pending(run, 1).await.remove(0).card;
    assert_eq!(card.findings[0].id.as_str(), "secret.in_content");
    let first = "Would send a secret: AWS access key in the text; 20 characters are masked here";
    assert!(card.description.starts_with(first), "{}", card.description);
    assert_eq!(card.choices, [Choice::Once, Choice::Deny]);
    assert_eq!(card.content.as_deref(), Some("AKIA…(20)"));
    house.decide(card.approval_id, Choice::Once).await;
    house.run_when(run, RunStatus::Completed).await;
    assert!(remote.received()[0].body.contains(&key()));
}

#[tokio::test]
async fn what_the_card_would_mask_is_told_first_also_where_nothing_is_asked_otherwise() {
    let line = "send ops | see TOKEN=Y3VzdG9tZXIgbGlzdCBvZiA0Mg";
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).outbound(exempt_ops).open().await;
    let run = house.say(line).await;
    let card = house.pending(run, 1).await.remove(0).card;
    assert_eq!(card.description, "26 characters are masked here and would be sent.");
    assert_eq!(card.content.as_deref(), Some("see TOKEN=…(26)"));
    assert_eq!(card.choices, [Choice::Once, Choice::Deny]);
    assert_eq!(remote.connections(), 0);
}

#[tokio::test]
async fn a_destination_gets_so_much_an_hour_and_a_restart_does_not_forget_it() {
    let remote = FakeRemote::listen().await;
    let house = House::with()
        .outbound(to(&remote))
        .outbound(exempt_ops)
        .outbound(|outbound| outbound.max_per_hour = 2)
        .open()
        .await;
    let run = house.say("send ops | 1\nsend ops | 2\nsend ops | 3").await;
    let said = output(&house, run).await;
    assert!(said.contains("send_message error rate_limited: 2 messages an hour"), "{said}");
    assert_eq!(remote.received().len(), 2);
    let house = house.reopen().await;
    let run = house.say("send ops | 4").await;
    assert!(output(&house, run).await.contains("rate_limited"));
    house.clock.advance(Duration::from_mins(61));
    let run = house.say("send ops | 5").await;
    assert!(output(&house, run).await.contains("ok sent"));
    assert_eq!(remote.received().len(), 3);
}

#[tokio::test]
async fn what_was_approved_before_the_limit_was_reached_lapses() {
    let remote = FakeRemote::listen().await;
    let house = House::with()
        .outbound(to(&remote))
        .outbound(|outbound| outbound.max_per_hour = 1)
        .open()
        .await;
    let (one, two) = (house.say("send ops | 1").await, house.say("send ops | 2").await);
    let (first, second) = (asked(&house, one).await, asked(&house, two).await);
    house.decide(first, Choice::Once).await;
    house.run_when(one, RunStatus::Completed).await;
    house.decide(second, Choice::Once).await;
    let said = output(&house, two).await;
    assert!(said.contains("rate_limited"), "{said}");
    house.approval_when(second, Status::Lapsed).await;
    assert_eq!(remote.received().len(), 1);
}

#[tokio::test]
async fn without_the_key_nothing_leaves_even_if_nobody_is_asked() {
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).outbound(exempt_ops).open().await;
    house.signer.break_off(true);
    let run = house.say(&format!("send ops | hello\npost {} | x", remote.url("/"))).await;
    house.decide(asked(&house, run).await, Choice::Once).await;
    let said = output(&house, run).await;
    assert!(said.contains("send_message error approval_required"), "{said}");
    assert!(said.contains("http_request error"), "{said}");
    assert_eq!(remote.connections(), 0);
}

#[tokio::test]
async fn a_broken_connection_is_not_tried_again_unless_the_receiver_tells_sends_apart() {
    for (idempotent, attempts) in [(false, 1), (true, 2)] {
        let remote = FakeRemote::answering(&[Answers::Nothing, Answers::With(200)]).await;
        let house = House::with()
            .outbound(to(&remote))
            .outbound(|outbound| {
                for hook in outbound.webhooks.values_mut() {
                    hook.idempotent = idempotent;
                }
            })
            .open()
            .await;
        let run = house.say("send ops | hello").await;
        let id = asked(&house, run).await;
        house.decide(id, Choice::Once).await;
        house.run_when(run, RunStatus::Completed).await;
        let received = remote.received();
        assert_eq!(received.len(), attempts);
        let keys: BTreeSet<_> =
            received.iter().map(|one| &one.headers["idempotency-key"]).collect();
        assert_eq!(keys.len(), 1, "every attempt is the same send");
        if !idempotent {
            house.approval_when(id, Status::Indeterminate).await;
            let failed = house.audited(AuditKind::OutboundFailed).await;
            assert_eq!(failed[0].detail["outcome"], "indeterminate");
        }
    }
}

/// Messages to webhooks whose receivers take the same key once only, without a question.
fn to_idempotent(outbound: &mut OutboundConfig) {
    exempt_ops(outbound);
    for hook in outbound.webhooks.values_mut() {
        hook.idempotent = true;
    }
}

#[tokio::test]
async fn only_a_clear_refusal_says_that_a_message_was_not_taken() {
    for (answer, sent) in [
        (Answers::With(400), Some("error not sent: the webhook answered HTTP 400")),
        (Answers::With(403), Some("error not sent: the webhook answered HTTP 403")),
        (Answers::With(410), Some("error not sent: the webhook answered HTTP 410")),
        (Answers::With(408), None),
        (Answers::With(425), None),
        (Answers::With(429), None),
        (Answers::With(500), None),
        (Answers::With(502), None),
        (Answers::With(503), None),
        (Answers::With(504), None),
        (Answers::Redirect, None),
    ] {
        let words = sent.unwrap_or("indeterminate it may have arrived and is not sent again");
        let remote = FakeRemote::answering(&[answer]).await;
        let house = House::with().outbound(to(&remote)).outbound(exempt_ops).open().await;
        let run = house.say("send ops | hello").await;
        let said = output(&house, run).await;
        assert!(said.contains(words), "{said}");
        assert_eq!(remote.received().len(), 1, "{words}");
    }
}

#[tokio::test]
async fn what_may_have_arrived_is_not_unsaid_by_a_later_refusal() {
    for (second, words) in [
        (Answers::With(200), "send_message ok sent"),
        (Answers::With(409), "send_message indeterminate it may have arrived"),
    ] {
        let remote = FakeRemote::answering(&[Answers::With(503), second]).await;
        let house = House::with().outbound(to(&remote)).outbound(to_idempotent).open().await;
        let run = house.say("send ops | hello").await;
        let said = output(&house, run).await;
        assert!(said.contains(words), "{said}");
        assert_eq!(remote.received().len(), 2);
    }
}

#[tokio::test]
async fn a_crash_while_a_message_is_on_its_way_leaves_it_indeterminate_and_sends_nothing_again() {
    let remote = FakeRemote::answering(&[Answers::Never]).await;
    let house = House::with().outbound(to(&remote)).open().await;
    let run = house.say("send ops | hello").await;
    let id = asked(&house, run).await;
    house.decide(id, Choice::Once).await;
    remote.received_when(1).await;
    let house = house.crash().await;
    house.approval_when(id, Status::Indeterminate).await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(remote.received().len(), 1);
    let failed = house.audited(AuditKind::OutboundFailed).await;
    assert_eq!(failed[0].detail["outcome"], "indeterminate");
    assert!(house.grant_of(id).await.used_at.is_some());
}

#[tokio::test]
async fn what_leaves_is_asked_about_by_where_it_goes_and_what_it_does() {
    let remote = FakeRemote::listen().await;
    let address = remote.url("");
    let house =
        House::with().outbound(|outbound| outbound.http.allow_hosts = vec![address]).open().await;
    let run = house.say(&format!("get {}", remote.url("/free"))).await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(remote.received().len(), 1);
    // What only reads from where it may takes no grant.
    assert!(house.audited(AuditKind::GrantIssued).await.is_empty());
    let run = house.say(&format!("post {} | x", remote.url("/asked"))).await;
    house.decide(asked(&house, run).await, Choice::Once).await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(remote.received().len(), 2);
    assert_eq!(house.audited(AuditKind::GrantConsumed).await.len(), 1);
    assert_eq!(house.audited(AuditKind::OutboundSent).await.len(), 1);
}

#[tokio::test]
async fn another_spelling_of_a_host_does_not_pass_a_denial() {
    let remote = FakeRemote::listen().await;
    let port = remote.url("").rsplit_once(':').unwrap().1.to_owned();
    let rule = json!({"destination": format!("POST http://localhost:{port}/*")});
    let rule: RuleText = serde_json::from_value(rule).unwrap();
    let denying = |approvals: &mut ApprovalsConfig| approvals.deny = vec![rule];
    let house = House::with().approvals(denying).open().await;
    for host in ["localhost", "localhost.", "LocalHost", "localhost%2e", "\u{2113}ocalhost"] {
        let run = house.say(&format!("post http://{host}:{port}/x | x")).await;
        let said = output(&house, run).await;
        assert!(said.contains("blocked this action is forbidden"), "{host}: {said}");
    }
    assert_eq!(remote.connections(), 0);
}

#[tokio::test]
async fn there_is_no_tool_for_what_is_not_configured() {
    let house = House::open().await;
    let run = house.say("send ops | hello\nemail a@b.example | s | b").await;
    let said = output(&house, run).await;
    assert!(said.contains("there is no tool `send_message`"), "{said}");
    assert!(said.contains("there is no tool `send_email`"), "{said}");
}

#[tokio::test]
async fn a_name_that_may_mean_two_things_is_an_error_that_lists_them() {
    let remote = FakeRemote::listen().await;
    let house = House::with()
        .outbound(to(&remote))
        .outbound(|outbound| {
            outbound.directory.insert("OPS".to_owned(), "webhook:log".to_owned());
        })
        .open()
        .await;
    for (line, words) in [
        ("send ops | x", "`ops` is ambiguous, it may be `webhook:log` or `webhook:ops`"),
        ("send nobody | x", "the directory knows `log`, `ops`"),
        ("send webhook:none | x", "there is no webhook:none; there are `log`, `ops`"),
        ("send slack:C1 | x", "nobody carries messages to `slack:`"),
    ] {
        let run = house.say(line).await;
        let said = output(&house, run).await;
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(remote.connections(), 0);
}
