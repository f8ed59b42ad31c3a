//! Sessions and runs.

use countersign_domain::identity::{Actor, Principal};
use countersign_domain::runs::{Run, RunFailure, RunState, RunStatus, StopRequest};
use countersign_ports::store::{Change, PageRequest, RunFilter, SharedStore, Version, Versioned};

use super::samples::{at, first_run, id, principal, run, session};
use super::{attempt, commit, missing, stale};

/// The second time changes nothing.
pub async fn a_session_is_added_once(store: SharedStore) {
    commit(&*store, [Change::AddSession(session(1))]).await;
    let mut other = session(1);
    other.created_by = principal("api:other");
    commit(&*store, [Change::AddSession(other)]).await;
    assert_eq!(store.runs().session(id("sess_", 1)).await, Ok(Some(session(1))));
}

/// A session that is not there is not made.
pub async fn a_session_is_changed_and_listed(store: SharedStore) {
    let sessions = (1..=3).map(|number| Change::AddSession(session(number)));
    commit(&*store, sessions).await;
    let mut named = session(2);
    named.title = Some("the second".to_owned());
    commit(&*store, [Change::PutSession(named.clone())]).await;
    assert_eq!(attempt(&*store, [Change::PutSession(session(9))]).await, missing(session(9).id));
    let page = |before| store.runs().sessions(PageRequest { before, limit: 2 });
    let first = page(None).await.unwrap();
    assert_eq!(first.items, [session(3), named]);
    let rest = page(first.next).await.unwrap();
    assert_eq!((rest.items, rest.next), (vec![session(1)], None));
}

/// Nothing is lost or changed on the way.
pub async fn a_run_reads_back_as_written(store: SharedStore) {
    commit(&*store, first_run()).await;
    let found = store.runs().run(id("run_", 1)).await.unwrap().unwrap();
    let written = Versioned { value: run(1, 1), version: Version(1) };
    assert_eq!(found, written);
}

/// A run cannot be in a session that is not there.
pub async fn a_run_needs_its_session(store: SharedStore) {
    let refused = attempt(&*store, [Change::AddRun(Box::new(run(1, 7)))]).await;
    assert_eq!(refused, missing("sess_00000000000000000000000000000007"));
}

/// A taken id is a conflict.
pub async fn a_run_is_added_once(store: SharedStore) {
    commit(&*store, first_run()).await;
    let refused = attempt(&*store, [Change::AddRun(Box::new(run(1, 1)))]).await;
    assert_eq!(refused, stale(run(1, 1).id));
}

/// Of two changes computed from one value, the second is refused.
pub async fn a_stale_change_of_a_run_is_refused(store: SharedStore) {
    commit(&*store, first_run()).await;
    let next = run(1, 1).moved(RunState::Running, at(5));
    let change = |version| [Change::UpdateRun(Box::new(next.clone()), version)];
    commit(&*store, change(Version(1))).await;
    for version in [0, 1, 3, u64::MAX] {
        let refused = attempt(&*store, change(Version(version))).await;
        assert_eq!(refused, stale(next.id), "version {version}");
    }
    let found = store.runs().run(next.id).await.unwrap().unwrap();
    assert_eq!((found.value, found.version), (next, Version(2)));
    let absent = [Change::UpdateRun(Box::new(run(9, 1)), Version(1))];
    assert_eq!(attempt(&*store, absent).await, missing(run(9, 1).id));
}

/// Following `next` gives every run once.
pub async fn runs_come_in_pages_newest_first(store: SharedStore) {
    let runs = (1..=5).map(|number| Change::AddRun(Box::new(run(number, 1))));
    commit(&*store, [Change::AddSession(session(1))].into_iter().chain(runs)).await;
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let request = PageRequest { before, limit: 2 };
        let page = store.runs().runs(RunFilter::default(), request).await.unwrap();
        seen.extend(page.items.iter().map(|run| run.id));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (1..=5).rev().map(|number| run(number, 1).id).collect();
    assert_eq!(seen, expected);
}

