//! Every way in which a grant is not good has its code, and nothing leaves.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::time::Duration;

use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::grants::Grant;
use countersign_domain::ids::{ApprovalId, GatewayId, GrantId, RunId, SessionId};
use countersign_domain::runs::RunStatus;
use countersign_domain::signing::{Purpose, SigningKey};
use countersign_gateway::Presented;
use countersign_gateway::config::{OutboundConfig, WebhookConfig};
use countersign_ports::model_provider::{ModelCall, ModelReply};
use countersign_ports::run_journal::RunJournal as _;
use countersign_ports::secret::Secret;
use countersign_ports::signer::Signer as _;
use countersign_test_kit::{BreakableSigner, FakeRemote, House};
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

async fn output(house: &House, run: RunId) -> String {
    let view = house.run_when(run, RunStatus::Completed).await;
    format!("{:?}", view.run.state)
}

/// A message to `ops` that was approved and that nobody has started, and the token of its grant.
async fn approved(house: House) -> (House, SessionId, ApprovalId, Grant) {
    let run = house.say("send ops | hello").await;
    let view = house.pending(run, 1).await.remove(0);
    let house = house.reopen_undriven().await;
    house.decide(view.card.approval_id, Choice::Once).await;
    let grant = house.claims_of(view.card.approval_id).await;
    (house, view.card.session_id, view.card.approval_id, grant)
}

/// What a call says that brings `token` along.
async fn with_token(house: &House, session: SessionId, line: &str, token: &str) -> String {
    let run = house.say_in(Some(session), &format!("{line}\ntoken {token}")).await;
    output(house, run).await
}

/// One way in which a grant is not good for `send ops | hello`.
struct Wrong {
    code: &'static str,
    line: &'static str,
    change: fn(&mut Grant),
    spoil: fn(String) -> String,
}

fn same(_: &mut Grant) {}

fn whole(token: String) -> String {
    token
}

#[tokio::test]
async fn every_way_in_which_a_grant_is_not_good_has_its_code_and_nothing_leaves() {
    let line = "send ops | hello";
    let fit = Wrong { code: "", line, change: same, spoil: whole };
    let cases = [
        Wrong { code: "grant_malformed", spoil: |_| "yes".to_owned(), ..fit },
        Wrong { code: "grant_signature", spoil: flipped, ..fit },
        Wrong { code: "grant_expired", change: |grant| grant.exp = grant.nbf, ..fit },
        Wrong {
            code: "grant_expired",
            change: |grant| grant.nbf = grant.nbf.after(Duration::from_mins(1)),
            ..fit
        },
        Wrong {
            code: "grant_wrong_tool",
            change: |grant| grant.tool = "send_email".to_owned(),
            ..fit
        },
        Wrong { code: "grant_wrong_destination", line: "send log | hello", ..fit },
        Wrong { code: "grant_content_changed", line: "send ops | hello!", ..fit },
        Wrong {
            code: "grant_wrong_session",
            change: |grant| grant.ses = SessionId::from_uuid(uuid::Uuid::from_u128(5)),
            ..fit
        },
        Wrong {
            code: "grant_revoked",
            change: |grant| grant.jti = GrantId::from_uuid(uuid::Uuid::from_u128(5)),
            ..fit
        },
        Wrong { code: "grant_signature", spoil: by_another_key, ..fit },
        Wrong {
            code: "grant_signature",
            change: |grant| grant.aud = GatewayId::from_uuid(uuid::Uuid::from_u128(5)),
            ..fit
        },
    ];
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).open().await;
    let (house, session, asked, grant) = approved(house).await;
    house.gateway.stop_run(house.run_of(asked).await, &house.operator).await.unwrap();
    // A grant like the one that was revoked with its run, but in force.
    let grant = house.issue(Grant { jti: fresh(77), ..grant }).await;
    let house = house.reopen_sending(|_| {}).await;
    for (number, wrong) in cases.iter().enumerate() {
        let mut claims = grant.clone();
        (wrong.change)(&mut claims);
        let token = (wrong.spoil)(house.sign(&claims));
        let said = with_token(&house, session, wrong.line, &token).await;
        assert!(said.contains(&format!("send_message error {}", wrong.code)), "{number}: {said}");
        assert_eq!(house.audited(AuditKind::GrantRejected).await.len(), number + 1);
        assert_eq!(remote.connections(), 0, "{number}");
    }
    // The same token, left alone, is good; and only once.
    let token = house.sign(&grant);
    let said = with_token(&house, session, line, &token).await;
    assert!(said.contains("send_message ok sent: HTTP 200"), "{said}");
    let said = with_token(&house, session, line, &token).await;
    assert!(said.contains("send_message error grant_used"), "{said}");
    assert_eq!(remote.received().len(), 1);
    // The one that ended with its run was taken back.
    let ended = Grant { jti: house.grant_of(asked).await.id, ..grant };
    let said = with_token(&house, session, line, &house.sign(&ended)).await;
    assert!(said.contains("send_message error grant_revoked"), "{said}");
    assert_eq!(remote.received().len(), 1);
}

#[expect(clippy::needless_pass_by_value, reason = "it is one of several that change a token")]
fn flipped(token: String) -> String {
    let mut letters: Vec<char> = token.chars().collect();
    let middle = letters.len() / 2;
    if let Some(letter) = letters.get_mut(middle) {
        *letter = if *letter == 'A' { 'B' } else { 'A' };
    }
    letters.into_iter().collect()
}

