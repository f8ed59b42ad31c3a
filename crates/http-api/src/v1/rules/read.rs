//! `GET /v1/rules/{rule_id}`

use axum::Json;
use axum::extract::State;
use countersign_domain::ids::RuleId;

use super::wire::RuleBody;
use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;

/// Read a rule.
#[utoipa::path(
    get, path = "/v1/rules/{rule_id}", tag = "rules", operation_id = "readRule",
    params(("rule_id" = String, Path, pattern = "^rule_[0-9a-f]{32}$",
        example = "rule_0198c0de00007000800000000000000d")),
    responses(
        (status = 200, description = "The rule.", body = RuleBody),
        (status = 404, description = "`rule_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn read_rule(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(id): Id<RuleId>,
) -> Result<Json<RuleBody>, Problem> {
    let rule = app.gateway.rule(id, &identity.caller).await?;
    Ok(Json(rule.into()))
}