/// Each restriction alone, and all together.
pub async fn runs_are_filtered(store: SharedStore) {
    let mut other = run(3, 2);
    other.requested_by = principal("api:other");
    let running = run(2, 1).moved(RunState::Running, at(2));
    let changes = [
        Change::AddSession(session(1)),
        Change::AddSession(session(2)),
        Change::AddRun(Box::new(run(1, 1))),
        Change::AddRun(Box::new(running)),
        Change::AddRun(Box::new(other)),
    ];
    commit(&*store, changes).await;
    let of_session = RunFilter { session_id: Some(id("sess_", 1)), ..RunFilter::default() };
    let of_status = RunFilter { status: Some(RunStatus::Queued), ..RunFilter::default() };
    let of_requester =
        RunFilter { requested_by: Some(principal("api:other")), ..RunFilter::default() };
    let of_all = RunFilter {
        session_id: Some(id("sess_", 1)),
        status: Some(RunStatus::Running),
        requested_by: Some(principal("api:ci")),
    };
    let cases = [
        (RunFilter::default(), vec![3, 2, 1]),
        (of_session, vec![2, 1]),
        (of_status, vec![3, 1]),
        (of_requester, vec![3]),
        (of_all, vec![2]),
    ];
    for (filter, expected) in cases {
        let request = PageRequest { before: None, limit: 10 };
        let page = store.runs().runs(filter.clone(), request).await.unwrap();
        let found: Vec<_> = page.items.iter().map(|run| run.id).collect();
        let expected: Vec<_> = expected.into_iter().map(|n| run(n, 1).id).collect();
        assert_eq!(found, expected, "{filter:?}");
        assert_eq!(page.next, None);
    }
}

/// One run in each state, numbered as in [`RunStatus::ALL`] from 1.
fn in_every_state() -> Vec<Run> {
    let stop = StopRequest { by: Actor::Principal(Principal::Operator), at: at(50), failure: None };
    let states = [
        RunState::Queued,
        RunState::Running,
        RunState::WaitingForApproval,
        RunState::WaitingForAnswer,
        RunState::Stopping(stop.clone()),
        RunState::Completed { output: "done".to_owned() },
        RunState::Failed {
            failure: RunFailure {
                code: "model_unavailable".to_owned(),
                message: "try again later".to_owned(),
            },
        },
        RunState::Cancelled(stop),
    ];
    (1..).zip(states).map(|(number, state)| run(number, 1).moved(state, at(60))).collect()
}

/// All that are not over, and in a session the oldest of them.
pub async fn unfinished_runs_are_found(store: SharedStore) {
    commit(&*store, [Change::AddSession(session(1))]).await;
    let runs = in_every_state();
    let added = runs.iter().cloned().map(|run| Change::AddRun(Box::new(run)));
    commit(&*store, added).await;
    assert_eq!(store.runs().unfinished().await.unwrap(), runs[..5]);
    let session = id("sess_", 1);
    assert_eq!(store.runs().active_in(session).await, Ok(Some(runs[0].id)));
    let over = RunState::Completed { output: String::new() };
    let over = runs[0].moved(over, at(70));
    commit(&*store, [Change::UpdateRun(Box::new(over), Version(1))]).await;
    assert_eq!(store.runs().active_in(session).await, Ok(Some(runs[1].id)));
    assert_eq!(store.runs().unfinished().await.unwrap(), runs[1..5]);
    assert_eq!(store.runs().active_in(id("sess_", 2)).await, Ok(None));
}

/// Waiting for a person is not work.
pub async fn working_runs_are_counted(store: SharedStore) {
    assert_eq!(store.runs().working().await, Ok(0));
    commit(&*store, [Change::AddSession(session(1))]).await;
    let added = in_every_state().into_iter().map(|run| Change::AddRun(Box::new(run)));
    commit(&*store, added).await;
    assert_eq!(store.runs().working().await, Ok(3));
    // What waits behind an older run of its session is not at work either.
    commit(&*store, [Change::AddRun(Box::new(run(90, 1)))]).await;
    assert_eq!(store.runs().working().await, Ok(3));
}

/// Absence is no error.
pub async fn what_does_not_exist_is_absent(store: SharedStore) {
    assert_eq!(store.runs().run(id("run_", 1)).await, Ok(None));
    assert_eq!(store.runs().session(id("sess_", 1)).await, Ok(None));
    assert_eq!(store.runs().call(id("call_", 1)).await, Ok(None));
    assert_eq!(store.runs().calls(id("run_", 1)).await, Ok(vec![]));
    assert_eq!(store.runs().journal(id("run_", 1), 10).await, Ok(None));
    assert_eq!(store.approvals().rule(id("rule_", 1)).await, Ok(None));
    assert_eq!(store.approvals().next_deadline().await, Ok(None));
}
