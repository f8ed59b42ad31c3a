//! People's attention: identical requests are one card, few wait at a time, and what was denied is
//! not asked for for ever.

use countersign_domain::approvals::{Choice, DecideError, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::ids::ApprovalId;
use countersign_domain::runs::{Event, RunState, RunStatus};
use countersign_gateway::config::{ApprovalsConfig, SeverityText};
use countersign_gateway::{Answer, ResolveError, Resolved, RuleText};
use countersign_test_kit::House;

/// Appends a line to `tally`, and asks for it.
const TALLY: &str = "echo x >> tally";

fn asking(approvals: &mut ApprovalsConfig) {
    approvals.ask =
        vec![RuleText::Command("echo *".to_owned()), RuleText::Command("mkdir *".to_owned())];
}

fn tally(house: &House) -> usize {
    std::fs::read_to_string(house.workspace().join("tally")).map_or(0, |text| text.lines().count())
}

async fn approve(
    house: &House,
    id: ApprovalId,
    choice: Choice,
    count: Option<u32>,
) -> Result<Resolved, ResolveError> {
    let answer = Answer { choice, reason: None, digest: None, count };
    house.gateway.resolve_approval(id, &answer, &house.operator).await
}

fn thrice() -> String {
    [format!("run& {TALLY}"), format!("run& {TALLY}"), format!("run& {TALLY}")].join("\n")
}

async fn counted(
    house: &House,
    script: &str,
    count: u32,
) -> (countersign_domain::ids::RunId, ApprovalId) {
    let run = house.say(script).await;
    house.run_when(run, RunStatus::WaitingForApproval).await;
    let card = house.pending(run, 1).await.remove(0).card;
    assert_eq!(card.attention.count, count);
    (run, card.approval_id)
}

#[tokio::test]
async fn identical_requests_are_one_card_and_each_runs_once() {
    let house = House::with().approvals(asking).open().await;
    let (run, id) = counted(&house, &thrice(), 3).await;
    assert_eq!(house.gateway.pending_approvals().await, Ok(1));
    for seen in [None, Some(1), Some(2), Some(4)] {
        let refused = approve(&house, id, Choice::Once, seen).await;
        let Err(ResolveError::Refused {
            error: DecideError::CountChanged { actual: 3, .. }, ..
        }) = refused
        else {
            panic!("{seen:?}: {refused:?}")
        };
    }
    let decided = approve(&house, id, Choice::Once, Some(3)).await;
    assert!(matches!(decided, Ok(Resolved::Now(_))), "{decided:?}");
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(tally(&house), 3);
    let all = house.approvals_of(run, None).await;
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|one| one.status == Status::Executed));
    assert_eq!(all.iter().filter(|one| one.share_of == Some(id)).count(), 2);
    assert_eq!(house.audited(AuditKind::ApprovalClaimed).await.len(), 3);
    assert_eq!(house.audited(AuditKind::ApprovalJoined).await.len(), 2);
}

#[tokio::test]
async fn a_denial_is_for_every_call_on_the_card() {
    let house = House::with().approvals(asking).open().await;
    let (run, id) = counted(&house, &thrice(), 3).await;
    house.decide(id, Choice::Deny).await;
    let done = house.run_when(run, RunStatus::Completed).await;
    let RunState::Completed { output } = done.run.state else { panic!("{:?}", done.run.state) };
    assert_eq!(output.matches("terminal denied").count(), 3, "{output}");
    assert_eq!(tally(&house), 0);
}

#[tokio::test]
async fn a_call_that_comes_after_the_decision_asks_anew() {
    let house = House::with().approvals(asking).open().await;
    let (run, id) = counted(&house, &format!("run& {TALLY}\nrun& {TALLY}\nrun {TALLY}"), 2).await;
    approve(&house, id, Choice::Once, Some(2)).await.unwrap();
    let again = house.pending(run, 1).await.remove(0).card;
    assert_ne!(again.approval_id, id);
    assert_eq!((again.attention.count, tally(&house)), (1, 2));
}

#[tokio::test]
async fn what_was_counted_survives_a_restart() {
    let house = House::with().approvals(asking).open().await;
    let (run, id) = counted(&house, &thrice(), 3).await;
    let house = house.reopen().await;
    approve(&house, id, Choice::Once, Some(3)).await.unwrap();
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(tally(&house), 3);
}

#[tokio::test]
async fn a_stopped_run_takes_its_counted_calls_along() {
    let house = House::with().approvals(asking).open().await;
    let (run, id) = counted(&house, &thrice(), 3).await;
    house.gateway.stop_run(run, &house.operator).await.unwrap();
    let refused = approve(&house, id, Choice::Once, Some(3)).await;
    assert!(
        matches!(&refused, Err(ResolveError::Refused { error: DecideError::Cancelled(_), .. })),
        "{refused:?}"
    );
    assert_eq!(tally(&house), 0);
}

