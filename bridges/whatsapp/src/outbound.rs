//! What leaves.

use std::sync::Arc;

use countersign_whatsapp_bridge::{Content, FileKind, NotSent, Outgoing, Person, Quoted};
use whatsapp_rust::client::ClientError;
use whatsapp_rust::media::{
    AudioOptions, DocumentOptions, ImageOptions, VideoOptions, audio_message, document_message,
    image_message, video_message,
};
use whatsapp_rust::proto_helpers::{MessageBuilderExt as _, MessageExt as _};
use whatsapp_rust::wacore::download::MediaType as Sealed;
use whatsapp_rust::waproto::buffa::MessageField;
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::{Client, Jid, SendError, SendOptions, UploadOptions};

/// The address of a person.
pub(crate) fn jid(chat: &Person) -> Result<Jid, NotSent> {
    chat.as_str().parse().map_err(|_| NotSent::Not(format!("{chat} is no address")))
}

/// Sends a message under its id.
pub(crate) async fn send(client: &Arc<Client>, message: Outgoing) -> Result<(), NotSent> {
    let Outgoing { chat, id, content, reply_to } = message;
    let to = jid(&chat)?;
    let quoted = reply_to.map(|quoted| quote(client, &chat, quoted));
    let message = match content {
        Content::Text(text) => match quoted {
            Some(quoted) => wa::Message::text_with_context(text, quoted),
            None => wa::Message::text(text),
        },
        Content::File { kind, name, caption, bytes } => {
            let sealed = match kind.kind() {
                FileKind::Image => Sealed::Image,
                FileKind::Video => Sealed::Video,
                FileKind::Audio => Sealed::Audio,
                FileKind::Document => Sealed::Document,
            };
            let uploaded = client.upload(bytes, sealed, UploadOptions::new()).await;
            // What was uploaded and never named is nobody's.
            let uploaded = uploaded.map_err(|error| NotSent::Not(error.to_string()))?;
            let mimetype = Some(kind.as_str().to_owned());
            let mut message = match kind.kind() {
                FileKind::Image => {
                    let options = ImageOptions { caption, mimetype, ..ImageOptions::default() };
                    image_message(uploaded, options)
                }
                FileKind::Video => {
                    let options = VideoOptions { caption, mimetype, ..VideoOptions::default() };
                    video_message(uploaded, options)
                }
                FileKind::Audio => {
                    audio_message(uploaded, AudioOptions { mimetype, ..AudioOptions::default() })
                }
                FileKind::Document => {
                    let options = DocumentOptions {
                        mimetype,
                        file_name: name,
                        caption,
                        ..DocumentOptions::default()
                    };
                    document_message(uploaded, options)
                }
            };
            if let Some(quoted) = quoted {
                message.set_context_info(quoted);
            }
            message
        }
    };
    let options = SendOptions::default().with_message_id(id);
    match client.send_message_with_options(to, message, options).await {
        Ok(_) => Ok(()),
        Err(
            error @ (SendError::NotLoggedIn
            | SendError::InvalidRequest(_)
            | SendError::Client(ClientError::NotConnected | ClientError::NotLoggedIn)),
        ) => Err(NotSent::Not(error.to_string())),
        Err(error) => Err(NotSent::Unknown(error.to_string())),
    }
}

/// The message that is answered: its id and whose it is. What was said in it is not kept here.
fn quote(client: &Client, chat: &Person, quoted: Quoted) -> wa::ContextInfo {
    let own = if chat.is_lid() { client.lid() } else { client.pn() };
    let own = own.map(|jid| jid.to_non_ad_string());
    let participant = if quoted.ours { own } else { Some(chat.as_str().to_owned()) };
    wa::ContextInfo {
        stanza_id: Some(quoted.id),
        participant,
        quoted_message: MessageField::some(wa::Message::text("")),
        ..wa::ContextInfo::default()
    }
}
