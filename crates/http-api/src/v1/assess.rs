//! `POST /v1/assess`

use std::collections::BTreeMap;

use axum::Json as Answer;
use axum::extract::State;
use countersign_domain::action::Action;
use countersign_domain::assessment::Finding;
use countersign_domain::verdict::Verdict;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Admitted;
use crate::body::Json;
use crate::problem::Problem;
use crate::server::App;
use crate::v1::approvals::{FindingBody, RevealedBody};

/// An action to judge.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssessRequest, example = json!({"kind": "exec", "command": "rm -rf build"}))]
pub(crate) struct AssessBody {
    #[schema(inline)]
    pub(super) kind: KindWord,
    /// The command line or the script, for `exec` and `code`.
    pub(super) command: Option<String>,
    /// The interpreter, for `code`.
    #[schema(example = "python")]
    pub(super) language: Option<String>,
    /// Absolute working directory, for `exec` and `code`; `/` by default.
    pub(super) cwd: Option<String>,
    /// Absolute path or URL, for the other kinds.
    pub(super) destination: Option<String>,
    /// What is written or sent there, for `file_write` and `http_request`.
    pub(super) content: Option<String>,
    /// For `http_request`; `GET` by default.
    pub(super) method: Option<String>,
    /// For `http_request`.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub(super) headers: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum KindWord {
    Exec,
    Code,
    FileRead,
    FileWrite,
    HttpRequest,
}

/// What the guard says of an action.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Assessment)]
pub(crate) struct AssessmentBody {
    #[schema(example = "assessment")]
    object: &'static str,
    /// `allow`, `ask` or `forbid`.
    #[schema(value_type = String, example = "ask")]
    verdict: Verdict,
    /// Why, most important first.
    findings: Vec<AssessedFindingBody>,
    /// What it would really run, where its text does not say so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    revealed: Vec<RevealedBody>,
    /// What a lasting decision would cover, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    covers: Option<String>,
}

/// One reason, and what it alone would ask for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssessedFinding)]
pub(crate) struct AssessedFindingBody {
    #[serde(flatten)]
    finding: FindingBody,
    /// `allow`, `ask` or `forbid`.
    #[schema(value_type = String, example = "ask")]
    verdict: Verdict,
}

/// Judge an action.
///
/// Nothing is asked, stored or run.
#[utoipa::path(
    post, path = "/v1/assess", tag = "rules", operation_id = "assess",
    request_body = AssessBody,
    responses((status = 200, description = "What the guard says.", body = AssessmentBody))
)]
pub(crate) async fn assess(
    State(app): State<App>,
    Admitted(_): Admitted,
    body: Json<AssessBody>,
) -> Result<Answer<AssessmentBody>, Problem> {
    let action = body.value.into_action(app.gateway.workspace())?;
    // Judging a long script takes a while, and others wait for this thread.
    let judged = tokio::task::spawn_blocking(move || {
        let assessed = app.gateway.assess(&action);
        (assessed.covers(&action), assessed.revealed().to_vec(), assessed.assessment)
    });
    let (covers, revealed, assessment) = judged.await.map_err(|error| {
        tracing::error!(%error, "an assessment failed");
        Problem::internal()
    })?;
    Ok(Answer(AssessmentBody {
        object: "assessment",
        verdict: assessment.verdict(),
        findings: assessment.findings().iter().map(AssessedFindingBody::from).collect(),
        revealed: revealed.into_iter().map(RevealedBody::from).collect(),
        covers,
    }))
}

impl AssessBody {
    /// The action that is meant, or what is missing or too much.
    pub(super) fn into_action(mut self, workspace: &str) -> Result<Action, Problem> {
        let action = match self.kind {
            KindWord::Exec => Action::Exec {
                command: needed("command", self.command.take())?,
                cwd: self.directory(workspace)?,
                env: BTreeMap::new(),
                timeout_s: 0,
                files: Vec::new(),
            },
            KindWord::Code => Action::Code {
                language: needed("language", self.language.take())?,
                source: needed("command", self.command.take())?,
                cwd: self.directory(workspace)?,
                env: BTreeMap::new(),
                timeout_s: 0,
                files: Vec::new(),
            },
            KindWord::FileRead => Action::FileRead { path: self.path()? },
            KindWord::FileWrite => Action::FileWrite {
                path: self.path()?,
                content: needed("content", self.content.take())?,
            },
            KindWord::HttpRequest => Action::HttpRequest {
                method: self.method.take().unwrap_or_else(|| "GET".to_owned()).to_uppercase(),
                url: needed("destination", self.destination.take())?,
                headers: self.headers.take().unwrap_or_default(),
                body: self.content.take().unwrap_or_default(),
            },
        };
        self.finish().map(|()| action)
    }

    fn directory(&mut self, workspace: &str) -> Result<String, Problem> {
        absolute("cwd", self.cwd.take().unwrap_or_else(|| workspace.to_owned()))
    }

    fn path(&mut self) -> Result<String, Problem> {
        absolute("destination", needed("destination", self.destination.take())?)
    }

    /// Refuses what the kind has no use for.
    pub(super) fn finish(self) -> Result<(), Problem> {
        let left = [
            ("command", self.command.is_some()),
            ("language", self.language.is_some()),
            ("cwd", self.cwd.is_some()),
            ("destination", self.destination.is_some()),
            ("content", self.content.is_some()),
            ("method", self.method.is_some()),
            ("headers", self.headers.is_some()),
        ];
        match left.into_iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((name, _)) => {
                let message = format!("this kind of action has no `{name}`");
                Err(Problem::invalid("unknown_field", &format!("/{name}"), message))
            }
        }
    }
}

/// The value of a field that may not be missing.
pub(super) fn needed(name: &str, value: Option<String>) -> Result<String, Problem> {
    value.ok_or_else(|| {
        let message = format!("missing field `{name}`");
        Problem::invalid("missing_field", &format!("/{name}"), message)
    })
}

fn absolute(name: &str, path: String) -> Result<String, Problem> {
    if path.starts_with('/') {
        return Ok(path);
    }
    let message = format!("`{name}` is an absolute path");
    Err(Problem::invalid("invalid_value", &format!("/{name}"), message))
}

impl From<&Finding> for AssessedFindingBody {
    fn from(finding: &Finding) -> Self {
        let Finding { id, severity, verdict, span, message } = finding.clone();
        Self { finding: FindingBody { id, severity, span, message }, verdict }
    }
}
