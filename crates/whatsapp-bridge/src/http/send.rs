//! `POST /send`, `POST /send-media`, `POST /typing`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::refusal::{Refusal, linked};
use crate::account::{Content, NotSent};
use crate::bridge::{Bridge, Wanted};
use crate::file::{LARGEST_FILE, MediaType, is_name};
use crate::jid::Person;

/// The longest text, in characters.
const LONGEST_TEXT: usize = 65_536;

/// The longest key or id, in bytes.
const LONGEST_KEY: usize = 128;

/// The longest text below a file, in characters.
const LONGEST_CAPTION: usize = 1024;

/// The largest request with a file, in bytes.
pub(super) const LARGEST_UPLOAD: usize = LARGEST_FILE / 3 * 4 + 64 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SendText {
    chat_id: String,
    text: String,
    idempotency_key: String,
    reply_to: Option<String>,
}

pub(super) async fn send(
    State(bridge): State<Arc<Bridge>>,
    body: Result<Json<SendText>, JsonRejection>,
) -> Result<Json<Value>, Refusal> {
    let Json(SendText { chat_id, text, idempotency_key, reply_to }) =
        body.map_err(|error| unreadable(&error))?;
    let length = text.chars().count();
    if length == 0 || length > LONGEST_TEXT {
        return Err(Refusal::bad("`text` has 1 to 65536 characters"));
    }
    let parts = [chat_id.as_str(), "text", &text, "", "", reply_to.as_deref().unwrap_or("")];
    let digest = digest(&parts, &[]);
    take(&bridge, (chat_id, idempotency_key, reply_to), Content::Text(text), digest).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SendMedia {
    chat_id: String,
    file: File,
    idempotency_key: String,
    caption: Option<String>,
    reply_to: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "type")]
    media_type: String,
    name: Option<String>,
    base64: String,
}

pub(super) async fn send_media(
    State(bridge): State<Arc<Bridge>>,
    body: Result<Json<SendMedia>, JsonRejection>,
) -> Result<Json<Value>, Refusal> {
    let Json(SendMedia { chat_id, file, idempotency_key, caption, reply_to }) =
        body.map_err(|error| unreadable(&error))?;
    let kind = MediaType::parse(&file.media_type)
        .ok_or_else(|| Refusal::media_type("files of this type cannot be sent".to_owned()))?;
    if file.name.as_deref().is_some_and(|name| !is_name(name)) {
        return Err(Refusal::bad("`file.name` is a name of 1 to 255 bytes, and no path"));
    }
    if caption.as_ref().is_some_and(|text| !(1..=LONGEST_CAPTION).contains(&text.chars().count())) {
        return Err(Refusal::bad("`caption` has 1 to 1024 characters"));
    }
    let bytes = STANDARD
        .decode(&file.base64)
        .map_err(|_| Refusal::bad("`file.base64` is no base64 with padding"))?;
    if bytes.is_empty() {
        return Err(Refusal::bad("`file.base64` has nothing in it"));
    }
    if bytes.len() > LARGEST_FILE {
        return Err(Refusal::too_large(format!("a file has at most {LARGEST_FILE} bytes")));
    }
    let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
    let (name, below, reply) = (or_none(&file.name), or_none(&caption), or_none(&reply_to));
    let digest = digest(&[&chat_id, "file", kind.as_str(), &name, &below, &reply], &bytes);
    let content = Content::File { kind, name: file.name, caption, bytes };
    take(&bridge, (chat_id, idempotency_key, reply_to), content, digest).await
}

async fn take(
    bridge: &Bridge,
    (chat, key, reply_to): (String, String, Option<String>),
    content: Content,
    digest: [u8; 32],
) -> Result<Json<Value>, Refusal> {
    let chat = person(&chat)?;
    if !(1..=LONGEST_KEY).contains(&key.len()) {
        return Err(Refusal::bad("`idempotency_key` has 1 to 128 bytes"));
    }
    if reply_to.as_ref().is_some_and(|id| !(1..=LONGEST_KEY).contains(&id.len())) {
        return Err(Refusal::bad("`reply_to` has 1 to 128 bytes"));
    }
    linked(bridge)?;
    let wanted = Wanted { chat, content, key, reply_to, digest };
    Ok(Json(json!({"message_id": bridge.send(wanted).await?})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typing {
    chat_id: String,
}

pub(super) async fn typing(
    State(bridge): State<Arc<Bridge>>,
    body: Result<Json<Typing>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    let Json(Typing { chat_id }) = body.map_err(|error| unreadable(&error))?;
    let chat = person(&chat_id)?;
    linked(&bridge)?;
    match bridge.account.typing(&chat).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(NotSent::Not(why) | NotSent::Unknown(why)) => Err(Refusal::not_done("not_sent", why)),
    }
}

fn person(jid: &str) -> Result<Person, Refusal> {
    Person::parse(jid).ok_or_else(|| Refusal::bad("`chat_id` is no JID of a person"))
}

fn unreadable(error: &JsonRejection) -> Refusal {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::too_large(error.to_string()),
        _ => Refusal::bad(error.body_text()),
    }
}

/// What makes a message this one: each part with its length, so that no two messages read alike.
fn digest(parts: &[&str], bytes: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts.iter().map(|part| part.as_bytes()).chain([bytes]) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
