//! `POST /v1/keys`

use std::collections::BTreeSet;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_domain::access::Scope;
use countersign_domain::identity::KeyName;
use countersign_domain::time::Timestamp;
use countersign_gateway::NewKey;
use serde::Deserialize;
use utoipa::ToSchema;

use super::wire::{NewKeyBody, scopes};
use crate::access::Admitted;
use crate::body::Json;
use crate::headers::NotIdempotent;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateKey, example = json!({"name": "ci", "scopes": ["runs"]}))]
pub(crate) struct CreateBody {
    /// 1 to 64 letters, digits, `-`, `_` or `.`.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._-]{1,64}$")]
    name: KeyName,
    /// What its holder may do.
    #[schema(schema_with = scopes)]
    scopes: BTreeSet<Scope>,
    /// Until when it is good; without it until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Make a key.
///
/// The secret is in this answer and nowhere else. A repeated request makes no second key of the
/// same name, so `Idempotency-Key` is refused here: the secret is not kept to be given again.
#[utoipa::path(
    post, path = "/v1/keys", tag = "keys", operation_id = "createKey",
    request_body = CreateBody,
    responses(
        (status = 201, description = "The key, with its secret.", body = NewKeyBody),
        (status = 409, description = "`key_name_taken`", body = ProblemBody)
    )
)]
pub(crate) async fn create_key(
    State(app): State<App>,
    Admitted(identity): Admitted,
    NotIdempotent: NotIdempotent,
    body: Json<CreateBody>,
) -> Result<(StatusCode, Answer<NewKeyBody>), Problem> {
    let CreateBody { name, scopes, expires_at } = body.value;
    let new = NewKey { name, scopes, expires_at };
    let gateway = app.gateway.clone();
    let made = to_the_end(async move { gateway.create_key(new, &identity.caller).await });
    let (key, secret) = made.await?;
    let body = NewKeyBody { key: key.into(), secret: secret.reveal().to_owned() };
    Ok((StatusCode::CREATED, Answer(body)))
}
