//! A key in JSON.

use std::collections::BTreeSet;

use countersign_domain::access::Scope;
use countersign_domain::identity::{KeyName, Principal};
use countersign_domain::ids::KeyId;
use countersign_domain::time::Timestamp;
use countersign_ports::store::ApiKey;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

/// An API key. Its secret is kept nowhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub(crate) struct KeyBody {
    #[schema(example = "key")]
    object: &'static str,
    #[schema(value_type = String)]
    key_id: KeyId,
    /// Its holder is `api:NAME` in every decision and record.
    #[schema(value_type = String, example = "ci")]
    name: KeyName,
    #[schema(schema_with = scopes)]
    scopes: BTreeSet<Scope>,
    #[schema(value_type = String, example = "operator")]
    created_by: Principal,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Until when it is good; `null` until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When it last opened something, to within five minutes; `null` if it never has.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

/// A new key, with the secret that is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewKey)]
pub(crate) struct NewKeyBody {
    #[serde(flatten)]
    pub(super) key: KeyBody,
    #[schema(example = "cs_key_…")]
    pub(super) secret: String,
}

/// A key that was taken back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyRevoked)]
pub(crate) struct RevokedBody {
    #[schema(example = "key")]
    pub(super) object: &'static str,
    #[schema(value_type = String, example = "ci")]
    pub(super) name: KeyName,
    #[schema(example = true)]
    pub(super) revoked: bool,
}

impl From<ApiKey> for KeyBody {
    fn from(key: ApiKey) -> Self {
        let ApiKey { id: key_id, name, scopes, created_by, created_at, .. } = key;
        let ApiKey { expires_at, last_used_at, .. } = key;
        Self {
            object: "key",
            key_id,
            name,
            scopes,
            created_by,
            created_at,
            expires_at,
            last_used_at,
        }
    }
}

pub(super) fn scopes() -> RefOr<Schema> {
    let word = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(Scope::ALL.map(Scope::as_str)));
    ArrayBuilder::new().items(word).min_items(Some(1)).into()
}
