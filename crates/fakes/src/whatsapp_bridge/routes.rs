//! The contract, enforced.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::files::{self, LARGEST_UPLOAD, key_used};
use super::pairing::{self, owner};
use super::state::{Account, SentMessage, Shared};

/// The longest text, in characters.
const LONGEST_TEXT: usize = 65_536;

/// Nobody waits longer.
const LONGEST_WAIT: u64 = 60;

/// So many messages are brought at one time.
const MOST_AT_ONCE: usize = 100;

/// What is refused, and how.
pub(super) struct Refusal(pub(super) StatusCode, pub(super) &'static str, pub(super) String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        (status, Json(json!({"error": {"code": code, "message": message}}))).into_response()
    }
}

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/chats", get(chats))
        .route("/chat/{id}", get(chat))
        .route("/messages", get(messages))
        .route("/messages/ack", post(ack))
        .route("/send", post(send))
        .route("/typing", post(typing))
        .route("/pairing", get(pairing::pairing))
        .route("/media/{id}", get(files::media))
        .route("/send-media", post(files::send_media).layer(DefaultBodyLimit::max(LARGEST_UPLOAD)))
        .fallback(nowhere)
        .layer(from_fn_with_state(shared.clone(), wants_token))
        .with_state(shared)
}

async fn wants_token(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given != Some(&format!("Bearer {}", shared.token)) {
        let why = "give the token of this bridge".to_owned();
        return Refusal(StatusCode::UNAUTHORIZED, "unauthorized", why).into_response();
    }
    next.run(request).await
}

async fn nowhere() -> Refusal {
    Refusal(StatusCode::NOT_FOUND, "not_found", "there is no such path".to_owned())
}

