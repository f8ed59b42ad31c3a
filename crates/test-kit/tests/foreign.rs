//! What another program asks about is decided here, and done there.

use std::collections::BTreeSet;

use countersign_domain::access::Scope;
use countersign_domain::action::Action;
use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::runs::RunStatus;
use countersign_gateway::config::ModeText;
use countersign_gateway::{Caller, ForeignRequest, Presented};
use countersign_test_kit::House;
use serde_json::Map;

fn program(house: &House) -> Caller {
    Caller { scopes: BTreeSet::from([Scope::Outbound]), ..house.key_holder("ci") }
}

fn makes_a_directory(house: &House) -> ForeignRequest {
    let action = Action::Exec {
        command: "mkdir made".to_owned(),
        cwd: house.workspace().display().to_string(),
        env: std::collections::BTreeMap::new(),
        timeout_s: 0,
        files: Vec::new(),
    };
    let (title, metadata) = (Some("make room".to_owned()), Map::new());
    let (timeout, callback_url) = (None, None);
    ForeignRequest { action, title, metadata, timeout, approvers: BTreeSet::new(), callback_url }
}

#[tokio::test]
async fn an_approved_request_ends_its_run_and_nothing_is_run_here() {
    let house = House::open().await;
    let ci = program(&house);
    let asked = house.gateway.request_foreign(makes_a_directory(&house), &ci, None).await.unwrap();
    let (id, run) = (asked.card.approval_id, asked.run_id);
    assert_eq!(house.run(run).await.run.status(), RunStatus::WaitingForApproval);
    house.decide(id, Choice::Once).await;
    house.run_when(run, RunStatus::Completed).await;
    assert!(!house.has("made"), "it is the program's own to do");
    // The grant is still good, and works once.
    let read = house.gateway.approval(id, &ci).await.unwrap();
    assert_eq!(read.status, Status::Approved);
    let presented = Presented {
        grant: read.grant.expect("the grant"),
        content: Some(asked.card.digest),
        ..Presented::default()
    };
    house.gateway.consume_grant(&presented, &ci).await.unwrap();
    house.gateway.consume_grant(&presented, &ci).await.unwrap_err();
    assert_eq!(house.approval_when(id, Status::Claimed).await.status, Status::Claimed);
    assert_eq!(house.audited(AuditKind::ApprovalClaimed).await.len(), 1);
    let told =
        format!("{:?} {:?}", house.events(run).await, house.audited(AuditKind::GrantIssued).await);
    assert!(!told.contains("v4.public."), "no token is kept anywhere");
}

#[tokio::test]
async fn a_mode_that_asks_nobody_does_not_answer_for_another_program() {
    let house = House::with().approvals(|approvals| approvals.mode = ModeText::Off).open().await;
    let asked = makes_a_directory(&house);
    let asked = house.gateway.request_foreign(asked, &program(&house), None).await.unwrap();
    assert_eq!(asked.status, Status::Pending);
    house.decide(asked.card.approval_id, Choice::Deny).await;
    house.run_when(asked.run_id, RunStatus::Completed).await;
    let read = house.gateway.approval(asked.card.approval_id, &program(&house)).await.unwrap();
    assert_eq!((read.status, read.grant), (Status::Denied, None));
}

#[tokio::test]
async fn a_decision_outlives_a_crash() {
    let house = House::open().await;
    let ci = program(&house);
    let asked = house.gateway.request_foreign(makes_a_directory(&house), &ci, None).await.unwrap();
    let house = house.crash().await;
    house.decide(asked.card.approval_id, Choice::Once).await;
    let house = house.crash().await;
    house.run_when(asked.run_id, RunStatus::Completed).await;
    let read = house.gateway.approval(asked.card.approval_id, &ci).await.unwrap();
    assert!(read.grant.is_some());
}
