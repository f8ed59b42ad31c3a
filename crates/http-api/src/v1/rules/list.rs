//! `GET /v1/rules`

use axum::Json;
use axum::extract::State;

use super::wire::RuleBody;
use crate::access::Admitted;
use crate::problem::Problem;
use crate::query::Parameters;
use crate::server::App;
use crate::v1::List;

/// List the rules in force, newest first.
#[utoipa::path(
    get, path = "/v1/rules", tag = "rules", operation_id = "listRules",
    responses((status = 200, description = "All of them.", body = List<RuleBody>))
)]
pub(crate) async fn list_rules(
    State(app): State<App>,
    Admitted(identity): Admitted,
    query: Parameters,
) -> Result<Json<List<RuleBody>>, Problem> {
    query.finish()?;
    let rules = app.gateway.rules(&identity.caller).await?;
    Ok(Json(List::whole(rules.into_iter().map(RuleBody::from).collect())))
}
