//! `POST /v1/chat`

use axum::Json as Answer;
use axum::extract::State;
use countersign_domain::ids::{RunId, SessionId};
use countersign_gateway::SayError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Admitted;
use crate::body::Json;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// Something that is said in a chat.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChatMessage, example = json!({"chat": "deploys", "text": "/status"}))]
pub(crate) struct SayBody {
    /// The chat: any name; each caller has chats of its own.
    #[serde(default = "main")]
    #[schema(
        min_length = 1,
        max_length = 256,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    chat: String,
    /// A slash command, or something for the agent.
    #[schema(min_length = 1, pattern = r"\S")]
    text: String,
    /// The session that the chat goes on in; by default the one that it is in.
    #[schema(value_type = Option<String>, pattern = "^sess_[0-9a-f]{32}$")]
    session_id: Option<SessionId>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatAnswer)]
pub(crate) struct SaidBody {
    #[schema(example = "chat.answer")]
    object: &'static str,
    /// What the gateway answers by itself: to commands, and about what has to wait.
    #[schema(example = "The agent is idle; nothing was said here yet.")]
    reply: Option<String>,
    /// The run that works on it.
    #[schema(value_type = Option<String>)]
    run_id: Option<RunId>,
    /// The session of that run.
    #[schema(value_type = Option<String>)]
    session_id: Option<SessionId>,
}

fn main() -> String {
    "main".to_owned()
}

/// Say something in a chat.
///
/// What names a slash command passes the same gate as on every platform, as `api:NAME`; all else
/// is for the agent, and its run is followed by its events. Deciding takes `approvals:decide`.
#[utoipa::path(
    post, path = "/v1/chat", tag = "runs", operation_id = "say",
    request_body = SayBody,
    responses(
        (status = 200, description = "What came of it.", body = SaidBody),
        (status = 404, description = "`session_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn say(
    State(app): State<App>,
    Admitted(identity): Admitted,
    body: Json<SayBody>,
) -> Result<Answer<SaidBody>, Problem> {
    let SayBody { chat, text, session_id } = body.value;
    let gateway = app.gateway.clone();
    let said =
        to_the_end(async move { gateway.say((&chat, session_id), &text, &identity.caller).await })
            .await?;
    Ok(Answer(SaidBody {
        object: "chat.answer",
        reply: said.reply,
        run_id: said.run_id,
        session_id: said.session_id,
    }))
}

impl From<SayError> for Problem {
    fn from(error: SayError) -> Self {
        let message = error.to_string();
        match error {
            SayError::Empty => Self::invalid("invalid_value", "/text", message),
            SayError::Chat(_) => Self::invalid("invalid_value", "/chat", message),
            SayError::NoSession(_) => {
                Self::missing("session_not_found", message).about("/session_id")
            }
            SayError::Forbidden(error) => error.into(),
            SayError::Store(error) => error.into(),
        }
    }
}
