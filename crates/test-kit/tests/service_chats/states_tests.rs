//! The states of a chat, and what leads from one to another.

use super::*;

#[tokio::test]
async fn a_denied_or_expired_first_message_leaves_nothing_but_its_place_in_the_count() {
    let bridge = FakeBridge::listen().await;
    let house = House::with().bridge(&bridge).service(on).open().await;
    let unknown = (ChatStatus::Unknown, None);
    let (run, _) = started(&house, NUMBER, "Hello").await;
    house.decide(asked(&house, run).await, Choice::Deny).await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(status(&house, NUMBER).await, unknown);
    let (run, _) = started(&house, NUMBER, "Hello").await;
    let approval = asked(&house, run).await;
    house.clock.advance(Duration::from_mins(16));
    house.approval_when(approval, Status::Expired).await;
    assert_eq!(status(&house, NUMBER).await, unknown);
    let (run, _) = started(&house, NUMBER, "Hello").await;
    let approval = asked(&house, run).await;
    house.gateway.stop_run(run, &house.operator).await.unwrap();
    house.approval_when(approval, Status::Cancelled).await;
    assert_eq!(status(&house, NUMBER).await, unknown);
    // The fourth within 24 hours is one too many, across midnight and a restart.
    house.clock.advance(Duration::from_hours(20));
    let house = house.reopen().await;
    let (run, _) = started(&house, "+34600111333", "Hello").await;
    assert!(output(&house, run).await.contains("max_new_service_chats_per_day"));
    assert_eq!(house.audited(AuditKind::ServiceChatRateLimited).await.len(), 1);
    house.clock.advance(Duration::from_hours(4));
    let (run, _) = started(&house, "+34600111333", "Hello").await;
    asked(&house, run).await;
    assert!(bridge.sent().is_empty());
}

#[tokio::test]
async fn a_paused_chat_sends_nothing_and_keeps_what_comes_for_the_user() {
    let bridge = FakeBridge::listen().await;
    let movistar = bridge.knows(MOVISTAR, "Movistar");
    let house = House::with().bridge(&bridge).service(on).open().await;
    let session = talking(&house).await;
    let run = house.say_in(Some(session), "reply My number is 123").await;
    let draft = asked(&house, run).await;
    change(&house, ChatChange::Pause).await;
    let refused = house.answer(draft, Choice::Once, None, &house.operator).await;
    assert!(refused.unwrap_err().to_string().contains("paused"));
    movistar.says("Are you there?");
    bridge.all_acknowledged().await;
    assert!(turns(&house, 0).await.is_empty());
    let (_, thread) = house.gateway.service_chat(NUMBER, None, &house.operator).await.unwrap();
    assert!(matches!(thread[0].said.by, SaidBy::Provider { given: false, .. }), "{thread:?}");
    assert_eq!(thread[0].said.text, "Are you there?");
    assert_eq!(bridge.sent().len(), 1);
    change(&house, ChatChange::Resume).await;
    house.decide(draft, Choice::Once).await;
    assert_eq!(bridge.sent_when(2).await[1].text, "My number is 123");
    for kind in [AuditKind::ServiceChatPaused, AuditKind::ServiceChatResumed] {
        assert_eq!(house.audited(kind).await.len(), 1);
    }
}

#[tokio::test]
async fn revoking_ends_drafts_and_turns_at_once_and_only_a_person_brings_the_chat_back() {
    let bridge = FakeBridge::listen().await;
    let movistar = bridge.knows(MOVISTAR, "Movistar");
    let house = House::with().bridge(&bridge).service(on).open().await;
    let session = talking(&house).await;
    let run = house.say_in(Some(session), "reply My number is 123\nreply Movistar | Bye").await;
    let draft = asked(&house, run).await;
    movistar.says("run ls");
    let turn = turns(&house, 1).await.remove(0);
    change(&house, ChatChange::Revoke).await;
    house.approval_when(draft, Status::Cancelled).await;
    // The run goes on, is told so, and gets nothing out any more; the turn is stopped.
    let said = output(&house, run).await;
    assert!(said.contains("revoked"), "{said}");
    house.run_when(turn.id, RunStatus::Cancelled).await;
    movistar.says("Hello?");
    bridge.all_acknowledged().await;
    assert_eq!(turns(&house, 1).await.len(), 1);
    assert_eq!(house.audited(AuditKind::ServiceChatInboundBlocked).await.len(), 1);
    let (again, _) = started(&house, NUMBER, "Hello").await;
    assert!(output(&house, again).await.contains("revoked"));
    assert_eq!(bridge.sent().len(), 1);
    // Not even the switch as a whole makes it sendable.
    change(&house, ChatChange::Approve { seen: None }).await;
    assert_eq!(status(&house, NUMBER).await.1, Some(ChatMode::DraftFirst));
    let (run, _) = started(&house, NUMBER, "Hello again").await;
    house.decide(asked(&house, run).await, Choice::Once).await;
    assert_eq!(bridge.sent_when(2).await[1].text, "Hello again");
}

