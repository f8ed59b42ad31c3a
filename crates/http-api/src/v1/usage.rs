//! `GET /v1/usage`

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use countersign_domain::time::Timestamp;
use countersign_gateway::{LONGEST_USAGE, UsageBy, UsageSum, UsageWanted};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Admitted;
use crate::problem::{Problem, ProblemBody};
use crate::query::Parameters;
use crate::server::App;

/// What models were used for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageReport)]
pub(crate) struct UsageReportBody {
    #[schema(example = "usage")]
    object: &'static str,
    /// By what it is told apart: `day`, `model` or `session`.
    #[schema(example = "day")]
    by: &'static str,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    total: UsageSumBody,
    data: Vec<UsagePartBody>,
}

/// Tokens and what they have cost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageSum)]
pub(crate) struct UsageSumBody {
    /// So many runs asked a model.
    runs: u64,
    /// Those included that the model's server had kept from earlier requests.
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
    /// Those of the input that the model's server had kept from earlier requests.
    cache_read_tokens: u64,
    /// Those of the input that it has kept for later ones.
    cache_write_tokens: u64,
    /// What those tokens have cost whose price was known when they were used, in US dollars.
    #[schema(example = "0.0123")]
    cost_usd: Option<String>,
    /// Tokens whose price was not known.
    unpriced_tokens: u64,
}

/// A day, a model or a session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsagePart)]
pub(crate) struct UsagePartBody {
    /// The day in UTC, the model's name or the session's id.
    #[schema(example = "2026-11-18")]
    name: String,
    #[serde(flatten)]
    sum: UsageSumBody,
}

/// What models were used for, by day, model or session.
///
/// Of the caller's own runs, or of all for an admin, as long as `retention.runs` keeps them. A run
/// counts on the day on which it was accepted.
#[utoipa::path(
    get, path = "/v1/usage", tag = "runs", operation_id = "readUsage",
    params(
        ("by" = Option<String>, Query, pattern = "^(day|model|session)$",
            description = "By what it is told apart; `day` by default.", example = "model"),
        ("since" = Option<String>, Query, format = DateTime,
            description = "Of runs accepted from then on; 30 days before `until` by default."),
        ("until" = Option<String>, Query, format = DateTime,
            description = "Of runs accepted before that; now by default. At most 92 days after \
                `since`."),
        ("session_id" = Option<String>, Query, pattern = "^sess_[0-9a-f]{32}$",
            description = "Of this session.")
    ),
    responses(
        (status = 200, description = "The usage.", body = UsageReportBody),
        (status = 400, description = "`invalid_value`, `unknown_parameter`", body = ProblemBody)
    )
)]
pub(crate) async fn read_usage(
    State(app): State<App>,
    Admitted(identity): Admitted,
    mut query: Parameters,
) -> Result<Json<UsageReportBody>, Problem> {
    let by = query.word("by", UsageBy::ALL, UsageBy::as_str)?.unwrap_or(UsageBy::Day);
    let until = query.parsed::<Timestamp>("until")?;
    let since = query.parsed::<Timestamp>("since")?;
    let session = query.parsed("session_id")?;
    query.finish()?;
    let wanted = UsageWanted { by, span: app.gateway.usage_span(since, until), session };
    let (since, until) = (wanted.span.start, wanted.span.end);
    if until < since || until.since(since) > LONGEST_USAGE {
        let message = "`since` is before `until`, and at most 92 days";
        return Err(Problem::invalid("invalid_value", "since", message));
    }
    let report = app.gateway.usage_report(wanted, &identity.caller).await?;
    Ok(Json(UsageReportBody {
        object: "usage",
        by: by.as_str(),
        since,
        until,
        total: report.total.into(),
        data: parts(report.parts),
    }))
}

fn parts(parts: BTreeMap<String, UsageSum>) -> Vec<UsagePartBody> {
    parts.into_iter().map(|(name, sum)| UsagePartBody { name, sum: sum.into() }).collect()
}

impl From<UsageSum> for UsageSumBody {
    fn from(sum: UsageSum) -> Self {
        let usage = sum.usage;
        Self {
            runs: sum.runs,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            total_tokens: usage.input_tokens.saturating_add(usage.output_tokens),
            cache_read_tokens: usage.cache_read_tokens,
            cache_write_tokens: usage.cache_write_tokens,
            cost_usd: sum.cost.map(|cost| cost.to_string()),
            unpriced_tokens: sum.unpriced_tokens,
        }
    }
}
