//! Units of work.

use countersign_domain::runs::Stream;
use countersign_ports::store::{Change, SharedStore, StoreError, UnitOfWork, Version};

use super::samples::{approval, audit, call, delta, first_run, id, run, session};
use super::{attempt, commit, missing, stale};

/// Whatever came before the refused change is undone.
pub async fn a_unit_with_a_refused_change_leaves_nothing(store: SharedStore) {
    commit(&*store, first_run()).await;
    let changes = [
        Change::AddSession(session(2)),
        Change::AddApproval(Box::new(approval(1, 1, 1))),
        delta(1, "lost"),
        Change::AddAudit(Box::new(audit("lost"))),
        Change::UpdateRun(Box::new(run(1, 1)), Version(9)),
        Change::AddAudit(Box::new(audit("never reached"))),
    ];
    assert_eq!(attempt(&*store, changes).await, stale("run_00000000000000000000000000000001"));
    assert_eq!(store.runs().session(id("sess_", 2)).await, Ok(None));
    assert_eq!(store.approvals().approval(id("appr_", 1)).await, Ok(None));
    assert_eq!(store.approvals().pending().await, Ok(0));
    assert_eq!(store.events().last(Stream::Run(id("run_", 1))).await, Ok(None));
    assert_eq!(store.access().audit(0, 9).await, Ok(vec![]));
}

/// Nothing to do is done.
pub async fn an_empty_unit_is_committed(store: SharedStore) {
    store.commit(UnitOfWork::new()).await.unwrap();
}

/// A value can be added and changed in one unit.
pub async fn changes_of_a_unit_see_the_ones_before(store: SharedStore) {
    let [session, add] = first_run();
    let changed = Change::UpdateRun(Box::new(run(1, 1)), Version(1));
    commit(&*store, [session, add, changed]).await;
    let found = store.runs().run(id("run_", 1)).await.unwrap().unwrap();
    assert_eq!(found.version, Version(2));
}

/// Units that a store makes durable together still stand or fall alone.
pub async fn a_refused_unit_does_not_disturb_its_neighbours(store: SharedStore) {
    commit(&*store, first_run()).await;
    let units = (1..=60_u32).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let line = Change::AddAudit(Box::new(audit(&number.to_string())));
            let poison = Change::RemoveRule(id("rule_", number));
            let unit = if number % 3 == 0 { vec![line, poison] } else { vec![line] };
            (number, attempt(&*store, unit).await)
        })
    });
    for unit in units.collect::<Vec<_>>() {
        let (number, outcome) = unit.await.unwrap();
        assert_eq!(outcome.is_err(), number % 3 == 0, "unit {number}: {outcome:?}");
    }
    let lines = store.access().audit(0, 100).await.unwrap();
    assert_eq!(lines.len(), 40);
    let kept = |line: &str| line.parse::<u32>().is_ok_and(|number| number % 3 != 0);
    assert!(lines.iter().all(|line| kept(&line.record.subject)));
}

/// A unit can depend on values that it does not change.
pub async fn expectations_hold_only_for_the_named_version(store: SharedStore) {
    commit(&*store, first_run()).await;
    let add = [
        Change::AddApproval(Box::new(approval(1, 1, 1))),
        Change::AddCall(Box::new(call(1, 1, 0, 0))),
    ];
    commit(&*store, add).await;
    let unit = |version| {
        [
            Change::ExpectApproval(id("appr_", 1), version),
            Change::ExpectRun(id("run_", 1), Version(1)),
            Change::ExpectCall(id("call_", 1), version),
            Change::AddAudit(Box::new(audit("held"))),
        ]
    };
    commit(&*store, unit(Version(1))).await;
    let refused = attempt(&*store, unit(Version(2))).await;
    assert_eq!(refused, stale("appr_00000000000000000000000000000001"));
    let absent = [Change::ExpectCall(id("call_", 7), Version(1))];
    let refused = attempt(&*store, absent).await;
    assert_eq!(refused, missing("call_00000000000000000000000000000007"));
    let stale_run = [Change::ExpectRun(id("run_", 1), Version(2))];
    let refused = attempt(&*store, stale_run).await;
    assert_eq!(refused, stale("run_00000000000000000000000000000001"));
    assert_eq!(store.access().audit(0, 9).await.unwrap().len(), 1);
}

/// The check says so when all is well.
pub async fn a_healthy_store_passes_its_check(store: SharedStore) {
    assert_eq!(store.check().await, Ok(()));
}

/// After closing, nothing is read or written, and closing again does no harm.
pub async fn a_closed_store_refuses_work(store: SharedStore) {
    commit(&*store, first_run()).await;
    store.close().await;
    store.close().await;
    let refused = attempt(&*store, first_run()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let refused = store.runs().run(id("run_", 1)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
}
