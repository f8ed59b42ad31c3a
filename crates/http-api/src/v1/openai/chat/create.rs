//! `POST /v1/chat/completions`

use axum::Json as Answer;
use axum::extract::State;
use axum::http::header::HeaderName;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use countersign_domain::runs::{Run, Stream};
use countersign_gateway::{Idempotency, Role, StartRun, StartRunError};

use super::super::attendance::{Attendance, output_of};
use super::super::models;
use super::hermes_headers::HermesHeaders;
use super::request::ChatBody;
use super::speech::Speech;
use super::stream::{Chunks, UsageAt};
use super::wire::{Base, ChatCompletionBody};
use crate::access::{Admitted, Identity};
use crate::body::Json;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::sse::{Reader, Shutdown};
use crate::v1::{idempotency, to_the_end};

/// The address, as it is part of what an idempotency key stands for.
const PATH: &str = "/v1/chat/completions";

/// The run that answers.
pub(crate) const RUN_ID: HeaderName = HeaderName::from_static("x-countersign-run-id");

/// Make a chat completion.
///
/// An ordinary run answers, with the agent's own tools; the caller's `tools` are not looked at. While
/// an approval is open the request waits; a stream says every 15 seconds that it is alive. A client
/// that goes before the answer is there stops the run, unless the request has an `Idempotency-Key`:
/// then the answer can be had by asking again.
#[utoipa::path(
    post, path = "/v1/chat/completions", tag = "openai", operation_id = "createChatCompletion",
    params(
        ("Idempotency-Key" = Option<String>, Header, pattern = "^[ -~]{1,255}$",
            description = "The same key and body get the answer of the same run within 24 hours; \
                           the same key with another body 409."),
        ("X-Hermes-Session-Id" = Option<String>, Header, pattern = "^sess_[0-9a-f]{32}$",
            description = "Go on in this session: what was said in it counts, and of `messages` only \
                           the instructions and the last one."),
        ("X-Hermes-Session-Key" = Option<String>, Header, pattern = "^[ -~]{1,256}$",
            description = "Comes back with the answer, and is never read.")
    ),
    request_body(content = inline(ChatBody), content_type = "application/json"),
    responses(
        (status = 200, description = "The completion; with `stream`, chunks as server-sent events, \
            and `data: [DONE]`. The headers `X-Countersign-Run-Id` and `X-Hermes-Session-Id` name the \
            run and its session.", content(
                (ChatCompletionBody = "application/json"),
                (String = "text/event-stream", example = "data: {\"object\":\"chat.completion.chunk\",\
                    \"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n\
                    data: [DONE]\n\n")
            )),
        (status = 404, description = "`model_not_found`, `session_not_found`", body = ProblemBody),
        (status = 409, description = "`idempotency_conflict`, `run_cancelled`", body = ProblemBody),
        (status = 429, description = "`too_many_runs`, `rate_limited`", body = ProblemBody),
        (status = 502, description = "`agent_incomplete`: the run failed.", body = ProblemBody)
    )
)]
pub(crate) async fn create_chat_completion(
    State(app): State<App>,
    Admitted(identity): Admitted,
    shutdown: Shutdown,
    headers: HeaderMap,
    body: Json<ChatBody>,
) -> Result<Response, Problem> {
    let Json { value: mut body, bytes } = body;
    let idempotency = idempotency(&headers, PATH, &bytes)?;
    let hermes = HermesHeaders::of(&headers)?;
    let conversation = body.conversation()?;
    let model = models::named(&app, body.model.take())?;
    let request = StartRun {
        input: vec![(Role::User, conversation.said)],
        history: if hermes.session.is_none() { conversation.history } else { Vec::new() },
        instructions: conversation.instructions,
        session_id: hermes.session,
        metadata: body.metadata.take().unwrap_or_default(),
        ..StartRun::default()
    };
    let (run, attendance) = begin(&app, &identity, &shutdown, (request, idempotency)).await?;
    let base = Base::of(&run, model);
    let mut answer = if body.stream == Some(true) {
        let options = body.stream_options.unwrap_or_default();
        // A client of the reference system takes nothing after the chunk that finishes.
        let own = options.usage() && !hermes.any;
        let chunks = Chunks {
            base,
            usage: if own { UsageAt::Own } else { UsageAt::Finish },
            approvals: options.approvals(),
            attendance,
            speech: Speech::default(),
        };
        Reader { app, identity, shutdown }.follow(Stream::Run(run.id), 0, chunks)
    } else {
        let run = attendance.end(&identity).await?;
        match output_of(&run) {
            Ok(output) => Answer(base.whole(output.to_owned(), run.usage)).into_response(),
            Err(problem) => problem.into_response(),
        }
    };
    hermes.told(run.session_id, answer.headers_mut());
    if let Ok(id) = HeaderValue::from_str(&run.id.to_string()) {
        answer.headers_mut().insert(RUN_ID, id);
    }
    Ok(answer)
}

async fn begin(
    app: &App,
    identity: &Identity,
    shutdown: &Shutdown,
    (request, idempotency): (StartRun, Option<Idempotency>),
) -> Result<(Run, Attendance), Problem> {
    let kept = idempotency.is_some();
    let (app, caller, shutdown) = (app.clone(), identity.caller.clone(), shutdown.clone());
    // Whoever goes while the run is being accepted has gone as well.
    to_the_end(async move {
        let started = app.gateway.start_run(request, &caller, idempotency).await;
        let started = started.map_err(refused)?;
        let attendance = Attendance::new(&app, &caller, &shutdown, (started.run_id, kept));
        let run = app.gateway.visible_run(started.run_id, &caller).await?;
        Ok((run, attendance))
    })
    .await
}

fn refused(error: StartRunError) -> Problem {
    let of_session = matches!(error, StartRunError::NoSession(_));
    let problem = Problem::from(error);
    if of_session { problem.about("X-Hermes-Session-Id") } else { problem }
}
