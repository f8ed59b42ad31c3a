//! What the server sends, read leniently: kinds that we do not know are passed over.

use serde::Deserialize;
use serde_json::Value;

/// An event of a stream.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        index: u64,
        content_block: Block,
    },
    ContentBlockDelta {
        index: u64,
        delta: Delta,
    },
    ContentBlockStop {
        index: u64,
    },
    MessageDelta {
        delta: End,
        #[serde(default)]
        usage: Option<Tokens>,
    },
    MessageStop,
    Error {
        error: Failure,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct Start {
    #[serde(default)]
    pub(super) usage: Option<Tokens>,
}

/// A whole answer.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) content: Vec<Block>,
    #[serde(default)]
    pub(super) stop_reason: Option<StopReason>,
    #[serde(default)]
    pub(super) usage: Option<Tokens>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block {
    Text {
        #[serde(default)]
        text: String,
    },
    ToolUse {
        #[serde(default)]
        id: String,
        #[serde(default)]
        name: String,
        #[serde(default)]
        input: Value,
    },
    Thinking {
        #[serde(default)]
        thinking: String,
        #[serde(default)]
        signature: String,
    },
    RedactedThinking {
        #[serde(default)]
        data: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "these are their names")]
pub(super) enum Delta {
    TextDelta {
        text: String,
    },
    InputJsonDelta {
        partial_json: String,
    },
    ThinkingDelta {
        thinking: String,
    },
    SignatureDelta {
        signature: String,
    },
    #[serde(other)]
    OtherDelta,
}

#[derive(Debug, Deserialize)]
pub(super) struct End {
    #[serde(default)]
    pub(super) stop_reason: Option<StopReason>,
}

/// Why the model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StopReason {
    MaxTokens,
    ModelContextWindowExceeded,
    Refusal,
    /// `end_turn`, `tool_use`, and whatever else means that it is done.
    #[serde(other)]
    Done,
}

/// Token counts; those of the cache are not part of the others here.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct Tokens {
    #[serde(rename = "input_tokens", default)]
    pub(super) fresh: Option<u64>,
    #[serde(rename = "output_tokens", default)]
    pub(super) output: Option<u64>,
    #[serde(rename = "cache_read_input_tokens", default)]
    pub(super) cache_read: Option<u64>,
    #[serde(rename = "cache_creation_input_tokens", default)]
    pub(super) cache_written: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    pub(super) message: String,
}

impl Failure {
    /// The HTTP status that an answer with this error has.
    pub(super) fn status(&self) -> Option<u16> {
        Some(match self.kind.as_str() {
            "invalid_request_error" => 400,
            "authentication_error" => 401,
            "billing_error" => 402,
            "permission_error" => 403,
            "not_found_error" => 404,
            "request_too_large" => 413,
            "rate_limit_error" => 429,
            "api_error" => 500,
            "timeout_error" => 504,
            "overloaded_error" => 529,
            _ => return None,
        })
    }
}
