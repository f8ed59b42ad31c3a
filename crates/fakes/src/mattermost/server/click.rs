//! A click on a button: the request to its address, and what the answer does.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Server;
use super::change_post::Updated;
use super::ephemeral::RETAINED;
use super::outgoing::{Answer, Request};
use crate::mattermost::model::ids::{ChannelId, PostId, UserId};
use crate::mattermost::model::posts::Post;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::NewPost;

/// What a client sends with a click.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Click {
    pub(crate) selected_option: String,
    pub(crate) cookie: String,
}

/// What came of a click.
#[derive(Debug, Clone)]
pub(crate) struct Clicked {
    pub(crate) trigger: String,
    pub(crate) ephemeral: Option<String>,
    pub(crate) updated: Option<Post>,
}

/// Where a click goes and what the answer is held against.
struct Target {
    channel: ChannelId,
    kind: String,
    url: String,
    context: Option<Map<String, Value>>,
    data_source: String,
    root: PostId,
    retain: Map<String, Value>,
    remove: Vec<String>,
    /// What the post was; not there if the post is not stored.
    original: Option<Post>,
}

/// What buttons answer with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Response {
    update: Option<UpdateWanted>,
    ephemeral_text: String,
    skip_slack_parsing: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UpdateWanted {
    message: String,
    props: Option<Map<String, Value>>,
    file_ids: Option<Vec<String>>,
}

impl Server {
    /// `POST /posts/{id}/actions/{action}`.
    pub(crate) async fn click(
        &self,
        user: &UserId,
        post: &str,
        action: &str,
        click: &Click,
    ) -> Result<Clicked, Refusal> {
        let target = self.target(user, post, action, click)?;
        let (trigger, request) = self.request(user, post, &target, click)?;
        let answer = self.deliver(&target.url, Request::Json(request)).await;
        let response = read(answer.ok())?;
        let updated = match response.update {
            Some(update) => Some(self.apply(post, &target, update)?),
            None => None,
        };
        let ephemeral = (!response.ephemeral_text.is_empty()).then(|| {
            let text = if response.skip_slack_parsing {
                response.ephemeral_text
            } else {
                super::answer_command::slack_links(&response.ephemeral_text)
            };
            let new = NewPost {
                root_id: target.root.to_string(),
                props: Some(target.retain),
                ..NewPost::text(&target.channel, None, &text)
            };
            self.send_ephemeral(user, user, &new);
            text
        });
        Ok(Clicked { trigger, ephemeral, updated })
    }

    /// Where a click would go, if the user may click there.
    fn target(
        &self,
        user: &UserId,
        id: &str,
        action: &str,
        click: &Click,
    ) -> Result<Target, Refusal> {
        let cookie = if click.cookie.is_empty() { None } else { Some(self.open(&click.cookie)?) };
        let world = self.world();
        if let Some(cookie) = &cookie {
            world.readable_channel(user, cookie.pointer_text("/channel_id"))?;
        } else {
            // A post that never was is answered like one that may not be read.
            let post = world.posts.get(id).ok_or_else(Refusal::forbidden)?;
            world.readable_channel(user, &post.channel_id)?;
        }
        match (world.post(id), cookie) {
            (Ok(post), _) => stored_target(post, action),
            (Err(_), Some(cookie)) => cookie_target(id, &cookie),
            (Err(refusal), None) => Err(refusal),
        }
    }

    fn open(&self, cookie: &str) -> Result<Value, Refusal> {
        let text = self.keys.unseal(cookie).ok_or_else(failed)?;
        serde_json::from_str(&text).map_err(|_| failed())
    }

    /// The request that tells of a click, and the client's name for it.
    fn request(
        &self,
        user: &UserId,
        post: &str,
        target: &Target,
        click: &Click,
    ) -> Result<(String, Value), Refusal> {
        let world = self.world();
        let clicker = world.user(user)?;
        let channel = world.channel(&target.channel)?;
        let team = channel.team.as_ref().and_then(|team| world.teams.get(team));
        let trigger = self.keys.trigger(user, world.now());
        let mut context = target.context.clone();
        let mut data_source = "";
        if target.kind == "select" && !click.selected_option.is_empty() {
            let chosen = Value::String(click.selected_option.clone());
            context.get_or_insert_default().insert("selected_option".to_owned(), chosen);
            data_source = &target.data_source;
        }
        let mut request = json!({
            "user_id": user,
            "user_name": clicker.username,
            "channel_id": channel.id,
            "channel_name": channel.name,
            "team_id": channel.team_id(),
            "team_domain": team.map_or("", |team| team.name.as_str()),
            "post_id": post,
            "trigger_id": trigger.signed,
            "type": target.kind,
            "data_source": data_source,
        });
        if let (Some(context), Some(fields)) = (context, request.as_object_mut()) {
            fields.insert("context".to_owned(), Value::Object(context));
        }
        Ok((trigger.client_id, request))
    }

