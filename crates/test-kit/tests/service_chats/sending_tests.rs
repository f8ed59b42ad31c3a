//! What goes out: drafts, what goes by itself, and what is counted.

use countersign_ports::clock::Clock as _;

use super::*;

#[tokio::test]
async fn texts_go_by_themselves_only_in_autonomous_mode_and_only_so_many_an_hour() {
    let bridge = FakeBridge::listen().await;
    let house = House::with().bridge(&bridge).service(on).open().await;
    let session = talking(&house).await;
    change(&house, ChatChange::Mode(ChatMode::Autonomous)).await;
    for number in 0..6 {
        let run = house.say_in(Some(session), &format!("reply message {number}")).await;
        house.run_when(run, RunStatus::Completed).await;
    }
    assert_eq!(bridge.sent().len(), 7);
    assert_eq!(house.audited(AuditKind::OutboundSent).await.len(), 7);
    // The seventh is a draft, also after a restart, until the window has moved on.
    let house = house.reopen().await;
    let run = house.say_in(Some(session), "reply one too many").await;
    house.decide(asked(&house, run).await, Choice::Deny).await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(house.audited(AuditKind::ServiceChatRateLimited).await.len(), 1);
    // A secret does not go by itself either, nor at all.
    house.clock.advance(Duration::from_hours(1));
    let key = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let run = house.say_in(Some(session), &format!("reply the token is {key}")).await;
    assert!(output(&house, run).await.contains("secret_in_content"));
    let run = house.say_in(Some(session), "reply hello again").await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(bridge.sent().len(), 8);
}

#[tokio::test]
async fn a_draft_is_sent_as_a_person_has_made_it() {
    let bridge = FakeBridge::listen().await;
    let house = House::with().bridge(&bridge).service(on).open().await;
    let session = talking(&house).await;
    let run = house.say_in(Some(session), "reply My number is 123").await;
    let card = house.pending(run, 1).await.remove(0).card;
    let new = NewContent { content: "I call you".to_owned(), digest: card.digest };
    let edited =
        house.gateway.edit_approval(card.approval_id, &new, &house.operator).await.unwrap();
    assert_eq!(edited.offer.choices, [Choice::Once, Choice::Deny]);
    let answer = countersign_gateway::Answer {
        choice: Choice::Once,
        reason: None,
        digest: Some(edited.digest),
        count: None,
    };
    house.gateway.resolve_approval(card.approval_id, &answer, &house.operator).await.unwrap();
    assert_eq!(bridge.sent_when(2).await[1].text, "I call you");
}

#[tokio::test]
async fn neither_rules_nor_exemptions_nor_a_time_without_questions_send_a_draft() {
    let bridge = FakeBridge::listen().await;
    bridge.knows(MOVISTAR, "Movistar");
    let house = House::with()
        .bridge(&bridge)
        .service(on)
        .approvals(|approvals| approvals.mode = countersign_gateway::config::ModeText::Off)
        .outbound(|outbound| {
            outbound.require_approval = false;
            outbound.exempt = vec!["whatsapp:+34600111333".to_owned()];
        })
        .open()
        .await;
    let session = talking(&house).await;
    for wish in ["reply Movistar | Hello", "send whatsapp:+34600111222 | Hello"] {
        let run = house.say_in(Some(session), wish).await;
        house.decide(asked(&house, run).await, Choice::Deny).await;
        house.run_when(run, RunStatus::Completed).await;
    }
    assert_eq!(bridge.sent().len(), 1);
    // What the operator has exempted by name is the operator's own.
    let run = house.say("send whatsapp:+34600111333 | Hello").await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(bridge.sent_when(2).await[1].chat_id, "34600111333@s.whatsapp.net");
}

#[tokio::test]
async fn what_was_approved_is_not_sent_once_the_chat_is_revoked() {
    let bridge = FakeBridge::listen().await;
    let house = House::with().bridge(&bridge).service(on).open().await;
    let session = talking(&house).await;
    let run = house.say_in(Some(session), "reply My number is 123").await;
    let draft = asked(&house, run).await;
    let house = house.reopen_undriven().await;
    house.decide(draft, Choice::Once).await;
    change(&house, ChatChange::Revoke).await;
    let house = house.reopen_sending(|_| {}).await;
    house.approval_when(draft, Status::Lapsed).await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(bridge.sent().len(), 1);
}

