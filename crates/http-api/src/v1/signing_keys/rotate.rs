//! `POST /v1/signing-keys/rotate`

use axum::Json;
use axum::extract::State;

use super::wire::SigningKeysBody;
use crate::access::Admitted;
use crate::headers::NotIdempotent;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// Sign with a new key from now on.
///
/// What the old key has signed stays verifiable; its secret half is destroyed. Each request makes a
/// key, so `Idempotency-Key` is refused here.
#[utoipa::path(
    post, path = "/v1/signing-keys/rotate", tag = "keys", operation_id = "rotateSigningKey",
    responses(
        (status = 200, description = "All keys; the first is the new one.", body = SigningKeysBody),
        (status = 503, description = "`signer_unavailable`", body = ProblemBody)
    )
)]
pub(crate) async fn rotate_signing_key(
    State(app): State<App>,
    Admitted(identity): Admitted,
    NotIdempotent: NotIdempotent,
) -> Result<Json<SigningKeysBody>, Problem> {
    let gateway = app.gateway.clone();
    let rotating = to_the_end(async move { gateway.rotate_signing_key(&identity.caller).await });
    Ok(Json(rotating.await?.into()))
}
