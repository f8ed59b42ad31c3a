//! Removing what is old.

use countersign_domain::chat::PostedCard;
use countersign_domain::ids::{RunId, SessionId};
use countersign_domain::runs::{Run, RunState, Stream};
use countersign_ports::store::{Change, OutboxEntry, RateLimit, SharedStore, Version};

use super::chats::{card, chat_run, owed_card};
use super::samples::{approval, at, audit, call, delta, entry, id, reminded, run, session};
use super::{attempt, commit, missing, stale};

/// A run that is over.
fn over(number: u32, session: u32) -> Run {
    let mut over = run(number, session);
    over.state = RunState::Completed { output: "done".to_owned() };
    over
}

/// Sessions 1 and 2; in session 1 the runs 1 to 4, of which only 3 is not over, each with an event.
async fn filled(store: &SharedStore) {
    let mut unit = vec![Change::AddSession(session(1)), Change::AddSession(session(2))];
    for number in 1..=4 {
        let run = if number == 3 { run(number, 1) } else { over(number, 1) };
        unit.extend([Change::AddRun(Box::new(run)), delta(number, "a"), delta(number, "b")]);
    }
    commit(&**store, unit).await;
}

fn numbers(runs: &[Run]) -> Vec<RunId> {
    runs.iter().map(|run| run.id).collect()
}

fn runs(numbers: impl IntoIterator<Item = u32>) -> Vec<RunId> {
    numbers.into_iter().map(|number| id("run_", number)).collect()
}

/// Of a removed run nothing is left; its neighbours keep everything.
pub async fn what_is_over_is_removed_with_all_its_parts(store: SharedStore) {
    filled(&store).await;
    for number in [1, 2] {
        let unit = [
            Change::AddEntry(Box::new(entry(number, 1, 0))),
            Change::AddCall(Box::new(call(number, number, 0, 0))),
            Change::AddApproval(Box::new(approval(number, number, 1))),
            reminded(number),
            Change::AddChatRun(Box::new(chat_run(number, 1))),
            Change::AddCard(Box::new(PostedCard {
                run_id: id("run_", number),
                ..card(number, "town")
            })),
            Change::AddOwedCard(Box::new(owed_card(number, number))),
        ];
        commit(&*store, unit).await;
    }
    assert_eq!(store.approvals().pending().await, Ok(2));
    commit(&*store, [Change::RemoveEvents(id("run_", 2))]).await;
    commit(&*store, [Change::RemoveRun(id("run_", 1))]).await;
    let gone: RunId = id("run_", 1);
    assert_eq!(store.runs().run(gone).await, Ok(None));
    assert_eq!(store.runs().entries_of_run(gone).await, Ok(vec![]));
    assert_eq!(store.runs().calls(gone).await, Ok(vec![]));
    assert_eq!(store.approvals().approval(id("appr_", 1)).await, Ok(None));
    assert_eq!(store.events().last(Stream::Run(gone)).await, Ok(None));
    assert_eq!(store.chats().cards_of_run(gone).await, Ok(vec![]));
    assert_eq!(store.chats().chat_runs(id("sess_", 1)).await, Ok(vec![chat_run(2, 1)]));
    assert_eq!(store.chats().owed_cards().await, Ok(vec![owed_card(2, 2)]));
    assert_eq!(store.approvals().pending().await, Ok(1));
    let kept: RunId = id("run_", 2);
    assert!(store.runs().run(kept).await.unwrap().is_some());
    assert_eq!(store.runs().calls(kept).await.unwrap().len(), 1);
    assert_eq!(store.events().last(Stream::Run(kept)).await, Ok(None));
    assert_eq!(store.events().last(Stream::Approvals).await, Ok(None));
    assert_eq!(attempt(&*store, [Change::RemoveRun(gone)]).await, missing(gone));
}

