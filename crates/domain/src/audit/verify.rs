//! Checking a log from its first record to its last, one at a time.
//!
//! The hashes of what was read are kept (32 bytes a record), so that a checkpoint can be held
//! against any earlier record. Nothing is trusted but the keys: neither the numbers of rows nor the
//! hashes stored beside texts.

use serde::Serialize;

use super::chain::{Fields, Head, Malformed};
use super::checkpoint::{Checkpoint, Detail, Statement};
use super::merkle;
use super::record::AuditKind;
use crate::digest::Digest;
use crate::signing::VerifyingKeys;

/// The first record that is bad, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {seq}: {flaw}")]
pub struct Broken {
    /// Its number, or where it should be.
    pub seq: u64,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Something in it was changed.
    #[error("hash: its content does not have its hash")]
    Hash,
    /// It does not hold the hash of the record before it.
    #[error("hash: it does not follow the record before it")]
    Link,
    /// It is not there.
    #[error("gap: it is missing, and record {next} comes instead")]
    Gap {
        /// What is there instead.
        next: u64,
    },
    /// Records are not in the order of their numbers.
    #[error("order: record {found} is in its place")]
    Order {
        /// The number of the record that lies there.
        found: u64,
    },
    /// It cannot be read.
    #[error("malformed: {0}")]
    Malformed(#[from] Malformed),
    /// A column that is searched by says something else than the record.
    #[error("column: `{0}` beside it says something else")]
    Column(&'static str),
    /// A checkpoint that is not the gateway's, or not about this log.
    #[error("signature: {0}")]
    Signature(String),
    /// The log ends before a record that was signed.
    #[error("truncated: the log ends before it, but a checkpoint signed record {signed}")]
    Truncated {
        /// What was signed.
        signed: u64,
    },
}

/// What a row of a database says of the record in it, beside the record's text.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// The record's time, in milliseconds since 1970.
    pub at: i64,
    /// The record's kind.
    pub kind: &'a str,
    /// The record's actor.
    pub actor: &'a str,
    /// The record's subject.
    pub subject: &'a str,
}

/// What was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many records.
    pub records: u64,
    /// The last one's number.
    pub head: u64,
    /// Its hash.
    pub hash: Digest,
    /// How many checkpoints' signatures were checked.
    pub checkpoints: u64,
    /// The last record that a checked checkpoint signed.
    pub signed: Option<u64>,
}

/// A check under way.
pub struct Verifier<'k> {
    keys: Option<&'k VerifyingKeys>,
    /// The number of the first record that is read.
    first: u64,
    hashes: Vec<Digest>,
    /// What the first record must hold as the hash before it, if that is known.
    before: Option<Digest>,
    checkpoints: u64,
    signed: Option<u64>,
    /// A record that was not in its place, and what was.
    missing: Option<(u64, u64)>,
}

impl<'k> Verifier<'k> {
    /// A check from the first record on. Without keys signatures are not looked at.
    pub const fn new(keys: Option<&'k VerifyingKeys>) -> Self {
        Self::starting(keys, 1, Some(Head::EMPTY.hash))
    }

    /// A check from the record `first` on, whatever came before it.
    pub const fn from(first: u64, keys: Option<&'k VerifyingKeys>) -> Self {
        if first <= 1 { Self::new(keys) } else { Self::starting(keys, first, None) }
    }

    const fn starting(keys: Option<&'k VerifyingKeys>, first: u64, before: Option<Digest>) -> Self {
        let hashes = Vec::new();
        Self { keys, first, hashes, before, checkpoints: 0, signed: None, missing: None }
    }

    /// Checks the next row of a database.
    pub fn row(
        &mut self,
        seq: u64,
        columns: &Columns<'_>,
        text: &str,
        hash: Digest,
    ) -> Result<(), Broken> {
        if !self.is_next(seq)? {
            return Ok(());
        }
        let bad = |flaw: Flaw| Broken { seq, flaw };
        if Digest::of(text.as_bytes()) != hash {
            return Err(bad(Flaw::Hash));
        }
        let fields = Fields::take_apart(text).map_err(|error| bad(error.into()))?;
        if fields.seq != seq {
            return Err(bad(Flaw::Order { found: fields.seq }));
        }
        columns.agree(&fields).map_err(bad)?;
        self.take(&fields, hash).map_err(bad)
    }

    /// Checks the next line of an export.
    pub fn line(&mut self, line: &str) -> Result<(), Broken> {
        let expected = self.expected();
        let unreadable = |error: Malformed| Broken { seq: expected, flaw: error.into() };
        let parsed = Fields::take_apart(line);
        if self.missing.is_some() {
            // Only whether what was missing still comes is of interest now.
            return parsed.map_or(Ok(()), |fields| self.is_next(fields.seq).map(drop));
        }
        let fields = parsed.map_err(unreadable)?;
        if !self.is_next(fields.seq)? {
            return Ok(());
        }
        let bad = |flaw: Flaw| Broken { seq: fields.seq, flaw };
        let claimed = fields.hash().map_err(unreadable)?;
        let claimed = claimed.ok_or_else(|| unreadable(Malformed::Field("hash")))?;
        let text = fields.hashed(line).map_err(unreadable)?;
        if Digest::of(text.as_bytes()) != claimed {
            return Err(bad(Flaw::Hash));
        }
        self.take(&fields, claimed).map_err(bad)
    }

