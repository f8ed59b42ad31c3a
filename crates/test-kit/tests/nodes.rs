//! Several nodes on one store: who does what, and what becomes of the work of one that is gone.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::nodes::LeaseName;
use countersign_domain::runs::{RunStatus, ToolCallState, ToolStatus};
use countersign_gateway::config::ApprovalsConfig;
use countersign_gateway::{Answer, JoinError, NewKey, RuleText};
use countersign_ports::agent_runner::AgentRunner as _;
use countersign_ports::clock::Clock as _;
use countersign_ports::store::{AuditFilter, Change, PageRequest, StoreError, UnitOfWork};
use countersign_test_kit::{House, Neighbour};

const SECOND: Duration = Duration::from_secs(1);

fn asking(approvals: &mut ApprovalsConfig) {
    approvals.ask = vec![RuleText::Command("mkdir *".to_owned())];
}

/// A house and a node beside it, both at work.
async fn two() -> (House, Neighbour) {
    let house = House::with().in_company().approvals(asking).open().await;
    let beside = house.neighbour("beside", 77);
    beside.gateway.join(&beside.settings).await.unwrap();
    beside.gateway.beat(&beside.settings).await.unwrap();
    (house, beside)
}

/// The house is silent, and the node beside it listens for so long.
async fn listens(beside: &Neighbour, span: Duration) {
    let until = beside.clock.steady() + span;
    while beside.clock.steady() < until {
        beside.clock.advance(SECOND);
        beside.gateway.beat(&beside.settings).await.unwrap();
    }
}

async fn names(house: &House) -> Vec<String> {
    let nodes = house.gateway.nodes(&house.operator).await.unwrap();
    nodes.into_iter().map(|view| view.node.name.to_string()).collect()
}

fn answer() -> Answer {
    Answer { choice: Choice::Once, reason: None, digest: None, count: None }
}

#[tokio::test]
async fn a_node_that_is_silent_loses_its_work_and_what_it_started_may_have_run() {
    let (house, beside) = two().await;
    let line = "mkdir held && until [ -e go ]; do sleep 0.02; done; echo ran >> effect";
    let run = house.say(&format!("run {line}")).await;
    let asked = house.pending(run, 1).await;
    house.decide(asked[0].card.approval_id, Choice::Once).await;
    house.approval_when(asked[0].card.approval_id, Status::Claimed).await;
    listens(&beside, Duration::from_secs(9)).await;
    assert_eq!(names(&house).await, ["house", "beside"]);
    listens(&beside, Duration::from_secs(2)).await;
    assert_eq!(names(&house).await, ["beside"]);
    house.run_when(run, RunStatus::Completed).await;
    house.approval_when(asked[0].card.approval_id, Status::Indeterminate).await;
    let done = house.calls(run).await.remove(0);
    let ToolCallState::Done { result } = done.state else { panic!("{done:?}") };
    assert_eq!(result.status, ToolStatus::Indeterminate);
    assert_eq!(house.audited(AuditKind::NodeBuried).await.len(), 1);
    assert_eq!(house.audited(AuditKind::RunRecovered).await.len(), 1);

    // It comes back late: nothing that it says is written, and what it was doing is killed.
    let id = asked[0].card.approval_id;
    drop(house.gateway.resolve_approval(id, &answer(), &house.operator).await);
    let before = house.events(run).await.len();
    house.gateway.beat(&house.as_node()).await.unwrap();
    std::fs::write(house.workspace().join("go"), "").unwrap();
    assert_eq!(names(&house).await, ["beside", "house"]);
    assert_eq!(house.events(run).await.len(), before);
    assert!(!house.has("effect"), "what was cut off went on");
    let again = house.say("run pwd").await;
    house.run_when(again, RunStatus::Completed).await;
}

#[tokio::test]
async fn a_node_that_is_gone_neither_starts_nor_decides_nor_acts() {
    let (house, beside) = two().await;
    let run = house.say("run mkdir kept").await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    listens(&beside, Duration::from_secs(11)).await;
    let refused = house.gateway.resolve_approval(asked, &answer(), &house.operator).await;
    assert!(refused.is_err());
    assert_eq!(house.gateway.take_up_work().await, Ok(()));
    let started = house.gateway.check_store().await;
    assert_eq!(started, Ok(()));
    let kept = beside.gateway.approval(asked, &house.operator).await.unwrap();
    assert_eq!(kept.status, Status::Pending);
    beside.gateway.resolve_approval(asked, &answer(), &house.operator).await.unwrap();
    house.run_when(run, RunStatus::Completed).await;
    assert!(house.has("kept"));
    assert!(matches!(house.gateway.stop_taking_work().await, Err(StoreError::Expelled)));
}

/// Whoever looked on may have taken this node for dead before its commit was answered.
#[tokio::test]
async fn what_took_too_long_to_note_does_not_start() {
    let (house, _beside) = two().await;
    let run = house.say("run mkdir late").await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    let clock = house.clock.clone();
    house.breakable.meanwhile(move || clock.advance(20 * SECOND));
    house.decide(asked, Choice::Once).await;
    house.approval_when(asked, Status::Indeterminate).await;
    assert!(!house.has("late"));
}

