//! `GET /metrics`

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use countersign_domain::access::Scope;
use countersign_gateway::METRICS_TYPE;
use utoipa_axum::routes;

use crate::access::{Group, Needs};
use crate::problem::Problem;
use crate::query::Parameters;
use crate::server::App;

/// Whoever may read the audit log, and whoever collects figures.
const METRICS: Needs = Needs::any_of(&[Scope::Audit, Scope::Admin]).or_metrics_token();

pub(crate) fn group() -> Group {
    Group::new(METRICS, vec![routes!(metrics)])
}

/// The figures of this node, for Prometheus: a key with one of the scopes opens it, and so does the
/// token of `gateway.metrics_token_env` or `gateway.metrics_token_file`.
#[utoipa::path(
    get, path = "/metrics", tag = "health", operation_id = "metrics",
    responses((
        status = 200, description = "The figures, in the text form of OpenMetrics 1.0.",
        content_type = "application/openmetrics-text", body = String,
        example = "countersign_approvals_pending 2\n# EOF\n"
    ))
)]
async fn metrics(State(app): State<App>, query: Parameters) -> Result<impl IntoResponse, Problem> {
    query.finish()?;
    let headers = [(CONTENT_TYPE, METRICS_TYPE), (CACHE_CONTROL, "no-store")];
    Ok((headers, app.gateway.metrics().await))
}
