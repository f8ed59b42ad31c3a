//! What leaves, at its limits: many spellings of one receiver, the longest destinations, no room to
//! start, and what other processes send.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]
#![expect(clippy::panic, reason = "an answer that came out otherwise fails the test where it is")]

use std::collections::BTreeMap;

use countersign_domain::action::Action;
use countersign_domain::approvals::{Choice, EditError};
use countersign_domain::audit::AuditKind;
use countersign_domain::ids::{ApprovalId, CallId, RunId};
use countersign_domain::runs::{EntryBody, ToolCallState};
use countersign_gateway::config::OutboundConfig;
use countersign_gateway::{ConsumeError, EditApprovalError, NewContent, Presented, Role, StartRun};
use countersign_ports::effect_gate::{EffectGate as _, Passage, Slot};
use countersign_ports::model_provider::{ModelCall, ModelReply};
use countersign_ports::run_journal::RunJournal as _;
use countersign_test_kit::House;

/// A house in which nothing is driven, and a run in it.
struct Stage {
    house: House,
    run: RunId,
}

impl Stage {
    async fn new(change: impl FnOnce(&mut OutboundConfig)) -> Self {
        let house = House::with().outbound(change).undriven().open().await;
        let input = vec![(Role::User, "x".to_owned())];
        let request = StartRun { input, ..StartRun::default() };
        let run = house.gateway.start_run(request, &house.operator, None).await.unwrap().run_id;
        Self { house, run }
    }

    async fn call(&self, action: &Action) -> CallId {
        let (id, tool) = ("c".to_owned(), action.kind().as_str().to_owned());
        let call = ModelCall { id, tool, arguments: String::new() };
        let reply = ModelReply { calls: vec![call], ..ModelReply::default() };
        let gateway = &self.house.gateway;
        gateway.reply(self.run, gateway.new_message(), reply).await.unwrap();
        let snapshot = gateway.read(self.run).await.unwrap();
        let last = snapshot.entries.iter().rev().find(|entry| entry.run_id == self.run).unwrap();
        let EntryBody::Assistant { calls, .. } = &last.body else { panic!("{last:?}") };
        calls.first().unwrap().id
    }

    async fn propose(&self, action: &Action) -> Passage {
        let call = self.call(action).await;
        self.house.gateway.propose(self.run, call, action.clone(), Slot::Free).await.unwrap()
    }

    /// A person is asked about this.
    async fn asked(&self, action: &Action) -> ApprovalId {
        let passage = self.propose(action).await;
        let Passage::Waiting(id) = passage else { panic!("{passage:?}") };
        id
    }

    /// The token of an approval of this.
    async fn token(&self, action: &Action) -> String {
        let id = self.asked(action).await;
        self.house.decide(id, Choice::Once).await;
        self.house.sign(&self.house.claims_of(id).await)
    }

    async fn consume(&self, presented: Presented) -> Result<(), ConsumeError> {
        self.house.gateway.consume_grant(&presented, &self.house.operator).await.map(|_| ())
    }
}

fn message(destination: &str, text: &str) -> Action {
    let destination = destination.parse().unwrap();
    Action::SendMessage { destination, name: None, text: text.to_owned(), attachments: Vec::new() }
}

fn mail(to: &[&str], body: &str) -> Action {
    Action::SendEmail {
        from: "agent@example.org".parse().unwrap(),
        to: to.iter().map(|one| one.parse().unwrap()).collect(),
        cc: Vec::new(),
        subject: "s".parse().unwrap(),
        body: body.to_owned(),
        attachments: Vec::new(),
    }
}

fn post(url: &str) -> Action {
    Action::HttpRequest {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: BTreeMap::new(),
        body: "x".to_owned(),
    }
}

#[tokio::test]
async fn another_spelling_of_a_receiver_gets_no_more() {
    let stage = Stage::new(|outbound| {
        outbound.require_approval = false;
        outbound.max_per_hour = 1;
    })
    .await;
    for spellings in [
        [
            mail(&["ana@example.org"], "1"),
            mail(&["Ana@Example.org"], "2"),
            mail(&["bob@example.org", "ana+x@example.org"], "3"),
        ],
        [message("slack:C1", "1"), message("slack:C1:t1", "2"), message("slack:C1:t2", "3")],
        [post("http://a.example/x"), post("https://a.example/"), post("http://a.example:81/")],
    ] {
        let [first, others @ ..] = &spellings;
        let passage = stage.propose(first).await;
        assert!(matches!(passage, Passage::Run(_)), "{passage:?}");
        for other in others {
            let passage = stage.propose(other).await;
            let Passage::Refused(result) = passage else { panic!("{passage:?}") };
            assert!(result.content.starts_with("rate_limited"), "{result:?}");
        }
    }
}

/// As long as the tools let it be.
#[tokio::test]
async fn what_was_approved_starts_however_long_its_destination_is() {
    let stage = Stage::new(|_| {}).await;
    let local = "a".repeat(62);
    let domain = format!("{}.{}.{}", "b".repeat(63), "c".repeat(63), "d".repeat(58));
    let recipients: Vec<String> =
        (10..60).map(|number| format!("{local}{number}@{domain}")).collect();
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    let base = "https://a.example/";
    for action in [
        post(&format!("{base}{}", "x".repeat(6_000))),
        post(&format!("{base}{}", "x".repeat(32 * 1024 - base.len()))),
        mail(&recipients, "b"),
        message(&format!("slack:{}", "C".repeat(500)), "x"),
    ] {
        let call = stage.call(&action).await;
        let (house, run) = (&stage.house, stage.run);
        let passage = house.gateway.propose(run, call, action.clone(), Slot::Free).await.unwrap();
        let Passage::Waiting(id) = passage else { panic!("{passage:?}") };
        house.decide(id, Choice::Once).await;
        let passage = house.gateway.claim(run, call).await.unwrap();
        let Passage::Run(permitted) = passage else { panic!("{passage:?}") };
        assert_eq!(permitted.action(), &action);
    }
}