#[tokio::test]
async fn beyond_the_limit_the_agent_is_told_to_wait() {
    let house = House::with()
        .approvals(|approvals| {
            asking(approvals);
            approvals.max_pending_per_session = 2;
        })
        .open()
        .await;
    let script = "run& mkdir a\nrun& mkdir b\nrun& mkdir c\nrun& mkdir a\nrun& mkdir a";
    let run = house.say(script).await;
    house.run_when(run, RunStatus::WaitingForApproval).await;
    let cards = house.pending(run, 2).await;
    assert_eq!(cards[0].card.attention.count, 2, "a card counts no more than may wait either");
    assert_eq!(house.audited(AuditKind::ApprovalNotAsked).await.len(), 2);
    let told: Vec<_> = house
        .events(run)
        .await
        .into_iter()
        .filter_map(|record| {
            if let Event::ToolCompleted { output, .. } = record.event { Some(output) } else { None }
        })
        .collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("Wait for those decisions"), "{told:?}");
    // Another conversation is not affected.
    let other = house.say("run mkdir d").await;
    house.pending(other, 1).await;
}

#[tokio::test]
async fn a_denied_effect_tried_by_other_means_is_shown_as_such() {
    let house = House::open().await;
    std::fs::create_dir_all(house.workspace().join("old/deep")).unwrap();
    let run = house.say("run rm -rf old\nrun find old -delete\nrun rm -r ./old").await;
    let first = house.pending(run, 1).await.remove(0).card;
    assert!(first.attention.tried_before.is_empty());
    house.answer(first.approval_id, Choice::Deny, Some("keep it"), &house.operator).await.unwrap();
    let second = house.pending(run, 1).await.remove(0).card;
    let tried = &second.attention.tried_before;
    assert_eq!(tried.len(), 1, "{second:?}");
    assert_eq!((tried[0].approval_id, tried[0].same_action), (first.approval_id, false));
    assert_eq!(tried[0].reason.as_deref(), Some("keep it"));
    house.decide(second.approval_id, Choice::Deny).await;
    let third = house.pending(run, 1).await.remove(0).card;
    assert_eq!(third.attention.tried_before.len(), 2);
    house.decide(third.approval_id, Choice::Deny).await;
    let failed = house.run_when(run, RunStatus::Failed).await;
    let RunState::Failed { failure } = failed.run.state else { panic!("{:?}", failed.run.state) };
    assert_eq!(failure.code, "denied_too_often");
    assert!(failure.message.contains("3 times"), "{}", failure.message);
    assert_eq!(house.audited(AuditKind::RunStoppedByDenials).await.len(), 1);
    let last = house.events(run).await.pop().unwrap();
    assert_eq!(last.event.name(), "run.failed");
    assert!(house.has("old"));
}

#[tokio::test]
async fn denials_of_different_effects_stop_nothing() {
    let house = House::with().approvals(asking).open().await;
    let run = house.say("run mkdir a\nrun mkdir b\nrun mkdir c\nrun mkdir d").await;
    for _ in 0..4 {
        let card = house.pending(run, 1).await.remove(0).card;
        house.decide(card.approval_id, Choice::Deny).await;
    }
    house.run_when(run, RunStatus::Completed).await;
}

#[tokio::test]
async fn a_run_that_is_at_work_stops_too_when_it_is_denied_too_often() {
    let house = House::with()
        .approvals(|approvals| {
            asking(approvals);
            approvals.denials_before_stop = 1;
        })
        .open()
        .await;
    let run = house.say("run& sleep 600\nrun& mkdir made\nrun& mkdir other").await;
    let cards = house.pending(run, 2).await;
    house.decide(cards[0].card.approval_id, Choice::Deny).await;
    house.run_when(run, RunStatus::Failed).await;
    house.approval_when(cards[1].card.approval_id, Status::Cancelled).await;
    let last = house.events(run).await.pop().unwrap();
    assert_eq!(last.event.name(), "run.failed");
    assert!(!house.has("made") && !house.has("other"));
}

#[tokio::test]
async fn a_counted_card_under_a_quorum_runs_each_call_once() {
    let house = House::with()
        .approvals(|approvals| {
            asking(approvals);
            approvals.quorum.insert(SeverityText::Low, 2);
        })
        .open()
        .await;
    let run = house.say(&format!("run& {TALLY}\nrun& {TALLY}")).await;
    house.run_when(run, RunStatus::WaitingForApproval).await;
    let id = house.pending(run, 1).await[0].card.approval_id;
    let voted = approve(&house, id, Choice::Once, Some(2)).await;
    assert!(matches!(voted, Ok(Resolved::Counted(_))), "{voted:?}");
    let other = Answer { choice: Choice::Once, reason: None, digest: None, count: Some(2) };
    let caller = house.key_holder("other");
    house.gateway.resolve_approval(id, &other, &caller).await.unwrap();
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(tally(&house), 2);
}
