//! What a caller sends to start a run.

use std::fmt;

use countersign_domain::ids::{RunId, SessionId};
use countersign_gateway::{Role, StartRun};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

use crate::body::Object;
use crate::problem::Problem;

/// A run to start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StartRun, example = json!({"input": "delete the old backups"}))]
pub(crate) struct StartBody {
    /// A text, or the messages to add to the conversation; the last one is the user's.
    #[schema(schema_with = messages_schema)]
    input: Messages,
    /// The session to go on in; without it a new one begins.
    #[schema(value_type = Option<String>, pattern = "^sess_[0-9a-f]{32}$")]
    session_id: Option<SessionId>,
    /// A run whose session is meant.
    #[schema(value_type = Option<String>, pattern = "^run_[0-9a-f]{32}$")]
    previous_response_id: Option<RunId>,
    /// Instructions for this run, added to the agent's own.
    instructions: Option<String>,
    /// The model; without it the configured one.
    model: Option<String>,
    /// What was said before, elsewhere.
    #[serde(default)]
    #[schema(schema_with = messages_schema)]
    conversation_history: Messages,
    /// Anything; it comes back with the run and is never read.
    #[serde(default)]
    metadata: Map<String, Value>,
}

/// One message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InputMessage)]
pub(crate) struct InputMessageBody {
    #[schema(inline)]
    role: RoleWord,
    /// A text, or parts of one.
    #[schema(schema_with = content_schema)]
    content: Content,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RoleWord {
    System,
    User,
    Assistant,
}

/// A part of a message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TextPart)]
pub(crate) struct PartBody {
    #[expect(dead_code, reason = "parsed so that other kinds are refused")]
    #[schema(inline)]
    r#type: PartKind,
    text: String,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PartKind {
    Text,
    InputText,
}

/// A text, which is one message of the user, or messages.
#[derive(Debug, Default)]
struct Messages(Vec<(Role, String)>);

/// A text, or parts of one.
#[derive(Debug)]
struct Content(String);

impl StartBody {
    pub(super) fn into_request(self) -> Result<StartRun, Problem> {
        if self.session_id.is_some() && self.previous_response_id.is_some() {
            let message = "give `session_id` or `previous_response_id`, not both";
            return Err(Problem::invalid("invalid_value", "/previous_response_id", message));
        }
        Ok(StartRun {
            input: self.input.0,
            session_id: self.session_id,
            previous_run: self.previous_response_id,
            instructions: self.instructions,
            model: self.model,
            history: self.conversation_history.0,
            metadata: self.metadata,
            ..StartRun::default()
        })
    }
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::System => Self::System,
            RoleWord::User => Self::User,
            RoleWord::Assistant => Self::Assistant,
        }
    }
}

impl<'de> Deserialize<'de> for Messages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MessagesVisitor)
    }
}

struct MessagesVisitor;

impl<'de> Visitor<'de> for MessagesVisitor {
    type Value = Messages;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of messages")
    }

    fn visit_str<E>(self, text: &str) -> Result<Messages, E> {
        Ok(Messages(vec![(Role::User, text.to_owned())]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Messages, A::Error> {
        let mut messages = Vec::new();
        while let Some(Object(message)) = list.next_element::<Object<InputMessageBody>>()? {
            messages.push((message.role.into(), message.content.0));
        }
        Ok(Messages(messages))
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of text parts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(Content(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content, A::Error> {
        let mut parts = Vec::new();
        while let Some(Object(part)) = list.next_element::<Object<PartBody>>()? {
            parts.push(part.text);
        }
        Ok(Content(parts.join("\n")))
    }
}

fn text() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).into()
}

fn text_or_list_of(schema: &str) -> RefOr<Schema> {
    let items = Ref::from_schema_name(schema);
    OneOfBuilder::new().item(text()).item(ArrayBuilder::new().items(items)).into()
}

fn messages_schema() -> RefOr<Schema> {
    text_or_list_of("InputMessage")
}

fn content_schema() -> RefOr<Schema> {
    text_or_list_of("TextPart")
}
