//! Files: uploaded, looked up by their id, and fetched at an address that holds for a while.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use ring::digest;
use serde_json::{Value, json};

use super::deliver::hex;
use super::refusal::Refusal;
use super::routes::{allowed, bearer};
use super::state::{Address, Media, Shared};
use crate::mattermost::multipart;

/// How long an address holds, in milliseconds.
const HOLDS: i64 = 5 * 60 * 1000;

/// `POST …/media`.
pub(super) async fn upload(
    State(shared): State<Arc<Shared>>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    allowed(&shared, &version, &headers)?;
    if id != shared.settings.phone_number_id {
        return Err(Refusal::no_object(&id));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let parts = multipart::parts(kind.unwrap_or_default(), &body).unwrap_or_default();
    let part = |name: &str| parts.iter().find(|part| part.name == name);
    let product = part("messaging_product").map(|part| part.content.clone());
    if product.as_deref() != Some(b"whatsapp") {
        return Err(Refusal::parameter("Param messaging_product must be `whatsapp`."));
    }
    let file = part("file").ok_or_else(|| Refusal::of(131_008, "Param file is required."))?;
    let media = Media { mime: file.mime.clone(), content: file.content.clone() };
    let id = shared.change(|world| {
        let id = format!("10{}", world.new_number());
        world.media.insert(id.clone(), media);
        id
    });
    Ok(Json(json!({"id": id})))
}

/// `GET …/{media}`.
pub(super) fn look(
    shared: &Shared,
    id: &str,
    query: &[(String, String)],
) -> Result<Value, Refusal> {
    let of = query.iter().find(|(name, _)| name == "phone_number_id").map(|(_, value)| value);
    if of.is_some_and(|of| *of != shared.settings.phone_number_id) {
        return Err(Refusal::no_object(id));
    }
    let until = shared.now() + HOLDS;
    let found = shared.change(|world| {
        let media = world.media.get(id).cloned()?;
        let mid = world.new_number().to_string();
        world.addresses.insert(mid.clone(), Address { media: id.to_owned(), until });
        Some((media, mid))
    });
    let (media, mid) = found.ok_or_else(|| Refusal::no_object(id))?;
    Ok(json!({
        "messaging_product": "whatsapp",
        "id": id,
        "url": format!("{}/whatsapp_business/attachments?mid={mid}", shared.url),
        "mime_type": media.mime,
        "sha256": sha256(&media.content),
        "file_size": media.content.len(),
    }))
}

/// `GET` of an address that [`look`] gave.
pub(super) async fn download(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    bearer(&shared, &headers)?;
    let mid = query.into_iter().find(|(name, _)| name == "mid").map(|(_, value)| value);
    let now = shared.now();
    let world = shared.world();
    let address = mid.and_then(|mid| world.addresses.get(&mid)).filter(|one| now < one.until);
    let media = address.and_then(|address| world.media.get(&address.media));
    let media = media.ok_or_else(|| Refusal::of(131_052, "The address holds no more."))?;
    let kind = [(header::CONTENT_TYPE, media.mime.clone())];
    Ok((kind, media.content.clone()).into_response())
}

pub(super) fn sha256(content: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, content).as_ref())
}
