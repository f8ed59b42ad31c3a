//! What a platform's account can do: quote, fetch, list its chats, be called, be kept by one node.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::chat::{ChatScope, PlatformName};
use countersign_domain::runs::RunStatus;
use countersign_domain::slash_access::ListedIds;
use countersign_gateway::{Admission, ChatSettings, FileLimits, InSession, Retention, Saying};
use countersign_ports::platform::{
    AccountState, Callback, CallbackMethod, Feature, PlatformError, Receipt,
};
use countersign_ports::store::{PageRequest, RunFilter};
use countersign_test_kit::{House, TestingPlatform};

fn testing() -> PlatformName {
    "testing".parse().unwrap()
}

/// Ann and Bob may talk everywhere.
fn admitted(chat: &mut ChatSettings) {
    let people = ListedIds::on(&testing(), &["ann", "bob"].map(str::to_owned));
    let admission = Admission { dm: people.clone(), group: people, ..Admission::default() };
    chat.admission.insert(testing(), admission);
}

async fn open(platform: &Arc<TestingPlatform>) -> House {
    House::with().chat(admitted).platform(platform).open().await
}

/// What takes an approval.
const ASKS: &str = "run rm -r made";

fn in_main(text: &str) -> Saying<'_> {
    Saying { chat: "main", session: InSession::Present, key: None, text }
}

#[tokio::test]
async fn in_groups_an_answer_and_its_card_quote_what_was_said() {
    let platform = TestingPlatform::new();
    let house = open(&platform).await;
    std::fs::create_dir_all(house.workspace().join("made")).unwrap();
    platform.in_group("ann", "town").says("say hello").await;
    let answer = platform.says("hello").await;
    assert!(answer.reply_to.is_some_and(|said| said.as_str().starts_with("said-")));
    platform.in_group("ann", "town").says(ASKS).await;
    assert!(platform.open_card().await.reply_to.is_some());
    platform.dm("ann").says("say alone").await;
    assert_eq!(platform.says("alone").await.reply_to, None);

    // A platform that cannot quote is asked for nothing else; it would complain.
    let plain = TestingPlatform::with(|about| {
        about.features.remove(&Feature::Replies);
    });
    let _house = open(&plain).await;
    plain.in_group("ann", "town").says("say hello").await;
    assert_eq!(plain.says("hello").await.reply_to, None);
}

#[tokio::test]
async fn a_denial_from_a_dialog_carries_its_reason_and_an_approval_none() {
    let platform = TestingPlatform::new();
    let house = open(&platform).await;
    std::fs::create_dir_all(house.workspace().join("made")).unwrap();
    let ann = platform.dm("ann");
    ann.says(ASKS).await;
    let card = platform.open_card().await;
    let approval = card.card.as_ref().unwrap().approval;
    let far_too_long = "x".repeat(10_000);
    let told = ann.answers(&card, Choice::Deny, Some(&far_too_long)).await;
    assert!(told.contains("was not decided"), "{told}");
    let told = ann.answers(&card, Choice::Deny, Some(" not on a Friday ")).await;
    assert!(told.starts_with("Denied"), "{told}");
    let view = house.approval_when(approval, Status::Denied).await;
    assert_eq!(view.decision.unwrap().reason.as_deref(), Some("not on a Friday"));
    platform.card_says(card.card.unwrap().id, "Denied").await;

    ann.says(ASKS).await;
    let card = platform.open_card().await;
    let approval = card.card.as_ref().unwrap().approval;
    ann.answers(&card, Choice::Once, Some("looks fine")).await;
    let view = house.gateway.approval(approval, &house.operator).await.unwrap();
    assert_eq!(view.decision.unwrap().reason, None);
}

fn callback(method: CallbackMethod, what: &str, headers: &[(&str, &str)]) -> Callback {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Callback {
        method,
        what: what.to_owned(),
        query: "challenge=7".to_owned(),
        headers: headers.collect(),
        body: Bytes::from_static(b"/whoami"),
    }
}

