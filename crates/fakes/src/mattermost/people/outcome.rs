//! What came of what somebody did.

use serde_json::Value;

use crate::mattermost::model::posts::Post;
use crate::mattermost::refusal::Refusal;

/// What a click led to, as the clicker sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClickOutcome {
    /// 200, or what the server refused with.
    pub status: u16,
    /// The id of the server's refusal.
    pub error: Option<String>,
    /// What only the clicker was told.
    pub ephemeral: Option<String>,
    /// The post, if the answer changed it.
    pub updated: Option<Post>,
}

/// What a typed command led to, as who typed it sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandOutcome {
    /// 200, or what the server refused with.
    pub status: u16,
    /// The id of the server's refusal.
    pub error: Option<String>,
    /// `ephemeral`, `in_channel` or empty, as the integration said.
    pub response_type: String,
    /// What the integration said.
    pub text: String,
    /// All that it said.
    pub raw: Value,
}

/// What submitting a dialog led to.
#[derive(Debug, Clone, PartialEq)]
pub struct DialogOutcome {
    /// 200, or what the server refused with.
    pub status: u16,
    /// The id of the server's refusal, or what the integration found wrong with all of it.
    pub error: Option<String>,
    /// What the integration found wrong with fields.
    pub errors: Value,
}

impl ClickOutcome {
    pub(super) fn refused(refusal: &Refusal) -> Self {
        Self {
            status: refusal.status,
            error: Some(refusal.id.to_string()),
            ephemeral: None,
            updated: None,
        }
    }
}

impl CommandOutcome {
    pub(super) fn new(answer: Result<Value, Refusal>) -> Self {
        match answer {
            Err(refusal) => Self {
                status: refusal.status,
                error: Some(refusal.id.to_string()),
                response_type: String::new(),
                text: String::new(),
                raw: Value::Null,
            },
            Ok(raw) => {
                let text = |name: &str| {
                    raw.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
                };
                let (response_type, text) = (text("response_type"), text("text"));
                Self { status: 200, error: None, response_type, text, raw }
            }
        }
    }
}

impl DialogOutcome {
    pub(super) fn new(answer: Result<Value, Refusal>) -> Self {
        match answer {
            Err(refusal) => Self {
                status: refusal.status,
                error: Some(refusal.id.to_string()),
                errors: Value::Null,
            },
            Ok(answer) => Self {
                status: 200,
                error: answer.get("error").and_then(Value::as_str).map(ToOwned::to_owned),
                errors: answer.get("errors").cloned().unwrap_or(Value::Null),
            },
        }
    }
}
