//! Language models.

use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::runs::{Thinking, Usage};
use serde_json::Value;
use tokio::sync::mpsc;

/// A language model behind some protocol.
#[async_trait]
pub trait ModelProvider: Send + Sync + 'static {
    /// The name of the model that is used when a run names none.
    fn model(&self) -> &str;

    /// How many tokens of conversation the model takes.
    fn context_tokens(&self) -> usize;

    /// One attempt at one reply. Pieces of the text go to `deltas` as they come; the reply is
    /// complete only when this returns it. Dropping the future cancels the request.
    async fn complete(
        &self,
        request: &ModelRequest,
        deltas: &mpsc::Sender<String>,
    ) -> Result<ModelReply, ModelError>;

    /// The names of the models that the server offers, which shows whether it takes the key; `None`
    /// if there is no way to ask.
    async fn offered(&self) -> Result<Option<Vec<String>>, ModelError> {
        Ok(None)
    }
}

/// What the model is given.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRequest {
    /// The model asked for; `None` for the provider's own.
    pub model: Option<String>,
    /// The conversation, oldest first.
    pub messages: Vec<ModelMessage>,
    /// What the model may call.
    pub tools: Vec<ToolSpec>,
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelMessage {
    /// Instructions.
    System(String),
    /// The person.
    User(String),
    /// The model itself.
    Assistant {
        /// Its text, possibly empty.
        text: String,
        /// The calls that it asked for.
        calls: Vec<ModelCall>,
        /// What it thought before, within the run at work.
        thinking: Option<Thinking>,
    },
    /// The result of one of its calls.
    Tool {
        /// The call's id, as the model gave it.
        call_id: String,
        /// The tool's name.
        tool: String,
        /// The result.
        content: String,
    },
}

/// A call that the model asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelCall {
    /// The model's id of the call.
    pub id: String,
    /// The tool's name.
    pub tool: String,
    /// The arguments as the model wrote them: not yet known to be JSON.
    pub arguments: String,
}

/// A complete reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelReply {
    /// The text, possibly empty.
    pub text: String,
    /// The calls, in the model's order.
    pub calls: Vec<ModelCall>,
    /// Who answered; `None` for the configured model.
    pub model: Option<String>,
    /// Tokens, as far as the provider says.
    pub usage: Usage,
    /// What the model thought before, if its server wants that back with the results of the calls.
    pub thinking: Option<Thinking>,
}

/// What the model is told of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// Its name.
    pub name: &'static str,
    /// What it does, for the model.
    pub description: &'static str,
    /// JSON Schema of its arguments.
    pub parameters: Value,
}

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The provider answered with an error status.
    #[error("the model provider answered {status}: {message}")]
    Status {
        /// HTTP status.
        status: u16,
        /// What it said, shortened.
        message: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// No connection.
    #[error("the model provider cannot be reached: {0}")]
    Unreachable(String),
    /// No answer, or no further piece of it, in time.
    #[error("the model provider sent nothing for {} s", .0.as_secs())]
    Silent(Duration),
    /// The stream ended before the reply did.
    #[error("the model's reply broke off: {0}")]
    Broken(String),
    /// The reply is not one, or is larger than allowed.
    #[error("the model's reply cannot be read: {0}")]
    Unreadable(String),
    /// The reply was ended by a limit on its length, in the middle of what it was for.
    #[error("the model's reply was cut off: {0}")]
    CutOff(String),
    /// The model will not answer this.
    #[error("the model declined to answer")]
    Declined,
}

impl ModelError {
    /// Whether another model may do better where nothing has been answered yet: the server is
    /// overloaded, cannot be reached, or allows no more for now.
    pub const fn makes_way(&self) -> bool {
        match self {
            Self::Status { status, .. } => {
                matches!(*status, 408 | 429 | 500 | 502 | 503 | 504 | 529)
            }
            Self::Unreachable(_) | Self::Silent(_) => true,
            Self::Broken(_) | Self::Unreadable(_) | Self::CutOff(_) | Self::Declined => false,
        }
    }

    /// Whether another attempt may do better: 408, 409, 429 and 5xx, lost connections and broken
    /// streams.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Status { status, .. } => {
                matches!(*status, 408 | 409 | 429) || (*status >= 500 && *status != 501)
            }
            Self::Unreachable(_) | Self::Silent(_) | Self::Broken(_) => true,
            Self::Unreadable(_) | Self::CutOff(_) | Self::Declined => false,
        }
    }
}