    /// What was found, when all was read. Each of `kept` is a statement that was signed and is
    /// known from elsewhere: the log must reach it.
    pub fn finish(self, kept: &[Statement]) -> Result<Report, Broken> {
        if let Some((seq, next)) = self.missing {
            return Err(Broken { seq, flaw: Flaw::Gap { next } });
        }
        let head = self.expected() - 1;
        for statement in kept {
            if statement.seq > head {
                let flaw = Flaw::Truncated { signed: statement.seq };
                return Err(Broken { seq: head + 1, flaw });
            }
            self.hold_against(statement).map_err(|flaw| Broken { seq: statement.seq, flaw })?;
        }
        Ok(Report {
            records: u64::try_from(self.hashes.len()).unwrap_or(u64::MAX),
            head,
            hash: self.hashes.last().copied().or(self.before).unwrap_or(Head::EMPTY.hash),
            checkpoints: self.checkpoints,
            signed: self.signed,
        })
    }

    fn expected(&self) -> u64 {
        self.first.saturating_add(u64::try_from(self.hashes.len()).unwrap_or(u64::MAX))
    }

    /// Whether the record `seq` is the next. If a later one comes first, all that remains to be
    /// seen is whether the expected one is missing or only out of place.
    fn is_next(&mut self, seq: u64) -> Result<bool, Broken> {
        if let Some((missing, found)) = self.missing {
            if seq == missing {
                return Err(Broken { seq: missing, flaw: Flaw::Order { found } });
            }
            return Ok(false);
        }
        let expected = self.expected();
        if seq < expected {
            return Err(Broken { seq: expected, flaw: Flaw::Order { found: seq } });
        }
        if seq > expected {
            self.missing = Some((expected, seq));
        }
        Ok(seq == expected)
    }

    fn take(&mut self, fields: &Fields<'_>, hash: Digest) -> Result<(), Flaw> {
        let before = self.hashes.last().copied().or(self.before);
        if before.is_some_and(|before| fields.prev() != Ok(before)) {
            return Err(Flaw::Link);
        }
        if fields.kind == AuditKind::Checkpoint.as_str() {
            self.checkpoint(fields)?;
        }
        self.hashes.push(hash);
        Ok(())
    }

    fn checkpoint(&mut self, fields: &Fields<'_>) -> Result<(), Flaw> {
        let detail: Detail = serde_json::from_str(fields.detail.get())
            .map_err(|error| Malformed::Json(error.to_string()))?;
        if self.hash_of(detail.seq) != Known::Is(detail.hash) && detail.seq >= self.first {
            return Err(Flaw::Signature(format!(
                "it signs record {} with another hash than that record has",
                detail.seq
            )));
        }
        let Some(keys) = self.keys else {
            return Ok(());
        };
        let checkpoint = Checkpoint::open(&detail.token, keys)
            .map_err(|error| Flaw::Signature(error.to_string()))?;
        let statement = &checkpoint.statement;
        if (statement.seq, statement.hash) != (detail.seq, detail.hash) {
            return Err(Flaw::Signature("it says something else than its signature".to_owned()));
        }
        self.hold_against(statement)?;
        self.checkpoints += 1;
        self.signed = self.signed.max(Some(statement.seq));
        Ok(())
    }

    /// Whether the log holds what was signed.
    fn hold_against(&self, statement: &Statement) -> Result<(), Flaw> {
        let differs = || {
            let seq = statement.seq;
            Flaw::Signature(format!("the records up to {seq} are not those that were signed"))
        };
        match self.hash_of(statement.seq) {
            Known::Is(hash) if hash == statement.hash => {}
            Known::Before => return Ok(()),
            Known::Is(_) | Known::NotYet => return Err(differs()),
        }
        let place = |seq: u64| usize::try_from(seq.checked_sub(self.first)?).ok();
        let Some(from) = place(statement.from) else {
            return Ok(());
        };
        let covered = place(statement.seq).and_then(|last| self.hashes.get(from..=last));
        match covered.and_then(merkle::root) {
            Some(root) if root == statement.root => Ok(()),
            Some(_) | None => Err(differs()),
        }
    }

    fn hash_of(&self, seq: u64) -> Known {
        let Some(place) = seq.checked_sub(self.first) else {
            return Known::Before;
        };
        let hash = usize::try_from(place).ok().and_then(|place| self.hashes.get(place));
        hash.map_or(Known::NotYet, |hash| Known::Is(*hash))
    }
}

/// What is known of a record's hash.
#[derive(Debug, PartialEq, Eq)]
enum Known {
    Is(Digest),
    /// It lies before the first record that is read.
    Before,
    /// It was not read yet.
    NotYet,
}

impl Columns<'_> {
    fn agree(&self, fields: &Fields<'_>) -> Result<(), Flaw> {
        let at = fields.millis().ok_or(Malformed::Field("at"))?;
        if at != self.at {
            return Err(Flaw::Column("at"));
        }
        if fields.kind != self.kind {
            return Err(Flaw::Column("kind"));
        }
        if fields.actor != self.actor {
            return Err(Flaw::Column("actor"));
        }
        if fields.subject != self.subject {
            return Err(Flaw::Column("subject"));
        }
        Ok(())
    }
}
