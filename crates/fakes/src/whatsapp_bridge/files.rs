//! Files: what the gateway sends, and what people send.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::people::Provider;
use super::routes::{Refusal, bad, is_person, linked};
use super::state::{Account, Shared};

/// The largest file, in bytes.
const LARGEST: usize = 16 * 1024 * 1024;

/// The largest request with a file, in bytes.
pub(super) const LARGEST_UPLOAD: usize = LARGEST / 3 * 4 + 64 * 1024;

/// What can be sent.
const TYPES: [&str; 15] = [
    "image/jpeg",
    "image/png",
    "video/mp4",
    "audio/aac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "application/json",
    "application/msword",
    "application/pdf",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "text/csv",
    "text/plain",
];

/// A file that the bridge was told to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentFile {
    /// The chat, as the gateway named it.
    pub chat_id: String,
    /// What it is.
    pub media_type: String,
    /// What it is called.
    pub name: Option<String>,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// What stands below it.
    pub caption: Option<String>,
    /// The message that it answers.
    pub reply_to: Option<String>,
    /// The key that it came with.
    pub idempotency_key: String,
    /// The id that it was given.
    pub message_id: String,
}

/// A file that somebody sends.
#[derive(Debug, Clone, Copy)]
pub struct SaidFile<'f> {
    /// What they say it is.
    pub media_type: &'f str,
    /// What they say it is called.
    pub name: Option<&'f str>,
    /// How many bytes they say it has; by default as many as it has.
    pub size: Option<u64>,
    /// What is in it.
    pub bytes: &'f [u8],
}

impl Provider<'_> {
    /// Sends a file, with a text below it.
    pub fn sends_file(&self, text: &str, file: SaidFile<'_>) {
        let number = format!("{}@s.whatsapp.net", self.number);
        self.bridge.shared.change(|account| {
            let id = format!("3EB0{:04}", account.last + 1);
            let file_id = format!("f{id}");
            account.files.insert(file_id.clone(), file.bytes.to_vec());
            let size = file.size.unwrap_or(file.bytes.len() as u64);
            let described =
                json!({"id": file_id, "type": file.media_type, "size": size, "name": file.name});
            account.bring(json!({
                "id": id,
                "chat_id": number,
                "kind": "direct",
                "number_jid": number,
                "lid": self.lid,
                "push_name": self.name,
                "from": "provider",
                "text": text,
                "media": "document",
                "file": described,
                "at": "2026-11-18T11:00:00.000Z",
            }));
        });
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SendMedia {
    chat_id: String,
    file: Upload,
    idempotency_key: String,
    caption: Option<String>,
    reply_to: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Upload {
    #[serde(rename = "type")]
    media_type: String,
    name: Option<String>,
    base64: String,
}

pub(super) async fn send_media(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<SendMedia>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(SendMedia { chat_id, file, idempotency_key, caption, reply_to }) =
        body.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => bad(&error.to_string()),
        })?;
    let Upload { media_type, name, base64 } = file;
    if !TYPES.contains(&media_type.as_str()) {
        let why = "files of this type cannot be sent".to_owned();
        return Err(Refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", why));
    }
    let is_path = |name: &str| name.contains(['/', '\\']) || matches!(name, "." | "..");
    if name.as_deref().is_some_and(|name| {
        name.is_empty() || name.len() > 255 || name.contains(char::is_control) || is_path(name)
    }) {
        return Err(bad("`file.name` is a name of 1 to 255 bytes, and no path"));
    }
    if caption.as_ref().is_some_and(|text| text.is_empty() || text.chars().count() > 1024) {
        return Err(bad("`caption` has 1 to 1024 characters"));
    }
    let bytes = STANDARD.decode(base64).map_err(|_| bad("`file.base64` is no base64"))?;
    if bytes.is_empty() {
        return Err(bad("`file.base64` has nothing in it"));
    }
    if bytes.len() > LARGEST {
        return Err(too_large());
    }
    if !is_person(&chat_id) {
        return Err(bad("`chat_id` is no JID of a person"));
    }
    let in_bounds = |text: &str| (1..=128).contains(&text.len());
    if !in_bounds(&idempotency_key) || !reply_to.as_deref().is_none_or(in_bounds) {
        return Err(bad("`idempotency_key` and `reply_to` have 1 to 128 bytes"));
    }
    let message_id = String::new();
    let file = SentFile {
        chat_id,
        media_type,
        name,
        bytes,
        caption,
        reply_to,
        idempotency_key,
        message_id,
    };
    let message_id = shared.change(|account| {
        linked(account)?;
        take(account, file)
    })?;
    Ok(Json(json!({"message_id": message_id})).into_response())
}

fn take(account: &mut Account, file: SentFile) -> Result<String, Refusal> {
    let key = &file.idempotency_key;
    if let Some(known) = account.sent_files.iter().find(|sent| sent.idempotency_key == *key) {
        let message_id = known.message_id.clone();
        if (SentFile { message_id: message_id.clone(), ..file }) == *known {
            return Ok(message_id);
        }
        return Err(key_used());
    }
    if account.sent.iter().any(|sent| sent.idempotency_key == *key) {
        return Err(key_used());
    }
    let message_id = format!("3EB0FILE{:04}", account.sent_files.len() + 1);
    account.sent_files.push(SentFile { message_id: message_id.clone(), ..file });
    Ok(message_id)
}

pub(super) fn key_used() -> Refusal {
    let why = "this key was used for another message".to_owned();
    Refusal(StatusCode::CONFLICT, "key_used", why)
}

fn too_large() -> Refusal {
    let why = format!("a file has at most {LARGEST} bytes");
    Refusal(StatusCode::PAYLOAD_TOO_LARGE, "too_large", why)
}

pub(super) async fn media(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    shared.change(|account| account.fetched += 1);
    let account = shared.account();
    let missing = || Refusal(StatusCode::NOT_FOUND, "no_media", "there is no such file".to_owned());
    let bytes = account.files.get(&id).ok_or_else(missing)?;
    let said = account.waiting.values().find_map(|message| {
        let file = message.get("file").filter(|file| file.get("id") == Some(&json!(id)))?;
        file.get("size")?.as_u64()
    });
    if bytes.len() > LARGEST || said.is_some_and(|size| size > LARGEST as u64) {
        return Err(too_large());
    }
    linked(&account)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment"),
    ];
    Ok((headers, bytes.clone()).into_response())
}
