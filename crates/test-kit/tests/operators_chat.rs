//! The operators' own chats with the agent, end to end over the HTTP of the bridge.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it does not expect fails where it is"
)]

use std::time::Duration;

use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::ids::{ApprovalId, RunId};
use countersign_domain::runs::RunStatus;
use countersign_domain::service_conversations::{ServiceSettings, Switch};
use countersign_fakes::whatsapp_bridge::{FakeBridge, Provider, Said, SentMessage};
use countersign_gateway::{NewContent, StartChat};
use countersign_ports::store::{PageRequest, RunFilter, Store as _};
use countersign_test_kit::House;

const ANN: &str = "34600999888";

/// What takes an approval.
const ASKS: &str = "run rm -r made";

async fn open(bridge: &FakeBridge) -> House {
    let house = House::with().bridge(bridge).operators(&["+34 600 999 888"]).open().await;
    std::fs::create_dir_all(house.workspace().join("made/deep")).unwrap();
    house
}

async fn runs(house: &House) -> Vec<RunId> {
    let page = PageRequest { before: None, limit: 1000 };
    let found = house.gateway.runs(RunFilter::default(), page, &house.operator).await.unwrap();
    found.items.into_iter().map(|view| view.run.id).rev().collect()
}

async fn status(house: &House, approval: ApprovalId) -> Status {
    house.gateway.approval(approval, &house.operator).await.unwrap().status
}

/// The first message whose text has this in it, from the one with this number on.
async fn told(bridge: &FakeBridge, from: usize, text: &str) -> (usize, SentMessage) {
    let looking = async {
        let mut count = from + 1;
        loop {
            let sent = bridge.sent_when(count).await;
            let found =
                sent.into_iter().enumerate().skip(from).find(|(_, one)| one.text.contains(text));
            match found {
                Some(found) => return found,
                None => count = bridge.sent().len() + 1,
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(30), looking).await;
    found.unwrap_or_else(|_| panic!("nobody says {text:?}: {:#?}", bridge.sent()))
}

/// Ann asks for something, and the card of it.
async fn asks(bridge: &FakeBridge, house: &House, ann: &Provider<'_>) -> (ApprovalId, SentMessage) {
    asks_for(ASKS, bridge, house, ann).await
}

async fn asks_for(
    what: &str,
    bridge: &FakeBridge,
    house: &House,
    ann: &Provider<'_>,
) -> (ApprovalId, SentMessage) {
    let (before, known) = (bridge.sent().len(), runs(house).await.len());
    ann.says(what);
    let (_, card) = told(bridge, before, "Approval needed").await;
    let run = runs(house).await[known];
    let approval = house.pending(run, 1).await.remove(0).card.approval_id;
    assert!(card.text.contains(&approval.to_string()), "{}", card.text);
    // The card stands once it is noted where.
    loop {
        let cards = house.breakable.chats().cards_of_run(run).await.unwrap();
        if cards.iter().any(|card| card.value.message.is_some()) {
            return (approval, card);
        }
        tokio::task::yield_now().await;
    }
}

fn quoting<'s>(text: &'s str, card: &'s SentMessage) -> Said<'s> {
    Said { text, reply_to: Some(&card.message_id), ..Said::default() }
}

#[tokio::test]
async fn an_operator_talks_and_commands_and_is_answered_in_the_same_chat() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann");
    let house = open(&bridge).await;
    ann.says("say hello there");
    let (_, answer) = told(&bridge, 0, "hello there").await;
    assert_eq!(answer.chat_id, "34600999888@s.whatsapp.net");
    ann.says("/whoami");
    let (_, whoami) = told(&bridge, 1, "Platform: whatsapp (dm)").await;
    assert!(whoami.text.contains("34600999888@s.whatsapp.net"), "{}", whoami.text);
    bridge.all_acknowledged().await;
    let [run] = runs(&house).await.try_into().unwrap();
    let view = house.run(run).await.run;
    assert_eq!(view.requested_by.to_string(), "whatsapp:34600999888@s.whatsapp.net");
    assert!(view.third_party.is_none());
    assert!(house.audited(AuditKind::ServiceChatInboundBlocked).await.is_empty());
    // What is brought twice is taken once, also after a restart.
    let again = Said { text: "say hello there", id: Some("3EB00001"), ..Said::default() };
    ann.say(again);
    bridge.all_acknowledged().await;
    let house = house.crash().await;
    ann.say(again);
    bridge.all_acknowledged().await;
    assert_eq!(runs(&house).await.len(), 1);
}

#[tokio::test]
async fn a_number_decides_the_card_that_it_quotes_and_no_other() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann");
    let house = open(&bridge).await;
    let (first, first_card) = asks(&bridge, &house, &ann).await;
    assert!(first_card.text.contains("1 allow once") && first_card.text.contains("0 deny"));
    let what = format!("/bg {ASKS}");
    let (second, second_card) = asks_for(&what, &bridge, &house, &ann).await;
    // Two wait: a number or a word by itself decides nothing.
    let count = runs(&house).await.len();
    for text in ["1", "yes", "0"] {
        ann.says(text);
    }
    bridge.all_acknowledged().await;
    assert_eq!(
        (status(&house, first).await, status(&house, second).await),
        (Status::Pending, Status::Pending)
    );
    assert_eq!(runs(&house).await.len(), count + 3);
    // Another chat's message, no message at all, and what no card offers.
    for (text, quoted) in [("1", "3EB0OUT9999"), ("yes", "3EB00001"), ("7", &first_card.message_id)]
    {
        ann.say(Said { text, reply_to: Some(quoted), ..Said::default() });
    }
    bridge.all_acknowledged().await;
    assert_eq!(
        (status(&house, first).await, status(&house, second).await),
        (Status::Pending, Status::Pending)
    );
    told(&bridge, 0, "Nothing was decided: the message that you reply to is no card").await;
    ann.say(quoting("0", &second_card));
    house.approval_when(second, Status::Denied).await;
    assert_eq!(status(&house, first).await, Status::Pending);
    ann.say(quoting(" 1. ", &first_card));
    house.approval_when(first, Status::Executed).await;
    assert!(!house.has("made"));
    // Again, and the other way round: it was decided.
    let before = bridge.sent().len();
    ann.say(quoting("1", &second_card));
    told(&bridge, before, "was decided before").await;
    assert_eq!(status(&house, second).await, Status::Denied);
}

