//! `DELETE /v1/keys/{name}`

use axum::Json;
use axum::extract::State;
use countersign_domain::identity::KeyName;

use super::wire::RevokedBody;
use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// Take a key back.
///
/// It opens nothing from now on, and streams that it opened end within a quarter of a minute.
#[utoipa::path(
    delete, path = "/v1/keys/{name}", tag = "keys", operation_id = "revokeKey",
    params(("name" = String, Path, pattern = "^[A-Za-z0-9._-]{1,64}$",
        example = "ci")),
    responses(
        (status = 200, description = "The key is gone.", body = RevokedBody),
        (status = 404, description = "`key_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn revoke_key(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(name): Id<KeyName>,
) -> Result<Json<RevokedBody>, Problem> {
    let gateway = app.gateway.clone();
    let revoked = name.clone();
    to_the_end(async move { gateway.revoke_key(&revoked, &identity.caller).await }).await?;
    Ok(Json(RevokedBody { object: "key", name, revoked: true }))
}