#[tokio::test]
async fn a_restart_changes_nothing_in_any_state() {
    let bridge = FakeBridge::listen().await;
    let movistar = bridge.knows(MOVISTAR, "Movistar");
    let house = House::with().bridge(&bridge).service(on).open().await;
    let (run, session) = started(&house, NUMBER, "Hello").await;
    let approval = asked(&house, run).await;
    let house = house.crash().await;
    assert_eq!(status(&house, NUMBER).await, (ChatStatus::PendingFirstContact, None));
    house.decide(approval, Choice::Once).await;
    house.run_when(run, RunStatus::Completed).await;
    for mode in [ChatMode::Autonomous, ChatMode::Paused, ChatMode::DraftFirst] {
        change(&house, ChatChange::Mode(mode)).await;
    }
    let house = house.crash().await;
    assert_eq!(status(&house, NUMBER).await, (ChatStatus::Approved, Some(ChatMode::DraftFirst)));
    movistar.says("hello");
    let turn = turns(&house, 1).await.remove(0);
    assert_eq!(turn.session_id, session);
    house.run_when(turn.id, RunStatus::Completed).await;
    change(&house, ChatChange::Revoke).await;
    let house = house.crash().await;
    assert_eq!(status(&house, NUMBER).await, (ChatStatus::Revoked, None));
    assert_eq!(bridge.sent().len(), 1);
}

#[tokio::test]
async fn who_answers_what_the_user_wrote_by_hand_is_a_service_chat_only_if_that_is_on() {
    for promote in [Switch::Off, Switch::On] {
        let bridge = FakeBridge::listen().await;
        let clinic = bridge.knows("34600222333", "Clinic");
        let settings = |settings: &mut ServiceSettings| {
            on(settings);
            settings.auto_promote = promote;
        };
        let house = House::with().bridge(&bridge).service(settings).open().await;
        clinic.is_written_to_by_hand("Can I have an appointment?");
        clinic.says("Yes, tomorrow");
        bridge.all_acknowledged().await;
        let promoted = house.audited(AuditKind::ServiceChatPromoted).await.len();
        assert_eq!(promoted, usize::from(promote.is_on()));
        assert_eq!(turns(&house, promoted).await.len(), promoted);
        if promote.is_on() {
            let approved = (ChatStatus::Approved, Some(ChatMode::DraftFirst));
            assert_eq!(status(&house, "Clinic").await, approved);
        }
    }
}

#[tokio::test]
async fn a_chat_of_the_configuration_is_approved_but_first_written_to_with_an_approval() {
    let bridge = FakeBridge::listen().await;
    let listed = |settings: &mut ServiceSettings| {
        on(settings);
        settings.default_mode = ChatMode::Autonomous;
        settings.approved_patterns = vec!["+34600*".parse().unwrap()];
    };
    let house = House::with().bridge(&bridge).service(listed).open().await;
    let (run, session) = started(&house, NUMBER, "Hello").await;
    house.decide(asked(&house, run).await, Choice::Once).await;
    house.run_when(run, RunStatus::Completed).await;
    let run = house.say_in(Some(session), "reply Thank you").await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(bridge.sent().len(), 2);
    let trusting = |settings: &mut ServiceSettings| {
        listed(settings);
        settings.first_contact_approval = Switch::Off;
        settings.approved_chats = [NUMBER.parse().unwrap()].into();
    };
    // Two houses draw the same ids, and one key is one message: this one has a bridge of its own.
    let bridge = FakeBridge::listen().await;
    let house = House::with().bridge(&bridge).service(trusting).open().await;
    let (run, _) = started(&house, NUMBER, "Hello").await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(bridge.sent().len(), 1);
    // A range is no chat that the operator has looked at, nor is anybody outside of it.
    for number in ["+34600111333", "+34700111222"] {
        let (run, _) = started(&house, number, "Hello").await;
        asked(&house, run).await;
    }
    assert_eq!(bridge.sent().len(), 1);
}

