//! Files in the operators' own chats, over the bridge: what people send to the agent, and what it
//! sends to them.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use countersign_domain::approvals::Choice;
use countersign_domain::runs::{RunStatus, ToolCallState, ToolStatus};
use countersign_fakes::whatsapp_bridge::{FakeBridge, SaidFile};
use countersign_ports::store::{PageRequest, RunFilter};
use countersign_test_kit::House;

const ANN: &str = "34600999888";

async fn open(bridge: &FakeBridge) -> House {
    House::with().bridge(bridge).operators(&["+34 600 999 888"]).open().await
}

/// What the agent was given of the only message.
async fn given(bridge: &FakeBridge, house: &House) -> String {
    bridge.all_acknowledged().await;
    let page = PageRequest { before: None, limit: 10 };
    let runs = house.gateway.runs(RunFilter::default(), page, &house.operator).await.unwrap();
    let [run] = runs.items.try_into().unwrap();
    house.run(run.run.id).await.input.remove(0).text
}

/// The path that stands in what the agent was given.
fn path(text: &str) -> &str {
    let line = text.lines().find_map(|line| line.strip_prefix("- ")).unwrap();
    line.split(" (").next().unwrap()
}

#[tokio::test]
async fn a_file_of_an_operator_is_kept_where_the_agent_reads_it() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann");
    let house = open(&bridge).await;
    let photo =
        SaidFile { media_type: "image/png", name: None, size: None, bytes: b"png of a meter" };
    ann.sends_file("say seen", photo);
    let text = given(&bridge, &house).await;
    assert!(text.starts_with("say seen"), "{text}");
    assert!(text.contains("(image/png, 14 bytes)"), "{text}");
    let kept = std::fs::read(house.workspace().join(path(&text))).unwrap();
    assert_eq!(kept, b"png of a meter");
    assert_eq!(bridge.fetched(), 1);
}

#[tokio::test]
async fn a_file_that_is_too_large_or_gone_is_said_to_be_and_the_words_count() {
    let bridge = FakeBridge::listen().await;
    let ann = bridge.stranger(ANN, "Ann");
    let house = open(&bridge).await;
    let film =
        SaidFile { media_type: "video/mp4", name: Some("f.mp4"), size: Some(1 << 40), bytes: b"x" };
    ann.sends_file("say seen", film);
    let text = given(&bridge, &house).await;
    assert!(text.contains("f.mp4 was not received: it has more than"), "{text}");
    assert_eq!(bridge.fetched(), 0);
}

#[tokio::test]
async fn a_file_of_the_agent_reaches_an_operator_as_it_was_shown() {
    let bridge = FakeBridge::listen().await;
    bridge.stranger(ANN, "Ann");
    let house = open(&bridge).await;
    let notes = house.workspace().join("notes.txt");
    std::fs::write(&notes, "milk and bread").unwrap();
    let run = house.say("send whatsapp:+34600999888 | Here it is.\nattach notes.txt").await;
    let [asked] = house.pending(run, 1).await.try_into().unwrap();
    std::fs::write(&notes, "something else").unwrap();
    house.decide(asked.card.approval_id, Choice::Once).await;
    house.run_when(run, RunStatus::Completed).await;
    let [sent] = bridge.sent_files().try_into().unwrap();
    assert_eq!(sent.bytes, b"milk and bread");
    assert_eq!(sent.caption.as_deref(), Some("Here it is."));
    assert_eq!(sent.chat_id, format!("{ANN}@s.whatsapp.net"));
}

#[tokio::test]
async fn a_file_that_whatsapp_does_not_take_is_refused_before_anything_goes() {
    let bridge = FakeBridge::listen().await;
    let house = open(&bridge).await;
    std::fs::write(house.workspace().join("tool.bin"), [0, 159, 146, 150]).unwrap();
    let run = house.say("send whatsapp:+34600999888 | Here it is.\nattach tool.bin").await;
    let [asked] = house.pending(run, 1).await.try_into().unwrap();
    house.decide(asked.card.approval_id, Choice::Once).await;
    house.run_when(run, RunStatus::Completed).await;
    let [call] = house.calls(run).await.try_into().unwrap();
    let ToolCallState::Done { result } = call.state else { panic!("it is not done") };
    assert_ne!(result.status, ToolStatus::Ok);
    assert!(result.content.contains("tool.bin"), "{}", result.content);
    assert!(bridge.sent().is_empty() && bridge.sent_files().is_empty());
}
