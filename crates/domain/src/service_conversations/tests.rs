//! Every row of the table, and the policy against a model of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::identity::{Actor, Principal};
use crate::ids::ApprovalId;
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn approval(number: u128) -> ApprovalId {
    ApprovalId::from_uuid(uuid::Uuid::from_u128(number))
}

fn on() -> ServiceSettings {
    ServiceSettings { enabled: Switch::On, ..ServiceSettings::default() }
}

fn chat(state: ChatState) -> ServiceChat {
    let id = "+34600111222".parse().unwrap();
    ServiceChat { state, ..ServiceChat::unknown(id, NOW) }
}

fn unknown() -> ServiceChat {
    chat(ChatState::Unknown)
}

fn pending() -> ServiceChat {
    chat(ChatState::PendingFirstContact { approval: approval(1), at: NOW })
}

fn approved(mode: ChatMode, first_contact: FirstContact) -> ServiceChat {
    let basis = Basis::FirstContact;
    chat(ChatState::Approved { mode, basis, first_contact, at: NOW, by: Actor::System })
}

fn revoked() -> ServiceChat {
    chat(ChatState::Revoked { at: NOW, by: Actor::System })
}

fn asked(initiator: Initiator, begun: u64) -> ChatEvent {
    ChatEvent::FirstContactAsked { approval: approval(1), initiator, begun }
}

fn status(result: &Result<ServiceChat, Refusal>) -> Option<(ChatStatus, Option<ChatMode>)> {
    result.as_ref().ok().map(|chat| (chat.state.status(), chat.state.mode()))
}

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
fn what_a_message_needs_follows_from_state_mode_and_count() {
    let made = FirstContact::Made;
    let user = |sent| Sender { initiator: Initiator::User, sent };
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
    let agent = Sender { initiator: Initiator::Agent, sent: 0 };
    assert_eq!(ruling(&due, agent, &trusting), "refused");
    let heard = ServiceChat { heard_at: Some(NOW), ..due };
    assert_eq!(ruling(&heard, agent, &on()), "draft");
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

/// What can be done to the chats.
#[derive(Debug, Clone)]
enum Deed {
    Send { chat: usize, by_agent: bool },
    Decide { draft: usize, yes: bool },
    Leave { draft: usize },
    Claim { draft: usize },
    Mode { chat: usize, mode: usize },
    Revoke { chat: usize },
    Renew { chat: usize },
    Hear { chat: usize },
    Wait { minutes: u64 },
}

fn deed() -> impl Strategy<Value = Deed> {
    let chat = 0..5_usize;
    let draft = 0..8_usize;
    prop_oneof![
        6 => (chat.clone(), any::<bool>()).prop_map(|(chat, by_agent)| Deed::Send { chat, by_agent }),
        5 => (draft.clone(), prop::bool::weighted(0.8))
            .prop_map(|(draft, yes)| Deed::Decide { draft, yes }),
        1 => draft.clone().prop_map(|draft| Deed::Leave { draft }),
        5 => draft.prop_map(|draft| Deed::Claim { draft }),
        3 => (chat.clone(), 0..3_usize).prop_map(|(chat, mode)| Deed::Mode { chat, mode }),
        1 => chat.clone().prop_map(|chat| Deed::Revoke { chat }),
        1 => chat.clone().prop_map(|chat| Deed::Renew { chat }),
        1 => chat.prop_map(|chat| Deed::Hear { chat }),
        3 => (1..200_u64).prop_map(|minutes| Deed::Wait { minutes }),
    ]
}

/// What the model knows of a chat, without any of the rules' own types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Closed,
    Asking,
    Open(ChatMode),
    Ended,
}

#[derive(Debug)]
struct Letter {
    chat: usize,
    number: u128,
    first: bool,
    yes: Option<bool>,
    gone: bool,
    /// Whether somebody has closed the chat or changed its mode since the decision.
    stale: bool,
}

/// What has left, and what the model thought of its chat then.
#[derive(Debug)]
struct Left {
    chat: usize,
    at: Timestamp,
    decided: bool,
    seen: Seen,
    released: bool,
}

