//! Nodes and what they hold.

use countersign_domain::ids::{NodeId, RunId};
use countersign_domain::nodes::{Lease, LeaseName, Node, NodeState};
use countersign_domain::runs::RunState;
use countersign_ports::store::{Change, Conflicting, SharedStore, StoreError, Version};

use super::samples::{at, id, node, run, session};
use super::{attempt, commit, missing, stale};

fn join(number: u32) -> Change {
    Change::AddNode(Box::new(node(number)))
}

fn named(number: u32) -> NodeId {
    id("node_", number)
}

fn driving(number: u32) -> LeaseName {
    LeaseName::Run(id("run_", number))
}

fn taken(name: LeaseName) -> Result<(), StoreError> {
    Err(StoreError::Conflict(Conflicting::Lease(name)))
}

/// Nodes are listed as they joined, with their beats.
pub async fn a_node_lives_from_joining_to_leaving(store: SharedStore) {
    commit(&*store, [join(2), join(1)]).await;
    commit(&*store, [Change::Beat(named(2)), Change::Beat(named(2))]).await;
    let draining = Node { state: NodeState::Draining, ..node(1) };
    commit(&*store, [Change::UpdateNode(Box::new(draining.clone()))]).await;
    let living = store.nodes().living().await.unwrap();
    let seen: Vec<_> = living.into_iter().map(|living| (living.node, living.beat)).collect();
    assert_eq!(seen, [(draining, 0), (node(2), 2)]);
    assert_eq!(attempt(&*store, [join(1)]).await, stale(named(1)));
    commit(&*store, [Change::RemoveNode(named(1))]).await;
    assert_eq!(attempt(&*store, [Change::RemoveNode(named(1))]).await, missing(named(1)));
    assert_eq!(store.nodes().living().await.unwrap().len(), 1);
}

/// Whatever a node writes that is not among the living is refused, with all that came along.
pub async fn a_node_that_is_gone_writes_nothing(store: SharedStore) {
    commit(&*store, [join(1)]).await;
    commit(&*store, [Change::ExpectNode(named(1)), Change::AddSession(session(1))]).await;
    commit(&*store, [Change::RemoveNode(named(1))]).await;
    let late = [
        Change::ExpectNode(named(1)),
        Change::Beat(named(1)),
        Change::UpdateNode(Box::new(node(1))),
        Change::TakeLease(LeaseName::Timers, named(1)),
    ];
    for change in late {
        let text = format!("{change:?}");
        let unit = [Change::AddSession(session(2)), change];
        assert_eq!(attempt(&*store, unit).await, Err(StoreError::Expelled), "{text}");
    }
    assert_eq!(store.runs().session(id("sess_", 2)).await, Ok(None));
}

/// A node that was heard of since it was looked at is not buried.
pub async fn only_the_silent_are_buried(store: SharedStore) {
    commit(&*store, [join(1), Change::TakeLease(LeaseName::Timers, named(1))]).await;
    commit(&*store, [Change::Beat(named(1))]).await;
    assert_eq!(attempt(&*store, [Change::BuryNode(named(1), 0)]).await, stale(named(1)));
    assert_eq!(attempt(&*store, [Change::BuryNode(named(1), 2)]).await, stale(named(1)));
    assert_eq!(attempt(&*store, [Change::BuryNode(named(1), u64::MAX)]).await, stale(named(1)));
    commit(&*store, [Change::BuryNode(named(1), 1)]).await;
    assert_eq!(store.nodes().holder(LeaseName::Timers).await, Ok(None));
    assert_eq!(attempt(&*store, [Change::BuryNode(named(1), 1)]).await, stale(named(1)));
}

/// What one node holds no other takes, until it is let go or the node is gone.
pub async fn a_lease_has_one_holder(store: SharedStore) {
    commit(&*store, [join(1), join(2)]).await;
    let account = || LeaseName::Account("slack/work".to_owned());
    for name in [LeaseName::Timers, account(), driving(1), driving(2)] {
        commit(&*store, [Change::TakeLease(name.clone(), named(1))]).await;
        commit(&*store, [Change::TakeLease(name.clone(), named(1))]).await;
        let other = [Change::TakeLease(name.clone(), named(2))];
        assert_eq!(attempt(&*store, other).await, taken(name.clone()));
        commit(&*store, [Change::DropLease(name.clone(), named(2))]).await;
        assert_eq!(store.nodes().holder(name).await, Ok(Some(named(1))));
    }
    let of = |name| Lease { name, holder: named(1) };
    let lasting = store.nodes().lasting_leases().await;
    assert_eq!(lasting, Ok(vec![of(account()), of(LeaseName::Timers)]));
    assert_eq!(store.nodes().driven().await, Ok(vec![(named(1), 2)]));
    commit(&*store, [Change::DropLease(driving(1), named(1))]).await;
    commit(&*store, [Change::TakeLease(driving(1), named(2))]).await;
    assert_eq!(store.nodes().driven().await, Ok(vec![(named(1), 1), (named(2), 1)]));
    commit(&*store, [Change::RemoveNode(named(1))]).await;
    commit(&*store, [Change::TakeLease(LeaseName::Timers, named(2))]).await;
    assert_eq!(store.nodes().driven().await, Ok(vec![(named(2), 1)]));
}

/// Of two nodes that take the same work at one time exactly one has it.
pub async fn of_two_nodes_one_gets_the_lease(store: SharedStore) {
    commit(&*store, [join(1), join(2)]).await;
    for number in 1..=20 {
        let take = |node| [Change::TakeLease(driving(number), named(node))];
        let (one, other) = tokio::join!(attempt(&*store, take(1)), attempt(&*store, take(2)));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let holder = if one.is_ok() { named(1) } else { named(2) };
        assert_eq!(store.nodes().holder(driving(number)).await, Ok(Some(holder)));
    }
}

/// Work that nobody holds is found: not what waits for a person, is over, or stands in a queue.
pub async fn work_that_nobody_holds_is_found(store: SharedStore) {
    let mut unit = vec![join(1)];
    for number in 1..=5 {
        let mut run = run(number, if number == 5 { 4 } else { number });
        run.state = match number {
            1 | 2 => RunState::Running,
            3 => RunState::WaitingForApproval,
            _ => RunState::Queued,
        };
        unit.push(Change::AddSession(session(number)));
        unit.push(Change::AddRun(Box::new(run)));
    }
    unit.push(Change::TakeLease(driving(2), named(1)));
    commit(&*store, unit).await;
    let runs = |numbers: &[u32]| -> Vec<RunId> {
        numbers.iter().map(|number| id("run_", *number)).collect()
    };
    assert_eq!(store.nodes().adrift(10).await, Ok(runs(&[1, 4])));
    assert_eq!(store.nodes().adrift(1).await, Ok(runs(&[1])));
    commit(&*store, [Change::RemoveNode(named(1))]).await;
    assert_eq!(store.nodes().adrift(10).await, Ok(runs(&[1, 2, 4])));
    let over = run(1, 1).moved(RunState::Completed { output: String::new() }, at(9));
    commit(&*store, [Change::UpdateRun(Box::new(over), Version(1))]).await;
    assert_eq!(store.nodes().adrift(10).await, Ok(runs(&[2, 4])));
}
