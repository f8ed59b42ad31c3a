//! What left the house.

use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, OutboxEntry, RateLimit, SharedStore};

use super::samples::{at, id};
use super::{attempt, commit, stale};

fn send(number: u32, destinations: &[&str], when: Timestamp, most: u32) -> OutboxEntry {
    OutboxEntry {
        grant: id("grant_", number),
        call: Some(id("call_", number)),
        destinations: destinations.iter().map(|&one| one.to_owned()).collect(),
        at: when,
        limit: RateLimit { since: at(0), most },
    }
}

fn added(send: &OutboxEntry) -> Change {
    Change::AddToOutbox(Box::new(send.clone()))
}

/// Counted by destination, and found by its call.
pub async fn a_send_is_counted_for_each_of_its_destinations(store: SharedStore) {
    let both = send(1, &["webhook:a", "webhook:b"], at(10), 9);
    let one = send(2, &["webhook:a"], at(20), 9);
    commit(&*store, [added(&both), added(&one)]).await;
    let approvals = store.approvals();
    for (destination, since, count) in
        [("webhook:a", 0, 2), ("webhook:a", 10, 1), ("webhook:b", 0, 1), ("webhook:c", 0, 0)]
    {
        assert_eq!(approvals.sent_since(destination, at(since)).await, Ok(count));
    }
    let found = approvals.send_of(both.call.unwrap()).await.unwrap().unwrap();
    assert_eq!(
        (found.grant, found.destinations, found.at),
        (both.grant, both.destinations, at(10))
    );
    assert_eq!(approvals.send_of(id("call_", 3)).await, Ok(None));
}

/// Counted like any other, and no call's.
pub async fn what_another_process_sends_is_counted(store: SharedStore) {
    let elsewhere = OutboxEntry { call: None, ..send(1, &["webhook:a"], at(10), 1) };
    commit(&*store, [added(&elsewhere)]).await;
    assert_eq!(store.approvals().sent_since("webhook:a", at(0)).await, Ok(1));
    assert_eq!(store.approvals().send_of(id("call_", 1)).await, Ok(None));
    let second = OutboxEntry { call: None, ..send(2, &["webhook:a"], at(10), 1) };
    assert!(attempt(&*store, [added(&second)]).await.is_err());
}

/// The same grant starts one send.
pub async fn a_grant_starts_one_send(store: SharedStore) {
    let first = send(1, &["webhook:a"], at(10), 9);
    commit(&*store, [added(&first)]).await;
    assert_eq!(attempt(&*store, [added(&first)]).await, stale(first.grant));
    assert_eq!(store.approvals().sent_since("webhook:a", at(0)).await, Ok(1));
}

/// Many at one time; as many pass as there is room for.
pub async fn no_more_is_sent_than_the_limit_allows(store: SharedStore) {
    const MOST: u32 = 7;
    let rush: Vec<_> = (1..=40)
        .map(|number| {
            let store = store.clone();
            let one = send(number, &["webhook:a"], at(10), MOST);
            tokio::spawn(async move { attempt(&*store, [added(&one)]).await })
        })
        .collect();
    let mut passed = 0;
    for one in rush {
        passed += u32::from(one.await.unwrap().is_ok());
    }
    assert_eq!(passed, MOST);
    assert_eq!(store.approvals().sent_since("webhook:a", at(0)).await, Ok(MOST.into()));
}
