//! The life of an approval: every state against every event, and random histories against what
//! must hold whatever happens.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_domain::action::Action;
use countersign_domain::approvals::{
    Approval, ApprovalState, Asked, Ballot, CancelReason, Choice, Claimed, DecideError, Decided,
    Decision, Draft, Due, EditError, Joining, LapseReason, Offer, OutcomeStatus, Requester, Status,
    Timing, cancel, claim, decide, due, edit, execute, join, lapse, lose, open, refuse_start,
    shares,
};
use countersign_domain::assessment::Assessment;
use countersign_domain::digest::Digest;
use countersign_domain::grants::{Binding, VerifiedGrant, for_decision, verify};
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::ids::{ApprovalId, CallId, GatewayId, GrantId, RunId, SessionId};
use countersign_domain::signing::{Purpose, SigningKey};
use countersign_domain::time::Timestamp;
use countersign_domain::verdict::Verdict;
use proptest::prelude::*;
use uuid::Uuid;

const OPENED: Timestamp = Timestamp::from_millis(1_000_000);
const TIMEOUT: Duration = Duration::from_mins(15);
const START_WITHIN: Duration = Duration::from_mins(2);

fn pending() -> Approval {
    let asked = Asked {
        action: Action::Exec {
            command: "rm -r build".to_owned(),
            cwd: "/w".to_owned(),
            env: BTreeMap::new(),
            timeout_s: 60,
            files: Vec::new(),
        },
        assessment: Assessment::allow(),
        revealed: Vec::new(),
        offer: Offer { choices: vec![Choice::Once, Choice::Session, Choice::Deny], covers: None },
        requester: Requester {
            session_id: SessionId::from_uuid(Uuid::from_u128(1)),
            run_id: RunId::from_uuid(Uuid::from_u128(2)),
            call_id: CallId::from_uuid(Uuid::from_u128(3)),
            principal: Principal::Operator,
            tool: "terminal".to_owned(),
        },
    };
    let timing = Timing {
        timeout: Some(TIMEOUT),
        remind_after: Some(TIMEOUT / 2),
        start_within: START_WITHIN,
    };
    open(ApprovalId::from_uuid(Uuid::from_u128(4)), asked, timing, OPENED)
}

fn by(name: &str) -> Principal {
    name.parse().unwrap()
}

fn answer(choice: Choice, who: &str, at: Timestamp) -> Decision {
    let decision = Decision::new(choice, by(who), None, at);
    decision.granting(GrantId::from_uuid(Uuid::from_u128(5)))
}

/// The grant of an approval's decision, if it has one that is good.
fn grant(approval: &Approval, now: Timestamp) -> Option<VerifiedGrant> {
    let key = SigningKey::from_seed([1; 32]).unwrap();
    let gateway = GatewayId::from_uuid(Uuid::from_u128(6));
    let token = key.sign(Purpose::Grant, &for_decision(approval, gateway)?.to_json()).unwrap();
    let requester = &approval.requester;
    let binding = Binding::of(&approval.action, &requester.tool, requester.session_id, gateway);
    let keys = [key.verifying_key().clone()].into_iter().collect();
    verify(&token, &keys, &binding, now).ok()
}

/// Claims with the decision's own grant, if it has one that is good.
fn claimed(approval: &Approval, now: Timestamp) -> Option<Claimed> {
    claim(approval, grant(approval, now)?, now).ok()
}

/// One event of each kind, a second after the approval was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Approve,
    Deny,
    Cancel,
    Claim,
    Execute,
    Lose,
    Lapse,
    TimeOut,
}

const EVENTS: [Event; 8] = [
    Event::Approve,
    Event::Deny,
    Event::Cancel,
    Event::Claim,
    Event::Execute,
    Event::Lose,
    Event::Lapse,
    Event::TimeOut,
];

