//! What somebody tries in a chat to have decided what nobody has seen or meant.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::chat::{GroupSessions, PlatformName};
use countersign_domain::ids::{ApprovalId, RunId};
use countersign_domain::runs::RunStatus;
use countersign_domain::slash_access::ListedIds;
use countersign_gateway::{Admission, ChatSettings};
use countersign_ports::platform::{Inbox as _, PlatformError, RefusedCallback};
use countersign_ports::store::{PageRequest, RunFilter};
use countersign_test_kit::{House, Shown, TestingPlatform};

fn testing() -> PlatformName {
    "testing".parse().unwrap()
}

/// Ann and Bob may talk everywhere.
fn admitted(chat: &mut ChatSettings) {
    let people = ListedIds::on(&testing(), &["ann", "bob"].map(str::to_owned));
    let admission = Admission { dm: people.clone(), group: people, ..Admission::default() };
    chat.admission.insert(testing(), admission);
}

async fn open(chat: impl FnOnce(&mut ChatSettings)) -> (House, Arc<TestingPlatform>) {
    let platform = TestingPlatform::new();
    let house = House::with().chat(chat).platform(&platform).open().await;
    std::fs::create_dir_all(house.workspace().join("made/deep")).unwrap();
    (house, platform)
}

async fn runs(house: &House) -> Vec<RunId> {
    let page = PageRequest { before: None, limit: 1000 };
    let found = house.gateway.runs(RunFilter::default(), page, &house.operator).await.unwrap();
    found.items.into_iter().map(|view| view.run.id).rev().collect()
}

async fn status(house: &House, approval: ApprovalId) -> Status {
    house.gateway.approval(approval, &house.operator).await.unwrap().status
}

fn approval(card: &Shown) -> ApprovalId {
    card.card.as_ref().unwrap().approval
}

/// What takes an approval.
const ASKS: &str = "run rm -r made";

/// A question that a plain word answers as well as a card.
const QUESTION: &str = "Shall I greet you in English? yes/no";

#[tokio::test]
async fn a_word_that_answers_a_question_decides_nothing() {
    // In one breath; in the run that was begun beside, and the other way round; and before the card.
    for said in [
        vec![format!("run& rm -r made\nask& {QUESTION}")],
        vec![format!("ask& {QUESTION}\nrun& rm -r made")],
        vec![ASKS.to_owned(), format!("/bg ask {QUESTION}")],
        vec![format!("/bg {ASKS}"), format!("ask {QUESTION}")],
        vec![format!("ask {QUESTION}"), format!("/bg {ASKS}")],
    ] {
        let (house, platform) = open(admitted).await;
        let ann = platform.dm("ann");
        for text in &said {
            let cards = text.contains("rm");
            ann.says(text).await;
            if text.contains("ask") {
                platform.says("Shall I greet").await;
            }
            if cards {
                platform.open_card().await;
            }
        }
        let card = platform.open_card().await;
        let told = ann.told("yes").await;
        assert_eq!(status(&house, approval(&card)).await, Status::Pending, "{said:?}: {told}");
        assert!(told.contains("/approve"), "{said:?}: {told}");
        assert!(house.has("made"));
        // Whoever answers the card means the card, and so does who presses it.
        assert!(ann.clone().answering(&card).told("yes").await.starts_with("Approved"), "{said:?}");
    }
}

#[tokio::test]
async fn a_question_beside_a_card_is_answered_by_what_is_said() {
    let (house, platform) = open(admitted).await;
    let ann = platform.dm("ann");
    ann.says(&format!("run& rm -r made\nask& {QUESTION}")).await;
    platform.says("Shall I greet").await;
    let card = platform.open_card().await;
    let run = runs(&house).await[0];
    house.run_when(run, RunStatus::WaitingForApproval).await;
    let told = ann.told("yes").await;
    assert!(told.contains("the answer to the agent's question"), "{told}");
    // It is no question any more: the word means the card only if the card was not talked over.
    assert!(ann.told("yes").await.contains("Nothing was decided"));
    assert!(ann.presses(&card, Choice::Deny).await.starts_with("Denied"));
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(runs(&house).await.len(), 1);
}

#[tokio::test]
async fn what_was_said_after_a_card_is_not_taken_for_the_card() {
    let (house, platform) = open(admitted).await;
    let ann = platform.dm("ann");
    ann.says(ASKS).await;
    let card = platform.open_card().await;
    ann.says(&format!("/bg say {QUESTION}")).await;
    platform.says("Shall I greet").await;
    let told = ann.told("yes").await;
    assert!(told.contains("Nothing was decided"), "{told}");
    assert_eq!(status(&house, approval(&card)).await, Status::Pending);
    assert!(ann.told("/approve").await.starts_with("Approved"));
}

