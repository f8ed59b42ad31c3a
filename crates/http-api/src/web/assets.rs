//! The files of the web page.

use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use countersign_domain::digest::Digest;

use crate::problem::Problem;

/// A file: its name, its media type and what is in it.
type Asset = (&'static str, &'static str, &'static [u8]);

const ASSETS: &[Asset] = &include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// One file. Names stay the same from version to version, so a browser asks each time whether its
/// copy is still good.
pub(super) async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let found = ASSETS.iter().find(|(name, ..)| *name == file);
    match found {
        Some((_, media_type, content)) => revalidated(
            &headers,
            content,
            ([(CONTENT_TYPE, *media_type)], *content).into_response(),
        ),
        None => Problem::missing("not_found", "there is no such file").into_response(),
    }
}

/// The program that the browser keeps. It may speak for no more than the folder that it comes from, so
/// this one comes from the topmost.
pub(super) async fn service_worker(headers: HeaderMap) -> Response {
    asset(Path("service-worker.js".to_owned()), headers).await
}

/// `response` with a tag of its `content`, or 304 if the browser has that already.
pub(super) fn revalidated(headers: &HeaderMap, content: &[u8], mut response: Response) -> Response {
    let tag = format!("\"{}\"", Digest::of(content).short());
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let known = known.is_some_and(|tags| {
        tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag)
    });
    if known {
        // A browser takes these headers over into its copy, so they are those of the whole answer.
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    response
}
