//! What servers send, read leniently: the dialects differ more than the documentation.

use serde::Deserialize;
use serde_json::Value;

/// A piece of a stream, or a whole answer.
#[derive(Debug, Deserialize)]
pub(super) struct Chunk {
    #[serde(default)]
    pub(super) choices: Option<Vec<Choice>>,
    #[serde(default)]
    pub(super) usage: Option<Tokens>,
    #[serde(default)]
    pub(super) error: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    /// In streams.
    #[serde(default)]
    pub(super) delta: Option<Message>,
    /// In whole answers, and in the streams of some servers.
    #[serde(default)]
    pub(super) message: Option<Message>,
    #[serde(default)]
    pub(super) finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) content: Option<Value>,
    #[serde(default)]
    pub(super) tool_calls: Option<Vec<CallPiece>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct CallPiece {
    #[serde(default)]
    pub(super) index: Option<u64>,
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) function: Option<FunctionPiece>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct FunctionPiece {
    #[serde(default)]
    pub(super) name: Option<String>,
    /// A text as a rule, an object with some servers.
    #[serde(default)]
    pub(super) arguments: Option<Value>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Tokens {
    #[serde(rename = "prompt_tokens", default)]
    pub(super) prompt: Option<u64>,
    #[serde(rename = "completion_tokens", default)]
    pub(super) completion: Option<u64>,
    #[serde(rename = "prompt_tokens_details", default)]
    pub(super) details: Option<Details>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Details {
    #[serde(default)]
    cached_tokens: Option<u64>,
}

impl Tokens {
    /// Those of the prompt that the server had kept from earlier requests.
    pub(super) fn cached(self) -> Option<u64> {
        self.details?.cached_tokens
    }
}

impl Message {
    /// The text: a string, or the text parts of a list.
    pub(super) fn text(&self) -> String {
        match &self.content {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(parts)) => {
                let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
                texts.collect()
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
                String::new()
            }
        }
    }
}

impl FunctionPiece {
    pub(super) fn arguments_text(self) -> String {
        match self.arguments {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        }
    }
}
