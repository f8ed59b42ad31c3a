//! `GET /v1/platforms`

use axum::Json;
use axum::extract::State;

use super::wire::AccountBody;
use crate::access::Admitted;
use crate::problem::Problem;
use crate::query::Parameters;
use crate::server::App;
use crate::v1::List;

/// List the bots on chat platforms and how their connections fare, by platform and account.
#[utoipa::path(
    get, path = "/v1/platforms", tag = "platforms", operation_id = "listPlatforms",
    responses((status = 200, description = "All of them.", body = List<AccountBody>))
)]
pub(crate) async fn list_platforms(
    State(app): State<App>,
    Admitted(identity): Admitted,
    query: Parameters,
) -> Result<Json<List<AccountBody>>, Problem> {
    query.finish()?;
    let accounts = app.gateway.platforms(&identity.caller).await?;
    Ok(Json(List::whole(accounts.into_iter().map(AccountBody::from).collect())))
}
