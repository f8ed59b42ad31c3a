//! `POST /v1/runs/{run_id}/answer`

use axum::Json as Answer;
use axum::extract::State;
use countersign_domain::ids::{CallId, RunId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::wire::RunStatusBody;
use crate::access::Admitted;
use crate::body::Json;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// The answer to a question of the agent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QuestionAnswer, example = json!({"text": "the one in /srv"}))]
pub(crate) struct AnswerBody {
    /// The call that asks; needed when several are open.
    #[schema(value_type = Option<String>, pattern = "^call_[0-9a-f]{32}$")]
    call_id: Option<CallId>,
    /// The answer.
    #[schema(min_length = 1, pattern = r"\S")]
    text: String,
}

/// Answer the agent's question.
#[utoipa::path(
    post, path = "/v1/runs/{run_id}/answer", tag = "runs", operation_id = "answerRun",
    params(("run_id" = String, Path, pattern = "^run_[0-9a-f]{32}$",
        example = "run_0198c0de00007000800000000000000a")),
    request_body = AnswerBody,
    responses(
        (status = 200, description = "Where the run stands now.", body = RunStatusBody),
        (status = 404, description = "`run_not_found`", body = ProblemBody),
        (status = 409, description = "`no_question`, `question_ambiguous`", body = ProblemBody)
    )
)]
pub(crate) async fn answer_run(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(run): Id<RunId>,
    body: Json<AnswerBody>,
) -> Result<Answer<RunStatusBody>, Problem> {
    let AnswerBody { call_id, text } = body.value;
    if text.trim().is_empty() {
        return Err(Problem::invalid("invalid_value", "/text", "the answer is empty"));
    }
    let gateway = app.gateway.clone();
    let status = to_the_end(async move {
        gateway.answer_question(run, call_id, &text, &identity.caller).await?;
        let run = gateway.visible_run(run, &identity.caller).await?;
        Ok::<_, Problem>(run.status())
    })
    .await?;
    Ok(Answer(RunStatusBody { object: "run", run_id: run, status: status.into() }))
}
