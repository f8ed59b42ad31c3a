//! Every row of the table.

use std::collections::BTreeSet;

use super::*;

#[test]
fn a_first_message_is_asked_for_only_as_the_settings_say() {
    let agent_may = ServiceSettings { agent_initiated: Switch::On, ..on() };
    let to_pending = Some((ChatStatus::PendingFirstContact, None));
    for (settings, initiator, begun, expected) in [
        (&on(), Initiator::User, 0, to_pending),
        (&on(), Initiator::User, 2, to_pending),
        (&on(), Initiator::User, 3, None),
        (&on(), Initiator::Agent, 0, None),
        (&agent_may, Initiator::Agent, 0, to_pending),
        (&agent_may, Initiator::Agent, 3, None),
        (&ServiceSettings::default(), Initiator::User, 0, None),
    ] {
        let next = step(&unknown(), &asked(initiator, begun), settings, NOW);
        assert_eq!(status(&next), expected, "{initiator:?} {begun}: {next:?}");
    }
    let next = step(&unknown(), &asked(Initiator::User, 0), &on(), NOW).unwrap();
    assert_eq!(next.drafts, BTreeSet::from([approval(1)]));
}

#[test]
fn a_chat_that_the_configuration_names_is_approved_in_the_default_mode() {
    let listed = ServiceSettings {
        approved_patterns: vec!["+34600*".parse().unwrap()],
        default_mode: ChatMode::Autonomous,
        ..on()
    };
    let next = step(&unknown(), &ChatEvent::Listed, &listed, NOW);
    assert_eq!(status(&next), Some((ChatStatus::Approved, Some(ChatMode::Autonomous))));
    assert_eq!(step(&unknown(), &ChatEvent::Listed, &on(), NOW), Err(Refusal::NotListed));
    let off = ServiceSettings { enabled: Switch::Off, ..listed.clone() };
    assert_eq!(step(&unknown(), &ChatEvent::Listed, &off, NOW), Err(Refusal::Off));
    // What is not named any more is unknown again; what is revoked stays so.
    assert_eq!(next.unwrap().under(&on()).state, ChatState::Unknown);
    assert!(step(&revoked(), &ChatEvent::Listed, &listed, NOW).is_err());
}

#[test]
fn the_decision_on_the_first_message_decides_the_chat() {
    let ana = Principal::Operator;
    let yes =
        |number| ChatEvent::FirstContactApproved { approval: approval(number), by: ana.clone() };
    let next = step(&pending(), &yes(1), &on(), NOW);
    assert_eq!(status(&next), Some((ChatStatus::Approved, Some(ChatMode::DraftFirst))));
    assert_eq!(next.unwrap().holds_back(approval(1), &on()), None);
    let no = |number| ChatEvent::FirstContactEnded { approval: approval(number) };
    let next = step(&pending(), &no(1), &on(), NOW);
    assert_eq!(status(&next), Some((ChatStatus::Unknown, None)));
    // The decision on another approval decides nothing here.
    assert!(step(&pending(), &yes(2), &on(), NOW).is_err());
    assert!(step(&pending(), &no(2), &on(), NOW).is_err());
}

#[test]
fn who_answers_what_was_written_by_hand_is_promoted_only_if_that_is_on() {
    let promoting =
        ServiceSettings { auto_promote: Switch::On, default_mode: ChatMode::Autonomous, ..on() };
    let by_hand = ServiceChat { by_hand_at: Some(NOW), ..unknown() };
    let next = step(&by_hand, &ChatEvent::AnsweredByHand, &promoting, NOW);
    assert_eq!(status(&next), Some((ChatStatus::Approved, Some(ChatMode::DraftFirst))));
    assert!(step(&by_hand, &ChatEvent::AnsweredByHand, &on(), NOW).is_err());
    assert!(step(&unknown(), &ChatEvent::AnsweredByHand, &promoting, NOW).is_err());
}