#[tokio::test]
async fn without_a_quote_a_number_counts_where_exactly_one_waits() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann");
    let house = open(&bridge).await;
    let (approval, _) = asks(&bridge, &house, &ann).await;
    ann.says("1");
    house.approval_when(approval, Status::Executed).await;
    std::fs::create_dir_all(house.workspace().join("made/deep")).unwrap();
    ann.says("/new");
    let (approval, card) = asks(&bridge, &house, &ann).await;
    // A word about something else decides nothing, nor does a thumb.
    let before = bridge.sent().len();
    ann.say(Said { text: "yes", reply_to: Some("3EB00001"), ..Said::default() });
    told(&bridge, before, "is no card as it is now").await;
    let thumb = quoting("👍", &card);
    ann.say(Said { media: Some("reaction"), ..thumb });
    // Something was said since the card was put: by itself a number may be about that.
    let before = bridge.sent().len();
    ann.says("1");
    told(&bridge, before, "Nothing was decided").await;
    bridge.all_acknowledged().await;
    assert_eq!(status(&house, approval).await, Status::Pending);
    ann.say(quoting("no", &card));
    house.approval_when(approval, Status::Denied).await;
    assert!(house.has("made"));
    // With nothing waiting, a number is something that is said.
    let count = runs(&house).await.len();
    ann.says("1");
    bridge.all_acknowledged().await;
    assert_eq!(runs(&house).await.len(), count + 1);
}

