//! What a caller sends for a response.

use std::fmt;

use countersign_gateway::Role;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder};
use utoipa::openapi::{Ref, RefOr, Schema};

use super::super::chat::StreamOptionsBody;
use super::super::content::{Content, Ignored, content_schema, text};
use super::id::ResponseId;
use crate::body::Object;
use crate::problem::Problem;

/// A response to make. Members that are not listed are not looked at: the agent has its own tools,
/// temperature and limits.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ResponseRequest, example = json!({
    "model": "countersign", "input": "what is in the workspace?"
}))]
pub(crate) struct ResponseBodyIn {
    /// One of `GET /v1/models`; without it the configured one.
    #[schema(example = "countersign")]
    pub(super) model: Option<String>,
    /// A text, or the messages to add to the conversation; the last one is the user's.
    #[schema(schema_with = input_schema)]
    input: Input,
    /// Instructions for this response.
    pub(super) instructions: Option<String>,
    /// The response that this one goes on from, as it ended.
    #[schema(value_type = Option<String>, pattern = "^resp_[0-9a-f]{32}$")]
    pub(super) previous_response_id: Option<ResponseId>,
    /// Whether the response comes in events as it is made.
    pub(super) stream: Option<bool>,
    pub(super) stream_options: Option<StreamOptionsBody>,
    /// Whether it can be read and gone on from later; true by default.
    pub(super) store: Option<bool>,
    /// Anything; it comes back with the response and is never read.
    pub(super) metadata: Option<Map<String, Value>>,
    /// Not taken: name the response to go on from.
    #[serde(default)]
    #[schema(ignore)]
    conversation: Ignored,
    /// Not taken: start a run.
    background: Option<bool>,
}

/// A message of the input. Other members are not looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ResponseInputItem)]
pub(crate) struct ItemBody {
    /// `message`; other items are refused.
    #[schema(example = "message")]
    r#type: Option<String>,
    #[schema(inline)]
    role: Option<ItemRole>,
    /// A text, or parts of one.
    #[serde(default)]
    #[schema(schema_with = content_schema)]
    content: Content,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ItemRole {
    System,
    Developer,
    User,
    Assistant,
}

#[derive(Debug)]
enum Input {
    Text(String),
    Items(Vec<ItemBody>),
}

impl ResponseBodyIn {
    /// The messages to add, or what is wrong with them.
    pub(super) fn messages(&mut self) -> Result<Vec<(Role, String)>, Problem> {
        if self.conversation.0 {
            let message = "conversations are not kept by name: give `previous_response_id`";
            return Err(Problem::invalid("unsupported_value", "/conversation", message));
        }
        if self.background == Some(true) {
            let message = "to start work and come back for it, use `POST /v1/runs`";
            return Err(Problem::invalid("unsupported_value", "/background", message));
        }
        let items = match std::mem::replace(&mut self.input, Input::Items(Vec::new())) {
            Input::Text(text) => return Ok(vec![(Role::User, text)]),
            Input::Items(items) => items,
        };
        let mut messages = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let (role, text) = item.message(&format!("/input/{index}"))?;
            if !text.trim().is_empty() {
                messages.push((role, text));
            }
        }
        Ok(messages)
    }
}

impl ItemBody {
    fn message(self, pointer: &str) -> Result<(Role, String), Problem> {
        if let Some(other) = self.r#type.as_deref().filter(|kind| *kind != "message") {
            let message = format!("items of the type `{other}` are not taken: give messages alone");
            return Err(Problem::invalid("unsupported_value", &format!("{pointer}/type"), message));
        }
        let Some(role) = self.role else {
            let at = format!("{pointer}/role");
            return Err(Problem::invalid("missing_field", &at, "missing field `role`"));
        };
        let role = match role {
            ItemRole::System | ItemRole::Developer => Role::System,
            ItemRole::User => Role::User,
            ItemRole::Assistant => Role::Assistant,
        };
        Ok((role, self.content.text(&format!("{pointer}/content"))?))
    }
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InputVisitor)
    }
}

struct InputVisitor;

impl<'de> Visitor<'de> for InputVisitor {
    type Value = Input;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of messages")
    }

    fn visit_str<E>(self, text: &str) -> Result<Input, E> {
        Ok(Input::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Input, A::Error> {
        let mut items = Vec::new();
        while let Some(Object(item)) = list.next_element::<Object<ItemBody>>()? {
            items.push(item);
        }
        Ok(Input::Items(items))
    }
}

fn input_schema() -> RefOr<Schema> {
    let items = ArrayBuilder::new().items(Ref::from_schema_name("ResponseInputItem"));
    OneOfBuilder::new().item(text()).item(items).into()
}

/// The schemas that the body refers to by name.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(ItemBody)))]
pub(crate) struct ResponseSchemas;