/// The next value if the event changes anything.
fn apply(approval: &Approval, event: Event) -> Option<Approval> {
    let now = OPENED.after(Duration::from_secs(1));
    let decided = |choice| match decide(approval, answer(choice, "api:one", now), None) {
        Ok(Decided::Now(next)) => Some(*next),
        Ok(Decided::Before(_) | Decided::Counted(_) | Decided::CountedBefore(_)) | Err(_) => None,
    };
    match event {
        Event::Approve => decided(Choice::Once),
        Event::Deny => decided(Choice::Deny),
        Event::Cancel => cancel(approval, CancelReason::RunStopped, Actor::System, now).ok(),
        Event::Claim => claimed(approval, now).map(|claimed| claimed.approval),
        Event::Execute => execute(approval, OutcomeStatus::Ok, Some(0), now).ok(),
        Event::Lose => lose(approval, now).ok(),
        Event::Lapse => lapse(approval, LapseReason::RunEnded, now).ok(),
        Event::TimeOut => match due(approval, OPENED.after(Duration::from_hours(24))) {
            Some(Due::Expiry(next) | Due::Lapse(next) | Due::Reminder(next)) => Some(*next),
            Some(Due::Channel { .. } | Due::Callback(_)) | None => None,
        },
    }
}

/// An approval in each state, reached on a legal way.
fn in_state(status: Status) -> Approval {
    let way: &[Event] = match status {
        Status::Pending => &[],
        Status::Approved => &[Event::Approve],
        Status::Denied => &[Event::Deny],
        Status::Expired => &[Event::TimeOut],
        Status::Cancelled => &[Event::Cancel],
        Status::Claimed => &[Event::Approve, Event::Claim],
        Status::Executed => &[Event::Approve, Event::Claim, Event::Execute],
        Status::Indeterminate => &[Event::Approve, Event::Claim, Event::Lose],
        Status::Lapsed => &[Event::Approve, Event::Lapse],
    };
    way.iter().fold(pending(), |approval, event| apply(&approval, *event).unwrap())
}