#[tokio::test]
async fn a_request_of_the_platform_goes_to_its_adapter_which_proves_who_sends_it() {
    let platform = TestingPlatform::new();
    let house = open(&platform).await;
    let proof = ("x-testing-signature", "sesame");
    let call = async |account: &str, callback| house.gateway.call_platform(account, callback).await;
    let look = callback(CallbackMethod::Get, "x", &[proof]);
    let seen = call("testing/bot", look.clone()).await.unwrap();
    assert_eq!((seen.status, seen.body), (200, Bytes::from_static(b"challenge=7")));
    for unknown in ["testing/other", "other/bot", "testing", ""] {
        assert_eq!(call(unknown, look.clone()).await, None, "{unknown}");
    }
    let said = |sender| [proof, ("x-testing-sender", sender)];
    let brought = callback(CallbackMethod::Post, "dm-ann", &said("ann"));
    let told = call("testing/bot", brought).await.unwrap();
    assert!(String::from_utf8_lossy(&told.body).contains("ann"), "{told:?}");
    let forged = callback(CallbackMethod::Post, "dm-ann", &[("x-testing-sender", "ann")]);
    assert_eq!(call("testing/bot", forged).await.unwrap().status, 401);
    let stranger = callback(CallbackMethod::Post, "dm", &said("stranger"));
    let told = call("testing/bot", stranger).await.unwrap();
    assert!(String::from_utf8_lossy(&told.body).contains("dropped"), "{told:?}");
}

#[tokio::test]
async fn a_connection_is_kept_by_one_node_and_by_another_when_that_one_is_gone() {
    let platform = TestingPlatform::new();
    let house = House::with().chat(admitted).in_company().platform(&platform).open().await;
    platform.listeners(1).await;
    let other = house.neighbour("other", 7);
    other.gateway.join(&other.settings).await.unwrap();
    other.gateway.attach_platform(platform.clone()).await.unwrap();
    let (keeper, gateway) = (other.gateway.clone(), other.gateway.clone());
    let keeping = tokio::spawn(async move { keeper.serve_platforms().await });
    gateway.beat(&other.settings).await.unwrap();
    platform.listeners(1).await;
    // Who leaves lets go of it at once; the other has it with its next sign of life.
    house.gateway.stop_taking_work().await.unwrap();
    house.gateway.beat(&house.as_node()).await.unwrap();
    platform.listeners(0).await;
    gateway.beat(&other.settings).await.unwrap();
    platform.listeners(1).await;
    let held = gateway.nodes(&house.operator).await.unwrap();
    let holder = held
        .iter()
        .find(|node| node.leases.iter().any(|lease| lease.to_string() == "account:testing/bot"));
    assert_eq!(holder.unwrap().node.name.to_string(), "other");
    // Taken for dead, it stops listening before anybody else begins.
    gateway.leave().await.unwrap();
    platform.listeners(0).await;
    keeping.abort();
}

fn message_to(target: &str) -> String {
    format!("send {target} | *Hello* @all")
}

