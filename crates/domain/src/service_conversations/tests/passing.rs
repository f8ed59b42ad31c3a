//! What goes out needs, and what becomes of what comes in.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;

#[test]
fn what_a_message_needs_follows_from_state_mode_and_count() {
    let made = FirstContact::Made;
    let user = |sent| Sender { initiator: Initiator::User, sent, load: Load::Text };
    let ruling = |chat: &ServiceChat, sender, settings: &ServiceSettings| match rule_on_send(
        chat, sender, settings, NOW,
    ) {
        SendRuling::FirstContact => "first",
        SendRuling::Draft => "draft",
        SendRuling::Auto(_) => "auto",
        SendRuling::Refused(_) => "refused",
    };
    let autonomous = approved(ChatMode::Autonomous, made);
    for (chat, sender, expected) in [
        (&unknown(), user(0), "first"),
        (&pending(), user(0), "refused"),
        (&approved(ChatMode::DraftFirst, made), user(0), "draft"),
        (&autonomous, user(5), "auto"),
        (&autonomous, user(6), "draft"),
        (&approved(ChatMode::Paused, made), user(0), "refused"),
        (&revoked(), user(0), "refused"),
    ] {
        assert_eq!(ruling(chat, sender, &on()), expected, "{:?}", chat.state);
        let off = ruling(chat, sender, &ServiceSettings::default());
        assert_eq!(off, "refused", "{:?}", chat.state);
    }
    // The first message takes an approval, unless the chat is listed and the setting is off.
    let due = approved(ChatMode::Autonomous, FirstContact::Due);
    let bold = ServiceSettings { first_contact_approval: Switch::Off, ..on() };
    let listed = BTreeSet::from([due.id.clone()]);
    assert_eq!(ruling(&due, user(0), &on()), "draft");
    assert_eq!(ruling(&due, user(0), &bold), "draft");
    let range = vec!["+34600*".parse().unwrap()];
    let ranged = ServiceSettings { approved_patterns: range, ..bold.clone() };
    assert_eq!(ruling(&due, user(0), &ranged), "draft");
    let trusting = ServiceSettings { approved_chats: listed, ..bold };
    assert_eq!(ruling(&due, user(0), &trusting), "auto");
    // The agent begins nothing; it may answer.
    let agent = Sender { initiator: Initiator::Agent, sent: 0, load: Load::Text };
    assert_eq!(ruling(&due, agent, &trusting), "refused");
    let heard = ServiceChat { heard_at: Some(NOW), ..due };
    assert_eq!(ruling(&heard, agent, &on()), "draft");
}

#[test]
fn files_never_go_by_themselves_and_nowhere_while_that_is_off() {
    let made = FirstContact::Made;
    let files = Sender { initiator: Initiator::User, sent: 0, load: Load::Files };
    let without = ServiceSettings { media: Switch::Off, ..on() };
    for chat in [
        unknown(),
        approved(ChatMode::DraftFirst, made),
        approved(ChatMode::Autonomous, made),
        approved(ChatMode::Autonomous, FirstContact::Due),
    ] {
        let ruling = rule_on_send(&chat, files, &on(), NOW);
        assert!(matches!(ruling, SendRuling::Draft | SendRuling::FirstContact), "{ruling:?}");
        let ruling = rule_on_send(&chat, files, &without, NOW);
        assert_eq!(ruling, SendRuling::Refused(Refusal::Media), "{:?}", chat.state);
        let text = rule_on_send(&chat, Sender { load: Load::Text, ..files }, &without, NOW);
        assert!(!matches!(text, SendRuling::Refused(_)), "{text:?}");
    }
    // What is closed says so first.
    for chat in [revoked(), pending(), approved(ChatMode::Paused, made)] {
        let ruling = rule_on_send(&chat, files, &without, NOW);
        assert!(matches!(ruling, SendRuling::Refused(Refusal::State { .. })), "{ruling:?}");
    }
}

#[test]
fn what_comes_in_goes_only_where_the_state_lets_it() {
    let what = |chat: ServiceChat, settings: &ServiceSettings| match rule_on_inbound(
        chat, settings, NOW,
    ) {
        InboundRuling::Block { .. } => "block",
        InboundRuling::Keep(_) => "keep",
        InboundRuling::Join(_) => "join",
        InboundRuling::Promote(_) => "promote",
    };
    let made = FirstContact::Made;
    let promoting = ServiceSettings { auto_promote: Switch::On, ..on() };
    let by_hand = ServiceChat { by_hand_at: Some(NOW), ..unknown() };
    for (chat, settings, expected) in [
        (unknown(), &on(), "block"),
        (pending(), &on(), "block"),
        (revoked(), &on(), "block"),
        (approved(ChatMode::Paused, made), &on(), "keep"),
        (approved(ChatMode::DraftFirst, made), &on(), "join"),
        (approved(ChatMode::Autonomous, made), &on(), "join"),
        (approved(ChatMode::Autonomous, made), &ServiceSettings::default(), "block"),
        (by_hand.clone(), &on(), "block"),
        (by_hand, &promoting, "promote"),
    ] {
        assert_eq!(what(chat.clone(), settings), expected, "{:?}", chat.state);
    }
}

#[test]
fn the_log_is_told_of_what_is_kept_out_once_an_hour_with_a_count() {
    let mut chat = unknown();
    let mut told = Vec::new();
    for minute in 0..130 {
        let now = NOW.after(Duration::from_mins(minute));
        let InboundRuling::Block { chat: next, told: count } = rule_on_inbound(chat, &on(), now)
        else {
            panic!("it is unknown");
        };
        told.extend(count.map(|count| (minute, count)));
        chat = *next;
    }
    assert_eq!(told, [(0, 1), (60, 60), (120, 60)]);
}

#[test]
fn what_is_on_its_way_stops_where_somebody_has_closed_the_chat_since() {
    let made = FirstContact::Made;
    let paused = approved(ChatMode::Paused, made);
    let by_somebody = ServiceChat { before_pause: Some(ChatMode::DraftFirst), ..paused.clone() };
    for (chat, settings, stops) in [
        (approved(ChatMode::DraftFirst, made), on(), false),
        (approved(ChatMode::Autonomous, made), on(), false),
        // Paused all along: somebody has let this very message go.
        (paused, on(), false),
        (by_somebody, on(), true),
        (revoked(), on(), true),
        (unknown(), on(), true),
        (pending(), on(), true),
        (approved(ChatMode::DraftFirst, made), ServiceSettings::default(), true),
    ] {
        assert_eq!(chat.stops(&settings).is_some(), stops, "{:?}", chat.state);
    }
}
