//! Approvals.

use std::time::Duration;

use countersign_domain::action::{Action, ActionKind};
use countersign_domain::approvals::{Approval, CancelReason, Choice, Due, Status, cancel, due};
use countersign_domain::identity::Actor;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{
    ApprovalFilter, Change, PageRequest, SharedStore, Version, Versioned,
};

use super::samples::{
    approval, approval_of, at, claimed, decided, exec, first_run, id, run, session,
};
use super::{attempt, commit, missing, stale};

fn add(approval: &Approval) -> Change {
    Change::AddApproval(Box::new(approval.clone()))
}

fn update(approval: &Approval, version: u64) -> Change {
    Change::UpdateApproval(Box::new(approval.clone()), Version(version))
}

/// Nothing is lost or changed on the way, however odd the content.
pub async fn an_approval_reads_back_as_written(store: SharedStore) {
    commit(&*store, first_run()).await;
    let odd = approval_of(exec("echo '\u{0}\u{202e}\u{1f600}' \"\\u0000\"\n"), 1, 1, 1);
    commit(&*store, [add(&odd)]).await;
    let found = store.approvals().approval(odd.id).await.unwrap().unwrap();
    assert_eq!(found.value.action.digest(), odd.digest);
    let written = Versioned { value: odd, version: Version(1) };
    assert_eq!(found, written);
}

/// Nothing is asked on behalf of a run that is not there.
pub async fn an_approval_needs_its_run(store: SharedStore) {
    let refused = attempt(&*store, [add(&approval(1, 7, 1))]).await;
    assert_eq!(refused, missing(run(7, 1).id));
}

/// Of two answers computed from one value, the second is refused.
pub async fn a_stale_change_of_an_approval_is_refused(store: SharedStore) {
    commit(&*store, first_run()).await;
    let asked = approval(1, 1, 1);
    commit(&*store, [add(&asked)]).await;
    assert_eq!(attempt(&*store, [add(&asked)]).await, stale(asked.id));
    let yes = decided(&asked, Choice::Once, "api:yes");
    let no = decided(&asked, Choice::Deny, "api:no");
    commit(&*store, [update(&yes, 1)]).await;
    assert_eq!(attempt(&*store, [update(&no, 1)]).await, stale(asked.id));
    let found = store.approvals().approval(asked.id).await.unwrap().unwrap();
    assert_eq!((found.value, found.version), (yes, Version(2)));
    let absent = approval(9, 1, 1);
    assert_eq!(attempt(&*store, [update(&absent, 1)]).await, missing(absent.id));
}

/// Following `next` gives every approval once.
pub async fn approvals_come_in_pages_newest_first(store: SharedStore) {
    commit(&*store, first_run()).await;
    commit(&*store, (1..=4).map(|number| add(&approval(number, 1, 1)))).await;
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let request = PageRequest { before, limit: 2 };
        let filter = ApprovalFilter::default();
        let page = store.approvals().approvals(filter, request).await.unwrap();
        assert_eq!(page.items.len(), 2);
        seen.extend(page.items.iter().map(|approval| approval.id));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (1..=4).rev().map(|number| approval(number, 1, 1).id).collect();
    assert_eq!(seen, expected);
}

/// Each restriction alone, and all together.
pub async fn approvals_are_filtered(store: SharedStore) {
    commit(&*store, first_run()).await;
    let read = Action::FileRead { path: "/etc/hosts".to_owned() };
    let denied = decided(&approval(2, 2, 1), Choice::Deny, "operator");
    let changes = [
        Change::AddSession(session(2)),
        Change::AddRun(Box::new(run(2, 1))),
        Change::AddRun(Box::new(run(3, 2))),
        add(&approval(1, 1, 1)),
        add(&denied),
        add(&approval_of(read, 3, 3, 2)),
    ];
    commit(&*store, changes).await;
    for (filter, expected) in filters() {
        let request = PageRequest { before: None, limit: 10 };
        let page = store.approvals().approvals(filter.clone(), request).await.unwrap();
        let found: Vec<_> = page.items.iter().map(|approval| approval.id).collect();
        let expected: Vec<_> = expected.iter().map(|n| approval(*n, 1, 1).id).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

fn filters() -> [(ApprovalFilter, Vec<u32>); 6] {
    let any = ApprovalFilter::default;
    let of_status = ApprovalFilter { status: Some(Status::Pending), ..any() };
    let of_session = ApprovalFilter { session_id: Some(id("sess_", 1)), ..any() };
    let of_run = ApprovalFilter { run_id: Some(id("run_", 2)), ..any() };
    let of_kind = ApprovalFilter { kind: Some(ActionKind::FileRead), ..any() };
    let of_all = ApprovalFilter {
        status: Some(Status::Denied),
        session_id: Some(id("sess_", 1)),
        run_id: Some(id("run_", 2)),
        kind: Some(ActionKind::Exec),
    };
    [
        (any(), vec![3, 2, 1]),
        (of_status, vec![3, 1]),
        (of_session, vec![2, 1]),
        (of_run, vec![2]),
        (of_kind, vec![3]),
        (of_all, vec![2]),
    ]
}

/// And only those in the given state.
pub async fn the_approvals_of_a_run_come_oldest_first(store: SharedStore) {
    commit(&*store, first_run()).await;
    let denied = decided(&approval(2, 1, 1), Choice::Deny, "operator");
    let other = [Change::AddRun(Box::new(run(2, 1))), add(&approval(4, 2, 1))];
    let changes = [add(&approval(3, 1, 1)), add(&denied), add(&approval(1, 1, 1))];
    commit(&*store, other.into_iter().chain(changes)).await;
    let found = store.approvals().of_run(id("run_", 1), Status::Pending).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|approval| approval.value).collect();
    assert_eq!(found, [approval(1, 1, 1), approval(3, 1, 1)]);
    let found = store.approvals().of_run(id("run_", 1), Status::Denied).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|approval| approval.value).collect();
    assert_eq!(found, [denied]);
}

