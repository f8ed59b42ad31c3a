//! `DELETE /v1/rules/{rule_id}`

use axum::Json;
use axum::extract::State;
use countersign_domain::ids::RuleId;

use super::wire::RevokedBody;
use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// Take a rule back.
///
/// From now on it covers nothing.
#[utoipa::path(
    delete, path = "/v1/rules/{rule_id}", tag = "rules", operation_id = "revokeRule",
    params(("rule_id" = String, Path, pattern = "^rule_[0-9a-f]{32}$",
        example = "rule_0198c0de00007000800000000000000d")),
    responses(
        (status = 200, description = "The rule is gone.", body = RevokedBody),
        (status = 404, description = "`rule_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn revoke_rule(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(id): Id<RuleId>,
) -> Result<Json<RevokedBody>, Problem> {
    let gateway = app.gateway.clone();
    to_the_end(async move { gateway.revoke_rule(id, &identity.caller).await }).await?;
    Ok(Json(RevokedBody { object: "rule", rule_id: id, revoked: true }))
}
