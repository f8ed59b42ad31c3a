//! Several people decide: votes, delegates, and separation of duties.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]
#![expect(clippy::panic, reason = "an answer that came out otherwise fails the test where it is")]

use std::time::Duration;

use countersign_domain::approvals::{Choice, DecideError, Moment, NotAnApprover, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::ids::{ApprovalId, RunId};
use countersign_domain::runs::{Event, RunStatus};
use countersign_gateway::config::{ApprovalsConfig, DelegateConfig, SeverityText};
use countersign_gateway::{Caller, ResolveError, Resolved, Role, StartRun};
use countersign_test_kit::House;

/// Ann, Bob, Cat and the requester may decide, two of them must agree, and not the requester.
fn two_of_four(approvals: &mut ApprovalsConfig) {
    approvals.approvers = ["ann", "bob", "cat", "req"].map(|name| format!("api:{name}")).to_vec();
    approvals.separation_of_duties = true;
    approvals.quorum.insert(SeverityText::Low, 2);
}

fn delegate(who: &str, principal: &str, until: &str) -> DelegateConfig {
    DelegateConfig {
        who: format!("api:{who}"),
        principal: format!("api:{principal}"),
        until: until.to_owned(),
    }
}

/// The clock of a house shows 2026-11-18 in the beginning.
const LATER: &str = "2026-12-24T18:00:00Z";
const BEFORE: &str = "2026-11-17T00:00:00Z";

async fn asked_by(house: &House, caller: &Caller, text: &str) -> (RunId, ApprovalId) {
    let input = vec![(Role::User, text.to_owned())];
    let request = StartRun { input, ..StartRun::default() };
    let run = house.gateway.start_run(request, caller, None).await.unwrap().run_id;
    (run, house.pending(run, 1).await.remove(0).card.approval_id)
}

async fn asked(house: &House) -> (RunId, ApprovalId) {
    std::fs::create_dir_all(house.workspace().join("made/deep")).unwrap();
    asked_by(house, &house.key_holder("req"), "run rm -r made").await
}

/// Whether what was asked for has run.
fn ran(house: &House) -> bool {
    !house.has("made")
}

async fn say(
    house: &House,
    id: ApprovalId,
    choice: Choice,
    who: &str,
) -> Result<Resolved, ResolveError> {
    house.answer(id, choice, None, &house.key_holder(who)).await
}

fn refusal(answer: Result<Resolved, ResolveError>) -> NotAnApprover {
    let Err(ResolveError::NotAnApprover(refused)) = answer else { panic!("{answer:?}") };
    refused
}

async fn changes(house: &House, run: RunId) -> Vec<String> {
    let events = house.events(run).await.into_iter();
    events
        .filter_map(|record| {
            if let Event::ApprovalUpdated { change, .. } = record.event {
                Some(change)
            } else {
                None
            }
        })
        .collect()
}

#[tokio::test]
async fn two_must_agree_and_whoever_asked_is_not_one_of_them() {
    let house = House::with().approvals(two_of_four).open().await;
    let (run, id) = asked(&house).await;
    let own = refusal(say(&house, id, Choice::Once, "req").await);
    assert!(matches!(own, NotAnApprover::OwnRequest { .. }), "{own}");
    let first = say(&house, id, Choice::Always, "ann").await;
    let Ok(Resolved::Counted(shown)) = first else { panic!("{first:?}") };
    assert_eq!((shown.status(), shown.votes.len(), shown.needed), (Status::Pending, 1, 2));
    assert!(!ran(&house), "one vote ran it");
    let refused = house.audited(AuditKind::ApprovalRefused).await;
    assert_eq!(refused.len(), 1);
    assert_eq!(house.audited(AuditKind::ApprovalVoted).await.len(), 1);
    assert_eq!(changes(&house, run).await, ["voted"]);

    let second = say(&house, id, Choice::Once, "bob").await;
    let Ok(Resolved::Now(decided)) = second else { panic!("{second:?}") };
    let decision = decided.state.decision().unwrap();
    assert_eq!(decision.choice, Choice::Once, "the narrowest choice counts");
    assert_eq!(decision.rule, None);
    house.run_when(run, RunStatus::Completed).await;
    assert!(ran(&house));
    let view = house.approval_when(id, Status::Executed).await;
    let moments: Vec<Moment> = view.history.iter().map(|entry| entry.what).collect();
    let wanted =
        [Moment::Requested, Moment::Voted, Moment::Approved, Moment::Claimed, Moment::Executed];
    assert_eq!(moments, wanted);
    assert_eq!(view.card.attention.votes.len(), 2);
}

#[tokio::test]
async fn the_same_person_counts_once_and_sees_the_present_state() {
    let house = House::with().approvals(two_of_four).open().await;
    let (_, id) = asked(&house).await;
    assert!(matches!(say(&house, id, Choice::Once, "ann").await, Ok(Resolved::Counted(_))));
    for choice in [Choice::Once, Choice::Session] {
        let again = say(&house, id, choice, "ann").await;
        let Ok(Resolved::CountedBefore(shown)) = again else { panic!("{again:?}") };
        assert_eq!((shown.status(), shown.votes.len()), (Status::Pending, 1));
    }
    assert_eq!(house.audited(AuditKind::ApprovalVoted).await.len(), 1);
}

#[tokio::test]
async fn one_denial_denies_whoever_has_agreed_before() {
    let house = House::with().approvals(two_of_four).open().await;
    for who in ["bob", "req", "ann"] {
        let (run, id) = asked(&house).await;
        assert!(matches!(say(&house, id, Choice::Once, "ann").await, Ok(Resolved::Counted(_))));
        let denied = say(&house, id, Choice::Deny, who).await;
        assert!(matches!(denied, Ok(Resolved::Now(_))), "{who}: {denied:?}");
        house.run_when(run, RunStatus::Completed).await;
    }
    assert!(!ran(&house));
}

#[tokio::test]
async fn a_vote_after_the_decision_is_answered_with_the_stored_one() {
    let house = House::with().approvals(two_of_four).open().await;
    let (run, id) = asked(&house).await;
    say(&house, id, Choice::Session, "ann").await.unwrap();
    say(&house, id, Choice::Once, "bob").await.unwrap();
    house.run_when(run, RunStatus::Completed).await;
    for (who, choice) in [("cat", Choice::Once), ("ann", Choice::Deny), ("bob", Choice::Session)] {
        let late = say(&house, id, choice, who).await;
        let Err(ResolveError::Refused { error: DecideError::AlreadyDecided(stored), .. }) = late
        else {
            panic!("{who}: {late:?}")
        };
        assert_eq!((stored.choice, stored.by.to_string().as_str()), (Choice::Once, "api:bob"));
    }
    // Who has voted for it may say the same again.
    for (who, choice) in [("ann", Choice::Session), ("bob", Choice::Once)] {
        let again = say(&house, id, choice, who).await;
        assert!(matches!(again, Ok(Resolved::Before(_))), "{who}: {again:?}");
    }
}

#[tokio::test]
async fn votes_survive_a_restart_and_a_milder_policy() {
    let house = House::with().approvals(two_of_four).open().await;
    let (run, id) = asked(&house).await;
    house.run_when(run, RunStatus::WaitingForApproval).await;
    say(&house, id, Choice::Once, "ann").await.unwrap();
    let house = house.reopen_with(|approvals| approvals.quorum.clear()).await;
    let again = say(&house, id, Choice::Once, "ann").await;
    assert!(matches!(again, Ok(Resolved::CountedBefore(_))), "{again:?}");
    assert!(matches!(say(&house, id, Choice::Once, "cat").await, Ok(Resolved::Now(_))));
    house.run_when(run, RunStatus::Completed).await;
    assert!(ran(&house));
}

#[tokio::test]
async fn a_stricter_policy_holds_for_what_is_pending() {
    let house = House::with()
        .approvals(|approvals| {
            two_of_four(approvals);
            approvals.quorum.clear();
        })
        .open()
        .await;
    let (run, id) = asked(&house).await;
    house.run_when(run, RunStatus::WaitingForApproval).await;
    let house =
        house.reopen_with(|approvals| approvals.quorum.extend([(SeverityText::Low, 2)])).await;
    let shown = house.gateway.approval(id, &house.operator).await.unwrap();
    assert_eq!(shown.card.attention.votes_needed, 2);
    assert!(matches!(say(&house, id, Choice::Once, "ann").await, Ok(Resolved::Counted(_))));
    assert!(matches!(say(&house, id, Choice::Once, "bob").await, Ok(Resolved::Now(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_racing_votes_exactly_as_many_count_as_are_needed() {
    let house = House::with()
        .approvals(|approvals| {
            two_of_four(approvals);
            approvals.approvers = (0..8).map(|n| format!("api:p{n}")).collect();
            approvals.quorum.insert(SeverityText::Low, 3);
        })
        .open()
        .await;
    for _ in 0..10 {
        let (run, id) = asked(&house).await;
        let votes = (0..16).map(|n| {
            let (gateway, caller) =
                (house.gateway.clone(), house.key_holder(&format!("p{}", n % 8)));
            tokio::spawn(async move {
                let answer = countersign_gateway::Answer {
                    choice: Choice::Once,
                    reason: None,
                    digest: None,
                    count: None,
                };
                gateway.resolve_approval(id, &answer, &caller).await
            })
        });
        let (mut counted, mut decided) = (0, 0);
        for vote in votes.collect::<Vec<_>>() {
            match vote.await.unwrap() {
                Ok(Resolved::Counted(_)) => counted += 1,
                Ok(Resolved::Now(approval)) => {
                    decided += 1;
                    assert_eq!(approval.votes.len(), 3);
                }
                Ok(Resolved::CountedBefore(_) | Resolved::Before(_))
                | Err(ResolveError::Refused { error: DecideError::AlreadyDecided(_), .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!((counted, decided), (2, 1));
        house.run_when(run, RunStatus::Completed).await;
    }
}

#[tokio::test]
async fn a_delegate_votes_in_anothers_name_and_they_count_once_together() {
    let house = House::with()
        .approvals(|approvals| {
            two_of_four(approvals);
            approvals.delegates = vec![delegate("dora", "ann", LATER)];
        })
        .open()
        .await;
    let (run, id) = asked(&house).await;
    let voted = say(&house, id, Choice::Once, "dora").await;
    let Ok(Resolved::Counted(shown)) = voted else { panic!("{voted:?}") };
    let vote = &shown.votes[0];
    assert_eq!((vote.by.to_string(), vote.seat.to_string()), ("api:dora".into(), "api:ann".into()));
    let own = say(&house, id, Choice::Once, "ann").await;
    assert!(matches!(own, Ok(Resolved::CountedBefore(_))), "{own:?}");
    assert!(matches!(say(&house, id, Choice::Once, "bob").await, Ok(Resolved::Now(_))));
    house.run_when(run, RunStatus::Completed).await;
}

#[tokio::test]
async fn an_expired_delegation_is_refused_and_says_so() {
    let house = House::with()
        .approvals(|approvals| {
            two_of_four(approvals);
            approvals.timeout = "0".parse().unwrap();
            approvals.delegates = vec![
                delegate("dora", "ann", BEFORE),
                delegate("eve", "bob", "2026-11-18T12:00:00Z"),
            ];
        })
        .open()
        .await;
    let (_, id) = asked(&house).await;
    for choice in [Choice::Once, Choice::Deny] {
        let refused = refusal(say(&house, id, choice, "dora").await).to_string();
        assert!(refused.contains("ended at 2026-11-17T00:00:00.000Z"), "{refused}");
    }
    assert!(matches!(say(&house, id, Choice::Once, "eve").await, Ok(Resolved::Counted(_))));
    let (_, id) = asked(&house).await;
    house.clock.advance(Duration::from_hours(1));
    let refused = refusal(say(&house, id, Choice::Once, "eve").await);
    assert!(matches!(refused, NotAnApprover::DelegationExpired { .. }), "{refused}");
    let stranger = refusal(say(&house, id, Choice::Once, "zoe").await);
    assert!(matches!(stranger, NotAnApprover::NotListed { .. }), "{stranger}");
}

#[tokio::test]
async fn neither_delegating_nor_being_a_delegate_defeats_the_separation_of_duties() {
    let house = House::with()
        .approvals(|approvals| {
            two_of_four(approvals);
            approvals.delegates =
                vec![delegate("dora", "req", LATER), delegate("req", "ann", LATER)];
        })
        .open()
        .await;
    let (_, id) = asked(&house).await;
    for who in ["dora", "req"] {
        let refused = refusal(say(&house, id, Choice::Once, who).await);
        assert!(matches!(refused, NotAnApprover::OwnRequest { .. }), "{who}: {refused}");
    }
    assert!(matches!(say(&house, id, Choice::Deny, "dora").await, Ok(Resolved::Now(_))));
}