#[tokio::test]
async fn a_rule_that_is_revoked_before_there_is_room_covers_nothing() {
    let stage = Stage::new(|_| {}).await;
    let (house, run) = (&stage.house, stage.run);
    house.decide(stage.asked(&message("slack:C1", "1")).await, Choice::Always).await;
    let next = message("slack:C1", "2");
    let call = stage.call(&next).await;
    let issued = house.audited(AuditKind::GrantIssued).await.len();
    let passage = house.gateway.propose(run, call, next.clone(), Slot::Taken).await.unwrap();
    assert!(matches!(passage, Passage::NoSlot), "{passage:?}");
    let stored = house.calls(run).await.into_iter().find(|one| one.call.id == call).unwrap();
    assert_eq!(stored.state, ToolCallState::Proposed);
    assert_eq!(house.audited(AuditKind::GrantIssued).await.len(), issued);
    assert!(house.audited(AuditKind::RuleUsed).await.is_empty());
    for rule in house.gateway.rules(&house.operator).await.unwrap() {
        house.gateway.revoke_rule(rule.id, &house.operator).await.unwrap();
    }
    let passage = house.gateway.propose(run, call, next, Slot::Free).await.unwrap();
    assert!(matches!(passage, Passage::Waiting(_)), "{passage:?}");
    // People are asked whether there is room or not.
    let other = message("slack:C2", "3");
    let call = stage.call(&other).await;
    let passage = house.gateway.propose(run, call, other, Slot::Taken).await.unwrap();
    assert!(matches!(passage, Passage::Waiting(_)), "{passage:?}");
}

#[tokio::test]
async fn what_another_process_sends_counts() {
    let stage = Stage::new(|outbound| outbound.max_per_hour = 1).await;
    let long = post(&format!("https://a.example/{}", "x".repeat(6_000)));
    let other = post("https://a.example/2");
    let (first, second) = (stage.token(&long).await, stage.token(&other).await);
    let third = stage.asked(&post("https://a.example/3")).await;
    let given = |grant: &str| Presented { grant: grant.to_owned(), ..Presented::default() };
    let elsewhere = Some("https://a.example/".to_owned());
    let refused = stage.consume(Presented { destination: elsewhere, ..given(&first) }).await;
    assert!(matches!(refused, Err(ConsumeError::Refused(_))), "{refused:?}");
    let whole = Some(long.bound_destination());
    stage.consume(Presented { destination: whole, ..given(&first) }).await.unwrap();
    let refused = stage.consume(given(&second)).await;
    let Err(ConsumeError::RateLimited { destination, most: 1 }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(destination, "http:a.example");
    let blocked = stage.house.audited(AuditKind::OutboundBlocked).await;
    assert_eq!(blocked[0].detail["code"], "rate_limited");
    // Nor does the gateway itself send more.
    stage.house.decide(third, Choice::Once).await;
    let call = stage.house.gateway.approval(third, &stage.house.operator).await.unwrap().call_id;
    let passage = stage.house.gateway.claim(stage.run, call).await.unwrap();
    let Passage::Refused(result) = passage else { panic!("{passage:?}") };
    assert!(result.content.contains("rate_limited"), "{result:?}");
}

#[tokio::test]
async fn what_a_presenter_says_is_recorded_short_and_without_secrets() {
    let stage = Stage::new(|_| {}).await;
    let grant = stage.token(&message("slack:C1", "1")).await;
    let key = format!("AKIA{}", "ABCDEFGHIJKLMNOP");
    let tool = Some(format!("{key} {}", "x".repeat(100_000)));
    let refused = stage.consume(Presented { grant, tool, ..Presented::default() }).await;
    assert!(matches!(refused, Err(ConsumeError::Refused(_))), "{refused:?}");
    let records = stage.house.audited(AuditKind::GrantRejected).await;
    let why = records[0].detail["why"].as_str().unwrap();
    assert!(why.len() < 400 && !why.contains(&key), "{why}");
}

#[tokio::test]
async fn an_edit_makes_nothing_that_its_tool_would_not_send() {
    let stage = Stage::new(|_| {}).await;
    let house = &stage.house;
    let note = message("slack:C1", "hello");
    let letter = mail(&["ana@example.org"], "hello");
    for (action, content) in [
        (&note, " \n".to_owned()),
        (&note, "x".repeat(100_001)),
        (&letter, "a\0b".to_owned()),
        (&letter, "x".repeat(1_000_001)),
    ] {
        let id = stage.asked(action).await;
        let new = NewContent { content, digest: action.digest() };
        let refused = house.gateway.edit_approval(id, &new, &house.operator).await;
        assert!(
            matches!(
                &refused,
                Err(EditApprovalError::Refused { error: EditError::Invalid(..), .. })
            ),
            "{refused:?}"
        );
        assert_eq!(
            house.gateway.approval(id, &house.operator).await.unwrap().card.digest,
            action.digest()
        );
    }
    let refused = house.audited(AuditKind::ApprovalRefused).await;
    assert_eq!(refused.len(), 4);
    assert!(refused.iter().all(|record| record.detail.len() == 1), "{refused:?}");
}
