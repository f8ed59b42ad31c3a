//! Chats of several nodes: one of them writes, whoever took what is to be told, and what was begun on
//! one that stops is ended.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::approvals::{Choice, Status};
use countersign_domain::chat::PlatformName;
use countersign_domain::ids::RunId;
use countersign_domain::runs::RunStatus;
use countersign_domain::slash_access::ListedIds;
use countersign_gateway::{Admission, ChatSettings};
use countersign_ports::clock::Clock as _;
use countersign_ports::platform::{Inbound, Inbox as _, Mention, Message, PlatformError, Receipt};
use countersign_ports::store::{PageRequest, RunFilter};
use countersign_test_kit::{House, Neighbour, Shown, TestingPlatform};
use tokio::task::JoinHandle;

const SECOND: Duration = Duration::from_secs(1);

fn testing() -> PlatformName {
    "testing".parse().unwrap()
}

/// Ann may talk.
fn admitted(chat: &mut ChatSettings) {
    let people = ListedIds::on(&testing(), &["ann".to_owned()]);
    let admission = Admission { dm: people.clone(), group: people, ..Admission::default() };
    chat.admission.insert(testing(), admission);
}

/// A house that keeps the connection of a bot, and a node beside it that could.
async fn two() -> (House, Neighbour, Arc<TestingPlatform>, JoinHandle<()>) {
    let platform = TestingPlatform::new();
    let house = House::with().chat(admitted).in_company().platform(&platform).open().await;
    std::fs::create_dir_all(house.workspace().join("made/deep")).unwrap();
    platform.listeners(1).await;
    let beside = house.neighbour("beside", 7);
    beside.gateway.join(&beside.settings).await.unwrap();
    beside.gateway.attach_platform(platform.clone()).await.unwrap();
    let (teller, keeper) = (beside.gateway.clone(), beside.gateway.clone());
    let serving = tokio::spawn(async move {
        tokio::join!(teller.serve_chats(), keeper.serve_platforms());
    });
    beside.gateway.beat(&beside.settings).await.unwrap();
    (house, beside, platform, serving)
}

async fn runs(house: &House) -> Vec<RunId> {
    let page = PageRequest { before: None, limit: 1000 };
    let found = house.gateway.runs(RunFilter::default(), page, &house.operator).await.unwrap();
    found.items.into_iter().map(|view| view.run.id).rev().collect()
}

/// Everybody's clock moves, and only the node beside says that it lives.
async fn house_is_silent(house: &House, beside: &Neighbour) {
    let until = beside.clock.steady() + Duration::from_secs(12);
    while beside.clock.steady() < until {
        beside.clock.advance(SECOND);
        house.clock.advance(SECOND);
        beside.gateway.beat(&beside.settings).await.unwrap();
    }
}

fn saying(shown: &[Shown], words: &str) -> usize {
    shown.iter().filter(|one| one.text.contains(words)).count()
}

/// What takes an approval.
const ASKS: &str = "run rm -r made\nsay done with it";

#[tokio::test]
async fn who_takes_a_connection_over_tells_what_the_other_has_not() {
    let (house, beside, platform, serving) = two().await;
    platform.dm("ann").says(ASKS).await;
    let card = platform.open_card().await.card.unwrap();
    let [run] = runs(&house).await.try_into().unwrap();
    house.run_when(run, RunStatus::WaitingForApproval).await;
    house.gateway.stop_taking_work().await.unwrap();
    platform.listeners(0).await;
    beside.gateway.beat(&beside.settings).await.unwrap();
    platform.listeners(1).await;
    house.decide(card.approval, Choice::Deny).await;
    platform.card_says(card.id, "Denied").await;
    platform.says("done with it").await;
    // The house has looked as well, and says nothing a second time.
    house.gateway.leave().await.unwrap();
    house.gateway.beat(&house.as_node()).await.unwrap();
    beside.gateway.beat(&beside.settings).await.unwrap();
    platform.check();
    let shown = platform.shown();
    assert_eq!(saying(&shown, "done with it"), 1, "{shown:#?}");
    assert_eq!(shown.iter().filter(|one| one.card.is_some()).count(), 1, "{shown:#?}");
    serving.abort();
}

#[tokio::test]
async fn a_card_that_a_dead_node_owes_is_put_by_the_next_and_only_once() {
    let (house, beside, platform, serving) = two().await;
    // The platform is away for as long as the house lives.
    platform.fail_with((0..6).map(|_| PlatformError::Unavailable("away".to_owned())));
    platform.dm("ann").says(ASKS).await;
    let [run] = runs(&house).await.try_into().unwrap();
    let asked = house.pending(run, 1).await.remove(0).card.approval_id;
    house_is_silent(&house, &beside).await;
    let card = platform.open_card().await.card.unwrap();
    assert_eq!(card.approval, asked);
    // The house comes back, with what it was about to say.
    house.gateway.beat(&house.as_node()).await.unwrap();
    beside.gateway.beat(&beside.settings).await.unwrap();
    platform.listeners(1).await;
    let ann = platform.dm("ann");
    let pressed = ann.presses(&platform.open_card().await, Choice::Deny).await;
    assert!(pressed.starts_with("Denied"), "{pressed}");
    platform.card_says(card.id, "Denied").await;
    platform.says("done with it").await;
    let shown = platform.shown();
    assert_eq!(shown.iter().filter(|one| one.card.is_some()).count(), 1, "{shown:#?}");
    assert_eq!(saying(&shown, "done with it"), 1, "{shown:#?}");
    house.approval_when(asked, Status::Denied).await;
    serving.abort();
}

#[tokio::test]
async fn what_comes_to_a_node_that_does_not_keep_the_bot_is_told_by_the_one_that_does() {
    let (house, beside, platform, serving) = two().await;
    let (member, itself) = (house.gateway.clone(), house.as_node());
    let hearing = tokio::spawn(async move { member.keep_membership(&itself).await });
    // As a platform brings it that calls whichever node it reaches.
    let origin = platform.dm("ann").origin("called-1");
    let message = Message {
        origin,
        id: None,
        text: ASKS.to_owned(),
        files: Vec::new(),
        mention: Mention::Named,
        reply_to: None,
    };
    let receipt = beside.gateway.receive(Inbound::Message(message)).await;
    assert_eq!(receipt, Receipt::Taken(None));
    let card = platform.open_card().await;
    platform.dm("ann").presses(&card, Choice::Deny).await;
    platform.says("done with it").await;
    assert_eq!(saying(&platform.shown(), "done with it"), 1);
    hearing.abort();
    serving.abort();
}

#[tokio::test]
async fn a_command_whose_platform_hangs_up_is_carried_out() {
    let platform = TestingPlatform::new();
    let house = House::with().chat(admitted).platform(&platform).open().await;
    platform.listeners(1).await;
    let thread = |number: u32| platform.dm("ann").in_thread(&format!("t{number}"));
    for number in 0..20 {
        let (ann, text) = (thread(number), format!("/title Number {number}"));
        let delivery = format!("d{number}");
        let saying = ann.says_as(&text, &delivery);
        // Whoever brings it is gone right after it was brought.
        tokio::select! {
            biased;
            _ = saying => {}
            () = std::future::ready(()) => {}
        }
    }
    house.gateway.leave().await.unwrap();
    house.gateway.beat(&house.as_node()).await.unwrap();
    platform.listeners(1).await;
    for number in 0..20 {
        let told = thread(number).told("/title").await;
        assert!(told.contains(&format!("Number {number}")), "{told}");
        let again = thread(number).says_as("/title Other", &format!("d{number}")).await;
        assert_eq!(again, Receipt::Dropped);
    }
}
