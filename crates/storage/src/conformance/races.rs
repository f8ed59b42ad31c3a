//! What holds however many write at once.

use std::collections::BTreeMap;

use countersign_domain::approvals::Choice;
use countersign_domain::runs::Stream;
use countersign_ports::store::{Change, SharedStore, StoreError, Version, Versioned};

use super::samples::{approval, audit, decided, delta, first_run, id, reminded};
use super::{attempt, commit, stale};

/// How often two deciders meet.
const DUELS: u32 = 1000;

/// In every one of many duels one answer is stored and the other refused. Each answer is one unit
/// with a line of the audit log, so the log tells who won.
pub async fn of_two_deciders_exactly_one_wins(store: SharedStore) {
    commit(&*store, first_run()).await;
    let asked = (1..=DUELS).map(|number| Change::AddApproval(Box::new(approval(number, 1, 1))));
    commit(&*store, asked).await;
    let duels: Vec<_> =
        (1..=DUELS).map(|number| tokio::spawn(duel(store.clone(), number))).collect();
    for duel in duels {
        duel.await.unwrap();
    }
    assert_eq!(store.approvals().pending().await, Ok(0));
    let lines = store.access().audit(0, usize::MAX).await.unwrap();
    assert_eq!(lines.len(), usize::try_from(DUELS).unwrap_or(0));
    let winners: BTreeMap<_, _> =
        lines.iter().filter_map(|line| line.record.subject.split_once(' ')).collect();
    assert_eq!(winners.len(), lines.len());
    for (asked, winner) in winners {
        let found = store.approvals().approval(asked.parse().unwrap()).await;
        let Versioned { value, version } = found.unwrap().unwrap();
        let by = value.state.decision().map(|decision| decision.by.to_string());
        assert_eq!((by.as_deref(), version), (Some(winner), Version(2)));
    }
}

async fn duel(store: SharedStore, number: u32) {
    let asked = approval(number, 1, 1);
    let answers = [(Choice::Once, "api:yes"), (Choice::Deny, "api:no")].map(|(choice, by)| {
        let store = store.clone();
        let answer = decided(&asked, choice, by);
        let line = audit(&format!("{} {by}", answer.id));
        tokio::spawn(async move {
            let unit = [
                Change::AddAudit(Box::new(line)),
                Change::UpdateApproval(Box::new(answer), Version(1)),
            ];
            attempt(&*store, unit).await
        })
    });
    let mut outcomes = Vec::new();
    for answer in answers {
        outcomes.push(answer.await.unwrap());
    }
    outcomes.sort_by_key(Result::is_err);
    assert_eq!(outcomes, [Ok(()), stale(asked.id)]);
}

/// Whoever is refused and reads again finds the value that was there first.
pub async fn a_loser_sees_the_winner(store: SharedStore) {
    const WRITERS: u64 = 16;
    commit(&*store, first_run()).await;
    let writers: Vec<_> = (0..WRITERS).map(|_| tokio::spawn(add_a_step(store.clone()))).collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let found = store.runs().run(id("run_", 1)).await.unwrap().unwrap();
    assert_eq!(found.version, Version(1 + WRITERS));
    assert_eq!(u64::from(found.value.steps), 3 + WRITERS);
}

/// Adds one step to the run. Each refusal must come with a newer version to read: otherwise this
/// would try the same again.
async fn add_a_step(store: SharedStore) {
    let mut seen = Version(0);
    loop {
        let found = store.runs().run(id("run_", 1)).await.unwrap().unwrap();
        assert!(found.version > seen, "refused by a value that is not there");
        seen = found.version;
        let mut next = found.value;
        next.steps += 1;
        let change = [Change::UpdateRun(Box::new(next), found.version)];
        match attempt(&*store, change).await {
            Ok(()) => return,
            Err(error) => assert!(matches!(error, StoreError::Conflict(_)), "{error}"),
        }
    }
}

/// Numbers are given in the order of commits: a reader that has seen one has seen all before.
pub async fn events_have_no_gaps_under_concurrency(store: SharedStore) {
    const WRITERS: u64 = 8;
    const EACH: u64 = 25;
    commit(&*store, first_run()).await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..EACH {
                    commit(&*store, [delta(1, "x"), reminded(1)]).await;
                }
            })
        })
        .collect();
    let (run, approvals) = tokio::join!(
        follow(store.clone(), Stream::Run(id("run_", 1)), WRITERS * EACH * 2),
        follow(store.clone(), Stream::Approvals, WRITERS * EACH),
    );
    for writer in writers {
        writer.await.unwrap();
    }
    let expected: Vec<_> = (1..=WRITERS * EACH * 2).collect();
    assert_eq!(run, expected);
    let all = store.events().after(Stream::Approvals, 0, usize::MAX).await.unwrap();
    let all: Vec<_> = all.iter().map(|event| event.global_seq).collect();
    assert_eq!(approvals, all);
}

/// The numbers of the first `wanted` events, read while they are written.
async fn follow(store: SharedStore, stream: Stream, wanted: u64) -> Vec<u64> {
    let mut numbers: Vec<u64> = Vec::new();
    while u64::try_from(numbers.len()).unwrap_or(u64::MAX) < wanted {
        let after = numbers.last().copied().unwrap_or(0);
        let part = store.events().after(stream, after, 7).await.unwrap();
        numbers.extend(part.iter().map(|event| match stream {
            Stream::Run(_) => event.seq,
            Stream::Approvals => event.global_seq,
        }));
        tokio::task::yield_now().await;
    }
    numbers
}

/// At once, by any reader.
pub async fn a_reader_sees_every_commit_that_was_acknowledged(store: SharedStore) {
    commit(&*store, first_run()).await;
    let writers: Vec<_> = (1..=8_u32)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in (0..25).map(|n| writer * 1000 + n) {
                    let asked = approval(number, 1, 1);
                    commit(&*store, [Change::AddApproval(Box::new(asked))]).await;
                    let found = store.approvals().approval(id("appr_", number)).await;
                    assert!(found.unwrap().is_some(), "approval {number}");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}
