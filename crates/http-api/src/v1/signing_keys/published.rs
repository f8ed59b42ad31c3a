//! `GET /.well-known/countersign-keys.json`

use axum::Json;
use axum::extract::State;

use super::wire::SigningKeysBody;
use crate::server::App;

/// The public keys that verify this gateway's grants, checkpoints and receipts.
///
/// Grants are PASETO `v4.public` tokens: any PASETO library verifies them with these keys, without
/// asking the gateway. That a grant is used only once takes `POST /v1/grants/consume`.
#[utoipa::path(
    get, path = "/.well-known/countersign-keys.json", tag = "keys",
    operation_id = "signingKeys",
    responses((status = 200, description = "All keys, newest first.", body = SigningKeysBody))
)]
pub(crate) async fn signing_keys(State(app): State<App>) -> Json<SigningKeysBody> {
    Json(app.gateway.published_keys().into())
}
