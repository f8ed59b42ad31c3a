//! Public keys in JSON.

use countersign_domain::time::Timestamp;
use countersign_gateway::PublishedKeys;
use serde::Serialize;
use utoipa::ToSchema;

/// What anybody needs to verify what this gateway has signed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SigningKeys)]
pub(crate) struct SigningKeysBody {
    /// The gateway's id: issuer (`iss`) and audience (`aud`) of its grants.
    #[schema(example = "gw_01998f5b2f6c7d0aa1b2c3d4e5f60718")]
    gateway: String,
    /// Newest first: the first one signs, the others did.
    keys: Vec<SigningKeyBody>,
}

/// A public key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SigningKey)]
pub(crate) struct SigningKeyBody {
    /// PASERK id; stands in the footer of what the key has signed.
    #[schema(example = "k4.pid.9ShR3xc8-qVJ_di0tc9nx0IDIqbatdeM2mqLFBJsKRHs")]
    kid: String,
    /// The key as PASERK.
    #[schema(example = "k4.public.cHFyc3R1dnd4eXp7fH1-f4CBgoOEhYaHiImKi4yNjo8")]
    paserk: String,
    /// `current` or `retired`.
    status: &'static str,
    /// Since when it has signed.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Since when it signs no more.
    #[schema(value_type = Option<String>, format = DateTime)]
    retired_at: Option<Timestamp>,
}

impl From<PublishedKeys> for SigningKeysBody {
    fn from(published: PublishedKeys) -> Self {
        let keys = published.keys.into_iter().map(|key| SigningKeyBody {
            kid: key.kid.to_string(),
            paserk: key.paserk.to_paserk(),
            status: if key.retired_at.is_none() { "current" } else { "retired" },
            created_at: key.created_at,
            retired_at: key.retired_at,
        });
        Self { gateway: published.gateway.to_string(), keys: keys.collect() }
    }
}