#[tokio::test]
async fn what_was_never_shown_is_not_approved_unseen() {
    let (house, platform) = open(admitted).await;
    let ann = platform.dm("ann");
    ann.says("say hello").await;
    platform.says("hello").await;
    platform.fail_with([PlatformError::Refused("no such thing".to_owned())]);
    ann.says(ASKS).await;
    platform.says("could not be shown here").await;
    assert!(platform.shown().iter().all(|one| one.card.is_none()));
    let run = *runs(&house).await.last().unwrap();
    let id = house.pending(run, 1).await[0].card.approval_id;
    for said in ["ok", "/approve", "/approve all", &format!("/approve {id} always")] {
        let told = ann.told(said).await;
        assert_eq!(status(&house, id).await, Status::Pending, "{said}: {told}");
        assert!(told.contains("decided"), "{said}: {told}");
    }
    // What is shown can be approved: just that, by its digest.
    let shown = ann.told(&format!("/approvals {id}")).await;
    assert!(shown.contains("rm -r made") && shown.contains("test-host"), "{shown}");
    let other = shown.rsplit(' ').next().unwrap().replace(|c: char| c.is_ascii_digit(), "0");
    let told = ann.told(&format!("/approve {id} once {other}")).await;
    assert_eq!(status(&house, id).await, Status::Pending, "{told}");
    let how = shown.lines().last().unwrap().split_once(": ").unwrap().1.replace('\\', "");
    assert!(ann.told(&how).await.starts_with("Approved"), "{how}");
    house.run_when(run, RunStatus::Completed).await;
    // Nor is anything of another chat shown.
    ann.says("run rm -r other").await;
    platform.open_card().await;
    let run = *runs(&house).await.last().unwrap();
    let id = house.pending(run, 1).await[0].card.approval_id;
    let elsewhere = platform.dm("bob").told(&format!("/approvals {id}")).await;
    assert!(!elsewhere.contains("rm"), "{elsewhere}");
}

#[tokio::test]
async fn nobody_answers_what_the_run_of_somebody_else_asks() {
    let shared = |chat: &mut ChatSettings| {
        admitted(chat);
        chat.groups = GroupSessions::Shared;
    };
    let (house, platform) = open(shared).await;
    let (ann, bob) = (platform.in_group("ann", "town"), platform.in_group("bob", "town"));
    ann.says("ask which colour?\nsay painted").await;
    platform.says("which colour?").await;
    let [run] = runs(&house).await.try_into().unwrap();
    house.run_when(run, RunStatus::WaitingForAnswer).await;
    let told = bob.told("say bob's own").await;
    assert!(told.starts_with("Queued"), "{told}");
    assert_eq!(house.run(run).await.run.status(), RunStatus::WaitingForAnswer);
    assert_eq!(ann.told("green").await, "");
    house.run_when(run, RunStatus::Completed).await;
    let calls = format!("{:?}", house.calls(run).await);
    assert!(calls.contains("green") && !calls.contains("bob's own"), "{calls}");
    // What Bob said is for the agent, in its turn.
    platform.says("bob's own").await;
}

#[tokio::test]
async fn a_flood_of_what_nobody_believes_fills_no_log_and_hides_no_forged_button() {
    let (house, platform) = open(admitted).await;
    let forged = |number: usize| RefusedCallback {
        platform: testing(),
        account: "bot".parse().unwrap(),
        what: "actions",
        claimed: None,
        why: format!("no seal: {number}"),
    };
    for number in 0..500 {
        house.gateway.refuse(forged(number)).await;
    }
    let lines = async || house.audited(AuditKind::CallbackRefused).await;
    assert_eq!(lines().await.len(), 20);
    // What the platform itself has brought is still noted.
    let ann = platform.dm("ann");
    ann.says(ASKS).await;
    let card = platform.open_card().await;
    let elsewhere = platform.dm("bob").presses(&card, Choice::Once).await;
    assert!(elsewhere.contains("nothing was decided"), "{elsewhere}");
    assert_eq!(lines().await.len(), 21);
    for hour in 1..4 {
        house.clock.advance(Duration::from_hours(1));
        for number in 0..500 {
            house.gateway.refuse(forged(number)).await;
        }
        assert_eq!(lines().await.len(), 21 + hour);
    }
    let last = lines().await.pop().unwrap();
    assert_eq!(last.detail["not_noted_before"], 499);
}
