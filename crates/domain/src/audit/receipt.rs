//! A decision's receipt: what was decided, its record, and the proof that the log held it.
//!
//! Everything in a receipt follows from the record, its place under the checkpoint, and the
//! checkpoint's signature, so checking makes the receipt anew from these and compares. White space
//! between the parts does not count; anything else does.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chain::{Malformed, SealedRecord};
use super::checkpoint::{Checkpoint, NoCheckpoint};
use super::merkle;
use super::record::AuditKind;
use crate::digest::Digest;
use crate::signing::VerifyingKeys;

/// The version of the format.
const FORMAT: u64 = 1;

/// A decision and its proof. The fields are in the order of canonical JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Receipt {
    /// The approval that was decided.
    pub approval_id: String,
    /// The digest of the card that was shown.
    pub card_digest: Value,
    /// What the gateway signed.
    pub checkpoint: Signed,
    /// What was decided.
    pub choice: Value,
    /// When.
    pub decided_at: String,
    /// Who decided.
    pub decided_by: String,
    /// The digest of the action.
    pub digest: Value,
    /// The grant that it led to.
    pub grant_id: Value,
    /// From the record to the checkpoint.
    pub proof: Proof,
    /// Why, in the decider's words.
    pub reason: Value,
    /// The version of this format.
    pub receipt: u64,
    /// The audit record of the decision, and its place in the chain.
    pub record: Value,
    /// The rule that the decision left behind.
    pub rule_id: Value,
}

/// The way from a record to what was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The number of the record among those that the checkpoint covers, from 0.
    pub index: u64,
    /// The hashes beside the way to the root, from the record upwards.
    pub path: Vec<Digest>,
    /// How many records the checkpoint covers.
    pub size: u64,
}

/// What the gateway signed, in the clear and signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signed {
    /// When.
    pub at: String,
    /// The first record that it covers.
    pub from: u64,
    /// The hash of the last record that it covers.
    pub hash: Digest,
    /// The root of the tree over the hashes of the covered records.
    pub root: Digest,
    /// The number of the last record that it covers.
    pub seq: u64,
    /// The same, signed (PASETO v4.public).
    pub token: String,
}

/// Why there is no receipt, or why one does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoReceipt {
    /// It cannot be read.
    #[error("it is no receipt: {0}")]
    Format(String),
    /// The record in it is not one, or was changed.
    #[error("hash: the audit record was changed, or is no record")]
    Record,
    /// The record is about something else.
    #[error("the audit record is not that of a decision")]
    NoDecision,
    /// The record is not among those that the checkpoint covers.
    #[error("proof: the checkpoint does not cover the audit record")]
    NotCovered,
    /// The checkpoint is not the gateway's.
    #[error("signature: {0}")]
    Signature(#[from] NoCheckpoint),
    /// Something else in it was changed.
    #[error("it says something else than its audit record and checkpoint")]
    Differs,
}

impl From<Malformed> for NoReceipt {
    fn from(_: Malformed) -> Self {
        Self::Record
    }
}

/// The parts of a receipt that the others follow from.
#[derive(Deserialize)]
struct Parts {
    record: Value,
    proof: Proof,
    checkpoint: Token,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

impl Receipt {
    /// The receipt of the decision `record` under `checkpoint`, which covers the records with
    /// `hashes`.
    pub fn new(
        record: &SealedRecord,
        checkpoint: &Checkpoint,
        hashes: &[Digest],
    ) -> Result<Self, NoReceipt> {
        let index = record.seq.checked_sub(checkpoint.statement.from);
        let index = index.ok_or(NoReceipt::NotCovered)?;
        let size = u64::try_from(hashes.len()).map_err(|_| NoReceipt::NotCovered)?;
        let place = usize::try_from(index).map_err(|_| NoReceipt::NotCovered)?;
        let path = merkle::path(hashes, place).ok_or(NoReceipt::NotCovered)?;
        Self::proven(record, Proof { index, path, size }, checkpoint)
    }

    /// The receipt that `text` holds, if everything in it is true.
    pub fn verify(text: &str, keys: &VerifyingKeys) -> Result<Self, NoReceipt> {
        let unreadable = |error: serde_json::Error| NoReceipt::Format(error.to_string());
        let Parts { record, proof, checkpoint } = serde_json::from_str(text).map_err(unreadable)?;
        let checkpoint = Checkpoint::open(&checkpoint.token, keys)?;
        let line = serde_json_canonicalizer::to_string(&record).map_err(unreadable)?;
        let record = SealedRecord::from_line(&line)?;
        let receipt = Self::proven(&record, proof, &checkpoint)?;
        if receipt.canonical_json() == without_space(text) {
            Ok(receipt)
        } else {
            Err(NoReceipt::Differs)
        }
    }

    /// The canonical JSON.
    pub fn canonical_json(&self) -> String {
        // Texts, numbers and digests: nothing here can fail to serialise.
        serde_json_canonicalizer::to_string(self).unwrap_or_default()
    }

    fn proven(
        record: &SealedRecord,
        proof: Proof,
        checkpoint: &Checkpoint,
    ) -> Result<Self, NoReceipt> {
        let statement = &checkpoint.statement;
        let root = merkle::root_by_path(record.hash, proof.index, proof.size, &proof.path);
        if statement.from.checked_add(proof.index) != Some(record.seq)
            || statement.seq.checked_sub(statement.from).and_then(|last| last.checked_add(1))
                != Some(proof.size)
            || root != Some(statement.root)
        {
            return Err(NoReceipt::NotCovered);
        }
        if record.record.kind != AuditKind::ApprovalDecided {
            return Err(NoReceipt::NoDecision);
        }
        let fact = |name: &str| record.record.detail.get(name).cloned().unwrap_or(Value::Null);
        Ok(Self {
            receipt: FORMAT,
            approval_id: record.record.subject.clone(),
            digest: fact("digest"),
            card_digest: fact("card"),
            choice: fact("choice"),
            reason: fact("reason"),
            decided_by: record.record.actor.to_string(),
            decided_at: record.record.at.to_string(),
            rule_id: fact("rule"),
            grant_id: fact("grant"),
            record: serde_json::from_str(&record.line()?).map_err(|_| NoReceipt::Record)?,
            proof,
            checkpoint: Signed {
                at: statement.at.to_string(),
                from: statement.from,
                hash: statement.hash,
                root: statement.root,
                seq: statement.seq,
                token: checkpoint.token.clone(),
            },
        })
    }
}

/// JSON without the white space between its parts.
fn without_space(json: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let keeps = |c: &char| {
        if quoted {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = false,
                _ => {}
            }
            return true;
        }
        quoted = *c == '"';
        !matches!(c, ' ' | '\t' | '\r' | '\n')
    };
    json.chars().filter(keeps).collect()
}
