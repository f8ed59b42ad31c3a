//! What a caller sends for a chat completion.

use countersign_gateway::Role;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};

use super::super::content::{Content, ContentPartBody, content_schema};
use crate::body::Object;
use crate::problem::Problem;

/// A chat completion to make. Members that are not listed are not looked at: the agent has its own
/// tools, temperature and limits.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatCompletionRequest, example = json!({
    "model": "countersign",
    "messages": [{"role": "user", "content": "what is in the workspace?"}]
}))]
pub(crate) struct ChatBody {
    /// One of `GET /v1/models`; without it the configured one.
    #[schema(example = "countersign")]
    pub(super) model: Option<String>,
    /// The conversation; the last message that is not a tool's is the user's.
    #[schema(schema_with = messages_schema)]
    messages: Messages,
    /// Whether the answer comes in pieces as it is made.
    pub(super) stream: Option<bool>,
    pub(super) stream_options: Option<StreamOptionsBody>,
    /// 1: there is one answer.
    #[schema(minimum = 1, maximum = 1)]
    n: Option<u64>,
    /// Anything; it comes back with the run and is never read.
    pub(super) metadata: Option<Map<String, Value>>,
}

/// What a stream tells besides the text.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[schema(as = StreamOptions)]
pub(crate) struct StreamOptionsBody {
    /// One more chunk at the end, without choices, says how many tokens were used.
    pub(crate) include_usage: Option<bool>,
    /// Approvals and questions are told of, in records named like the events of the run.
    pub(crate) include_approvals: Option<bool>,
}

/// One message. Other members are not looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChatRequestMessage)]
pub(crate) struct ChatMessageBody {
    #[schema(inline)]
    role: ChatRole,
    /// A text, or parts of one.
    #[serde(default)]
    #[schema(schema_with = content_schema)]
    content: Content,
}

/// Who said it. What tools have said elsewhere is left out.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ChatRole {
    System,
    Developer,
    User,
    Assistant,
    Tool,
    Function,
}

#[derive(Debug)]
struct Messages(Vec<ChatMessageBody>);

/// A conversation that ends with its user.
#[derive(Debug)]
pub(super) struct Conversation {
    /// What the caller instructs.
    pub(super) instructions: Option<String>,
    /// What was said before.
    pub(super) history: Vec<(Role, String)>,
    /// What is to be answered.
    pub(super) said: String,
}

impl ChatBody {
    /// The conversation, or what is wrong with it.
    pub(super) fn conversation(&mut self) -> Result<Conversation, Problem> {
        if self.n.is_some_and(|n| n != 1) {
            let message = "there is one answer: leave `n` out";
            return Err(Problem::invalid("unsupported_value", "/n", message));
        }
        let (mut instructions, mut history) = (Vec::new(), Vec::new());
        for (index, message) in std::mem::take(&mut self.messages.0).into_iter().enumerate() {
            let pointer = format!("/messages/{index}/content");
            let role = match message.role {
                ChatRole::Tool | ChatRole::Function => continue,
                ChatRole::System | ChatRole::Developer => Role::System,
                ChatRole::User => Role::User,
                ChatRole::Assistant => Role::Assistant,
            };
            let text = message.content.text(&pointer)?;
            match role {
                _ if text.trim().is_empty() => {}
                Role::System => instructions.push(text),
                Role::User | Role::Assistant => history.push((role, text)),
            }
        }
        let Some((Role::User, said)) = history.pop() else {
            let message = "the last message is to be the user's, with a text";
            return Err(Problem::invalid("invalid_value", "/messages", message));
        };
        let instructions = (!instructions.is_empty()).then(|| instructions.join("\n\n"));
        Ok(Conversation { instructions, history, said })
    }
}

impl StreamOptionsBody {
    pub(crate) fn usage(self) -> bool {
        self.include_usage == Some(true)
    }

    pub(crate) fn approvals(self) -> bool {
        self.include_approvals == Some(true)
    }
}

impl<'de> Deserialize<'de> for Messages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let messages = Vec::<Object<ChatMessageBody>>::deserialize(deserializer)?;
        if messages.is_empty() {
            return Err(D::Error::custom("there are no messages"));
        }
        Ok(Self(messages.into_iter().map(|Object(message)| message).collect()))
    }
}

fn messages_schema() -> RefOr<Schema> {
    let items = Ref::from_schema_name("ChatRequestMessage");
    ArrayBuilder::new().items(items).min_items(Some(1)).into()
}

/// The schemas that the body refers to by name.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(ChatMessageBody, ContentPartBody)))]
pub(crate) struct ChatSchemas;