#[tokio::test]
async fn what_is_decided_on_one_node_runs_there_and_only_there() {
    let (house, beside) = two().await;
    for number in 0..10 {
        let run = house.say(&format!("run mkdir d{number} && echo x >> effect-{number}")).await;
        let asked = house.pending(run, 1).await.remove(0).card.approval_id;
        let decider = if number % 2 == 0 { &house.gateway } else { &beside.gateway };
        decider.resolve_approval(asked, &answer(), &house.operator).await.unwrap();
        house.run_when(run, RunStatus::Completed).await;
        let written = std::fs::read_to_string(house.workspace().join(format!("effect-{number}")));
        assert_eq!(written.unwrap(), "x\n");
    }
    let nodes = house.gateway.nodes(&house.operator).await.unwrap();
    assert!(nodes.iter().all(|view| view.runs == 0), "{nodes:?}");
}

#[tokio::test]
async fn what_a_node_decides_whose_clock_is_ahead_another_one_starts() {
    let (house, beside) = two().await;
    let run = house.say("run mkdir made").await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    beside.clock.set_forward(20 * SECOND);
    // It decides, and drives nothing.
    beside.agent.drain(Duration::ZERO).await;
    beside.gateway.resolve_approval(asked, &answer(), &house.operator).await.unwrap();
    house.gateway.beat(&house.as_node()).await.unwrap();
    house.run_when(run, RunStatus::Completed).await;
    house.approval_when(asked, Status::Executed).await;
    assert!(house.has("made"));
}

#[tokio::test]
async fn a_stop_that_was_asked_of_another_node_ends_the_run() {
    let (house, beside) = two().await;
    let run = house.say("run mkdir held && until [ -e go ]; do sleep 0.02; done").await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    house.decide(asked, Choice::Once).await;
    house.approval_when(asked, Status::Claimed).await;
    // From here on the run's driver waits for its command and looks at nothing.
    while !house.workspace().join("held").exists() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    beside.gateway.stop_run(run, &house.operator).await.unwrap();
    assert_eq!(house.run(run).await.run.status(), RunStatus::Stopping);
    beside.gateway.beat(&beside.settings).await.unwrap();
    assert_eq!(house.run(run).await.run.status(), RunStatus::Stopping, "it is not that node's");
    house.gateway.beat(&house.as_node()).await.unwrap();
    house.run_when(run, RunStatus::Cancelled).await;
}

#[tokio::test]
async fn what_is_called_out_is_done_before_the_next_beat() {
    let (house, beside) = two().await;
    let (gateway, itself) = (house.gateway.clone(), house.as_node());
    let member = tokio::spawn(async move { gateway.keep_membership(&itself).await });
    let run = house.say("run mkdir held && until [ -e go ]; do sleep 0.02; done").await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    house.decide(asked, Choice::Once).await;
    house.approval_when(asked, Status::Claimed).await;
    beside.gateway.stop_run(run, &house.operator).await.unwrap();
    house.run_when(run, RunStatus::Cancelled).await;
    // Work that a node leaves behind is called out, too.
    let run = house.say("run mkdir other").await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    beside.gateway.resolve_approval(asked, &answer(), &house.operator).await.unwrap();
    beside.gateway.leave().await.unwrap();
    beside.agent.drain(Duration::ZERO).await;
    house.run_when(run, RunStatus::Completed).await;
    member.abort();
}

#[tokio::test]
async fn a_node_that_leaves_gives_its_work_to_the_others_at_once() {
    let (house, beside) = two().await;
    let run = house.say("run mkdir held && until [ -e go ]; do sleep 0.02; done\nrun pwd").await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    house.decide(asked, Choice::Once).await;
    house.approval_when(asked, Status::Claimed).await;
    house.gateway.stop_taking_work().await.unwrap();
    let nodes = beside.gateway.nodes(&house.operator).await.unwrap();
    assert_eq!(nodes[0].node.state.as_str(), "draining");
    house.gateway.leave().await.unwrap();
    assert_eq!(names(&house).await, ["beside"]);
    assert_eq!(house.audited(AuditKind::NodeLeft).await.len(), 1);
    beside.gateway.beat(&beside.settings).await.unwrap();
    house.run_when(run, RunStatus::Completed).await;
}

/// A lease that a node has on a run that waits would keep the others from it for ever.
#[tokio::test]
async fn a_lease_on_a_run_that_waits_is_dropped_by_who_looks_at_the_run() {
    let (house, beside) = two().await;
    let run = house.say("run mkdir held").await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    house.run_when(run, RunStatus::WaitingForApproval).await;
    let nodes = house.gateway.nodes(&house.operator).await.unwrap();
    let other = nodes.iter().find(|view| view.node.name == beside.settings.name).unwrap();
    let stray = Change::TakeLease(LeaseName::Run(run), other.node.id);
    house.store().commit(UnitOfWork::new().and(stray)).await.unwrap();
    beside.agent.wake(run);
    while house.store().nodes().holder(LeaseName::Run(run)).await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    house.decide(asked, Choice::Once).await;
    house.run_when(run, RunStatus::Completed).await;
}