#[tokio::test]
async fn a_message_to_another_chat_needs_its_grant_and_goes_once() {
    let platform = TestingPlatform::new();
    platform.knows([
        ("C1", "Town Square", ChatScope::Group),
        ("C2", "dev", ChatScope::Group),
        ("C3", "dev", ChatScope::Group),
        ("D1", "bob", ChatScope::Dm),
    ]);
    let house = open(&platform).await;
    let ann = platform.dm("ann");
    for (target, chat, name) in [
        ("testing:C9", "C9", None),
        ("testing:#town square", "C1", Some("testing:#town square")),
        ("testing:@bob", "D1", Some("testing:@bob")),
        ("Bob", "D1", Some("Bob")),
    ] {
        let run = house.say(&message_to(target)).await;
        let asked = house.pending(run, 1).await.remove(0);
        let before = platform.shown().len();
        assert!(platform.shown().iter().all(|one| one.address.chat.as_str() != chat || before > 0));
        let card = serde_json::to_string(&asked.card).unwrap();
        assert!(card.contains(&format!("testing:{chat}")), "{card}");
        assert!(name.is_none_or(|name| card.contains(name)), "{card}");
        house.decide(asked.card.approval_id, Choice::Once).await;
        house.run_when(run, RunStatus::Completed).await;
        let there: Vec<_> = platform.shown().split_off(before);
        assert_eq!(there.len(), 1, "{there:#?}");
        assert_eq!(there[0].address.chat.as_str(), chat);
        assert!(there[0].text.contains("Hello"), "{there:#?}");
    }
    for (target, why) in [
        ("dev", "ambiguous"),
        ("testing:#nowhere", "is a name"),
        ("elsewhere:C1", "nobody carries messages"),
    ] {
        let run = house.say(&message_to(target)).await;
        house.run_when(run, RunStatus::Completed).await;
        let calls = house.calls(run).await;
        let told = format!("{calls:?}");
        assert!(told.contains(why), "{target}: {told}");
    }
    assert_eq!(platform.shown().iter().filter(|one| one.text.contains("Hello")).count(), 4);
    drop(ann);
}

#[tokio::test]
async fn a_message_whose_end_is_not_known_is_sent_again_only_where_it_shows_once() {
    for once in [true, false] {
        let platform = TestingPlatform::with(|about| {
            if !once {
                about.features.remove(&Feature::Once);
            }
        });
        let house = open(&platform).await;
        let run = house.say(&message_to("testing:C1")).await;
        let asked = house.pending(run, 1).await.remove(0);
        platform.fail_with([PlatformError::Unavailable("gone".to_owned())]);
        house.decide(asked.card.approval_id, Choice::Once).await;
        house.run_when(run, RunStatus::Completed).await;
        assert_eq!(platform.shown().len(), usize::from(once));
        let (sent, failed) = (AuditKind::OutboundSent, AuditKind::OutboundFailed);
        let (sent, failed) = (house.audited(sent).await.len(), house.audited(failed).await.len());
        assert_eq!((sent, failed), (usize::from(once), usize::from(!once)));
    }
}

/// What the agent was told in the only run that there is.
async fn told_to_agent(house: &House) -> String {
    let page = PageRequest { before: None, limit: 2 };
    let found = house.gateway.runs(RunFilter::default(), page, &house.operator).await.unwrap();
    let [view] = <[_; 1]>::try_from(found.items).unwrap();
    view.input.into_iter().map(|message| message.text).collect()
}

#[tokio::test]
async fn files_are_kept_in_the_workspace_and_the_agent_is_told_where() {
    let platform = TestingPlatform::new();
    let small = |chat: &mut ChatSettings| {
        admitted(chat);
        chat.files = FileLimits { most: 3, bytes: 10, ..FileLimits::default() };
    };
    let house = House::with().chat(small).platform(&platform).open().await;
    let ann = platform
        .dm("ann")
        .with_file("../../notes.txt", "one")
        .with_file("notes.txt", "two")
        .with_file("big.bin", "more than ten bytes")
        .with_file("fourth.txt", "four");
    // The platform stumbles, and is asked again.
    platform.fail_with([PlatformError::Unavailable("gone".to_owned())]);
    assert_eq!(ann.says_as("", "d1").await, Receipt::Taken(None));
    let told = told_to_agent(&house).await;
    assert!(told.starts_with("(no words)"), "{told}");
    assert!(told.contains("big.bin was not received: it has more than 10 bytes"), "{told}");
    assert!(told.contains("1 more were not received"), "{told}");
    let paths = told.split(['\n', ' ']).filter(|word| word.starts_with("received/"));
    let kept: Vec<String> =
        paths.map(|path| std::fs::read_to_string(house.workspace().join(path)).unwrap()).collect();
    assert_eq!(kept, ["one", "two"], "{told}");
    // Brought again, nothing is fetched again, and nothing is said twice.
    platform.fail_with([PlatformError::Refused("not again".to_owned())]);
    assert_eq!(ann.says_as("", "d1").await, Receipt::Dropped);
    assert_eq!(told_to_agent(&house).await, told);
}

