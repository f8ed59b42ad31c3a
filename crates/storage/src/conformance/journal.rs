//! Entries of conversations and tool calls.

use countersign_domain::runs::{ToolCallState, ToolResult, ToolStatus};
use countersign_ports::store::{Change, SharedStore, Version};

use super::samples::{call, entry, first_run, id, run, session};
use super::{attempt, commit, missing, stale};

/// By run, then position; the last ones when there are too many; of one session only.
pub async fn entries_come_in_the_order_of_the_conversation(store: SharedStore) {
    commit(&*store, first_run()).await;
    let more = [
        Change::AddSession(session(2)),
        Change::AddRun(Box::new(run(2, 1))),
        Change::AddRun(Box::new(run(3, 2))),
        Change::AddRun(Box::new(run(4, 1))),
        Change::AddCall(Box::new(call(1, 1, 1, 0))),
        Change::AddCall(Box::new(call(2, 2, 0, 0))),
    ];
    commit(&*store, more).await;
    let places = [(2, 1, 0), (1, 1, 1), (3, 2, 0), (1, 1, 0), (2, 1, 10), (2, 1, 2)];
    let added = places
        .map(|(run, session, position)| Change::AddEntry(Box::new(entry(run, session, position))));
    commit(&*store, added).await;
    let expected = [(1, 0), (1, 1), (2, 0), (2, 2), (2, 10)];
    let expected = expected.map(|(run, position)| entry(run, 1, position));
    let journal = async |number, limit| {
        store.runs().journal(id("run_", number), limit).await.unwrap().unwrap()
    };
    let of_last = journal(4, 100).await;
    assert_eq!((of_last.run.value, of_last.run.version), (run(4, 1), Version(1)));
    assert_eq!(of_last.earlier, expected);
    assert_eq!((of_last.entries, of_last.calls), (vec![], vec![]));
    assert_eq!(journal(4, 2).await.earlier, expected[3..]);
    let of_second = journal(2, 100).await;
    assert_eq!(of_second.earlier, expected[..2]);
    assert_eq!(of_second.entries, expected[2..]);
    let calls: Vec<_> = of_second.calls.into_iter().map(|call| call.value).collect();
    assert_eq!(calls, [call(2, 2, 0, 0)]);
    let of_run = store.runs().entries_of_run(id("run_", 2)).await.unwrap();
    assert_eq!(of_run, expected[2..]);
}

/// Two entries at one place are a conflict.
pub async fn an_entry_has_one_place(store: SharedStore) {
    commit(&*store, first_run()).await;
    commit(&*store, [Change::AddEntry(Box::new(entry(1, 1, 0)))]).await;
    let refused = attempt(&*store, [Change::AddEntry(Box::new(entry(1, 1, 0)))]).await;
    assert_eq!(refused, stale("run_00000000000000000000000000000001/0"));
    let refused = attempt(&*store, [Change::AddEntry(Box::new(entry(9, 1, 0)))]).await;
    assert_eq!(refused, missing(run(9, 1).id));
}

/// By entry, then index, whatever their ids.
pub async fn calls_come_in_order(store: SharedStore) {
    commit(&*store, first_run()).await;
    let added = [(5, 3, 1), (9, 1, 0), (2, 3, 0), (7, 3, 10)]
        .map(|(number, at, index)| Change::AddCall(Box::new(call(number, 1, at, index))));
    commit(&*store, added).await;
    let calls = store.runs().calls(id("run_", 1)).await.unwrap();
    let found: Vec<_> = calls.into_iter().map(|call| call.value).collect();
    let expected = [(9, 1, 0), (2, 3, 0), (5, 3, 1), (7, 3, 10)];
    assert_eq!(found, expected.map(|(number, at, index)| call(number, 1, at, index)));
    let one = store.runs().call(id("call_", 2)).await.unwrap().unwrap();
    assert_eq!((one.value, one.version), (call(2, 1, 3, 0), Version(1)));
}

/// Of two changes computed from one value, the second is refused.
pub async fn a_stale_change_of_a_call_is_refused(store: SharedStore) {
    commit(&*store, first_run()).await;
    commit(&*store, [Change::AddCall(Box::new(call(1, 1, 0, 0)))]).await;
    let mut next = call(1, 1, 0, 0);
    let result = ToolResult {
        status: ToolStatus::Ok,
        content: "\u{0}binary\u{202e}".to_owned(),
        exit_code: Some(-1),
        duration_ms: 12,
    };
    next.state = ToolCallState::Done { result };
    let change = [Change::UpdateCall(Box::new(next.clone()), Version(1))];
    commit(&*store, change).await;
    let change = [Change::UpdateCall(Box::new(next.clone()), Version(1))];
    assert_eq!(attempt(&*store, change).await, stale(next.call.id));
    let found = store.runs().call(next.call.id).await.unwrap().unwrap();
    assert_eq!((found.value, found.version), (next, Version(2)));
    let absent = [Change::UpdateCall(Box::new(call(9, 1, 0, 0)), Version(1))];
    assert_eq!(attempt(&*store, absent).await, missing(call(9, 1, 0, 0).call.id));
}