/// Whoever wants to keep a run going finds it as it was.
pub async fn what_is_not_over_is_not_removed(store: SharedStore) {
    filled(&store).await;
    let working: RunId = id("run_", 3);
    assert_eq!(attempt(&*store, [Change::RemoveRun(working)]).await, stale(working));
    assert_eq!(attempt(&*store, [Change::RemoveEvents(working)]).await, stale(working));
    let found = store.runs().run(working).await.unwrap().unwrap();
    assert_eq!(found.version, Version(1));
    assert_eq!(store.events().after(Stream::Run(working), 0, 9).await.unwrap().len(), 2);
}

/// What is not over is left out, and so is what is too young.
pub async fn old_runs_come_oldest_first_and_in_parts(store: SharedStore) {
    filled(&store).await;
    let retention = store.retention();
    let (first, end) = (id("run_", 0), id("run_", 9));
    let all = retention.finished(first, end, 9).await.unwrap();
    assert_eq!(numbers(&all), runs([1, 2, 4]));
    let part = retention.finished(id("run_", 1), end, 1).await.unwrap();
    assert_eq!(numbers(&part), runs([2]));
    let older = retention.finished(first, id("run_", 4), 9).await.unwrap();
    assert_eq!(numbers(&older), runs([1, 2]));
    commit(&*store, [Change::RemoveEvents(id("run_", 1))]).await;
    let with_events = retention.finished_with_events(first, end, 9).await.unwrap();
    assert_eq!(numbers(&with_events), runs([2, 4]));
    let next = retention.finished_with_events(id("run_", 2), end, 1).await.unwrap();
    assert_eq!(numbers(&next), runs([4]), "run 3 is not over and does not count");
    let younger = retention.finished_with_events(id("run_", 2), end, 9).await.unwrap();
    assert_eq!(numbers(&younger), runs([4]));
}

/// Not before.
pub async fn a_session_goes_when_its_runs_have_gone(store: SharedStore) {
    filled(&store).await;
    let (one, two): (SessionId, SessionId) = (id("sess_", 1), id("sess_", 2));
    let empty = store.retention().empty_sessions(id("sess_", 0), id("sess_", 9), 9).await;
    assert_eq!(empty, Ok(vec![two]));
    assert_eq!(attempt(&*store, [Change::RemoveSession(one)]).await, stale(one));
    commit(&*store, [Change::RemoveSession(two)]).await;
    assert_eq!(store.runs().session(two).await, Ok(None));
    assert!(store.runs().session(one).await.unwrap().is_some());
    assert_eq!(attempt(&*store, [Change::RemoveSession(two)]).await, missing(two));
}

/// It tells of runs that are nowhere else any more.
pub async fn the_audit_log_stays_whatever_is_removed(store: SharedStore) {
    filled(&store).await;
    let line = Change::AddAudit(Box::new(audit(&run(1, 1).id.to_string())));
    commit(&*store, [line]).await;
    let before = store.access().audit(0, 9).await.unwrap();
    commit(&*store, [Change::RemoveRun(id("run_", 1)), Change::RemoveRun(id("run_", 2))]).await;
    assert_eq!(store.access().audit(0, 9).await.unwrap(), before);
}

/// What is younger still counts.
pub async fn sends_are_forgotten_oldest_first_and_in_parts(store: SharedStore) {
    assert_eq!(store.retention().oldest_send().await, Ok(None));
    for number in [3, 1, 2, 4] {
        let send = OutboxEntry {
            grant: id("grant_", number),
            call: Some(id("call_", number)),
            destinations: ["webhook:a".to_owned()].into(),
            at: at(number),
            limit: RateLimit { since: at(0), most: 9 },
        };
        commit(&*store, [Change::AddToOutbox(Box::new(send))]).await;
    }
    assert_eq!(store.retention().oldest_send().await, Ok(Some(at(1))));
    commit(&*store, [Change::ForgetSends(at(4), 2)]).await;
    assert_eq!(store.retention().oldest_send().await, Ok(Some(at(3))));
    commit(&*store, [Change::ForgetSends(at(4), 2)]).await;
    assert_eq!(store.retention().oldest_send().await, Ok(Some(at(4))));
    assert_eq!(store.approvals().sent_since("webhook:a", at(0)).await, Ok(1));
}
