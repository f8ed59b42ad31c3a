//! A record of the audit log in JSON.

use countersign_domain::audit::{AuditKind, SealedRecord};
use countersign_domain::digest::Digest;
use countersign_domain::identity::Actor;
use countersign_domain::ids::SessionId;
use countersign_domain::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A record of the audit log in its place: who did what, and how it is chained to the one before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditRecord)]
pub(crate) struct AuditRecordBody {
    #[schema(example = "audit_record")]
    object: &'static str,
    /// Its number, from 1, without gaps.
    #[schema(example = 42)]
    seq: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(value_type = String, example = "approval.decided")]
    kind: AuditKind,
    /// Who did it: `system`, or a principal.
    #[schema(value_type = String, example = "operator")]
    actor: Actor,
    /// What it is about: the id of an approval, run, rule or key, an address, or `audit`.
    #[schema(example = "appr_0198c0de00007000800000000000000c")]
    subject: String,
    #[schema(value_type = Option<String>)]
    session: Option<SessionId>,
    /// The machine that wrote it.
    #[schema(example = "build-7")]
    node: String,
    /// Further facts; secrets are masked.
    #[schema(value_type = Object)]
    detail: Map<String, Value>,
    /// The hash of the record before it; zeros for the first.
    #[schema(value_type = String, pattern = "^sha256:[0-9a-f]{64}$")]
    prev: Digest,
    /// SHA-256 over the canonical JSON (RFC 8785) of the record's own fields: all of these but
    /// `object` and `hash`.
    #[schema(value_type = String, pattern = "^sha256:[0-9a-f]{64}$")]
    hash: Digest,
}

impl From<SealedRecord> for AuditRecordBody {
    fn from(line: SealedRecord) -> Self {
        let SealedRecord { seq, node, prev, hash, record } = line;
        Self {
            object: "audit_record",
            seq,
            at: record.at,
            kind: record.kind,
            actor: record.actor,
            subject: record.subject,
            session: record.session,
            node,
            detail: record.detail,
            prev,
            hash,
        }
    }
}
