//! `GET /v1/pairings`

use axum::Json;
use axum::extract::State;

use super::wire::PairingBody;
use crate::access::Admitted;
use crate::problem::Problem;
use crate::query::Parameters;
use crate::server::App;
use crate::v1::List;

/// List who was let in, and who waits with a code that is good, oldest first.
#[utoipa::path(
    get, path = "/v1/pairings", tag = "pairings", operation_id = "listPairings",
    responses((status = 200, description = "All of them.", body = List<PairingBody>))
)]
pub(crate) async fn list_pairings(
    State(app): State<App>,
    Admitted(identity): Admitted,
    query: Parameters,
) -> Result<Json<List<PairingBody>>, Problem> {
    query.finish()?;
    let pairings = app.gateway.pairings(&identity.caller).await?;
    Ok(Json(List::whole(pairings.into_iter().map(PairingBody::from).collect())))
}
