//! What a script lets the fake answer.

use serde_json::{Value, json};

/// One answer.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A message, streamed.
    Message(Vec<Block>, End),
    /// An error instead of an answer.
    Refusal {
        /// Its kind, such as `overloaded_error`.
        kind: &'static str,
        /// What it says.
        message: &'static str,
        /// The header of that name, if there is one.
        retry_after: Option<&'static str>,
    },
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Words.
    Text(&'static str),
    /// Thoughts; the fake signs them.
    Thinking(&'static str),
    /// Thoughts that nobody else may read.
    Redacted,
    /// A call of this tool with these arguments, which are JSON.
    Call(&'static str, &'static str),
}

/// What follows the blocks of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The end that the blocks call for.
    Proper,
    /// The end for this reason.
    Because(&'static str),
    /// An error of this kind within the stream.
    Error(&'static str),
    /// Nothing: the connection is closed in the middle of the last block.
    Cut,
}

impl Answer {
    /// A message that ends as it should.
    pub fn message(blocks: impl IntoIterator<Item = Block>) -> Self {
        Self::Message(blocks.into_iter().collect(), End::Proper)
    }

    /// An error without a wish to be asked again later.
    pub const fn refusal(kind: &'static str, message: &'static str) -> Self {
        Self::Refusal { kind, message, retry_after: None }
    }
}

/// The HTTP status of an error of this kind.
pub(super) fn status(kind: &str) -> u16 {
    match kind {
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "api_error" => 500,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => 400,
    }
}

/// The body of an error.
pub(super) fn error(kind: &str, message: &str) -> Value {
    json!({
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": "req_fake",
    })
}