proptest! {
    #[test]
    fn nothing_is_sent_that_the_policy_does_not_let(
        default in 0..3_usize,
        may in any::<bool>(),
        bold in any::<bool>(),
        ranged in any::<bool>(),
        deeds in prop::collection::vec(deed(), 1..120),
    ) {
        let default_mode = ChatMode::ALL[default];
        let agent_initiated = Switch::of(may);
        // The configuration names the first chat, and the range of all of them.
        let settings = if ranged {
            ServiceSettings {
                default_mode,
                agent_initiated,
                first_contact_approval: Switch::of(!bold),
                approved_chats: BTreeSet::from(["+34600111220".parse().unwrap()]),
                approved_patterns: vec!["+3460011122*".parse().unwrap()],
                ..on()
            }
        } else {
            ServiceSettings { default_mode, agent_initiated, ..on() }
        };
        let mut now = NOW;
        let mut chats: Vec<ServiceChat> = (0..5)
            .map(|n| ServiceChat::unknown(format!("+3460011122{n}").parse().unwrap(), now))
            .collect();
        let mut seen = vec![Seen::Closed; chats.len()];
        let mut letters: Vec<Letter> = Vec::new();
        let mut begun: Vec<Timestamp> = Vec::new();
        let mut left: Vec<Left> = Vec::new();
        let by = Principal::Operator;
        for deed in deeds {
            match deed {
                Deed::Wait { minutes } => now = now.after(Duration::from_mins(minutes)),
                Deed::Hear { chat } => chats[chat].heard_at = Some(now),
                Deed::Send { chat, by_agent } => {
                    let initiator = if by_agent { Initiator::Agent } else { Initiator::User };
                    if chats[chat].state == ChatState::Unknown
                        && let Ok(next) = step(&chats[chat], &ChatEvent::Listed, &settings, now)
                    {
                        chats[chat] = next;
                        seen[chat] = Seen::Open(default_mode);
                    }
                    let since = now.before(HOUR);
                    let auto = left.iter().filter(|one| {
                        one.chat == chat && !one.decided && one.at > since
                    });
                    let sender = Sender { initiator, sent: auto.count() as u64 };
                    let number = letters.len() as u128 + 1;
                    let letter = |first| Letter {
                        chat, number, first, yes: None, gone: false, stale: false,
                    };
                    match rule_on_send(&chats[chat], sender, &settings, now) {
                        SendRuling::Refused(_) => {}
                        SendRuling::Draft => {
                            chats[chat].drafts.insert(approval(number));
                            letters.push(letter(false));
                        }
                        SendRuling::FirstContact => {
                            let within = now.before(DAY);
                            let count = begun.iter().filter(|at| **at > within).count() as u64;
                            let event = ChatEvent::FirstContactAsked {
                                approval: approval(number), initiator, begun: count,
                            };
                            if let Ok(next) = step(&chats[chat], &event, &settings, now) {
                                prop_assert!(!by_agent || may);
                                chats[chat] = next;
                                begun.push(now);
                                seen[chat] = Seen::Asking;
                                letters.push(letter(true));
                            }
                        }
                        SendRuling::Auto(_) => {
                            chats[chat] = chats[chat].clone().contacted(None, now);
                            let seen = seen[chat];
                            left.push(Left { chat, at: now, decided: false, seen, released: false });
                        }
                    }
                }
                Deed::Decide { draft, yes } => {
                    let Some(letter) = letters.get_mut(draft) else { continue };
                    let open = chats[letter.chat].drafts.contains(&approval(letter.number));
                    if letter.yes.is_some() || !open {
                        continue;
                    }
                    let held = chats[letter.chat].holds_back(approval(letter.number), &settings);
                    if yes && held.is_some() {
                        continue;
                    }
                    letter.yes = Some(yes);
                    if letter.first {
                        let approval = approval(letter.number);
                        let event = if yes {
                            ChatEvent::FirstContactApproved { approval, by: by.clone() }
                        } else {
                            ChatEvent::FirstContactEnded { approval }
                        };
                        chats[letter.chat] = step(&chats[letter.chat], &event, &settings, now).unwrap();
                        seen[letter.chat] =
                            if yes { Seen::Open(default_mode) } else { Seen::Closed };
                    }
                }
                Deed::Leave { draft } => {
                    let Some(letter) = letters.get_mut(draft) else { continue };
                    let open = chats[letter.chat].drafts.contains(&approval(letter.number));
                    if letter.yes.is_none() && open && letter.first {
                        letter.yes = Some(false);
                        let event = ChatEvent::FirstContactEnded { approval: approval(letter.number) };
                        chats[letter.chat] = step(&chats[letter.chat], &event, &settings, now).unwrap();
                        seen[letter.chat] = Seen::Closed;
                    }
                }
                Deed::Claim { draft } => {
                    let Some(letter) = letters.get_mut(draft) else { continue };
                    if letter.yes != Some(true) || letter.gone {
                        continue;
                    }
                    let id = approval(letter.number);
                    if chats[letter.chat].holds_back(id, &settings).is_none() {
                        letter.gone = true;
                        let released = letter.first && !letter.stale;
                        chats[letter.chat] = chats[letter.chat].clone().contacted(Some(id), now);
                        let (chat, seen) = (letter.chat, seen[letter.chat]);
                        left.push(Left { chat, at: now, decided: true, seen, released });
                    }
                }
                Deed::Mode { chat, mode } => {
                    let mode = ChatMode::ALL[mode];
                    let event = ChatEvent::ModeSet { mode, by: by.clone() };
                    if let Ok(next) = step(&chats[chat], &event, &settings, now) {
                        chats[chat] = next;
                        seen[chat] = Seen::Open(mode);
                        letters.iter_mut().filter(|one| one.chat == chat).for_each(|one| one.stale = true);
                    }
                }
                Deed::Revoke { chat } => {
                    let event = ChatEvent::Revoked { by: by.clone() };
                    chats[chat] = step(&chats[chat], &event, &settings, now).unwrap();
                    seen[chat] = Seen::Ended;
                    // Its drafts are cancelled and what was approved lapses, in the same commit.
                    for letter in letters.iter_mut().filter(|one| one.chat == chat) {
                        letter.stale = true;
                        letter.yes = Some(letter.yes.unwrap_or(false) && letter.gone);
                    }
                }
                Deed::Renew { chat } => {
                    let event = ChatEvent::Renewed { by: by.clone() };
                    if let Ok(next) = step(&chats[chat], &event, &settings, now) {
                        prop_assert_eq!(seen[chat], Seen::Ended);
                        chats[chat] = next;
                        seen[chat] = Seen::Open(default_mode);
                    }
                }
            }
        }
        for one in &left {
            match one.seen {
                Seen::Open(ChatMode::DraftFirst) => prop_assert!(one.decided, "{one:?}"),
                Seen::Open(ChatMode::Autonomous) => {}
                Seen::Open(ChatMode::Paused) => prop_assert!(one.released, "{one:?}"),
                Seen::Closed | Seen::Asking | Seen::Ended => prop_assert!(false, "{one:?}"),
            }
        }
        // A person has seen the first message into every chat that the configuration does not name
        // one by one.
        for chat in 0..chats.len() {
            let first = left.iter().find(|one| one.chat == chat);
            let trusted = ranged && bold && chat == 0;
            prop_assert!(first.is_none_or(|one| one.decided || trusted), "{first:?}");
        }
        let mut auto: BTreeMap<usize, Vec<Timestamp>> = BTreeMap::new();
        for one in left.iter().filter(|one| !one.decided) {
            auto.entry(one.chat).or_default().push(one.at);
        }
        for times in auto.values() {
            prop_assert!(most_within(times, HOUR) <= 6);
        }
        prop_assert!(most_within(&begun, DAY) <= 3);
    }
}

/// The most of `times` that fall into one window of this span, wherever it begins.
fn most_within(times: &[Timestamp], span: Duration) -> usize {
    let within = |start: &Timestamp| {
        times.iter().filter(|at| **at >= *start && **at < start.after(span)).count()
    };
    times.iter().map(within).max().unwrap_or(0)
}