/// The same claims, signed with a key that this gateway does not know.
#[expect(clippy::needless_pass_by_value, reason = "it is one of several that change a token")]
fn by_another_key(token: String) -> String {
    let known = BreakableSigner::default();
    let verified = known.verifying().verify(Purpose::Grant, &token).unwrap();
    SigningKey::from_seed([8; 32]).unwrap().sign(Purpose::Grant, &verified.claims).unwrap()
}

fn fresh(number: u128) -> GrantId {
    GrantId::from_uuid(uuid::Uuid::from_u128(number))
}

#[tokio::test]
async fn a_token_is_nowhere_kept() {
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).open().await;
    let (house, session, asked, grant) = approved(house).await;
    house.gateway.stop_run(house.run_of(asked).await, &house.operator).await.unwrap();
    let grant = house.issue(Grant { jti: fresh(78), ..grant }).await;
    let token = house.sign(&grant);
    let house = house.reopen_sending(|_| {}).await;
    let run = house.say_in(Some(session), &format!("send ops | hello\ntoken {token}")).await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(remote.received().len(), 1);
    let events = format!("{:?}", house.events(run).await);
    assert!(!events.contains("v4.public."), "{events}");
    for call in house.calls(run).await {
        assert!(!format!("{call:?}").contains("v4.public."), "{call:?}");
        assert!(call.call.arguments.contains("[kept by the gateway]"), "{call:?}");
    }
    assert!(!remote.received()[0].body.contains("v4.public."));
}

#[tokio::test]
async fn after_a_restart_a_token_that_was_not_looked_at_is_missing() {
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).undriven().open().await;
    let run = house.say("send ops | hello").await;
    let (gateway, arguments) = (
        &house.gateway,
        json!({
            "target": "ops", "message": "hello", "user_approval_token": "v4.public.abc",
        }),
    );
    let call = ModelCall {
        id: "c".to_owned(),
        tool: "send_message".to_owned(),
        arguments: arguments.to_string(),
    };
    let reply = ModelReply { calls: vec![call], ..ModelReply::default() };
    gateway.reply(run, gateway.new_message(), reply).await.unwrap();
    let house = house.reopen_sending(|_| {}).await;
    let said = output(&house, run).await;
    assert!(said.contains("send_message error grant_missing"), "{said}");
    assert_eq!(remote.connections(), 0);
}

#[tokio::test]
async fn arguments_that_no_tool_accepts_keep_no_token_and_stay_so() {
    let given = [
        r#"{"target":"ops","target":"log","message":"x","user_approval_token":"v4.public.abc"}"#,
        r#"{"target":"ops","message":"x","user_approval_token":"v4.public.abc""#,
        r#"{"user_approval_token":"v4.public.abc","user\u005fapproval_token":""}"#,
    ];
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).undriven().open().await;
    let run = house.say("send ops | hello").await;
    let gateway = &house.gateway;
    let call = |arguments: &str| ModelCall {
        id: "c".to_owned(),
        tool: "send_message".to_owned(),
        arguments: arguments.to_owned(),
    };
    let calls = given.map(call).into();
    let reply = ModelReply { calls, ..ModelReply::default() };
    gateway.reply(run, gateway.new_message(), reply).await.unwrap();
    for call in house.calls(run).await {
        assert!(!format!("{call:?}").contains("v4.public"), "{call:?}");
    }
    let house = house.reopen_sending(|_| {}).await;
    let said = output(&house, run).await;
    assert_eq!(said.matches("are not valid JSON").count(), given.len(), "{said}");
    assert_eq!(remote.connections(), 0);
}

#[tokio::test]
async fn what_stands_in_the_place_of_a_token_is_none() {
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).open().await;
    let run = house.say("send ops | hello\ntoken [kept by the gateway]").await;
    let said = output(&house, run).await;
    assert!(said.contains("send_message error grant_malformed"), "{said}");
    assert_eq!(remote.connections(), 0);
}

#[tokio::test]
async fn a_grant_that_was_used_elsewhere_starts_nothing() {
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).open().await;
    let (house, _, asked, grant) = approved(house).await;
    let presented = Presented { grant: house.sign(&grant), ..Presented::default() };
    house.gateway.consume_grant(&presented, &house.operator).await.unwrap();
    let house = house.reopen_sending(|_| {}).await;
    house.approval_when(asked, Status::Lapsed).await;
    assert_eq!(remote.connections(), 0);
}

#[tokio::test]
async fn a_decision_about_what_leaves_is_good_for_two_minutes() {
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).open().await;
    let (house, _, asked, grant) = approved(house).await;
    assert_eq!(grant.exp, grant.iat.after(Duration::from_mins(2)));
    house.clock.advance(Duration::from_mins(2));
    let house = house.reopen_sending(|_| {}).await;
    house.approval_when(asked, Status::Lapsed).await;
    assert_eq!(remote.connections(), 0);
}

#[tokio::test]
async fn when_the_clock_is_set_back_nothing_leaves() {
    let remote = FakeRemote::listen().await;
    let house = House::with().outbound(to(&remote)).open().await;
    let (house, _, asked, _) = approved(house).await;
    // Two nodes' clocks may differ by a minute.
    house.clock.set_back(Duration::from_secs(61));
    let house = house.reopen_sending(|_| {}).await;
    house.approval_when(asked, Status::Lapsed).await;
    assert_eq!(remote.connections(), 0);
}
