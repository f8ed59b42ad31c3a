//! The one form of every refusal: `{"error":{"message","type","param","code"}}`.

use std::time::Duration;

use axum::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::v1::approvals::ApprovalBody;

/// A refusal.
#[derive(Debug)]
pub(crate) struct Problem(Box<Facts>);

#[derive(Debug)]
struct Facts {
    status: StatusCode,
    code: &'static str,
    message: String,
    param: Option<String>,
    headers: HeaderMap,
    approval: Option<ApprovalBody>,
    hermes: Option<HermesBody>,
}

/// Why a request was refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ProblemBody<'a> {
    error: ProblemFacts<'a>,
    /// The approval as it is stored, when the refusal is about its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<&'a ApprovalBody>,
}

/// The facts of a refusal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorFacts)]
pub(crate) struct ProblemFacts<'a> {
    /// For people: what is wrong, and what to do.
    #[schema(example = "`input` is missing")]
    message: &'a str,
    /// The family of the code.
    #[schema(example = "invalid_request_error")]
    r#type: &'static str,
    /// JSON pointer of the field in the body, or the name of the query parameter or header.
    #[schema(example = "/input")]
    param: Option<&'a str>,
    /// A stable word for programs.
    #[schema(example = "missing_field")]
    code: &'static str,
    /// How the run ended, for clients of the reference system.
    #[serde(skip_serializing_if = "Option::is_none")]
    hermes: Option<&'a HermesBody>,
}

/// How a run ended that gave no whole answer, as clients of the reference system read it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HermesOutcome)]
pub(crate) struct HermesBody {
    completed: bool,
    /// Whether some of the answer was sent.
    partial: bool,
    failed: bool,
    error: String,
    #[schema(example = "agent_error")]
    error_code: &'static str,
}

impl HermesBody {
    /// The run gave no answer, or only a part of one.
    pub(crate) const fn failed(error: String, partial: bool) -> Self {
        Self { completed: false, partial, failed: true, error, error_code: "agent_error" }
    }
}

impl Problem {
    /// A refusal with this status and stable code.
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Facts {
            status,
            code,
            message: message.into(),
            param: None,
            headers: HeaderMap::new(),
            approval: None,
            hermes: None,
        }))
    }

    /// 400 about `param`.
    pub(crate) fn invalid(code: &'static str, param: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message).about(param)
    }

    /// 404 of one kind of resource.
    pub(crate) fn missing(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 401.
    pub(crate) fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", message)
            .with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 429: come back after `wait`.
    pub(crate) fn too_many(code: &'static str, wait: Duration, message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, message).retry_after(wait)
    }

    /// 409: what stands already is in the way.
    pub(crate) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 502: what this gateway relies on has failed.
    pub(crate) fn bad_gateway(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, code, message)
    }

    /// 500 without detail: the detail is in the log.
    pub(crate) fn internal() -> Self {
        let message = "the gateway failed; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
    }

    /// 503: the store cannot be used now.
    pub(crate) fn store_unavailable() -> Self {
        let message = "the gateway's store cannot be used now; its log says why";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", message)
            .retry_after(Duration::from_secs(1))
    }

    /// 503: this node is about to stop; another one should be asked.
    pub(crate) fn draining() -> Self {
        let message = "this node is about to stop; ask another one";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "draining", message)
            .retry_after(Duration::from_secs(1))
    }

    #[cfg(test)]
    pub(crate) fn named(&self) -> (&'static str, Option<&str>) {
        (self.0.code, self.0.param.as_deref())
    }

    /// The same, about `param`.
    pub(crate) fn about(mut self, param: &str) -> Self {
        self.0.param = Some(param.to_owned());
        self
    }

    /// The same, with the approval as it is stored.
    pub(crate) fn showing(mut self, approval: ApprovalBody) -> Self {
        self.0.approval = Some(approval);
        self
    }

    /// The same, with how the run ended.
    pub(crate) fn with_hermes(mut self, outcome: HermesBody) -> Self {
        self.0.hermes = Some(outcome);
        self
    }

    /// The same, with the methods that are there.
    pub(crate) fn allowing(self, methods: HeaderValue) -> Self {
        self.with(ALLOW, methods)
    }

    fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with(RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// The same, with a header.
    pub(crate) fn with(mut self, name: axum::http::HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    fn family(&self) -> &'static str {
        match self.0.status {
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::FORBIDDEN => "permission_error",
            StatusCode::NOT_FOUND => "not_found_error",
            StatusCode::CONFLICT | StatusCode::GONE => "conflict_error",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let family = self.family();
        let facts = *self.0;
        let body = ProblemBody {
            error: ProblemFacts {
                message: &facts.message,
                r#type: family,
                param: facts.param.as_deref(),
                code: facts.code,
                hermes: facts.hermes.as_ref(),
            },
            approval: facts.approval.as_ref(),
        };
        (facts.status, facts.headers, axum::Json(body)).into_response()
    }
}

/// The schema of every refusal.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(ProblemBody)))]
pub(crate) struct Refusals;
