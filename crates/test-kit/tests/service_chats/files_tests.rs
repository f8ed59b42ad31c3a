//! Files into service chats and out of them.

use countersign_fakes::whatsapp_bridge::SaidFile;

use super::*;

/// What the agent is asked to send.
const SENDS: &str = "send whatsapp:+34600111222 | My contract.\nattach notes.txt";

async fn thread(house: &House) -> Vec<String> {
    let (_, thread) = house.gateway.service_chat(NUMBER, None, &house.operator).await.unwrap();
    thread.iter().map(|one| one.said.text.clone()).collect()
}

fn noted(house: &House) {
    std::fs::write(house.workspace().join("notes.txt"), "contract 7").unwrap();
}

#[tokio::test]
async fn a_file_is_shown_to_a_person_first_in_every_mode() {
    for mode in [ChatMode::DraftFirst, ChatMode::Autonomous] {
        let bridge = FakeBridge::listen().await;
        let house = House::with().bridge(&bridge).service(on).open().await;
        noted(&house);
        let session = talking(&house).await;
        change(&house, ChatChange::Mode(mode)).await;
        let run = house.say_in(Some(session), SENDS).await;
        let card = house.pending(run, 1).await.remove(0).card;
        assert_eq!(card.attachments.len(), 1, "{mode:?}");
        assert!(bridge.sent_files().is_empty());
        house.decide(card.approval_id, Choice::Once).await;
        house.run_when(run, RunStatus::Completed).await;
        let [sent] = bridge.sent_files().try_into().unwrap();
        assert_eq!(sent.chat_id, "34600111222@s.whatsapp.net");
        assert_eq!(
            (sent.name.as_deref(), sent.media_type.as_str()),
            (Some("notes.txt"), "text/plain")
        );
        assert_eq!(
            (sent.bytes.as_slice(), sent.caption.as_deref()),
            (b"contract 7".as_slice(), Some("My contract."))
        );
        let shown = thread(&house).await;
        assert!(
            shown.contains(&"My contract.\n[file: notes.txt (10 bytes)]".to_owned()),
            "{shown:?}"
        );
        assert_eq!(house.audited(AuditKind::OutboundSent).await.len(), 2);
    }
}

#[tokio::test]
async fn while_media_are_off_no_file_goes_into_a_service_chat_and_nobody_is_asked() {
    let bridge = FakeBridge::listen().await;
    let without = |settings: &mut ServiceSettings| {
        on(settings);
        settings.media = Switch::Off;
    };
    let house = House::with().bridge(&bridge).service(without).open().await;
    noted(&house);
    let session = talking(&house).await;
    let run = house.say_in(Some(session), SENDS).await;
    let said = output(&house, run).await;
    assert!(said.contains("whatsapp.service_conversations.allow_media"), "{said}");
    assert!(bridge.sent_files().is_empty());
    assert_eq!(house.audited(AuditKind::OutboundBlocked).await.len(), 1);
    // A text goes as before.
    let run = house.say_in(Some(session), "reply My number is 123").await;
    house.decide(asked(&house, run).await, Choice::Once).await;
    assert_eq!(bridge.sent_when(2).await[1].text, "My number is 123");
}

#[tokio::test]
async fn a_file_of_a_provider_is_named_as_what_it_is_and_fetched_by_nobody() {
    let bridge = FakeBridge::listen().await;
    let movistar = bridge.knows(MOVISTAR, "Movistar");
    let house = House::with().bridge(&bridge).service(on).open().await;
    talking(&house).await;
    let bill = SaidFile {
        media_type: "application/pdf",
        name: Some("bill\u{202e}.pdf"),
        size: Some(7_000_000),
        bytes: b"%PDF",
    };
    movistar.sends_file("Your bill", bill);
    bridge.all_acknowledged().await;
    turns(&house, 1).await;
    let shown = thread(&house).await;
    let named = "[document: bill";
    let line = shown.iter().find(|line| line.starts_with(named)).unwrap();
    assert!(line.ends_with(".pdf (application/pdf, 7000000 bytes)] Your bill"), "{line}");
    assert!(!line.contains('\u{202e}'), "{line}");
    assert_eq!(bridge.fetched(), 0);
}