#[tokio::test]
async fn deadlines_pass_once_whoever_has_the_timers() {
    let (house, beside) = two().await;
    let watching = beside.gateway.clone();
    let watcher = tokio::spawn(async move { watching.watch_deadlines().await });
    let run = house.say("run mkdir late").await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    let nodes = house.gateway.nodes(&house.operator).await.unwrap();
    let held: Vec<usize> = nodes.iter().map(|view| view.leases.len()).collect();
    assert_eq!(held, [1, 0]);
    // The clock of the other one is ahead by a day: its timers are not the ones that count.
    beside.clock.set_forward(Duration::from_hours(24));
    beside.gateway.beat(&beside.settings).await.unwrap();
    assert_eq!(house.pending(run, 1).await.len(), 1);
    listens(&beside, Duration::from_secs(11)).await;
    house.approval_when(asked, Status::Expired).await;
    assert_eq!(house.audited(AuditKind::ApprovalExpired).await.len(), 1);
    watcher.abort();
}

#[tokio::test]
async fn clocks_that_differ_bury_nobody() {
    let (house, beside) = two().await;
    beside.clock.set_forward(Duration::from_hours(24));
    house.clock.set_back(Duration::from_hours(24));
    for _ in 0..30 {
        house.clock.advance(SECOND);
        beside.clock.advance(SECOND);
        house.gateway.beat(&house.as_node()).await.unwrap();
        beside.gateway.beat(&beside.settings).await.unwrap();
    }
    assert_eq!(names(&house).await, ["house", "beside"]);
    // Who was away for long has heard nothing, and so knows nothing of silence.
    house.clock.advance(Duration::from_hours(1));
    house.gateway.beat(&house.as_node()).await.unwrap();
    assert_eq!(names(&house).await.len(), 2);
}

#[tokio::test]
async fn a_node_with_a_key_that_the_others_do_not_know_does_not_join() {
    let house = House::with().in_company().open().await;
    house.gateway.rotate_signing_key(&house.operator).await.unwrap();
    house.gateway.leave().await.unwrap();
    house.gateway.beat(&house.as_node()).await.unwrap();
    let beside = house.neighbour("beside", 77);
    let refused = beside.gateway.join(&beside.settings).await;
    assert!(matches!(refused, Err(JoinError::UnknownKey { .. })), "{refused:?}");
}

#[tokio::test]
async fn after_a_crash_a_gateway_that_is_alone_waits_for_nobody() {
    let house = House::with().approvals(asking).open().await;
    let line = "mkdir held && until [ -e go ]; do sleep 0.02; done";
    let run = house.say(&format!("run {line}")).await;
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    house.decide(asked, Choice::Once).await;
    house.approval_when(asked, Status::Claimed).await;
    let house = house.crash().await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(names(&house).await, ["house"]);
    assert_eq!(house.audited(AuditKind::NodeBuried).await.len(), 1);
}

#[tokio::test]
async fn the_timers_of_a_node_that_leaves_are_taken_at_once() {
    let (house, beside) = two().await;
    let (gateway, itself) = (beside.gateway.clone(), beside.settings.clone());
    let member = tokio::spawn(async move { gateway.keep_membership(&itself).await });
    // Its clock stands still: after the first beat it does only what is called out.
    while beside.gateway.nodes(&house.operator).await.unwrap()[1].beat < 2 {
        tokio::task::yield_now().await;
    }
    house.gateway.leave().await.unwrap();
    while beside.gateway.nodes(&house.operator).await.unwrap()[0].leases.is_empty() {
        tokio::task::yield_now().await;
    }
    member.abort();
}

/// Three waits, each of which would last for seconds if the store had to be looked at.
#[tokio::test]
async fn who_follows_the_audit_log_is_woken_by_what_another_node_writes() {
    let (house, beside) = two().await;
    let began = std::time::Instant::now();
    for round in 0..3 {
        let all = || AuditFilter::default();
        let newest = PageRequest { before: None, limit: 1 };
        let page = house.gateway.audit_log(all(), newest, &house.operator).await.unwrap();
        let (gateway, caller) = (house.gateway.clone(), house.operator.clone());
        let after = page.items[0].seq;
        let follower = tokio::spawn(async move {
            gateway.audit_log_after(all(), (after, 9), Duration::from_hours(1), &caller).await
        });
        tokio::task::yield_now().await;
        let name = format!("key-{round}").parse().unwrap();
        let key = NewKey { name, scopes: [Scope::Audit].into(), expires_at: None };
        beside.gateway.create_key(key, &house.operator).await.unwrap();
        assert!(!follower.await.unwrap().unwrap().is_empty());
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
