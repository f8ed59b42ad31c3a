//! Stored values that are about access, not about agents.

use std::collections::BTreeSet;

use countersign_domain::access::Scope;
use countersign_domain::digest::Digest;
use countersign_domain::identity::{KeyName, Principal};
use countersign_domain::ids::{ApprovalId, CallId, GrantId, KeyId, WebSessionId};
use countersign_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An API key; its secret is kept only as a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// Its name, which becomes the principal `api:NAME`.
    pub name: KeyName,
    /// What its holder may do.
    pub scopes: BTreeSet<Scope>,
    /// SHA-256 of the secret.
    pub secret: Digest,
    /// Who made it.
    pub created_by: Principal,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is good; `None` for ever.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it last opened something, to within some minutes; absent in old keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// A grant as the store knows it: whether it is still good, not what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuedGrant {
    /// Its id.
    pub id: GrantId,
    /// The approval that it was issued for.
    pub approval_id: Option<ApprovalId>,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// What is about to leave the house: recorded in the commit that uses its grant up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The grant that is used up.
    pub grant: GrantId,
    /// The tool call that sends; none if another process does.
    pub call: Option<CallId>,
    /// Who gets it, each as the limit counts it.
    pub destinations: BTreeSet<String>,
    /// When.
    pub at: Timestamp,
    /// How much may go there.
    pub limit: RateLimit,
}

/// So many sends to one destination after an instant, and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// What was sent at or before this does not count.
    pub since: Timestamp,
    /// How many there may be.
    pub most: u32,
}

/// What left the house, or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The grant that was used up.
    pub grant: GrantId,
    /// Where it went.
    pub destinations: BTreeSet<String>,
    /// When.
    pub at: Timestamp,
}

/// A one-time link to the web page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInLink {
    /// SHA-256 of its token.
    pub token: Digest,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// A sign-in of the web page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSession {
    /// Its id.
    pub id: WebSessionId,
    /// SHA-256 of the cookie.
    pub token: Digest,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// An answer that is given again when the same caller repeats the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentAnswer {
    /// Who asked.
    pub caller: Principal,
    /// The key that came with the request.
    pub key: String,
    /// Digest of what was asked: method, path and body.
    pub request: Digest,
    /// HTTP status of the answer.
    pub status: u16,
    /// Body of the answer.
    pub body: String,
    /// Until when it is remembered.
    pub expires_at: Timestamp,
}