    /// The body that a click by this user on this action would send, as an attacker would copy it.
    pub(crate) fn would_send(
        &self,
        user: &UserId,
        post: &str,
        action: &str,
    ) -> Result<(String, Value), Refusal> {
        let target = stored_target(self.world().post(post)?, action)?;
        let (_, request) = self.request(user, post, &target, &Click::default())?;
        Ok((target.url, request))
    }

    /// Changes the post as the answer says: text as it is given, even if it is missing; props as
    /// they were unless some are given.
    fn apply(&self, id: &str, target: &Target, update: UpdateWanted) -> Result<Post, Refusal> {
        let original = target.original.as_ref();
        let props = match update.props {
            None => original.map(|post| post.props.clone()).unwrap_or_default(),
            Some(mut props) => {
                props.extend(target.retain.clone());
                for key in &target.remove {
                    props.remove(key);
                }
                props
            }
        };
        let to = Updated {
            message: update.message,
            props,
            is_pinned: original.is_some_and(|post| post.is_pinned),
            file_ids: update.file_ids.unwrap_or_default(),
        };
        self.world().update_post(&id.into(), to)
    }
}

fn stored_target(post: &Post, action: &str) -> Result<Target, Refusal> {
    let no_action = || {
        let id = "api.post.do_action.action_id.app_error";
        Refusal::new(404, id, "There is no such action.")
    };
    let action = post.action(action).ok_or_else(no_action)?;
    let integration = action.get("integration").ok_or_else(no_action)?;
    let mut retain = Map::new();
    let mut remove = Vec::new();
    for key in RETAINED {
        match post.props.get(key) {
            Some(value) => {
                retain.insert(key.to_owned(), value.clone());
            }
            None => remove.push(key.to_owned()),
        }
    }
    Ok(Target {
        channel: post.channel_id.clone(),
        kind: action.pointer_text("/type").to_owned(),
        url: integration.pointer_text("/url").to_owned(),
        context: integration.get("context").and_then(Value::as_object).cloned(),
        data_source: action.pointer_text("/data_source").to_owned(),
        root: post.thread(),
        retain,
        remove,
        original: Some(post.clone()),
    })
}

fn cookie_target(post: &str, cookie: &Value) -> Result<Target, Refusal> {
    let integration = cookie.get("integration").filter(|value| value.is_object());
    let Some(integration) = integration.filter(|_| cookie.pointer_text("/post_id") == post) else {
        return Err(failed());
    };
    let removed = cookie.get("remove_props").and_then(Value::as_array).into_iter().flatten();
    Ok(Target {
        channel: cookie.pointer_text("/channel_id").into(),
        kind: cookie.pointer_text("/type").to_owned(),
        url: integration.pointer_text("/url").to_owned(),
        context: integration.get("context").and_then(Value::as_object).cloned(),
        data_source: String::new(),
        root: cookie.pointer_text("/root_post_id").into(),
        retain: cookie.get("retain_props").and_then(Value::as_object).cloned().unwrap_or_default(),
        remove: removed.filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        original: None,
    })
}

/// Exactly 200, and JSON or nothing.
fn read(answer: Option<Answer>) -> Result<Response, Refusal> {
    let answer = answer.filter(|answer| answer.status == 200).ok_or_else(failed)?;
    if answer.body.is_empty() {
        return Ok(Response::default());
    }
    let said: Map<String, Value> = serde_json::from_slice(&answer.body).map_err(|_| failed())?;
    serde_json::from_value(Value::Object(said)).map_err(|_| failed())
}

pub(super) fn failed() -> Refusal {
    Refusal::new(
        400,
        "api.post.do_action.action_integration.app_error",
        "The integration behind this action has failed.",
    )
}

/// Reading texts out of JSON.
pub(super) trait PointerText {
    fn pointer_text(&self, pointer: &str) -> &str;
}

impl PointerText for Value {
    fn pointer_text(&self, pointer: &str) -> &str {
        self.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}
