//! Files that the agent sends to chats, and what an operator is told to set.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use countersign_domain::approvals::Choice;
use countersign_domain::chat::{ChatScope, PlatformName};
use countersign_domain::runs::{RunStatus, ToolCallState, ToolStatus};
use countersign_domain::slash_access::ListedIds;
use countersign_gateway::{Admission, ChatSettings};
use countersign_ports::platform::Feature;
use countersign_test_kit::{House, TestingPlatform};

fn admitted(chat: &mut ChatSettings) {
    let testing: PlatformName = "testing".parse().unwrap();
    let people = ListedIds::on(&testing, &["ann".to_owned()]);
    let admission = Admission { dm: people.clone(), group: people, ..Admission::default() };
    chat.admission.insert(testing, admission);
}

/// What the agent is asked to send.
const SENDS: &str = "send testing:town | Here it is.\nattach notes.txt";

#[tokio::test]
async fn a_file_goes_where_files_can_go_as_it_was_shown() {
    let platform = TestingPlatform::new();
    platform.knows([("town", "town", ChatScope::Group)]);
    let house = House::with().chat(admitted).platform(&platform).open().await;
    let notes = house.workspace().join("notes.txt");
    std::fs::write(&notes, "milk and bread").unwrap();
    let run = house.say(SENDS).await;
    let [asked] = house.pending(run, 1).await.try_into().unwrap();
    let [file] = asked.card.attachments.clone().try_into().unwrap();
    assert_eq!((file.name.as_str(), file.text.as_deref()), ("notes.txt", Some("milk and bread")));
    // A rule would not know what a file holds by then.
    assert!(!asked.card.choices.contains(&Choice::Always));
    std::fs::write(&notes, "something else").unwrap();
    house.decide(asked.card.approval_id, Choice::Once).await;
    let shown = platform.says("Here it is").await;
    let [(name, content)] = shown.files.try_into().unwrap();
    assert_eq!((name.as_str(), &content[..]), ("notes.txt", b"milk and bread".as_slice()));
    platform.check();
}

#[tokio::test]
async fn nobody_is_asked_about_files_that_cannot_go_there_or_hold_secrets() {
    let plain = TestingPlatform::with(|about| {
        about.features.remove(&Feature::Files);
    });
    let house = House::with().chat(admitted).platform(&plain).open().await;
    std::fs::write(house.workspace().join("notes.txt"), "milk").unwrap();
    let run = house.say(SENDS).await;
    house.run_when(run, RunStatus::Completed).await;
    let [call] = house.calls(run).await.try_into().unwrap();
    let ToolCallState::Done { result } = call.state else { panic!("it is not done") };
    assert!(result.content.contains("takes texts only"), "{}", result.content);

    let platform = TestingPlatform::new();
    let house = House::with().chat(admitted).platform(&platform).open().await;
    let key = format!("key AKIA{}", "ABCDEFGHIJKLMNOP");
    std::fs::write(house.workspace().join("notes.txt"), key).unwrap();
    let run = house.say(SENDS).await;
    house.run_when(run, RunStatus::Completed).await;
    let [call] = house.calls(run).await.try_into().unwrap();
    let ToolCallState::Done { result } = call.state else { panic!("it is not done") };
    assert_eq!(result.status, ToolStatus::Blocked);
    assert!(result.content.contains("secret_in_content"), "{}", result.content);
    assert!(platform.shown().is_empty());
}

#[tokio::test]
async fn what_an_operator_should_set_is_listed_with_the_bot() {
    let platform = TestingPlatform::new();
    let house = House::with().chat(admitted).platform(&platform).open().await;
    platform.listeners(1).await;
    platform.wants("switch commands on");
    let [bot] = house.gateway.platforms(&house.operator).await.unwrap().try_into().unwrap();
    assert_eq!(bot.problems, ["switch commands on"]);
}