#[tokio::test]
async fn a_chat_is_revoked_from_every_state_and_then_nothing_goes_or_comes() {
    let bridge = FakeBridge::listen().await;
    let house = House::with().bridge(&bridge).service(on).open().await;
    let ended = (ChatStatus::Revoked, None);
    let revoke = async |target: &str| {
        let revoked = house
            .gateway
            .change_service_chat(target, ChatChange::Revoke, &house.operator)
            .await
            .unwrap();
        assert_eq!(revoked.state.status(), ChatStatus::Revoked, "{target}");
    };
    // Nothing was known of this one: the word is kept for when it writes or is written to.
    revoke("+34600111001").await;
    // This one's first message waits.
    let (run, _) = started(&house, "+34600111002", "Hello").await;
    let draft = asked(&house, run).await;
    revoke("+34600111002").await;
    house.approval_when(draft, Status::Cancelled).await;
    // Paused, and revoked twice.
    talking(&house).await;
    change(&house, ChatChange::Pause).await;
    revoke(NUMBER).await;
    revoke(NUMBER).await;
    for target in ["+34600111001", "+34600111002", NUMBER] {
        assert_eq!(status(&house, target).await, ended);
        bridge.stranger(target.trim_start_matches('+'), "They").says("hello");
        let (run, _) = started(&house, target, "Hello again").await;
        assert!(output(&house, run).await.contains("revoked"), "{target}");
    }
    bridge.all_acknowledged().await;
    assert!(turns(&house, 0).await.is_empty());
    assert_eq!(bridge.sent().len(), 1);
    let house = house.crash().await;
    for target in ["+34600111001", "+34600111002", NUMBER] {
        assert_eq!(status(&house, target).await, ended);
    }
}

#[tokio::test]
async fn every_mode_outlives_the_process_and_what_waits_is_sent_after_it_once() {
    let bridge = FakeBridge::listen().await;
    let mut house = House::with().bridge(&bridge).service(on).open().await;
    let session = talking(&house).await;
    let run = house.say_in(Some(session), "reply My number is 123").await;
    let draft = asked(&house, run).await;
    for mode in [ChatMode::Autonomous, ChatMode::Paused, ChatMode::DraftFirst] {
        change(&house, ChatChange::Mode(mode)).await;
        house = house.crash().await;
        assert_eq!(status(&house, NUMBER).await, (ChatStatus::Approved, Some(mode)));
        assert_eq!(bridge.sent().len(), 1, "{mode:?}");
    }
    house.decide(draft, Choice::Once).await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(bridge.sent().len(), 2);
}

#[tokio::test]
async fn a_number_written_in_ten_ways_is_one_chat() {
    let bridge = FakeBridge::listen().await;
    let movistar = bridge.knows(MOVISTAR, "Movistar");
    let house = House::with().bridge(&bridge).service(on).open().await;
    let session = talking(&house).await;
    let known = status(&house, NUMBER).await;
    for target in [
        "+34 600 111 222",
        "34600111222",
        "0034600111222",
        "00 34 600-111-222",
        "+34 (600) 111.222",
        "34600111222@s.whatsapp.net",
        "34600111222@c.us",
        "34600111222:12@s.whatsapp.net",
        "34600111222.1:7@s.whatsapp.net",
        "whatsapp:+34600111222",
        "Movistar",
    ] {
        assert_eq!(status(&house, target).await, known, "{target}");
        let run = house.say_in(Some(session), &format!("reply {target} | Hello")).await;
        let card = house.pending(run, 1).await.remove(0).card;
        assert_eq!(card.destination.as_deref(), Some("whatsapp:+34600111222 (Movistar)"));
        house.decide(card.approval_id, Choice::Deny).await;
        house.run_when(run, RunStatus::Completed).await;
    }
    // And so it comes in.
    for chat_id in
        ["34600111222@c.us", "34600111222:12@s.whatsapp.net", "34600111222.1@s.whatsapp.net"]
    {
        movistar.say(Said { text: "hello", chat_id: Some(chat_id), ..Said::default() });
    }
    for turn in turns(&house, 3).await {
        assert_eq!(turn.session_id, session);
    }
    let (listed, limits) = house.gateway.service_chats(&house.operator).await.unwrap();
    assert_eq!((listed.len(), limits.begun_today), (1, 1));
}