#[tokio::test]
async fn an_id_decides_from_anywhere_and_what_was_edited_is_not_decided_by_its_old_card() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann");
    let house = open(&bridge).await;
    let what = "send whatsapp:+34611000111 | Hello";
    let (approval, card) = asks_for(what, &bridge, &house, &ann).await;
    let seen = house.gateway.approval(approval, &house.operator).await.unwrap().card.digest;
    let new = NewContent { content: "Good morning".to_owned(), digest: seen };
    let before = bridge.sent().len();
    house.gateway.edit_approval(approval, &new, &house.operator).await.unwrap();
    let (_, renewed) = told(&bridge, before, "Good morning").await;
    assert_ne!(renewed.message_id, card.message_id);
    ann.say(quoting("1", &card));
    // Which of the two it is told depends on whether it is known by now where the new card is.
    told(&bridge, before, "decided").await;
    assert_eq!(status(&house, approval).await, Status::Pending);
    ann.says(&format!("/approve {approval}"));
    house.approval_when(approval, Status::Executed).await;
    let sent = bridge.sent().into_iter().find(|one| one.chat_id == "34611000111@s.whatsapp.net");
    assert_eq!(sent.unwrap().text, "Good morning");
}

#[tokio::test]
async fn a_card_that_has_expired_says_so_and_a_late_number_decides_nothing() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann");
    let house = open(&bridge).await;
    let (approval, card) = asks(&bridge, &house, &ann).await;
    assert!(card.text.contains("Open until:"), "{}", card.text);
    let before = bridge.sent().len();
    house.clock.advance(Duration::from_mins(16));
    house.approval_when(approval, Status::Expired).await;
    told(&bridge, before, "Expired, nothing was run").await;
    let before = bridge.sent().len();
    ann.say(quoting("1", &card));
    told(&bridge, before, "was not decided").await;
    assert_eq!(status(&house, approval).await, Status::Expired);
    assert!(house.has("made"));
}

#[tokio::test]
async fn a_lid_is_the_operator_only_if_the_protocol_says_whose_it_is() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann").with_lid("7777");
    let house = open(&bridge).await;
    // The digits of a LID are no number, whoever has them.
    let other = bridge.stranger("34611000111", "Other").with_lid(ANN);
    other.say(Said { text: "say owned", chat_id: Some("34600999888@lid"), ..Said::default() });
    bridge.all_acknowledged().await;
    assert!(runs(&house).await.is_empty());
    ann.say(Said { text: "say one", chat_id: Some("7777@lid"), ..Said::default() });
    let (_, one) = told(&bridge, 0, "one").await;
    ann.say(Said {
        text: "say two",
        chat_id: Some("34600999888:12@s.whatsapp.net"),
        ..Said::default()
    });
    let (_, two) = told(&bridge, 1, "two").await;
    assert_eq!(one.chat_id, two.chat_id);
    let [first, second] = runs(&house).await.try_into().unwrap();
    let sessions = (house.run(first).await.run.session_id, house.run(second).await.run.session_id);
    assert_eq!(sessions.0, sessions.1);
}

#[tokio::test]
async fn a_list_with_a_lid_means_the_number_that_belongs_to_it() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann").with_lid("7777");
    let house = House::with()
        .bridge(&bridge)
        .service(|settings| settings.enabled = Switch::On)
        .operators(&["7777@lid"])
        .open()
        .await;
    ann.says("say hello");
    told(&bridge, 0, "hello").await;
    // Nothing is begun with her, by whichever name.
    for target in ["+34600999888", "7777@lid"] {
        let refused = house.gateway.start_service_chat(start(target), &house.operator).await;
        assert!(refused.unwrap_err().to_string().contains("never be a service chat"), "{target}");
    }
}

fn start(target: &str) -> StartChat {
    let (target, message) = (target.to_owned(), "Hello".to_owned());
    StartChat { target, message, purpose: None, session_id: None }
}

#[tokio::test]
async fn a_chat_is_an_operators_or_a_service_chat_and_never_both() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.knows(ANN, "Ann");
    let bob = bridge.knows("34600999777", "Bob");
    let ranged = |settings: &mut ServiceSettings| {
        settings.enabled = Switch::On;
        settings.approved_patterns = vec!["+34600999*".parse().unwrap()];
    };
    let house = House::with().bridge(&bridge).service(ranged).operators(&[ANN]).open().await;
    let refused = house.gateway.start_service_chat(start("Ann"), &house.operator).await;
    assert!(refused.unwrap_err().to_string().contains("never be a service chat"));
    let run = house.say("service Ann | help | Hello").await;
    let said = format!("{:?}", house.run_when(run, RunStatus::Completed).await.run.state);
    assert!(said.contains("never be a service chat"), "{said}");
    // She commands; whom the range names is a third party.
    ann.says("/whoami");
    told(&bridge, 0, "Platform: whatsapp").await;
    bob.says("/whoami");
    bridge.all_acknowledged().await;
    assert_eq!(bridge.sent().len(), 1);
    let known = runs(&house).await;
    let run = house.run(*known.last().unwrap()).await.run;
    assert_eq!(run.third_party.unwrap().chat.as_str(), "+34600999777");
    // A message to her is no letter of a service chat; it takes a person's decision like any.
    let run = house.say("send whatsapp:+34600999888 | Hello Ann").await;
    let card = house.pending(run, 1).await.remove(0).card;
    assert!(!format!("{card:?}").contains("service_chat.draft"), "{card:?}");
    house.decide(card.approval_id, Choice::Once).await;
    told(&bridge, 1, "Hello Ann").await;
}

