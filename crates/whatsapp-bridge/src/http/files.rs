//! `GET /media/{id}`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse as _, Response};

use super::refusal::{Refusal, linked};
use crate::account::FetchError;
use crate::bridge::Bridge;
use crate::file::LARGEST_FILE;

/// The bytes, of no type: what the sender says of them is in the message, and is their word.
pub(super) async fn media(
    State(bridge): State<Arc<Bridge>>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let found = bridge.store.file(id).await?;
    let missing = || Refusal::not_found("no_media", "there is no such file".to_owned());
    let file = found.ok_or_else(missing)?;
    let too_large = || Refusal::too_large(format!("a file has at most {LARGEST_FILE} bytes"));
    if file.size > LARGEST_FILE as u64 {
        return Err(too_large());
    }
    linked(&bridge)?;
    match bridge.account.fetch(&file.keys, LARGEST_FILE).await {
        Ok(bytes) if bytes.len() > LARGEST_FILE => Err(too_large()),
        Ok(bytes) => {
            let headers = [
                (CONTENT_TYPE, "application/octet-stream"),
                (CONTENT_DISPOSITION, "attachment"),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            Ok((headers, bytes).into_response())
        }
        Err(FetchError::TooLarge) => Err(too_large()),
        Err(error @ FetchError::Gone(_)) => Err(Refusal::gone(error.to_string())),
        Err(FetchError::Failed(why)) => Err(Refusal::broken(why)),
    }
}
