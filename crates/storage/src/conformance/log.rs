//! Events and the audit log.

use countersign_domain::identity::Actor;
use countersign_domain::runs::{Event, EventRecord, RunFailure, Stream, ToolStatus, Usage};
use countersign_ports::store::{Change, SharedStore};

use super::samples::{at, audit, delta, first_run, id, reminded, run};
use super::{attempt, commit, missing};

fn stream(number: u32) -> Stream {
    Stream::Run(id("run_", number))
}

fn numbers(events: &[EventRecord]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

/// From 1, without gaps, and the numbers over all runs increase.
pub async fn events_are_numbered_within_their_run(store: SharedStore) {
    commit(&*store, first_run()).await;
    commit(&*store, [Change::AddRun(Box::new(run(2, 1)))]).await;
    commit(&*store, [delta(1, "a"), delta(2, "x"), delta(1, "b")]).await;
    commit(&*store, [delta(2, "y"), delta(1, "c")]).await;
    let one = store.events().after(stream(1), 0, 100).await.unwrap();
    let two = store.events().after(stream(2), 0, 100).await.unwrap();
    assert_eq!((numbers(&one), numbers(&two)), (vec![1, 2, 3], vec![1, 2]));
    let order: Vec<_> =
        [&one[0], &two[0], &one[1], &two[1], &one[2]].map(|event| event.global_seq).to_vec();
    assert!(order.is_sorted_by(|a, b| a < b), "{order:?}");
    assert_eq!(store.events().last(stream(1)).await.unwrap(), one.last().cloned());
    assert_eq!(store.events().last(stream(9)).await, Ok(None));
}

/// Of all runs, in the order in which they happened.
pub async fn the_approvals_stream_has_only_approval_events(store: SharedStore) {
    assert_eq!(store.events().last(Stream::Approvals).await, Ok(None));
    commit(&*store, first_run()).await;
    commit(&*store, [Change::AddRun(Box::new(run(2, 1)))]).await;
    let events = [delta(1, "a"), reminded(2), delta(2, "b"), reminded(1), delta(1, "c")];
    commit(&*store, events).await;
    let all = store.events().after(Stream::Approvals, 0, 100).await.unwrap();
    let runs: Vec<_> = all.iter().map(|event| event.run_id).collect();
    assert_eq!(runs, [run(2, 1).id, run(1, 1).id]);
    assert!(all.iter().all(|event| event.event.is_about_approval()));
    let rest = store.events().after(Stream::Approvals, all[0].global_seq, 100).await;
    assert_eq!(rest.unwrap(), all[1..]);
    assert_eq!(store.events().last(Stream::Approvals).await.unwrap(), all.last().cloned());
}

/// Reading in parts gives the same as reading at once.
pub async fn a_reader_goes_on_where_it_stopped(store: SharedStore) {
    commit(&*store, first_run()).await;
    commit(&*store, (0..10).map(|n| delta(1, &n.to_string()))).await;
    let all = store.events().after(stream(1), 0, 100).await.unwrap();
    let mut parts = Vec::new();
    loop {
        let after = parts.last().map_or(0, |event: &EventRecord| event.seq);
        let part = store.events().after(stream(1), after, 3).await.unwrap();
        if part.is_empty() {
            break;
        }
        assert!(part.len() <= 3);
        parts.extend(part);
    }
    assert_eq!(parts, all);
    assert_eq!(store.events().after(stream(1), u64::MAX, 3).await, Ok(vec![]));
}

/// Nothing happens in a run that is not there.
pub async fn an_event_needs_its_run(store: SharedStore) {
    assert_eq!(attempt(&*store, [delta(7, "a")]).await, missing(run(7, 1).id));
}

/// Not even after a unit that was refused.
pub async fn the_audit_log_has_no_gaps(store: SharedStore) {
    let line = |subject| Change::AddAudit(Box::new(audit(subject)));
    commit(&*store, [line("a"), line("b")]).await;
    let refused = [line("lost"), Change::RemoveRule(id("rule_", 1))];
    assert!(attempt(&*store, refused).await.is_err());
    commit(&*store, [line("c")]).await;
    let lines = store.access().audit(0, 100).await.unwrap();
    let found: Vec<_> = lines.iter().map(|line| (line.seq, &line.record)).collect();
    let (a, b, c) = (audit("a"), audit("b"), audit("c"));
    assert_eq!(found, [(1, &a), (2, &b), (3, &c)]);
    assert_eq!(store.access().audit(1, 1).await.unwrap(), lines[1..2]);
    assert_eq!(store.access().audit(3, 9).await, Ok(vec![]));
}

/// Nothing is lost or changed on the way.
pub async fn every_event_reads_back_as_written(store: SharedStore) {
    commit(&*store, first_run()).await;
    let events = [
        Event::RunStarted { session_id: id("sess_", 1), model: "m".to_owned() },
        Event::RunRecovered {},
        Event::ModelFellBack {
            from: "m".to_owned(),
            to: "n".to_owned(),
            reason: "overloaded".to_owned(),
        },
        Event::ToolCompleted {
            call_id: id("call_", 1),
            tool: "exec".to_owned(),
            status: ToolStatus::Indeterminate,
            error: true,
            duration_ms: 3,
            output: "\u{0}\u{1f600}".to_owned(),
        },
        Event::RunCompleted { output: "done".to_owned(), usage: Usage::default() },
        Event::RunFailed { error: RunFailure { code: "c".to_owned(), message: "m".to_owned() } },
        Event::RunCancelled { by: Actor::System },
    ];
    let run_id = id("run_", 1);
    let added =
        events.iter().map(|event| Change::AddEvent { run_id, at: at(4), event: event.clone() });
    commit(&*store, added).await;
    let found = store.events().after(Stream::Run(run_id), 0, 100).await.unwrap();
    assert!(found.iter().all(|event| event.timestamp == at(4) && event.run_id == run_id));
    let found: Vec<_> = found.into_iter().map(|event| event.event).collect();
    assert_eq!(found, events);
}