#[test]
fn only_an_approved_chat_has_a_mode_to_change() {
    for mode in ChatMode::ALL {
        let event = ChatEvent::ModeSet { mode, by: Principal::Operator };
        let next = step(&approved(ChatMode::DraftFirst, FirstContact::Made), &event, &on(), NOW);
        assert_eq!(status(&next), Some((ChatStatus::Approved, Some(mode))));
        for other in [unknown(), pending(), revoked()] {
            assert!(step(&other, &event, &on(), NOW).is_err());
        }
    }
}

#[test]
fn a_pause_gives_back_what_it_took_and_no_more() {
    let by = Principal::Operator;
    let bold = ServiceSettings { default_mode: ChatMode::Autonomous, ..on() };
    let set = |mode| ChatEvent::ModeSet { mode, by: by.clone() };
    let resume = ChatEvent::Resumed { by: by.clone() };
    for mode in [ChatMode::DraftFirst, ChatMode::Autonomous] {
        let chat = approved(mode, FirstContact::Made);
        assert!(step(&chat, &resume, &bold, NOW).is_err(), "it is not paused");
        // Twice is once.
        let paused = step(&chat, &set(ChatMode::Paused), &bold, NOW).unwrap();
        let paused = step(&paused, &set(ChatMode::Paused), &bold, NOW).unwrap();
        let next = step(&paused, &resume, &bold, NOW).unwrap();
        assert_eq!((next.state.mode(), next.before_pause), (Some(mode), None));
    }
    // Of a chat that was never in another mode, nothing is made up.
    let next = step(&approved(ChatMode::Paused, FirstContact::Made), &resume, &bold, NOW);
    assert_eq!(next.unwrap().state.mode(), Some(ChatMode::DraftFirst));
    for other in [unknown(), pending(), revoked()] {
        assert!(step(&other, &resume, &bold, NOW).is_err());
    }
}

#[test]
fn everything_can_be_revoked_and_only_a_person_brings_it_back() {
    let revoke = ChatEvent::Revoked { by: Principal::Operator };
    let mut drafted = approved(ChatMode::Autonomous, FirstContact::Made);
    drafted.drafts.insert(approval(9));
    for chat in [unknown(), pending(), drafted, revoked()] {
        let next = step(&chat, &revoke, &on(), NOW).unwrap();
        assert_eq!(next.state.status(), ChatStatus::Revoked);
        assert!(next.drafts.is_empty());
        assert!(next.holds_back(approval(1), &on()).is_some());
    }
    let renew = ChatEvent::Renewed { by: Principal::Operator };
    let next = step(&revoked(), &renew, &on(), NOW);
    assert_eq!(status(&next), Some((ChatStatus::Approved, Some(ChatMode::DraftFirst))));
    for other in [unknown(), pending(), approved(ChatMode::Paused, FirstContact::Made)] {
        assert!(step(&other, &renew, &on(), NOW).is_err());
    }
    for event in [asked(Initiator::User, 0), ChatEvent::AnsweredByHand] {
        assert!(step(&revoked(), &event, &on(), NOW).is_err());
    }
}

#[test]
fn of_two_chats_that_are_one_person_the_stricter_word_counts() {
    let lid = "77@lid".parse().unwrap();
    let made = FirstContact::Made;
    for (kept, gone, expected) in [
        (unknown(), revoked(), ChatStatus::Revoked),
        (approved(ChatMode::Autonomous, made), revoked(), ChatStatus::Revoked),
        (revoked(), approved(ChatMode::Autonomous, made), ChatStatus::Revoked),
        (unknown(), approved(ChatMode::DraftFirst, made), ChatStatus::Approved),
        (pending(), unknown(), ChatStatus::PendingFirstContact),
    ] {
        let gone = ServiceChat { id: ServiceChatId::clone(&lid), ..gone };
        let one = merged(kept.clone(), gone);
        assert_eq!((one.state.status(), &one.id), (expected, &kept.id));
    }
    let both = merged(approved(ChatMode::Autonomous, made), approved(ChatMode::Paused, made));
    assert_eq!(both.state.mode(), Some(ChatMode::Paused));
}
