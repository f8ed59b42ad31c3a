//! `DELETE /v1/pairings/{pairing_id}`

use axum::Json;
use axum::extract::State;
use countersign_domain::ids::PairingId;

use super::wire::RemovedBody;
use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// Hear somebody no more, or make a code good for nothing.
#[utoipa::path(
    delete, path = "/v1/pairings/{pairing_id}", tag = "pairings", operation_id = "removePairing",
    params(("pairing_id" = String, Path, pattern = "^pair_[0-9a-f]{32}$",
        example = "pair_0197f3a2b4c87d10a1b2c3d4e5f60718")),
    responses(
        (status = 200, description = "It is gone.", body = RemovedBody),
        (status = 404, description = "`pairing_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn remove_pairing(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(pairing_id): Id<PairingId>,
) -> Result<Json<RemovedBody>, Problem> {
    let gateway = app.gateway.clone();
    to_the_end(async move { gateway.remove_pairing(pairing_id, &identity.caller).await }).await?;
    Ok(Json(RemovedBody { object: "pairing", pairing_id, removed: true }))
}
