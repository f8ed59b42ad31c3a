//! `POST /v1/responses`

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use countersign_domain::runs::{Run, Stream};
use countersign_gateway::{
    Idempotency, ResponseError, StartResponse, StartResponseError, StartRun,
};

use super::super::attendance::{Attendance, output_of};
use super::super::chat::RUN_ID;
use super::super::models;
use super::request::ResponseBodyIn;
use super::stream::ResponseEvents;
use super::wire::ResponseBody;
use crate::access::{Admitted, Identity};
use crate::body::Json;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::sse::{Reader, Shutdown};
use crate::v1::{idempotency, to_the_end};

/// The address, as it is part of what an idempotency key stands for.
const PATH: &str = "/v1/responses";

/// Make a response.
///
/// An ordinary run answers, with the agent's own tools; the caller's `tools` are not looked at. While
/// an approval is open the request waits; a stream says every 15 seconds that it is alive. A response
/// goes on when its client goes, and can be read later, unless `store` is false and there is no
/// `Idempotency-Key`: then its run is stopped.
#[utoipa::path(
    post, path = "/v1/responses", tag = "openai", operation_id = "createResponse",
    params(("Idempotency-Key" = Option<String>, Header, pattern = "^[ -~]{1,255}$",
        description = "The same key and body get the answer of the same run within 24 hours; the \
                       same key with another body 409.")),
    request_body(content = inline(ResponseBodyIn), content_type = "application/json"),
    responses(
        (status = 200, description = "The response; with `stream`, its events as server-sent events, \
            up to `response.completed` or `response.failed`.", content(
                (ResponseBody = "application/json"),
                (String = "text/event-stream", example = "event: response.output_text.delta\n\
                    data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\n")
            )),
        (status = 404, description = "`model_not_found`, `response_not_found`", body = ProblemBody),
        (status = 409, description = "`idempotency_conflict`, `run_cancelled`", body = ProblemBody),
        (status = 429, description = "`too_many_runs`, `rate_limited`", body = ProblemBody),
        (status = 502, description = "`agent_incomplete`: the run failed.", body = ProblemBody)
    )
)]
pub(crate) async fn create_response(
    State(app): State<App>,
    Admitted(identity): Admitted,
    shutdown: Shutdown,
    headers: HeaderMap,
    body: Json<ResponseBodyIn>,
) -> Result<Response, Problem> {
    let Json { value: mut body, bytes } = body;
    let idempotency = idempotency(&headers, PATH, &bytes)?;
    let input = body.messages()?;
    let model = models::named(&app, body.model.take())?;
    let request = StartResponse {
        run: StartRun {
            input,
            instructions: body.instructions.take(),
            metadata: body.metadata.take().unwrap_or_default(),
            ..StartRun::default()
        },
        previous: body.previous_response_id.map(|id| id.0),
        kept: body.store != Some(false),
    };
    let (run, attendance) = begin(&app, &identity, &shutdown, (request, idempotency)).await?;
    let id = HeaderValue::from_str(&run.id.to_string());
    let mut answer = if body.stream == Some(true) {
        let (stream, view) = (Stream::Run(run.id), app.gateway.as_response(run).await?);
        let mut response = ResponseBody::of(view, model);
        // Its events tell all of it, also to who asks again.
        (response.output, response.usage, response.error) = (Vec::new(), None, None);
        let events = ResponseEvents {
            response,
            approvals: body.stream_options.unwrap_or_default().approvals(),
            attendance,
            next: 0,
            items: 0,
            open: None,
        };
        Reader { app, identity, shutdown }.follow(stream, 0, events)
    } else {
        let run = attendance.end(&identity).await?;
        match output_of(&run) {
            Ok(_) => {
                let view = app.gateway.as_response(run).await?;
                Answer(ResponseBody::of(view, model)).into_response()
            }
            Err(problem) => problem.into_response(),
        }
    };
    if let Ok(id) = id {
        answer.headers_mut().insert(RUN_ID, id);
    }
    Ok(answer)
}

async fn begin(
    app: &App,
    identity: &Identity,
    shutdown: &Shutdown,
    (request, idempotency): (StartResponse, Option<Idempotency>),
) -> Result<(Run, Attendance), Problem> {
    let kept = request.kept || idempotency.is_some();
    let (app, caller, shutdown) = (app.clone(), identity.caller.clone(), shutdown.clone());
    // Whoever goes while the run is being accepted has gone as well.
    to_the_end(async move {
        let started = app.gateway.start_response(request, &caller, idempotency).await?;
        let attendance = Attendance::new(&app, &caller, &shutdown, (started.run_id, kept));
        let run = app.gateway.visible_run(started.run_id, &caller).await?;
        Ok((run, attendance))
    })
    .await
}

impl From<StartResponseError> for Problem {
    fn from(error: StartResponseError) -> Self {
        match error {
            StartResponseError::Previous(error) => Self::from(error).about("/previous_response_id"),
            StartResponseError::Run(error) => error.into(),
        }
    }
}

impl From<ResponseError> for Problem {
    fn from(error: ResponseError) -> Self {
        match error {
            ResponseError::NoResponse(_) => Self::missing("response_not_found", error.to_string()),
            ResponseError::Store(error) => error.into(),
        }
    }
}