async fn health(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let account = owner(&shared.account());
    let linked = account.is_some();
    Json(json!({"status": "ok", "protocol": 1, "linked": linked, "account": account}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    limit: Option<usize>,
    since: Option<String>,
}

async fn chats(
    State(shared): State<Arc<Shared>>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(Wanted { limit, since }) = wanted.map_err(|error| bad(&error.to_string()))?;
    let limit = limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(bad("`limit` is from 1 to 200"));
    }
    let account = shared.account();
    linked(&account)?;
    let newer = account.chats.iter().rev();
    let newer = newer.filter(|chat| since.as_ref().is_none_or(|at| chat.last_message_at > *at));
    let listed: Vec<Value> = newer.take(limit).map(shown).collect();
    Ok(Json(json!({"chats": listed})))
}

async fn chat(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let account = shared.account();
    linked(&account)?;
    let found = account.chats.iter().find(|chat| chat.id == id).map(shown);
    let missing = || Refusal(StatusCode::NOT_FOUND, "no_chat", format!("there is no chat {id}"));
    found.map(Json).ok_or_else(missing)
}

fn shown(chat: &super::state::Chat) -> Value {
    json!({
        "id": chat.id,
        "name": chat.name,
        "kind": chat.kind,
        "last_message_at": chat.last_message_at,
        "unread": chat.unread,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    after: Option<String>,
    wait: Option<u64>,
}

async fn messages(
    State(shared): State<Arc<Shared>>,
    after: Result<Query<After>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(After { after, wait }) = after.map_err(|error| bad(&error.to_string()))?;
    let from = match after {
        Some(cursor) => number(&cursor)?,
        None => 0,
    };
    if wait.is_some_and(|wait| wait > LONGEST_WAIT) {
        return Err(bad("`wait` is from 0 to 60"));
    }
    let patience = Duration::from_secs(wait.unwrap_or(0));
    let there = async {
        loop {
            let changed = shared.changed.notified();
            let found: Vec<Value> = {
                let account = shared.account();
                let first = from.max(account.acknowledged) + 1;
                let there = account.waiting.range(first..).take(MOST_AT_ONCE);
                there.map(|(_, message)| message.clone()).collect()
            };
            if !found.is_empty() {
                return found;
            }
            changed.await;
        }
    };
    match tokio::time::timeout(patience, there).await {
        Ok(found) => Ok(Json(json!({"messages": found}))),
        Err(_) => Ok(Json(json!({"messages": []}))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ack {
    cursor: String,
}

async fn ack(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Ack>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    let Json(Ack { cursor }) = body.map_err(|error| bad(&error.to_string()))?;
    let number = number(&cursor)?;
    shared.change(|account| {
        if number > account.last {
            return Err(bad("nothing was brought under this cursor"));
        }
        account.acknowledged = account.acknowledged.max(number);
        let kept = account.waiting.split_off(&(account.acknowledged + 1));
        account.waiting = kept;
        Ok(StatusCode::NO_CONTENT)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    chat_id: String,
    text: String,
    idempotency_key: String,
    reply_to: Option<String>,
}

async fn send(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Send>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(message) = body.map_err(|error| bad(&error.to_string()))?;
    if !is_person(&message.chat_id) {
        return Err(bad("`chat_id` is no JID of a person"));
    }
    let length = message.text.chars().count();
    if length == 0 || length > LONGEST_TEXT {
        return Err(bad("`text` has 1 to 65536 characters"));
    }
    if message.idempotency_key.is_empty() || message.idempotency_key.len() > 128 {
        return Err(bad("`idempotency_key` has 1 to 128 bytes"));
    }
    if message.reply_to.as_ref().is_some_and(|id| id.is_empty() || id.len() > 128) {
        return Err(bad("`reply_to` has 1 to 128 bytes"));
    }
    shared.change(|account| account.attempts += 1);
    loop {
        let changed = shared.changed.notified();
        if !shared.account().held {
            break;
        }
        changed.await;
    }
    let (message_id, silent) = shared.change(|account| {
        linked(account)?;
        let silent = account.silent > 0;
        account.silent = account.silent.saturating_sub(1);
        take(account, message).map(|id| (id, silent))
    })?;
    if silent {
        // What was taken is taken; that nobody hears of it is what is tried.
        let why = "the connection to the phone broke off".to_owned();
        return Err(Refusal(StatusCode::BAD_GATEWAY, "broken", why));
    }
    Ok(Json(json!({"message_id": message_id})).into_response())
}

fn take(account: &mut Account, message: Send) -> Result<String, Refusal> {
    let Send { chat_id, text, idempotency_key, reply_to } = message;
    let known = account.sent.iter().find(|sent| sent.idempotency_key == idempotency_key);
    match known {
        Some(sent) if sent.chat_id == chat_id && sent.text == text => Ok(sent.message_id.clone()),
        Some(_) => Err(key_used()),
        None if account.sent_files.iter().any(|sent| sent.idempotency_key == idempotency_key) => {
            Err(key_used())
        }
        None => {
            let message_id = format!("3EB0OUT{:04}", account.sent.len() + 1);
            let sent = SentMessage {
                chat_id,
                text,
                reply_to,
                idempotency_key,
                message_id: message_id.clone(),
            };
            account.sent.push(sent);
            Ok(message_id)
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typing {
    chat_id: String,
}

async fn typing(
    State(shared): State<Arc<Shared>>,
    body: Result<Json<Typing>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    let Json(Typing { chat_id }) = body.map_err(|error| bad(&error.to_string()))?;
    if !is_person(&chat_id) {
        return Err(bad("no JID of a person"));
    }
    linked(&shared.account()).map(|()| StatusCode::NO_CONTENT)
}

pub(super) fn is_person(jid: &str) -> bool {
    jid.split_once('@').is_some_and(|(user, server)| {
        !user.is_empty()
            && user.bytes().all(|b| b.is_ascii_digit())
            && matches!(server, "s.whatsapp.net" | "lid")
    })
}

fn number(cursor: &str) -> Result<u64, Refusal> {
    let digits = cursor.strip_prefix('c').and_then(|digits| digits.parse().ok());
    digits.ok_or_else(|| bad("this is no cursor"))
}

pub(super) fn linked(account: &Account) -> Result<(), Refusal> {
    if account.unlinked {
        let why = "the account is not linked: pair it again".to_owned();
        return Err(Refusal(StatusCode::SERVICE_UNAVAILABLE, "not_linked", why));
    }
    Ok(())
}

pub(super) fn bad(why: &str) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, "bad_request", why.to_owned())
}
