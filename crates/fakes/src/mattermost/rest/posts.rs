//! `/posts`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::auth::Caller;
use super::body::{done, read, read_list};
use crate::mattermost::model::ids;
use crate::mattermost::model::posts::Post;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::{NewPost, PostPatch, Server};

/// How many posts changed since a time are listed at most.
const MOST_SINCE: usize = 1000;

/// How many posts a page has at most.
const MOST_PER_PAGE: usize = 200;

pub(super) async fn create(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    let new: NewPost = read(&body, "post")?;
    let post = server.create_post(&caller.user, caller.session, new).await?;
    let shown = server.world().show(&post);
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

pub(super) async fn show(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(post): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    let post = world.readable_post(&caller.user, checked(&post)?)?;
    Ok(Json(world.show(post)))
}

pub(super) async fn by_ids(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let ids: Vec<String> = read_list(&body, "post_ids")?;
    let world = server.world();
    let posts = ids.iter().filter_map(|id| world.readable_post(&caller.user, id).ok());
    Ok(Json(posts.map(|post| world.show(post)).collect()))
}

pub(super) async fn patch(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(post): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let patch: PostPatch = read(&body, "post")?;
    let post = server.patch_post(&caller.user, caller.session, checked(&post)?, patch)?;
    let world = server.world();
    Ok(Json(world.show(&post)))
}

pub(super) async fn delete(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(post): Path<String>,
) -> Result<Json<Value>, Refusal> {
    server.delete_post(&caller.user, checked(&post)?)?;
    Ok(done())
}

pub(super) async fn thread(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(post): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    let root = world.readable_post(&caller.user, checked(&post)?)?.thread();
    let channel = world.post(&root)?.channel_id.clone();
    let of_thread =
        |post: &&Post| post.delete_at == 0 && (post.id == root || post.root_id == root.as_str());
    let posts: Vec<&Post> = world.posts_of(&channel).filter(of_thread).rev().collect();
    Ok(Json(world.list(&posts)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Page {
    since: Option<i64>,
    before: Option<String>,
    after: Option<String>,
    #[serde(rename = "page")]
    number: usize,
    #[serde(rename = "per_page")]
    size: Option<usize>,
}

pub(super) async fn of_channel(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(channel): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    let world = server.world();
    // A channel that is not there is answered like one that may not be read.
    let channel = world.channels.get(channel.as_str()).ok_or_else(Refusal::forbidden)?;
    if !world.may_read(&caller.user, channel) {
        return Err(Refusal::forbidden());
    }
    let newest_first = world.posts_of(&channel.id).rev();
    let posts: Vec<&Post> = match page.since {
        Some(since) => {
            newest_first.filter(|post| post.update_at > since).take(MOST_SINCE).collect()
        }
        None => page.of(&newest_first.filter(|post| post.delete_at == 0).collect::<Vec<_>>()),
    };
    Ok(Json(world.list(&posts)))
}

impl Page {
    fn of<'p>(&self, newest_first: &[&'p Post]) -> Vec<&'p Post> {
        let per_page = self.size.unwrap_or(60).min(MOST_PER_PAGE);
        let skipped = self.number * per_page;
        let stands_at = |id: &str| {
            newest_first
                .iter()
                .position(|post| post.id.as_str() == id)
                .unwrap_or(newest_first.len())
        };
        match (&self.before, &self.after) {
            (Some(before), _) => newest_first
                .iter()
                .skip(stands_at(before) + 1 + skipped)
                .take(per_page)
                .copied()
                .collect(),
            (None, Some(after)) => {
                let end = stands_at(after).saturating_sub(skipped);
                let start = end.saturating_sub(per_page);
                newest_first.iter().take(end).skip(start).copied().collect()
            }
            (None, None) => newest_first.iter().skip(skipped).take(per_page).copied().collect(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewEphemeral {
    user_id: String,
    post: Option<Value>,
}

pub(super) async fn ephemeral(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    let new: NewEphemeral = read(&body, "body")?;
    if new.user_id.is_empty() {
        return Err(Refusal::bad_body("user_id"));
    }
    let post = new.post.ok_or_else(|| Refusal::bad_body("post"))?;
    let post: NewPost = read(post.to_string().as_bytes(), "post")?;
    let shown = server.post_ephemeral(&caller.user, &new.user_id.into(), &post)?;
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

/// An id of a post in an address.
pub(super) fn checked(post: &str) -> Result<&str, Refusal> {
    if ids::is_id(post) { Ok(post) } else { Err(Refusal::bad_url("post_id")) }
}
