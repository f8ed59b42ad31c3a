//! `/files`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Caller;
use super::multipart::{self, Part};
use crate::mattermost::model::world::StoredFile;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::{NewFile, Server};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Simple {
    channel_id: String,
    filename: String,
    client_id: String,
}

/// A form with parts, or the file alone with its name in the address.
pub(super) async fn upload(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Query(simple): Query<Simple>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    if body.is_empty() {
        return Err(unreadable());
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default();
    let (channel, files, clients) = if kind.starts_with("multipart/form-data") {
        from_form(multipart::parts(kind, &body).ok_or_else(unreadable)?)?
    } else {
        from_address(simple, kind, body)?
    };
    let mut infos = Vec::new();
    for file in files {
        infos.push(server.upload(&caller.user, &channel, file)?.to_json());
    }
    let answer = json!({"file_infos": infos, "client_ids": clients});
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

type Uploads = (String, Vec<NewFile>, Vec<String>);

fn from_form(parts: Vec<Part>) -> Result<Uploads, Refusal> {
    let (mut channel, mut files, mut clients) = (String::new(), Vec::new(), Vec::new());
    for part in parts {
        match (part.name.as_str(), part.filename) {
            ("files", Some(name)) => {
                files.push(NewFile { name, mime: part.mime, content: part.content });
            }
            ("channel_id", _) => channel = part.content.escape_ascii().to_string(),
            ("client_ids", _) => clients.push(part.content.escape_ascii().to_string()),
            _ => {}
        }
    }
    if channel.is_empty() {
        return Err(Refusal::bad_body("channel_id"));
    }
    if files.is_empty() || (!clients.is_empty() && clients.len() != files.len()) {
        let id = "api.file.upload_file.incorrect_number_of_client_ids.app_error";
        return Err(Refusal::new(400, id, "Files and their client ids do not match."));
    }
    Ok((channel, files, clients))
}

fn from_address(simple: Simple, kind: &str, content: Bytes) -> Result<Uploads, Refusal> {
    if simple.channel_id.is_empty() {
        return Err(Refusal::bad_url("channel_id"));
    }
    if simple.filename.is_empty() {
        return Err(Refusal::bad_url("filename"));
    }
    let clients = if simple.client_id.is_empty() { Vec::new() } else { vec![simple.client_id] };
    let file = NewFile { name: simple.filename, mime: kind.to_owned(), content };
    Ok((simple.channel_id, vec![file], clients))
}

fn unreadable() -> Refusal {
    let id = "api.file.upload_file.read_request.app_error";
    Refusal::new(400, id, "The upload could not be read.")
}

pub(super) async fn content(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(file): Path<String>,
) -> Result<Response, Refusal> {
    let file = server.file(&caller.user, &file)?;
    let disposition = format!("attachment;filename=\"{}\"", file.name.replace(['"', '\\'], "_"));
    let headers = [
        (header::CONTENT_TYPE, file.mime),
        (header::CONTENT_DISPOSITION, disposition),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, file.content).into_response())
}

pub(super) async fn info(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(file): Path<String>,
) -> Result<Json<Value>, Refusal> {
    Ok(Json(server.file(&caller.user, &file)?.to_json()))
}

pub(super) async fn of_post(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(post): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    let post = world.readable_post(&caller.user, &post)?;
    let files = post.file_ids.iter().filter_map(|id| world.files.get(id.as_str()));
    Ok(Json(files.map(StoredFile::to_json).collect()))
}