#[test]
fn every_state_takes_exactly_the_events_that_the_specification_lists() {
    let mut table = String::new();
    for status in Status::ALL {
        let approval = in_state(status);
        assert_eq!(approval.status(), status);
        for event in EVENTS {
            let next = apply(&approval, event).map_or("-", |next| next.status().as_str());
            let event = format!("{event:?}");
            table.extend([format!("{:13} {event:8} {next}\n", status.as_str())]);
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn only_a_pending_approval_is_edited_and_only_a_claimed_one_is_refused_where_it_starts() {
    let now = OPENED.after(Duration::from_secs(1));
    let action = |content: &str| Action::FileWrite {
        path: "/etc/motd".to_owned(),
        content: content.to_owned(),
    };
    for status in Status::ALL {
        let mut approval = in_state(status);
        approval.action = action("a");
        approval.digest = approval.action.digest();
        let offer = approval.offer.clone();
        let draft = |assessment| Draft { action: action("b"), assessment, offer: offer.clone() };
        let edited =
            edit(&approval, draft(Assessment::allow()), approval.digest, (&by("api:one"), now));
        assert_eq!(edited.is_ok(), status == Status::Pending, "{status:?}");
        if let Ok(edited) = edited {
            assert_eq!(edited.digest, action("b").digest());
            assert_eq!(edited.edited_by(), Some(&Actor::Principal(by("api:one"))));
            let forbidden = Assessment::allow().with_verdict(Verdict::Forbid);
            let refused = edit(&approval, draft(forbidden), approval.digest, (&by("api:one"), now));
            assert!(matches!(refused, Err(EditError::Forbidden(_))), "{refused:?}");
            let late = OPENED.after(TIMEOUT);
            let refused = edit(
                &approval,
                draft(Assessment::allow()),
                approval.digest,
                (&by("api:one"), late),
            );
            assert_eq!(refused, Err(EditError::Expired(late)));
            // Nobody approves what somebody else has made of it without having seen it.
            for (seen, choice, counts) in [
                (None, Choice::Once, false),
                (Some(approval.digest), Choice::Once, false),
                (Some(edited.digest), Choice::Once, true),
                (None, Choice::Deny, true),
            ] {
                let decided = decide(&edited, answer(choice, "api:two", now), seen);
                assert_eq!(decided.is_ok(), counts, "{seen:?} {choice:?}");
            }
        }
        let refused = refuse_start(&in_state(status), LapseReason::ContentChanged, now);
        assert_eq!(refused.is_ok(), status == Status::Claimed, "{status:?}");
        assert!(refused.is_err() || refused.unwrap().status() == Status::Lapsed);
    }
}

#[test]
fn each_call_is_told_of_the_edits_that_it_did_not_ask_for() {
    let at = |seconds| OPENED.after(Duration::from_secs(seconds));
    let action =
        |text: &str| Action::FileWrite { path: "/etc/motd".to_owned(), content: text.to_owned() };
    let mut card = pending();
    card.action = action("a");
    card.digest = card.action.digest();
    let joining = |card: &Approval, number, now| {
        let joining = Joining {
            run_id: card.requester.run_id,
            call_id: CallId::from_uuid(Uuid::from_u128(number)),
            tool: &card.requester.tool,
            digest: card.digest,
            assessment: &card.assessment,
        };
        join(card, joining, now).unwrap()
    };
    let card = joining(&card, 100, at(1));
    let (assessment, offer) = (card.assessment.clone(), card.offer.clone());
    let draft = Draft { action: action("b"), assessment, offer };
    let card = edit(&card, draft, card.digest, (&by("api:one"), at(2))).unwrap();
    // The third asks for what the card says now.
    let card = joining(&card, 101, at(3));
    let decision = answer(Choice::Once, "api:one", at(4));
    let ballot = Ballot { count: 3, ..Ballot::from(decision) };
    let Ok(Decided::Now(approved)) = decide(&card, ballot, Some(card.digest)) else {
        panic!("not approved")
    };
    let mut number = 200;
    let shares = shares(&approved, || {
        number += 1;
        let id = Uuid::from_u128(number);
        (ApprovalId::from_uuid(id), GrantId::from_uuid(id))
    });
    let told: Vec<bool> = shares.iter().map(|share| share.edited_by().is_some()).collect();
    assert_eq!((approved.edited_by().is_some(), told), (true, vec![true, false]));
    assert!(shares.iter().all(|share| share.action == action("b")));
}

#[test]
fn the_same_answer_by_the_same_principal_is_told_the_stored_one() {
    let now = OPENED.after(Duration::from_secs(2));
    let approved = in_state(Status::Approved);
    let again = decide(&approved, answer(Choice::Once, "api:one", now), None);
    let Ok(Decided::Before(stored)) = again else { panic!("{again:?}") };
    assert_eq!(stored.by, by("api:one"));
    for (choice, who) in [(Choice::Once, "api:two"), (Choice::Deny, "api:one")] {
        let refused = decide(&approved, answer(choice, who, now), None);
        assert!(matches!(refused, Err(DecideError::AlreadyDecided(_))), "{refused:?}");
    }
}

#[test]
fn an_answer_at_the_deadline_is_too_late_even_before_the_timer_has_run() {
    let at = OPENED.after(TIMEOUT);
    let late = decide(&pending(), answer(Choice::Once, "operator", at), None);
    assert_eq!(late, Err(DecideError::Expired(at)));
}

#[test]
fn an_answer_to_other_content_decides_nothing() {
    let approval = pending();
    let now = OPENED.after(Duration::from_secs(1));
    let other = Digest::of(b"something else");
    let refused = decide(&approval, answer(Choice::Once, "operator", now), Some(other));
    assert_eq!(refused, Err(DecideError::ContentChanged { actual: approval.digest }));
    let taken = decide(&approval, answer(Choice::Once, "operator", now), Some(approval.digest));
    assert!(matches!(taken, Ok(Decided::Now(_))));
}

#[test]
fn what_is_not_on_the_card_cannot_be_chosen() {
    let now = OPENED.after(Duration::from_secs(1));
    let refused = decide(&pending(), answer(Choice::Always, "operator", now), None);
    assert_eq!(refused, Err(DecideError::NotOffered(Choice::Always)));
}

#[test]
fn people_are_reminded_once() {
    let at = OPENED.after(TIMEOUT / 2);
    let Some(Due::Reminder(reminded)) = due(&pending(), at) else { panic!("no reminder") };
    assert_eq!(reminded.status(), Status::Pending);
    assert_eq!(due(&reminded, at), None);
    assert_eq!(reminded.next_deadline(), Some(OPENED.after(TIMEOUT)));
}

#[test]
fn a_decision_is_not_used_after_its_time() {
    let approved = in_state(Status::Approved);
    let decided_at = decided_at(&approved);
    let last = Timestamp::from_millis(decided_at.after(START_WITHIN).as_millis() - 1);
    assert!(claimed(&approved, last).is_some());
    assert!(claimed(&approved, decided_at.after(START_WITHIN)).is_none());
}

#[test]
fn a_grant_of_another_decision_claims_nothing() {
    let mut approved = in_state(Status::Approved);
    let stolen = grant(&approved, decided_at(&approved)).unwrap();
    if let ApprovalState::Approved { decision } = &mut approved.state {
        decision.grant = Some(GrantId::from_uuid(Uuid::from_u128(99)));
    }
    assert!(claim(&approved, stolen, decided_at(&approved)).is_err());
    let mut other = in_state(Status::Approved);
    let stolen = grant(&other, decided_at(&other)).unwrap();
    other.id = ApprovalId::from_uuid(Uuid::from_u128(98));
    assert!(claim(&other, stolen, decided_at(&other)).is_err());
}

fn decided_at(approval: &Approval) -> Timestamp {
    approval.state.decision().unwrap().at
}

/// What two people, an agent and a clock may do, in any order and at any time.
#[derive(Debug, Clone)]
enum Step {
    Decide { choice: Choice, who: &'static str, wrong_digest: bool },
    Do(Event),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let choice = prop::sample::select(Choice::ALL.to_vec());
    let who = prop::sample::select(vec!["operator", "api:one", "api:two"]);
    let deciding = (choice, who, prop::bool::weighted(0.2))
        .prop_map(|(choice, who, wrong_digest)| Step::Decide { choice, who, wrong_digest });
    let doing = prop::sample::select(EVENTS.to_vec()).prop_map(Step::Do);
    let waiting = (0..600_u64).prop_map(Step::Wait);
    prop::collection::vec(prop_oneof![3 => deciding, 3 => doing, 1 => waiting], 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// One decision, at most one claim, and never a claim without an approving decision.
    #[test]
    fn no_history_decides_or_claims_twice(steps in steps()) {
        let mut approval = pending();
        let mut now = OPENED;
        let mut first: Option<Decision> = None;
        let mut claims = 0;
        for step in steps {
            let before = approval.clone();
            let next = match step {
                Step::Wait(seconds) => {
                    now = now.after(Duration::from_secs(seconds));
                    match due(&approval, now) {
                        Some(Due::Expiry(next) | Due::Lapse(next) | Due::Reminder(next)) => Some(*next),
                        Some(Due::Channel { .. } | Due::Callback(_)) | None => None,
                    }
                }
                Step::Decide { choice, who, wrong_digest } => {
                    let seen = wrong_digest.then(|| Digest::of(b"other"));
                    match decide(&approval, answer(choice, who, now), seen) {
                        Ok(Decided::Now(next)) => Some(*next),
                        Ok(Decided::Before(_) | Decided::Counted(_) | Decided::CountedBefore(_)) | Err(_) => None,
                    }
                }
                Step::Do(Event::Claim) => claimed(&approval, now).map(|claimed| {
                    claims += 1;
                    claimed.approval
                }),
                Step::Do(event @ (Event::Cancel | Event::Execute | Event::Lose | Event::Lapse)) => {
                    apply(&approval, event)
                }
                Step::Do(Event::Approve | Event::Deny | Event::TimeOut) => None,
            };
            if let Some(next) = next {
                prop_assert_eq!(next.digest, before.digest);
                prop_assert_eq!(next.history.len(), before.history.len() + 1);
                approval = next;
            }
            if let Some(decision) = approval.state.decision() {
                let known = first.get_or_insert_with(|| decision.clone());
                prop_assert_eq!(&*known, decision, "a decision was replaced");
                prop_assert!(decision.at < OPENED.after(TIMEOUT), "silence was taken for consent");
            }
            prop_assert!(claims <= 1, "claimed twice");
            if claims == 1 {
                prop_assert!(first.as_ref().is_some_and(|d| d.choice.approves()));
            }
        }
    }
}
