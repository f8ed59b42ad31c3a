//! The policy against a model of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// What can be done to the chats.
#[derive(Debug, Clone)]
enum Deed {
    Send { chat: usize, by_agent: bool, files: bool },
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
        6 => (chat.clone(), any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(chat, by_agent, files)| Deed::Send { chat, by_agent, files }),
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
        media in any::<bool>(),
        bold in any::<bool>(),
        ranged in any::<bool>(),
        deeds in prop::collection::vec(deed(), 1..120),
    ) {
        let default_mode = ChatMode::ALL[default];
        let agent_initiated = Switch::of(may);
        // The configuration names the first chat, and the range of all of them.
        let media = Switch::of(media);
        let settings = if ranged {
            ServiceSettings {
                default_mode,
                agent_initiated,
                media,
                first_contact_approval: Switch::of(!bold),
                approved_chats: BTreeSet::from(["+34600111220".parse().unwrap()]),
                approved_patterns: vec!["+3460011122*".parse().unwrap()],
                ..on()
            }
        } else {
            ServiceSettings { default_mode, agent_initiated, media, ..on() }
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
                Deed::Send { chat, by_agent, files } => {
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
                    let load = if files { Load::Files } else { Load::Text };
                    let sender = Sender { initiator, sent: auto.count() as u64, load };
                    let number = letters.len() as u128 + 1;
                    let letter = |first| Letter {
                        chat, number, first, yes: None, gone: false, stale: false,
                    };
                    let ruling = rule_on_send(&chats[chat], sender, &settings, now);
                    let refused = matches!(ruling, SendRuling::Refused(_));
                    prop_assert!(refused || !files || media.is_on(), "{ruling:?}");
                    match ruling {
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
                            prop_assert!(!files);
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
