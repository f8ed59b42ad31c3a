//! Nothing that was approved runs without a grant, and no grant runs anything twice.

use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::ids::{ApprovalId, RunId};
use countersign_domain::runs::RunStatus;
use countersign_gateway::RuleText;
use countersign_gateway::config::ApprovalsConfig;
use countersign_ports::clock::Clock as _;
use countersign_test_kit::House;

/// Puts every command that makes a directory to a person, so that its effect can be looked for.
fn asking(approvals: &mut ApprovalsConfig) {
    approvals.ask = vec![RuleText::Command("mkdir *".to_owned())];
}

#[tokio::test]
async fn a_decision_issues_one_grant_and_its_effect_uses_it_up() {
    let house = House::with().approvals(asking).open().await;
    let run = house.say("run mkdir made").await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    assert!(house.audited(AuditKind::GrantIssued).await.is_empty());
    house.decide(asked, Choice::Once).await;
    house.run_when(run, RunStatus::Completed).await;
    assert!(house.has("made"));
    let grant = house.grant_of(asked).await;
    assert_eq!(grant.approval_id, Some(asked));
    assert!(grant.used_at.is_some() && grant.revoked_at.is_none());
    let issued = house.audited(AuditKind::GrantIssued).await;
    let used = house.audited(AuditKind::GrantConsumed).await;
    assert_eq!((issued.len(), used.len()), (1, 1));
    assert_eq!((&issued[0].subject, &used[0].subject), (&grant.id.to_string(), &issued[0].subject));
    assert_eq!(issued[0].detail["by"], "operator");
    assert_eq!(issued[0].detail["use"], "once");
    // Nothing that was ever told or logged holds a token.
    let told = format!("{:?} {issued:?} {used:?}", house.events(run).await);
    assert!(!told.contains("v4.public."));
}

#[tokio::test]
async fn a_denial_issues_no_grant() {
    let house = House::with().approvals(asking).open().await;
    let run = house.say("run mkdir made").await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    house.decide(asked, Choice::Deny).await;
    house.run_when(run, RunStatus::Completed).await;
    assert!(house.audited(AuditKind::GrantIssued).await.is_empty());
}

#[tokio::test]
async fn each_use_of_a_rule_has_a_grant_of_its_own() {
    let house = House::open().await;
    let first = house.say("run rm -r one").await;
    let asked = house.pending(first, 1).await.remove(0).card.approval_id;
    house.decide(asked, Choice::Always).await;
    house.run_when(first, RunStatus::Completed).await;
    for name in ["two", "three"] {
        let run = house.say(&format!("run rm -r {name}")).await;
        house.run_when(run, RunStatus::Completed).await;
    }
    let issued = house.audited(AuditKind::GrantIssued).await;
    let by_rule: Vec<_> = issued.iter().filter(|record| record.detail["use"] != "once").collect();
    assert_eq!(by_rule.len(), 2, "{issued:?}");
    assert_ne!(by_rule[0].subject, by_rule[1].subject);
    for record in by_rule {
        assert_eq!(record.detail["approval"], asked.to_string());
        assert!(house.grant(record.subject.parse().unwrap()).await.unwrap().used_at.is_some());
    }
    assert_eq!(house.audited(AuditKind::GrantConsumed).await.len(), 3);
}

#[tokio::test]
async fn without_the_key_nothing_that_was_approved_runs() {
    let house = House::with().approvals(asking).open().await;
    let run = house.say("run mkdir made").await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    house.signer.break_off(true);
    house.decide(asked, Choice::Once).await;
    house.approval_when(asked, Status::Lapsed).await;
    house.run_when(run, RunStatus::Completed).await;
    assert!(!house.has("made"));
    let grant = house.grant_of(asked).await;
    assert!(grant.used_at.is_none() && grant.revoked_at.is_some());
    assert!(house.audited(AuditKind::GrantConsumed).await.is_empty());
}

/// An approved command that nobody starts.
async fn unused(house: House) -> (House, RunId, ApprovalId) {
    let run = house.say("run mkdir made").await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    let house = house.reopen_undriven().await;
    house.decide(asked, Choice::Once).await;
    let grant = house.grant_of(asked).await;
    assert!(grant.used_at.is_none() && grant.revoked_at.is_none());
    (house, run, asked)
}

#[tokio::test]
async fn a_grant_ends_with_the_run_that_did_not_use_it() {
    let (house, run, asked) = unused(House::with().approvals(asking).open().await).await;
    house.gateway.stop_run(run, &house.operator).await.unwrap();
    house.approval_when(asked, Status::Lapsed).await;
    assert!(house.grant_of(asked).await.revoked_at.is_some());
}

#[tokio::test]
async fn a_grant_ends_with_its_time() {
    let (house, _, asked) = unused(House::with().approvals(asking).open().await).await;
    let end = house.grant_of(asked).await.expires_at;
    house.clock.advance(end.since(house.clock.now()));
    house.gateway.pass_deadlines().await.unwrap();
    house.approval_when(asked, Status::Lapsed).await;
    assert!(house.grant_of(asked).await.revoked_at.is_some());
}
