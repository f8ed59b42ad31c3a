//! What was said, read from what the protocol has.

use countersign_whatsapp_bridge::{ChatKind, From, Heard, HeardFile};
use whatsapp_rust::proto_helpers::MessageExt as _;
use whatsapp_rust::wacore::download::Downloadable;
use whatsapp_rust::wacore::types::events::InboundMessage;
use whatsapp_rust::wacore::types::message::{MessageCategory, MessageInfo};
use whatsapp_rust::wacore_binary::JidExt as _;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::{Client, Jid};

/// What is in a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) media: Option<&'static str>,
    pub(crate) file: Option<HeardFile>,
    pub(crate) reply_to: Option<String>,
}

/// What somebody has said, if it is something that is said.
pub(crate) async fn heard(client: &Client, message: &InboundMessage) -> Option<Heard> {
    let info = &message.info;
    if info.category != MessageCategory::Empty {
        return None;
    }
    let said = read(message.message.get_base_message())?;
    let (number, lid) = other_side(client, info).await;
    let source = &info.source;
    let from = if source.is_from_me { From::User } else { From::Provider };
    let push_name = Some(info.push_name.clone())
        .filter(|name| from == From::Provider && !name.is_empty() && name != "-");
    Some(Heard {
        id: info.id.clone(),
        chat: source.chat.to_non_ad_string(),
        kind: kind(&source.chat, &[client.pn(), client.lid()]),
        sender: source.sender.to_non_ad_string(),
        number,
        lid,
        push_name,
        from,
        text: said.text,
        media: said.media.map(str::to_owned),
        file: said.file,
        reply_to: said.reply_to,
        at: info.timestamp.timestamp_millis(),
    })
}

/// What a chat is, for whoever has these addresses.
pub(crate) fn kind(chat: &Jid, own: &[Option<Jid>]) -> ChatKind {
    if chat.is_group() {
        return ChatKind::Group;
    }
    if !chat.is_pn() && !chat.is_lid() {
        // Lists, the status, newsletters, bots: nobody's chat.
        return ChatKind::Broadcast;
    }
    let is_own = own.iter().flatten().any(|own| own.user == chat.user && own.server == chat.server);
    if is_own { ChatKind::Own } else { ChatKind::Direct }
}

/// The number and the LID of the other side, from protocol fields only.
async fn other_side(client: &Client, info: &MessageInfo) -> (Option<String>, Option<String>) {
    let source = &info.source;
    let named = if source.is_from_me {
        [Some(&source.chat), source.recipient_alt.as_ref(), info.peer_recipient_pn.as_ref()]
    } else {
        [Some(&source.sender), source.sender_alt.as_ref(), None]
    };
    let find = |is: fn(&Jid) -> bool| named.into_iter().flatten().find(|jid| is(jid)).cloned();
    let (mut number, mut lid) = (find(Jid::is_pn), find(Jid::is_lid));
    let known = match (&number, &lid) {
        (Some(only), None) | (None, Some(only)) => {
            client.get_lid_pn_entry(&only.to_non_ad()).await.ok().flatten()
        }
        (Some(_), Some(_)) | (None, None) => None,
    };
    if let Some(entry) = known {
        number = number.or_else(|| format!("{}@s.whatsapp.net", entry.phone_number).parse().ok());
        lid = lid.or_else(|| format!("{}@lid", entry.lid).parse().ok());
    }
    (number.map(|jid| jid.to_non_ad_string()), lid.map(|jid| jid.to_non_ad_string()))
}

/// What is in a message; `None` if nothing was said: keys, receipts, what was taken back.
pub(crate) fn read(message: &wa::Message) -> Option<Said> {
    let mut said = files(message).or_else(|| words(message)).or_else(|| other(message))?;
    said.reply_to = said.reply_to.or_else(|| quoted(message));
    Some(said)
}

fn words(message: &wa::Message) -> Option<Said> {
    let text = message.text_content()?.to_owned();
    Some(Said { text, ..Said::default() })
}

fn files(message: &wa::Message) -> Option<Said> {
    let one = |media, file: &dyn Downloadable, parts: [&Option<String>; 3]| {
        let [caption, mimetype, name] = parts;
        Some(Said {
            text: caption.clone().unwrap_or_default(),
            media: Some(media),
            file: file_of(file, mimetype.as_deref(), name.clone()),
            reply_to: None,
        })
    };
    if let Some(image) = message.image_message.as_option() {
        return one("image", image, [&image.caption, &image.mimetype, &None]);
    }
    if let Some(video) = message.video_message.as_option().or(message.ptv_message.as_option()) {
        return one("video", video, [&video.caption, &video.mimetype, &None]);
    }
    if let Some(audio) = message.audio_message.as_option() {
        return one("audio", audio, [&None, &audio.mimetype, &None]);
    }
    if let Some(document) = message.document_message.as_option() {
        let parts = [&document.caption, &document.mimetype, &document.file_name];
        return one("document", document, parts);
    }
    let sticker = message.sticker_message.as_option()?;
    one("sticker", sticker, [&None, &sticker.mimetype, &None])
}