#[tokio::test]
async fn a_message_whose_end_is_not_known_is_given_to_the_bridge_again_and_sent_once() {
    let bridge = FakeBridge::listen().await;
    let house = House::with().bridge(&bridge).service(on).open().await;
    bridge.breaks_off(2);
    talking(&house).await;
    assert_eq!(bridge.sent().len(), 1);
    assert_eq!(house.audited(AuditKind::OutboundSent).await.len(), 1);
}

#[tokio::test]
async fn of_two_gateways_one_gets_the_last_of_three_new_chats() {
    let bridge = FakeBridge::listen().await;
    let house = House::with().bridge(&bridge).service(on).undriven().open().await;
    let other = house.gateway_on(InProcessBus::new(), 7);
    let mut calls = Vec::new();
    for number in 1..=4 {
        let target = format!("+3460011100{number}");
        let (run, _) = started(&house, &target, "Hello").await;
        let call = house.calls(run).await.remove(0).call.id;
        let (purpose, message) = (String::new(), "Hello".to_owned());
        calls.push((run, call, ServiceRequest::Start { target, purpose, message }));
    }
    let mut calls = calls.into_iter();
    for (run, call, request) in calls.by_ref().take(2) {
        let passage = house.gateway.converse(run, call, request, Slot::Free).await.unwrap();
        assert!(matches!(passage, Passage::Waiting(_)), "{passage:?}");
    }
    let (one, two) = (calls.next().unwrap(), calls.next().unwrap());
    let gateway = house.gateway.clone();
    let one = tokio::spawn(async move { gateway.converse(one.0, one.1, one.2, Slot::Free).await });
    let two = tokio::spawn(async move { other.converse(two.0, two.1, two.2, Slot::Free).await });
    let passages = [one.await.unwrap().unwrap(), two.await.unwrap().unwrap()];
    let waiting = passages.iter().filter(|one| matches!(one, Passage::Waiting(_))).count();
    let refused = passages.iter().filter(|one| matches!(one, Passage::Refused(_))).count();
    assert_eq!((waiting, refused), (1, 1), "{passages:?}");
}

#[tokio::test]
async fn limits_slide_across_full_hours_and_midnight() {
    let bridge = FakeBridge::listen().await;
    let house = House::with().bridge(&bridge).service(on).open().await;
    let session = talking(&house).await;
    change(&house, ChatChange::Mode(ChatMode::Autonomous)).await;
    let reply = async |text: &str| house.say_in(Some(session), &format!("reply {text}")).await;
    // To the last minutes of an hour: the next one gives nothing back.
    let into_hour = house.clock.now().as_millis().rem_euclid(3_600_000);
    let to_end = u64::try_from(3_600_000 - into_hour).unwrap();
    house.clock.advance(Duration::from_millis(to_end) + Duration::from_mins(55));
    for number in 0..3 {
        house.run_when(reply(&format!("early {number}")).await, RunStatus::Completed).await;
    }
    house.clock.advance(Duration::from_mins(10));
    for number in 0..3 {
        house.run_when(reply(&format!("late {number}")).await, RunStatus::Completed).await;
    }
    assert_eq!(bridge.sent().len(), 7);
    let run = reply("one too many").await;
    house.decide(asked(&house, run).await, Choice::Deny).await;
    house.run_when(run, RunStatus::Completed).await;
    // The early ones slide out an hour after they went, the late ones do not.
    house.clock.advance(Duration::from_mins(51));
    for number in 0..3 {
        house.run_when(reply(&format!("next {number}")).await, RunStatus::Completed).await;
    }
    let run = reply("again too many").await;
    house.decide(asked(&house, run).await, Choice::Deny).await;
    assert_eq!(bridge.sent().len(), 10);
    // Chats of the day: two more before midnight, none right after it.
    let day = 86_400_000;
    let into_day = house.clock.now().as_millis().rem_euclid(day);
    let five_to_midnight = u64::try_from(day - into_day - 5 * 60_000).unwrap();
    house.clock.advance(Duration::from_millis(five_to_midnight));
    for number in 1..=2 {
        let (run, _) = started(&house, &format!("+3460011100{number}"), "Hello").await;
        house.decide(asked(&house, run).await, Choice::Deny).await;
    }
    house.clock.advance(Duration::from_mins(10));
    let (run, _) = started(&house, "+34600111003", "Hello").await;
    assert!(output(&house, run).await.contains("max_new_service_chats_per_day"));
    house.clock.advance(Duration::from_hours(24));
    let (run, _) = started(&house, "+34600111003", "Hello").await;
    asked(&house, run).await;
}