#[tokio::test]
async fn nobody_else_is_heard_whatever_stands_for_everybody() {
    let bridge = FakeBridge::listen().await;
    let house = House::with().bridge(&bridge).operators(&["*", "all", ""]).open().await;
    let stranger = bridge.stranger("34611000111", "Stranger");
    for text in ["hello", "/whoami", "/approve all", "1"] {
        stranger.says(text);
    }
    bridge.all_acknowledged().await;
    assert!(runs(&house).await.is_empty() && bridge.sent().is_empty());
}

#[tokio::test]
async fn in_the_chat_with_oneself_the_user_is_the_operator_and_elsewhere_not() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann");
    let house = open(&bridge).await;
    // The account's user writes to Ann by hand: that is for her, not for the agent.
    ann.is_written_to_by_hand("/whoami");
    // And to themselves, whose number is on no list.
    bridge.is_told_by_user("34611222333", Said { text: "/whoami", ..Said::default() });
    bridge.all_acknowledged().await;
    assert!(bridge.sent().is_empty());
    bridge.is_told_by_user(ANN, Said { text: "/whoami", ..Said::default() });
    let (_, answer) = told(&bridge, 0, "Platform: whatsapp").await;
    assert_eq!(answer.chat_id, "34600999888@s.whatsapp.net");
    assert!(runs(&house).await.is_empty());
}

#[tokio::test]
async fn an_answer_that_is_broken_off_shows_once() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann");
    let _house = open(&bridge).await;
    bridge.breaks_off(2);
    ann.says("/whoami");
    told(&bridge, 0, "Platform: whatsapp").await;
    bridge.all_acknowledged().await;
    assert_eq!((bridge.sent().len(), bridge.attempts()), (1, 3));
}

#[tokio::test]
async fn after_a_restart_the_first_number_counts_and_the_next_is_told_so() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann");
    let house = open(&bridge).await;
    let (approval, card) = asks(&bridge, &house, &ann).await;
    let house = house.crash().await;
    let before = bridge.sent().len();
    ann.say(quoting("1", &card));
    house.approval_when(approval, Status::Executed).await;
    ann.say(quoting("1", &card));
    told(&bridge, before, "You had answered").await;
    assert_eq!(house.audited(AuditKind::ApprovalDecided).await.len(), 1);
}

#[tokio::test]
async fn what_was_decided_elsewhere_is_told_and_its_number_decides_nothing_any_more() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann");
    let house = open(&bridge).await;
    let (approval, card) = asks(&bridge, &house, &ann).await;
    let before = bridge.sent().len();
    house.answer(approval, Choice::Deny, Some("not today"), &house.operator).await.unwrap();
    told(&bridge, before, "Denied").await;
    ann.say(quoting("1", &card));
    told(&bridge, before, "was decided before").await;
    assert_eq!(status(&house, approval).await, Status::Denied);
    assert!(house.has("made"));
}

#[tokio::test]
async fn a_command_that_is_too_long_is_not_approved_by_number() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann");
    let house = open(&bridge).await;
    let long = format!("run rm -r made && echo {}", "x".repeat(6000));
    let (approval, card) = asks_for(&long, &bridge, &house, &ann).await;
    let before = bridge.sent().len();
    ann.say(quoting("1", &card));
    told(&bridge, before, "decided").await;
    assert_eq!(status(&house, approval).await, Status::Pending);
    assert!(house.has("made"));
}
