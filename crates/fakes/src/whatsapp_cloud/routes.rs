//! The routes of the Graph API.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::content::{Wanted, wanted};
use super::media;
use super::refusal::Refusal;
use super::send;
use super::state::Shared;
use super::strict::Object;

/// Older versions are gone.
const OLDEST: u32 = 21;

/// A newer version there is not yet.
const NEWEST: u32 = 26;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/{version}/{id}", get(look))
        .route("/{version}/{id}/messages", post(messages))
        .route("/{version}/{id}/media", post(media::upload))
        .route("/{version}/{id}/conversational_automation", post(automation))
        .route("/whatsapp_business/attachments", get(media::download))
        .with_state(shared)
}

/// Whether the request is of this app, and of a version that there is.
pub(super) fn allowed(shared: &Shared, version: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    bearer(shared, headers)?;
    let number = version.strip_prefix('v').and_then(|rest| rest.strip_suffix(".0"));
    let number: Option<u32> = number.and_then(|number| number.parse().ok());
    match number {
        Some(OLDEST..=NEWEST) => Ok(()),
        Some(_) => Err(Refusal::of(2635, "Use a version that is not expired.")),
        None => Err(Refusal::parameter("Unknown path components.")),
    }
}

/// Whether it is of this app.
pub(super) fn bearer(shared: &Shared, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let wanted = format!("Bearer {}", shared.world().token);
    if given == Some(wanted.as_str()) {
        return Ok(());
    }
    Err(Refusal::of(190, "Error validating access token: the session has been invalidated."))
}

type Place = Path<(String, String)>;

async fn messages(
    State(shared): State<Arc<Shared>>,
    Path((version, id)): Place,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let body = json_for(&shared, (&version, &id), &headers, &body)?;
    match wanted(&body)? {
        Wanted::Send(message) => send::send(&shared, *message).map(Json),
        Wanted::Read { id, typing } => {
            if !shared.world().brought.contains(&id) {
                return Err(Refusal::parameter("There is no such incoming message."));
            }
            shared.change(|world| {
                if typing {
                    world.typing.push(id.clone());
                }
                world.read.push(id);
            });
            Ok(Json(json!({"success": true})))
        }
    }
}

async fn automation(
    State(shared): State<Arc<Shared>>,
    Path((version, id)): Place,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let body = json_for(&shared, (&version, &id), &headers, &body)?;
    let known = ["commands", "prompts", "enable_welcome_message"];
    let request = Object::of("conversational_automation", &body, &known)?;
    let mut commands = Vec::new();
    if request.get("commands").is_some() {
        for command in request.list("commands", 30)? {
            let fields = ["command_name", "command_description"];
            let command = Object::of("command", command, &fields)?;
            let name = command.text("command_name", 32)?;
            let legal = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
            if !name.chars().all(legal) {
                return Err(Refusal::value("A command's name has letters and digits."));
            }
            let hint = command.text("command_description", 256)?;
            commands.push((name.to_owned(), hint.to_owned()));
        }
    }
    shared.change(|world| world.commands = commands);
    Ok(Json(json!({"success": true})))
}

/// The number, or a file.
async fn look(
    State(shared): State<Arc<Shared>>,
    Path((version, id)): Place,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    allowed(&shared, &version, &headers)?;
    if id != shared.settings.phone_number_id {
        return media::look(&shared, &id, &query).map(Json);
    }
    let all = json!({
        "id": id,
        "display_phone_number": shared.settings.number,
        "verified_name": "Countersign test",
        "quality_rating": "GREEN",
        "platform_type": "CLOUD_API",
        "code_verification_status": "VERIFIED",
    });
    let fields = query.into_iter().find(|(name, _)| name == "fields").map(|(_, value)| value);
    let Some(fields) = fields else { return Ok(Json(all)) };
    let mut found = json!({"id": id});
    for field in fields.split(',') {
        let Some(value) = all.get(field) else {
            let what = format!("Tried accessing nonexisting field ({field}).");
            return Err(Refusal::parameter(&what));
        };
        if let Some(found) = found.as_object_mut() {
            found.insert(field.to_owned(), value.clone());
        }
    }
    Ok(Json(found))
}

/// The body of a request that is for the number.
fn json_for(
    shared: &Shared,
    (version, id): (&str, &str),
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, Refusal> {
    allowed(shared, version, headers)?;
    if id != shared.settings.phone_number_id {
        return Err(Refusal::no_object(id));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(Refusal::parameter("The body has to be JSON."));
    }
    serde_json::from_slice(body).map_err(|_| Refusal::parameter("The body is no JSON."))
}
