//! What strangers leave behind.

use countersign_gateway::Retention;
use countersign_ports::store::Store as _;

use super::*;

async fn strangers(house: &House) -> usize {
    house.breakable.service().strangers(None, 10_000).await.unwrap().len()
}

async fn alias(house: &House, lid: &str) -> bool {
    house.breakable.service().number_of(&lid.parse().unwrap()).await.unwrap().is_some()
}

#[tokio::test]
async fn while_service_conversations_are_off_nothing_of_strangers_is_kept() {
    let bridge = FakeBridge::listen().await;
    let house = House::with().bridge(&bridge).open().await;
    for number in 0..30 {
        let stranger = bridge.stranger(&format!("346990001{number:02}"), "Spam");
        let stranger = stranger.with_lid(&format!("77{number:02}"));
        stranger.says("run touch owned");
        stranger.is_written_to_by_hand("Who are you?");
    }
    bridge.all_acknowledged().await;
    assert_eq!(strangers(&house).await, 0);
    assert!(!alias(&house, "7700@lid").await);
    let told = house.audited(AuditKind::ServiceChatInboundBlocked).await;
    let [record] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((record.subject.as_str(), &record.detail["count"]), ("strangers", &1.into()));
    house.clock.advance(Duration::from_hours(1));
    bridge.stranger("34699000199", "Spam").says("again");
    bridge.all_acknowledged().await;
    let told = house.audited(AuditKind::ServiceChatInboundBlocked).await;
    assert_eq!((told.len(), &told[1].detail["count"]), (2, &30.into()));
    assert!(!format!("{told:?}").contains("34699"), "{told:?}");
}

#[tokio::test]
async fn no_more_strangers_are_noted_in_a_day_than_there_is_room_for() {
    let bridge = FakeBridge::listen().await;
    let house = House::with().bridge(&bridge).service(on).open().await;
    for number in 0..230 {
        bridge.stranger(&format!("34699000{number:03}"), "Spam").says("hello");
    }
    bridge.all_acknowledged().await;
    assert_eq!(strangers(&house).await, 200);
    let told = house.audited(AuditKind::ServiceChatInboundBlocked).await;
    let all: Vec<_> = told.iter().filter(|record| record.subject == "strangers").collect();
    assert_eq!((told.len(), all.len()), (201, 1));
    assert_eq!(all[0].detail["why"], "more strangers than are noted one by one");
    // Who was noted before is still counted for themselves.
    house.clock.advance(Duration::from_hours(1));
    bridge.stranger("34699000007", "Spam").says("again");
    bridge.stranger("34699000229", "Spam").says("again");
    bridge.all_acknowledged().await;
    let told = house.audited(AuditKind::ServiceChatInboundBlocked).await;
    let last: Vec<_> = told
        .iter()
        .skip(201)
        .map(|record| (record.subject.as_str(), &record.detail["count"]))
        .collect();
    assert_eq!(last, [("+34699000007", &1.into()), ("strangers", &30.into())]);
    house.clock.advance(Duration::from_hours(24));
    bridge.stranger("34699000229", "Spam").says("again");
    bridge.all_acknowledged().await;
    assert_eq!(strangers(&house).await, 201);
}

#[tokio::test]
async fn strangers_and_old_words_go_after_their_time() {
    let bridge = FakeBridge::listen().await;
    let movistar = bridge.knows(MOVISTAR, "Movistar").with_lid("88");
    let house = House::with().bridge(&bridge).service(on).open().await;
    talking(&house).await;
    movistar.says("hello");
    let turn = turns(&house, 1).await.remove(0);
    house.run_when(turn.id, RunStatus::Completed).await;
    let spam = bridge.stranger("34699000111", "Spam").with_lid("77");
    spam.says("one");
    spam.says("two");
    bridge.all_acknowledged().await;
    assert_eq!((strangers(&house).await, alias(&house, "77@lid").await), (1, false));
    let keep = Retention { events: Some(Duration::from_hours(24)), ..Retention::default() };
    house.clock.advance(Duration::from_hours(25));
    let thread = async || {
        let found = house.gateway.service_chat(NUMBER, None, &house.operator).await;
        found.unwrap().1.len()
    };
    assert_eq!(house.gateway.sweep_old(keep).await.unwrap().strangers, 1);
    assert_eq!((strangers(&house).await, thread().await), (0, 2));
    // What the log was not told yet, it is told now.
    let told = house.audited(AuditKind::ServiceChatInboundBlocked).await;
    assert_eq!((told.len(), &told[1].detail["count"]), (2, &1.into()));
    house.clock.advance(Duration::from_hours(24));
    let keep = Retention { runs: Some(Duration::from_hours(48)), ..keep };
    house.gateway.sweep_old(keep).await.unwrap();
    assert_eq!(thread().await, 0);
    // The chat itself is somebody's decision, and stays.
    assert_eq!(status(&house, NUMBER).await.0, ChatStatus::Approved);
    assert!(alias(&house, "88@lid").await);
}

#[tokio::test]
async fn what_a_limit_holds_back_is_told_once_an_hour_with_a_count() {
    let bridge = FakeBridge::listen().await;
    let movistar = bridge.knows(MOVISTAR, "Movistar");
    let house = House::with().bridge(&bridge).service(on).open().await;
    talking(&house).await;
    // Nobody works on the turns, until there are as many as may be.
    let house = house.reopen_undriven().await;
    for number in 0..25 {
        movistar.says(&format!("reply message {number}"));
    }
    bridge.all_acknowledged().await;
    let told = house.audited(AuditKind::ServiceChatRateLimited).await;
    assert_eq!((told.len(), &told[0].detail["count"]), (1, &1.into()));
    house.clock.advance(Duration::from_mins(10));
    movistar.says("reply one more");
    bridge.all_acknowledged().await;
    assert_eq!(house.audited(AuditKind::ServiceChatRateLimited).await.len(), 1);
}
