//! What is read from messages as the protocol has them.

use super::*;
use whatsapp_rust::proto_helpers::MessageBuilderExt as _;
use whatsapp_rust::waproto::buffa::MessageField;

fn with_context(id: &str) -> wa::ContextInfo {
    wa::ContextInfo { stanza_id: Some(id.to_owned()), ..wa::ContextInfo::default() }
}

fn image(key: Option<Vec<u8>>) -> wa::Message {
    wa::Message {
        image_message: MessageField::some(wa::message::ImageMessage {
            caption: Some("look".to_owned()),
            mimetype: Some("image/png".to_owned()),
            direct_path: Some("/v/t62".to_owned()),
            media_key: key,
            file_sha256: Some(vec![1; 32]),
            file_enc_sha256: Some(vec![2; 32]),
            file_length: Some(1234),
            ..wa::message::ImageMessage::default()
        }),
        ..wa::Message::default()
    }
}

#[test]
fn words_are_read_with_what_they_quote() {
    let said = read(&wa::Message::text("hello")).unwrap();
    assert_eq!((said.text.as_str(), said.media, said.reply_to), ("hello", None, None));
    let said = read(&wa::Message::text_with_context("2", with_context("3EB0CARD"))).unwrap();
    assert_eq!((said.text.as_str(), said.reply_to.as_deref()), ("2", Some("3EB0CARD")));
    let said = read(&wa::Message::text_with_context("2", with_context(""))).unwrap();
    assert_eq!(said.reply_to, None);
}

#[test]
fn a_file_is_described_and_what_opens_it_is_kept() {
    let said = read(&image(Some(vec![3; 32]))).unwrap();
    assert_eq!((said.text.as_str(), said.media), ("look", Some("image")));
    let file = said.file.unwrap();
    assert_eq!((file.media_type.as_str(), file.size), ("image/png", 1234));
    let opened = crate::keys::Keys::read(&file.keys).unwrap();
    assert_eq!((opened.direct_path.as_str(), opened.file_length), ("/v/t62", 1234));
    assert_eq!(opened.media_key, Some(vec![3; 32]));
    // A picture whose key is missing is said all the same, and has no file.
    let said = read(&image(None)).unwrap();
    assert_eq!((said.media, said.file), (Some("image"), None));
    assert!(crate::keys::Keys::read("{}").is_none() && crate::keys::Keys::read("").is_none());
}

#[test]
fn a_button_a_reaction_and_a_list_are_said_as_what_they_are() {
    let pressed = wa::Message {
        template_button_reply_message: MessageField::some(
            wa::message::TemplateButtonReplyMessage {
                selected_id: Some("approve".to_owned()),
                selected_display_text: Some("Yes".to_owned()),
                ..wa::message::TemplateButtonReplyMessage::default()
            },
        ),
        ..wa::Message::default()
    };
    let said = read(&pressed).unwrap();
    assert_eq!((said.text.as_str(), said.media), ("Yes", Some("button")));
    let reaction = wa::Message {
        reaction_message: MessageField::some(wa::message::ReactionMessage {
            key: MessageField::some(wa::MessageKey {
                id: Some("3EB0CARD".to_owned()),
                ..wa::MessageKey::default()
            }),
            text: Some("👍".to_owned()),
            ..wa::message::ReactionMessage::default()
        }),
        ..wa::Message::default()
    };
    let said = read(&reaction).unwrap();
    assert_eq!((said.text.as_str(), said.media), ("👍", Some("reaction")));
    assert_eq!(said.reply_to.as_deref(), Some("3EB0CARD"));
    let list = wa::Message {
        list_message: MessageField::some(wa::message::ListMessage {
            title: Some("Your options".to_owned()),
            description: Some("Choose one".to_owned()),
            ..wa::message::ListMessage::default()
        }),
        ..wa::Message::default()
    };
    assert_eq!(read(&list).unwrap().text, "Your options\nChoose one");
}

#[test]
fn what_is_not_said_is_not_read() {
    assert_eq!(read(&wa::Message::default()), None);
    let keys = wa::Message {
        protocol_message: MessageField::some(wa::message::ProtocolMessage::default()),
        ..wa::Message::default()
    };
    assert_eq!(read(&keys), None);
}

#[test]
fn a_chat_is_what_its_address_says() {
    let own = [
        Some("34600000000@s.whatsapp.net".parse().unwrap()),
        Some("990000000000000@lid".parse().unwrap()),
    ];
    for (jid, is) in [
        ("34600111222@s.whatsapp.net", ChatKind::Direct),
        ("990000000000001@lid", ChatKind::Direct),
        ("34600000000@s.whatsapp.net", ChatKind::Own),
        ("34600000000:12@s.whatsapp.net", ChatKind::Own),
        ("990000000000000@lid", ChatKind::Own),
        // The digits of a LID are no number.
        ("34600000000@lid", ChatKind::Direct),
        ("1203630-1@g.us", ChatKind::Group),
        ("status@broadcast", ChatKind::Broadcast),
        ("123@newsletter", ChatKind::Broadcast),
        ("867051314767696@bot", ChatKind::Broadcast),
    ] {
        let jid: Jid = jid.parse().unwrap();
        assert_eq!(kind(&jid, &own), is, "{jid}");
    }
}