fn file_of(
    file: &dyn Downloadable,
    mimetype: Option<&str>,
    name: Option<String>,
) -> Option<HeardFile> {
    let keys = crate::keys::Keys::of(file)?;
    Some(HeardFile {
        media_type: mimetype.unwrap_or("application/octet-stream").to_owned(),
        size: keys.size(),
        name,
        keys: keys.text()?,
    })
}

/// What is said otherwise than by words or files: buttons, lists, reactions, places.
fn other(message: &wa::Message) -> Option<Said> {
    let said = |media, text: Option<String>| {
        Some(Said { text: text.unwrap_or_default(), media: Some(media), ..Said::default() })
    };
    if let Some(pressed) = message.template_button_reply_message.as_option() {
        return said("button", pressed.selected_display_text.clone());
    }
    if let Some(pressed) = message.buttons_response_message.as_option() {
        use wa::message::buttons_response_message::Response::SelectedDisplayText;
        let text = pressed.response.as_ref().map(|SelectedDisplayText(text)| text.clone());
        return said("button", text);
    }
    if let Some(chosen) = message.list_response_message.as_option() {
        return said("button", chosen.title.clone());
    }
    if let Some(chosen) = message.interactive_response_message.as_option() {
        return said("button", chosen.body.as_option().and_then(|body| body.text.clone()));
    }
    if let Some(reaction) = message.reaction_message.as_option() {
        let to = reaction.key.as_option().and_then(|key| key.id.clone());
        let text = reaction.text.clone().unwrap_or_default();
        return Some(Said { text, media: Some("reaction"), file: None, reply_to: to });
    }
    if let Some(offered) = message.buttons_message.as_option() {
        return said("buttons", offered.content_text.clone());
    }
    if let Some(offered) = message.list_message.as_option() {
        let parts = [offered.title.clone(), offered.description.clone()];
        let text: Vec<String> = parts.into_iter().flatten().collect();
        return said("list", Some(text.join("\n")));
    }
    if let Some(offered) = message.interactive_message.as_option() {
        return said("buttons", offered.body.as_option().and_then(|body| body.text.clone()));
    }
    if let Some(offered) = message.template_message.as_option() {
        let hydrated = offered.hydrated_template.as_option();
        return said("buttons", hydrated.and_then(|text| text.hydrated_content_text.clone()));
    }
    if let Some(place) = message.location_message.as_option() {
        let parts = [place.name.clone(), place.address.clone()];
        let text: Vec<String> = parts.into_iter().flatten().collect();
        return said("location", Some(text.join(", ")));
    }
    if message.live_location_message.is_set() {
        return said("location", None);
    }
    if let Some(contact) = message.contact_message.as_option() {
        return said("contact", contact.display_name.clone());
    }
    if message.contacts_array_message.is_set() {
        return said("contact", None);
    }
    let poll = [
        &message.poll_creation_message,
        &message.poll_creation_message_v2,
        &message.poll_creation_message_v3,
    ];
    let poll = poll.into_iter().find_map(|poll| poll.as_option())?;
    said("poll", poll.name.clone())
}

/// The id of the message that this one quotes.
fn quoted(message: &wa::Message) -> Option<String> {
    let contexts = [
        message.extended_text_message.as_option().map(|part| &part.context_info),
        message.image_message.as_option().map(|part| &part.context_info),
        message.video_message.as_option().map(|part| &part.context_info),
        message.audio_message.as_option().map(|part| &part.context_info),
        message.document_message.as_option().map(|part| &part.context_info),
        message.sticker_message.as_option().map(|part| &part.context_info),
        message.buttons_response_message.as_option().map(|part| &part.context_info),
        message.list_response_message.as_option().map(|part| &part.context_info),
        message.template_button_reply_message.as_option().map(|part| &part.context_info),
        message.interactive_response_message.as_option().map(|part| &part.context_info),
    ];
    let context = contexts.into_iter().flatten().find_map(|context| context.as_option())?;
    context.stanza_id.clone().filter(|id| !id.is_empty())
}

#[cfg(test)]
#[path = "inbound_tests.rs"]
mod tests;
