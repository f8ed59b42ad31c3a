//! `POST /v1/chat`

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use countersign_domain::ids::{RunId, SessionId};
use countersign_gateway::{InSession, SayError, Saying};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::access::Admitted;
use crate::body::Json;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::{idempotency_key, to_the_end};

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
    /// The session that the chat goes on in; `new`: one that begins with this; by default the one
    /// that it is in.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(new|sess_[0-9a-f]{32})$")]
    session_id: SessionBody,
}

/// In which session something is said.
#[derive(Debug, Default)]
struct SessionBody(InSession);

impl<'de> Deserialize<'de> for SessionBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(Self(match text.as_deref() {
            None => InSession::Present,
            Some("new") => InSession::New,
            Some(id) => InSession::This(id.parse().map_err(D::Error::custom)?),
        }))
    }
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
    /// The session that the chat is in now: another one after `/new` and `/resume`.
    #[schema(value_type = Option<String>)]
    chat_session_id: Option<SessionId>,
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
    params(("Idempotency-Key" = Option<String>, Header, pattern = "^[ -~]{1,255}$",
        description = "1 to 255 printable ASCII characters; keys of different callers are \
                       different. What is said again under the same key is refused.")),
    request_body = SayBody,
    responses(
        (status = 200, description = "What came of it.", body = SaidBody),
        (status = 404, description = "`session_not_found`", body = ProblemBody),
        (status = 409, description = "`already_said`", body = ProblemBody)
    )
)]
pub(crate) async fn say(
    State(app): State<App>,
    Admitted(identity): Admitted,
    headers: HeaderMap,
    body: Json<SayBody>,
) -> Result<Answer<SaidBody>, Problem> {
    let SayBody { chat, text, session_id: session } = body.value;
    let key = idempotency_key(&headers)?;
    let gateway = app.gateway.clone();
    let said = to_the_end(async move {
        let key = key.as_deref();
        let saying = Saying { chat: &chat, session: session.0, key, text: &text };
        gateway.say(saying, &identity.caller).await
    });
    let said = said.await?;
    Ok(Answer(SaidBody {
        object: "chat.answer",
        reply: said.reply,
        run_id: said.run_id,
        session_id: said.session_id,
        chat_session_id: said.now_in,
    }))
}

impl From<SayError> for Problem {
    fn from(error: SayError) -> Self {
        let message = error.to_string();
        match error {
            SayError::Empty => Self::invalid("invalid_value", "/text", message),
            SayError::Repeated => {
                Self::new(StatusCode::CONFLICT, "already_said", message).about("Idempotency-Key")
            }
            SayError::Chat(_) => Self::invalid("invalid_value", "/chat", message),
            SayError::NoSession(_) => {
                Self::missing("session_not_found", message).about("/session_id")
            }
            SayError::Forbidden(error) => error.into(),
            SayError::Store(error) => error.into(),
        }
    }
}
