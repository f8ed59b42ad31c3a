//! Answers that are shown while they grow. The end of what was written so far is held back until it is
//! known to be no secret, so that each says more than it is looked for.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_domain::approvals::Choice;
use countersign_domain::chat::PlatformName;
use countersign_domain::slash_access::ListedIds;
use countersign_gateway::{Admission, ChatSettings};
use countersign_ports::platform::{Feature, PlatformError};
use countersign_test_kit::{House, Shown, TestingPlatform};

/// How often a message may be changed here.
const EVERY: Duration = Duration::from_millis(40);

fn growing(chat: &mut ChatSettings) {
    let testing: PlatformName = "testing".parse().unwrap();
    let people = ListedIds::on(&testing, &["ann".to_owned()]);
    let admission = Admission { dm: people.clone(), group: people, ..Admission::default() };
    chat.admission.insert(testing, admission);
    chat.edit_every = Some(EVERY);
}

async fn open(platform: &Arc<TestingPlatform>) -> House {
    House::with().chat(growing).platform(platform).open().await
}

/// The texts that are shown, without cards.
fn texts(platform: &TestingPlatform) -> Vec<Shown> {
    platform.shown().into_iter().filter(|shown| shown.card.is_none()).collect()
}

#[tokio::test]
async fn an_answer_grows_in_one_message_and_is_whole_in_the_end() {
    let platform = TestingPlatform::new();
    let _house = open(&platform).await;
    platform.dm("ann").says("say one\nwait 300\nsay two\nwait 300\nsay three").await;
    let part = platform.says("one").await;
    assert!(!part.text.contains("three"));
    let whole = platform.says("three").await;
    assert!(whole.text.contains("one") && whole.text.contains("two"), "{}", whole.text);
    assert_eq!((whole.message, texts(&platform).len()), (part.message, 1));
    platform.check();
}

#[tokio::test]
async fn it_is_changed_no_more_often_than_it_may_be() {
    let platform = TestingPlatform::new();
    let _house = open(&platform).await;
    let begun = Instant::now();
    platform.dm("ann").says(&"stream 10\nwait 15\n".repeat(30)).await;
    let end = |shown: &[Shown]| {
        let whole = |one: &&Shown| one.text.matches("word10").count() == 30;
        shown.iter().find(whole).cloned()
    };
    let whole = platform.when(end).await;
    let most = begun.elapsed().as_millis() / EVERY.as_millis() + 1;
    assert!((1..=most).contains(&(whole.edits as u128)), "{} of {most}", whole.edits);
}

#[tokio::test]
async fn what_cannot_be_changed_in_the_end_is_said_anew() {
    let platform = TestingPlatform::new();
    let _house = open(&platform).await;
    platform.dm("ann").says("say one\nsay more\nwait 400\nsay two").await;
    platform.loses(&platform.says("one").await.message);
    let whole = platform.says("two").await;
    assert!(whole.text.contains("one") && texts(&platform).len() == 2, "{:?}", texts(&platform));
}

#[tokio::test]
async fn a_platform_that_cannot_be_reached_gets_all_of_it_when_it_can() {
    let platform = TestingPlatform::new();
    let _house = open(&platform).await;
    let gone = || PlatformError::Unavailable("gone".to_owned());
    platform.fail_with([gone(), gone()]);
    platform.dm("ann").says("say one\nwait 100\nsay two").await;
    platform.has_failed().await;
    let whole = platform.says("two").await;
    assert!(whole.text.contains("one") && texts(&platform).len() == 1, "{:?}", texts(&platform));
}

#[tokio::test]
async fn without_changes_an_answer_comes_when_it_is_whole() {
    let platform = TestingPlatform::with(|about| {
        about.features.remove(&Feature::Edits);
    });
    let _house = open(&platform).await;
    platform.dm("ann").says("say one\nwait 200\nsay two").await;
    let whole = platform.says("one").await;
    assert!(whole.text.contains("two"), "{}", whole.text);
    platform.check();
}

#[tokio::test]
async fn an_answer_that_a_killed_process_began_is_ended_in_its_message() {
    let platform = TestingPlatform::new();
    let house = open(&platform).await;
    platform.dm("ann").says("say one\nsay more\nwait 1500\nsay two").await;
    let part = platform.says("one").await;
    // It is noted which message it is, a moment after that is there.
    let noted = async {
        let chats = || house.store().chats();
        loop {
            for session in chats().owed_sessions().await.unwrap() {
                let owed = chats().chat_runs(session).await.unwrap();
                if owed.iter().any(|run| run.growing.is_some()) {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), noted).await.unwrap();
    let _house = house.crash().await;
    let whole = platform.says("two").await;
    assert_eq!((&whole.message, texts(&platform).len()), (&part.message, 1));
    assert!(whole.text.contains("one"), "{}", whole.text);
}

#[tokio::test]
async fn what_is_said_before_a_card_stays_above_it() {
    let platform = TestingPlatform::new();
    let house = open(&platform).await;
    std::fs::create_dir_all(house.workspace().join("made")).unwrap();
    let ann = platform.dm("ann");
    ann.says("say thinking\nwait 200\nrun rm -r made").await;
    let card = platform.open_card().await;
    let told = ann.presses(&card, Choice::Once).await;
    assert!(told.starts_with("Approved"), "{told}");
    let end = |shown: &[Shown]| (shown.len() == 3).then(|| shown.to_vec());
    let shown = platform.when(end).await;
    assert!(shown[0].text.contains("thinking") && shown[0].card.is_none());
    assert!(shown[1].card.is_some() && shown[2].card.is_none());
    assert!(!shown[2].text.contains("thinking"), "{}", shown[2].text);
}

#[tokio::test]
async fn what_grows_gives_way_while_the_platform_wants_a_pause() {
    let platform = TestingPlatform::new();
    let house = open(&platform).await;
    std::fs::create_dir_all(house.workspace().join("made")).unwrap();
    // Whoever knocks within the pause is at fault.
    platform.limit(1, Duration::from_millis(300));
    let ann = platform.dm("ann");
    ann.says("say one\nwait 100\nsay two\nwait 100\nsay three\nwait 100\nsay four").await;
    platform.in_group("ann", "town").says("run rm -r made").await;
    platform.open_card().await;
    let whole = platform.says("four").await;
    assert!(whole.text.contains("one"), "{}", whole.text);
    platform.check();
}
