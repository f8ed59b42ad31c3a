//! Chat completions in JSON.

use countersign_domain::runs::{Run, Usage};
use serde::Serialize;
use utoipa::ToSchema;

/// A chat completion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatCompletion)]
pub(crate) struct ChatCompletionBody {
    /// `chatcmpl-` and the digits of the run's id.
    #[schema(example = "chatcmpl-0198c0de00007000800000000000000a")]
    id: String,
    #[schema(example = "chat.completion")]
    object: &'static str,
    /// In seconds since 1970.
    created: i64,
    #[schema(example = "countersign")]
    model: String,
    /// One.
    choices: Vec<ChatChoiceBody>,
    usage: ChatUsageBody,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatChoice)]
struct ChatChoiceBody {
    index: u32,
    message: ChatAnswerBody,
    /// `stop`.
    #[schema(example = "stop")]
    finish_reason: &'static str,
    logprobs: Option<()>,
}

/// What the agent said last.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatAnswerMessage)]
struct ChatAnswerBody {
    #[schema(example = "assistant")]
    role: &'static str,
    content: String,
    refusal: Option<()>,
}

/// Tokens used by all that the run asked of the model.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = ChatUsage)]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
pub(crate) struct ChatUsageBody {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}

/// What all pieces of one completion have in common.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Base {
    pub(super) id: String,
    pub(super) object: &'static str,
    pub(super) created: i64,
    pub(super) model: String,
}

impl Base {
    /// What the pieces of the completion of `run` have in common.
    pub(super) fn of(run: &Run, model: String) -> Self {
        let digits = run.id.to_string();
        let digits = digits.trim_start_matches(countersign_domain::ids::RunId::PREFIX);
        let created = run.created_at.as_millis() / 1000;
        Self { id: format!("chatcmpl-{digits}"), object: "chat.completion.chunk", created, model }
    }

    /// The whole completion.
    pub(super) fn whole(self, text: String, usage: Usage) -> ChatCompletionBody {
        let Self { id, created, model, .. } = self;
        let message = ChatAnswerBody { role: "assistant", content: text, refusal: None };
        let choice = ChatChoiceBody { index: 0, message, finish_reason: "stop", logprobs: None };
        ChatCompletionBody {
            id,
            object: "chat.completion",
            created,
            model,
            choices: vec![choice],
            usage: usage.into(),
        }
    }
}

impl From<Usage> for ChatUsageBody {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: usage.input_tokens,
            completion_tokens: usage.output_tokens,
            total_tokens: usage.input_tokens.saturating_add(usage.output_tokens),
        }
    }
}
