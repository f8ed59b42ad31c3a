//! What is old goes; what is not over, and the audit log, stay.

use std::time::Duration;

use countersign_domain::approvals::Choice;
use countersign_domain::audit::AuditKind;
use countersign_domain::ids::RunId;
use countersign_domain::runs::RunStatus;
use countersign_domain::time::Timestamp;
use countersign_gateway::config::RetentionConfig;
use countersign_gateway::{Answer, Retention, RuleText, Swept};
use countersign_ports::clock::Clock as _;
use countersign_ports::duration::HumanDuration;
use countersign_ports::store::{Change, OutboxEntry, RateLimit, Store as _, UnitOfWork};
use countersign_test_kit::House;

const DAY: Duration = Duration::from_hours(24);

fn days(events: u32, runs: u32, sessions: u32) -> Retention {
    let span = |days: u32| (days > 0).then(|| DAY * days);
    Retention { events: span(events), runs: span(runs), sessions: span(sessions), outbox: None }
}

async fn house() -> House {
    House::with()
        .approvals(|approvals| {
            approvals.ask = vec![RuleText::Command("echo *".to_owned())];
            approvals.timeout = HumanDuration(Duration::ZERO);
            approvals.start_within = HumanDuration(DAY * 365);
        })
        .open()
        .await
}

async fn is_there(house: &House, run: RunId) -> bool {
    house.gateway.run_view(run, &house.operator).await.is_ok()
}

#[tokio::test]
async fn what_is_old_goes_and_the_audit_log_stays() {
    let house = house().await;
    let waiting = house.say("run echo never").await;
    house.run_when(waiting, RunStatus::WaitingForApproval).await;
    let done = house.say("run ls").await;
    house.run_when(done, RunStatus::Completed).await;
    let nothing = house.gateway.sweep_old(days(1, 1, 1)).await;
    assert_eq!(nothing, Ok(Swept::default()), "it was only now");
    house.clock.advance(DAY * 2);
    let swept = house.gateway.sweep_old(days(1, 3, 3)).await;
    assert_eq!(swept, Ok(Swept { events: 1, runs: 0, sessions: 0, strangers: 0 }));
    assert!(is_there(&house, done).await);
    let swept = house.gateway.sweep_old(days(1, 1, 1)).await;
    assert_eq!(swept, Ok(Swept { events: 0, runs: 1, sessions: 1, strangers: 0 }));
    assert!(!is_there(&house, done).await);
    assert!(is_there(&house, waiting).await);
    assert_eq!(house.gateway.pending_approvals().await, Ok(1));
    assert_eq!(house.audited(AuditKind::RetentionSwept).await.len(), 3);
    assert_eq!(house.audited(AuditKind::RunStarted).await.len(), 2);
    let again = house.gateway.sweep_old(days(1, 1, 1)).await;
    assert_eq!(again, Ok(Swept::default()));
}

/// A question that waited for months is answered today: what came of it is kept from today on.
#[tokio::test]
async fn age_counts_from_the_end() {
    let house = house().await;
    let run = house.say("run echo late").await;
    house.run_when(run, RunStatus::WaitingForApproval).await;
    house.clock.advance(DAY * 100);
    let id = house.pending(run, 1).await.remove(0).card.approval_id;
    let answer = Answer { choice: Choice::Deny, reason: None, digest: None, count: None };
    house.gateway.resolve_approval(id, &answer, &house.operator).await.unwrap();
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(house.gateway.sweep_old(days(50, 50, 50)).await, Ok(Swept::default()));
    house.clock.advance(DAY * 51);
    let swept = house.gateway.sweep_old(days(0, 50, 50)).await;
    assert_eq!(swept, Ok(Swept { events: 0, runs: 1, sessions: 1, strangers: 0 }));
}

/// More of them than one commit forgets.
#[tokio::test]
async fn what_left_the_house_is_forgotten_when_no_limit_counts_it() {
    let house = house().await;
    for destinations in [0..2500, 2500..2501] {
        let sent = OutboxEntry {
            grant: format!("grant_{:032x}", destinations.len()).parse().unwrap(),
            call: Some(format!("call_{:032x}", destinations.len()).parse().unwrap()),
            destinations: destinations.map(|number| format!("webhook:{number}")).collect(),
            at: house.clock.now(),
            limit: RateLimit { since: house.clock.now(), most: 1 },
        };
        let work = UnitOfWork::new().and(Change::AddToOutbox(Box::new(sent)));
        house.breakable.commit(work).await.unwrap();
        house.clock.advance(DAY * 2);
    }
    let keep = Retention { outbox: Some(DAY * 3), ..days(0, 0, 0) };
    house.gateway.sweep_old(keep).await.unwrap();
    let count = |destination: &'static str| {
        house.breakable.approvals().sent_since(destination, Timestamp::from_millis(0))
    };
    assert_eq!(count("webhook:2499").await, Ok(0));
    assert_eq!(count("webhook:2500").await, Ok(1));
}

#[test]
fn retention_is_for_ever_or_at_least_an_hour() {
    let config = RetentionConfig { events: "0".parse().unwrap(), ..RetentionConfig::default() };
    let kept = Retention { outbox: Some(DAY * 30), ..days(0, 365, 365) };
    assert_eq!(config.retention().unwrap(), kept);
    let config = RetentionConfig { outbox: "2h".parse().unwrap(), ..RetentionConfig::default() };
    let refused = config.retention().unwrap_err().to_string();
    assert!(refused.contains("limits still count what was sent"), "{refused}");
    let config = RetentionConfig { runs: "59m".parse().unwrap(), ..RetentionConfig::default() };
    let refused = config.retention().unwrap_err().to_string();
    assert!(refused.starts_with("`retention.runs`: `59m` is too short"), "{refused}");
}