#[tokio::test]
async fn what_people_send_is_kept_up_to_a_limit_and_for_a_while() {
    let platform = TestingPlatform::new();
    let small = |chat: &mut ChatSettings| {
        admitted(chat);
        let limits = FileLimits::default();
        chat.files = FileLimits { of_one: 2 * 4096, of_all: 3 * 4096, ..limits };
    };
    let house = House::with().chat(small).platform(&platform).open().await;
    let kept = || {
        let folders = std::fs::read_dir(house.workspace().join("received"));
        let files = folders.into_iter().flatten().flatten();
        files.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap()).count()
    };
    let say = async |who: &str, number: u32| {
        let sent = platform.dm(who).with_file("a.txt", &format!("{who} {number}"));
        sent.says("say thanks").await;
    };
    for number in 0..10 {
        say("ann", number).await;
    }
    assert_eq!(kept(), 2);
    // One who sends too much takes nobody else's room, and two do not take it all.
    for number in 0..10 {
        say("bob", number).await;
    }
    assert_eq!(kept(), 3);
    let page = PageRequest { before: None, limit: 1 };
    let found = house.gateway.runs(RunFilter::default(), page, &house.operator).await.unwrap();
    let told = &found.items[0].input[0].text;
    assert!(told.contains("a.txt was not received: at most 12288 bytes in all are kept"), "{told}");
    // The clock of the test is not that of the disk: years will do.
    let years = Duration::from_hours(24 * 365 * 50);
    let retention = Retention { runs: Some(years), ..Retention::default() };
    house.gateway.sweep_old(retention).await.unwrap();
    assert_eq!(kept(), 3);
    house.clock.set_forward(Duration::from_hours(24 * 365 * 100));
    house.gateway.sweep_old(retention).await.unwrap();
    assert_eq!(kept(), 0);
}

#[tokio::test]
async fn of_a_message_that_the_agent_does_not_see_to_nothing_is_fetched() {
    let platform = TestingPlatform::new();
    let house =
        House::with().chat(admitted).platform(&platform).undriven().most_working(1).open().await;
    platform.dm("bob").says("wait 10").await;
    let ann = platform.dm("ann").with_file("a.txt", "x");
    for text in ["look at this", "/queue look", "/bg look"] {
        let told = ann.told(text).await;
        assert!(told.contains("not taken"), "{text}: {told}");
    }
    assert!(!house.has("received"));
}

#[tokio::test]
async fn files_of_who_may_not_talk_or_command_are_not_fetched() {
    let platform = TestingPlatform::new();
    let house = open(&platform).await;
    platform.dm("stranger").with_file("a.txt", "x").says("hello").await;
    let told = platform.dm("ann").with_file("a.txt", "x").told("/title One").await;
    assert!(told.ends_with("The files that came with it were not taken."), "{told}");
    assert!(!house.has("received"));
}

#[tokio::test]
async fn the_operator_sees_how_the_bots_fare() {
    let platform = TestingPlatform::new();
    let house = open(&platform).await;
    platform.listeners(1).await;
    let status = async || {
        let said = house.gateway.say(in_main("/status"), &house.operator).await;
        said.unwrap().reply.unwrap()
    };
    assert!(status().await.contains("Bot testing/bot: connected"));
    let why = "the token is gone".to_owned();
    platform.is_now(AccountState::Refused { why });
    assert!(status().await.contains("Bot testing/bot: refused: the token is gone"));
    assert!(!platform.dm("ann").told("/status").await.contains("Bot testing"));
    let seen = house.gateway.platforms(&house.operator).await.unwrap();
    assert_eq!(seen[0].kept_by.as_ref().unwrap().to_string(), "house");
}