/// The count follows openings and every way of ending.
pub async fn pending_approvals_are_counted(store: SharedStore) {
    assert_eq!(store.approvals().pending().await, Ok(0));
    commit(&*store, first_run()).await;
    commit(&*store, (1..=3).map(|number| add(&approval(number, 1, 1)))).await;
    assert_eq!(store.approvals().pending().await, Ok(3));
    let approved = decided(&approval(1, 1, 1), Choice::Once, "operator");
    let ended = cancel(&approval(2, 1, 1), CancelReason::RunStopped, Actor::System, at(9));
    commit(&*store, [update(&approved, 1), update(&ended.unwrap(), 1)]).await;
    assert_eq!(store.approvals().pending().await, Ok(1));
    let claimed = claimed(&approved, at(3));
    commit(&*store, [update(&claimed, 2)]).await;
    assert_eq!(store.approvals().pending().await, Ok(1));
}

/// By session and by what is asked for, the youngest first, and only while it is pending.
pub async fn what_waits_in_a_session_is_counted_and_found(store: SharedStore) {
    commit(&*store, first_run()).await;
    let other = approval_of(exec("ls"), 3, 2, 2);
    let changes = [
        Change::AddSession(session(2)),
        Change::AddRun(Box::new(run(2, 2))),
        add(&approval(1, 1, 1)),
        add(&approval(2, 1, 1)),
        add(&other),
    ];
    commit(&*store, changes).await;
    let (one, two) = (id("sess_", 1), id("sess_", 2));
    let reads = store.approvals();
    assert_eq!(reads.pending_in(one).await, Ok(2));
    assert_eq!(reads.pending_in(two).await, Ok(1));
    assert_eq!(reads.pending_in(id("sess_", 3)).await, Ok(0));
    let digest = approval(1, 1, 1).digest;
    let youngest = Versioned { value: approval(2, 1, 1), version: Version(1) };
    assert_eq!(reads.pending_like(one, digest).await, Ok(Some(youngest)));
    assert_eq!(reads.pending_like(two, digest).await, Ok(None));
    assert_eq!(reads.pending_like(one, other.digest).await, Ok(None));
    let denied = decided(&approval(2, 1, 1), Choice::Deny, "operator");
    commit(&*store, [update(&denied, 1)]).await;
    let elder = Versioned { value: approval(1, 1, 1), version: Version(1) };
    assert_eq!(reads.pending_like(one, digest).await, Ok(Some(elder)));
    assert_eq!(reads.pending_in(one).await, Ok(1));
    // What a person has changed is another question.
    let edited = approval_of(exec("ls"), 1, 1, 1);
    commit(&*store, [update(&edited, 1)]).await;
    assert_eq!(reads.pending_like(one, digest).await, Ok(None));
    let found = Versioned { value: edited.clone(), version: Version(2) };
    assert_eq!(reads.pending_like(one, edited.digest).await, Ok(Some(found)));
}

/// A deadline that is reached is due; the limit keeps the most overdue.
pub async fn due_approvals_come_most_overdue_first(store: SharedStore) {
    commit(&*store, first_run()).await;
    commit(&*store, [3, 1, 2].map(|number| add(&approval(number, 1, 1)))).await;
    let overdue = async |now: Timestamp, limit| {
        let due = store.approvals().due(now, limit).await.unwrap();
        due.into_iter().map(|approval| approval.value).collect::<Vec<_>>()
    };
    assert_eq!(overdue(at(450), 10).await, []);
    assert_eq!(overdue(at(451), 10).await, [approval(1, 1, 1)]);
    let both = [approval(1, 1, 1), approval(2, 1, 1)];
    assert_eq!(overdue(at(452), 10).await, both);
    assert_eq!(overdue(at(9999), 2).await, both);
}

/// Reminder, expiry, start of the effect, and then none.
pub async fn the_next_deadline_follows_every_change(store: SharedStore) {
    commit(&*store, first_run()).await;
    let next = async || store.approvals().next_deadline().await.unwrap();
    assert_eq!(next().await, None);
    let mut asked = approval(0, 1, 1);
    commit(&*store, [add(&asked), add(&approval(9, 1, 1))]).await;
    assert_eq!(next().await, Some(at(450)));
    if let Some(Due::Reminder(reminded)) = due(&asked, at(450)) {
        asked = *reminded;
    }
    let later = decided(&approval(9, 1, 1), Choice::Deny, "operator");
    commit(&*store, [update(&asked, 1), update(&later, 1)]).await;
    assert_eq!(next().await, Some(at(900)));
    let approved = decided(&asked, Choice::Once, "operator");
    commit(&*store, [update(&approved, 2)]).await;
    assert_eq!(next().await, Some(at(1).after(Duration::from_mins(1))));
    let claimed = claimed(&approved, at(2));
    commit(&*store, [update(&claimed, 3)]).await;
    assert_eq!(next().await, None);
}
