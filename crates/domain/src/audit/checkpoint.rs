//! Checkpoints: signed statements of where the log stood.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::chain::{Head, SUBJECT};
use super::merkle;
use super::record::{AuditKind, AuditRecord};
use crate::digest::Digest;
use crate::identity::Actor;
use crate::signing::{Purpose, SignatureError, VerifyingKeys};
use crate::time::Timestamp;

/// How many records one checkpoint covers at most. After a longer silence several are made.
pub const MOST_COVERED: u64 = 4096;

/// What is signed: that the record `seq` of the log has this hash, and with it all before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// When.
    pub at: Timestamp,
    /// The first record that `root` covers.
    pub from: u64,
    /// The hash of the record `seq`.
    pub hash: Digest,
    /// The root of the [`merkle`] tree over the hashes of the records `from` to `seq`.
    pub root: Digest,
    /// Where the log stood.
    pub seq: u64,
}

/// A statement and its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// What was signed.
    pub statement: Statement,
    /// The signed form, which holds the statement too.
    pub token: String,
}

/// Why a token is no checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoCheckpoint {
    /// The signature is not good.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The signature is good, but over something else.
    #[error("what is signed is no statement about an audit log")]
    Statement,
}

/// What the detail of a checkpoint's record holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Detail {
    pub(super) hash: Digest,
    pub(super) seq: u64,
    pub(super) token: String,
}

impl Statement {
    /// The statement about the records from `from` whose hashes are `hashes`; `None` about none.
    pub fn about(from: u64, hashes: &[Digest], at: Timestamp) -> Option<Self> {
        let last = u64::try_from(hashes.len()).ok()?.checked_sub(1)?;
        let (hash, root) = (*hashes.last()?, merkle::root(hashes)?);
        Some(Self { at, from, hash, root, seq: from.checked_add(last)? })
    }

    /// The canonical JSON that is signed.
    pub fn claims(&self) -> String {
        // Five plain fields: nothing here can fail to serialise.
        serde_json_canonicalizer::to_string(self).unwrap_or_default()
    }

    /// The record that was signed.
    pub const fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }
}

impl Checkpoint {
    /// The checkpoint of this token, if the signature is good.
    pub fn open(token: &str, keys: &VerifyingKeys) -> Result<Self, NoCheckpoint> {
        let claims = keys.verify(Purpose::Checkpoint, token)?.claims;
        let statement: Statement =
            serde_json::from_str(&claims).map_err(|_| NoCheckpoint::Statement)?;
        let covered = statement.seq.checked_sub(statement.from).ok_or(NoCheckpoint::Statement)?;
        if statement.from == 0 || covered >= MOST_COVERED || statement.claims() != claims {
            return Err(NoCheckpoint::Statement);
        }
        Ok(Self { statement, token: token.to_owned() })
    }

    /// The record that puts it into the log.
    pub fn record(&self) -> AuditRecord {
        let detail = json!({
            "hash": self.statement.hash,
            "seq": self.statement.seq,
            "token": self.token,
        });
        AuditRecord {
            at: self.statement.at,
            kind: AuditKind::Checkpoint,
            actor: Actor::System,
            subject: SUBJECT.to_owned(),
            session: None,
            detail: object(detail),
        }
    }

    /// The token in a checkpoint's record.
    pub fn token_of(record: &AuditRecord) -> Option<&str> {
        if record.kind != AuditKind::Checkpoint {
            return None;
        }
        record.detail.get("token").and_then(Value::as_str)
    }

    /// The record that a checkpoint's record says was signed, without looking at the signature.
    pub fn claimed_seq(record: &AuditRecord) -> Option<u64> {
        if record.kind != AuditKind::Checkpoint {
            return None;
        }
        record.detail.get("seq").and_then(Value::as_u64)
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}
