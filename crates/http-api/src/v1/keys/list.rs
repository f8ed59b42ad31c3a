//! `GET /v1/keys`

use axum::Json;
use axum::extract::State;

use super::wire::KeyBody;
use crate::access::Admitted;
use crate::problem::Problem;
use crate::query::Parameters;
use crate::server::App;
use crate::v1::List;

/// List the keys that have not been taken back, newest first.
#[utoipa::path(
    get, path = "/v1/keys", tag = "keys", operation_id = "listKeys",
    responses((status = 200, description = "All of them.", body = List<KeyBody>))
)]
pub(crate) async fn list_keys(
    State(app): State<App>,
    Admitted(identity): Admitted,
    query: Parameters,
) -> Result<Json<List<KeyBody>>, Problem> {
    query.finish()?;
    let keys = app.gateway.keys(&identity.caller).await?;
    Ok(Json(List::whole(keys.into_iter().map(KeyBody::from).collect())))
}
