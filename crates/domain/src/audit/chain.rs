//! A record's place in the log, and the text that its hash is taken over.
//!
//! The text is the canonical JSON (RFC 8785) of the record with its number, its node and the hash
//! of the record before it. Stores keep the text as it is, so that checking it needs no second
//! serialisation.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::record::{AuditKind, AuditRecord};
use crate::digest::Digest;
use crate::identity::Actor;
use crate::ids::SessionId;
use crate::time::Timestamp;

/// The subject of records that are about the log itself.
pub const SUBJECT: &str = "audit";

/// Where a log stands: its last record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 of an empty log.
    pub seq: u64,
    /// Its hash; 32 zero bytes of an empty log.
    pub hash: Digest,
}

/// The name of the machine or process that wrote a record: 1 to 255 visible characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeName(String);

/// Why a text is not the name of a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a node's name has 1 to 255 visible characters and no spaces")]
pub struct InvalidNodeName;

/// A record in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SealedRecord {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// Who wrote it.
    pub node: String,
    /// The hash of the record before it.
    pub prev: Digest,
    /// SHA-256 of its text.
    pub hash: Digest,
    /// The record.
    #[serde(flatten)]
    pub record: AuditRecord,
}

/// A record's text taken apart, without copies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fields<'a> {
    #[serde(borrow)]
    pub(super) actor: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) at: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) detail: &'a RawValue,
    #[serde(borrow, default)]
    hash: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    node: Cow<'a, str>,
    #[serde(borrow)]
    prev: Cow<'a, str>,
    pub(super) seq: u64,
    #[serde(borrow)]
    session: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) subject: Cow<'a, str>,
}

/// Why a text is not that of a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not JSON, or not with these fields.
    #[error("it is no record: {0}")]
    Json(String),
    /// A value is not of its kind.
    #[error("`{0}` is not what it should be")]
    Field(&'static str),
    /// It says the right things in another form than the one that is hashed.
    #[error("it is not written in canonical form")]
    Form,
}

impl Head {
    /// That of an empty log.
    pub const EMPTY: Self = Self { seq: 0, hash: Digest::from_bytes([0; 32]) };
}

impl NodeName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What records name that are written where no name was given.
    pub fn local() -> Self {
        Self("localhost".to_owned())
    }

    /// What records name that were made before records named a node.
    pub fn unknown() -> Self {
        Self("unknown".to_owned())
    }
}

impl FromStr for NodeName {
    type Err = InvalidNodeName;

    fn from_str(text: &str) -> Result<Self, InvalidNodeName> {
        let hidden = |c: char| c.is_control() || c.is_whitespace();
        if (1..=255).contains(&text.len()) && !text.chars().any(hidden) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidNodeName)
        }
    }
}

impl TryFrom<String> for NodeName {
    type Error = InvalidNodeName;

    fn try_from(text: String) -> Result<Self, InvalidNodeName> {
        text.parse()
    }
}

impl From<NodeName> for String {
    fn from(name: NodeName) -> Self {
        name.0
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text of `record` as the one after `head`. Its SHA-256 is the record's hash.
pub fn text(record: &AuditRecord, node: &NodeName, head: Head) -> Result<String, Malformed> {
    let detail = serde_json_canonicalizer::to_string(&record.detail).map_err(json)?;
    let session = record.session.map(|id| id.to_string());
    let parts = Parts {
        actor: &record.actor.to_string(),
        at: &record.at.to_string(),
        detail: &detail,
        kind: record.kind.as_str(),
        node: node.as_str(),
        prev: &head.hash.to_string(),
        seq: head.seq.saturating_add(1),
        session: session.as_deref(),
        subject: &record.subject,
    };
    parts.text(None)
}

/// What a record's text is made of; the detail is in canonical form.
struct Parts<'a> {
    actor: &'a str,
    at: &'a str,
    detail: &'a str,
    kind: &'a str,
    node: &'a str,
    prev: &'a str,
    seq: u64,
    session: Option<&'a str>,
    subject: &'a str,
}

impl Parts<'_> {
    /// The canonical JSON, with `hash` or without.
    fn text(&self, hash: Option<Digest>) -> Result<String, Malformed> {
        let mut out = Vec::with_capacity(self.detail.len() + 400);
        let string = |out: &mut Vec<u8>, key: &str, value: &str| {
            out.extend_from_slice(key.as_bytes());
            serde_json::to_writer(out, value).map_err(json)
        };
        string(&mut out, "{\"actor\":", self.actor)?;
        string(&mut out, ",\"at\":", self.at)?;
        out.extend_from_slice(b",\"detail\":");
        out.extend_from_slice(self.detail.as_bytes());
        if let Some(hash) = hash {
            string(&mut out, ",\"hash\":", &hash.to_string())?;
        }
        string(&mut out, ",\"kind\":", self.kind)?;
        string(&mut out, ",\"node\":", self.node)?;
        string(&mut out, ",\"prev\":", self.prev)?;
        out.extend_from_slice(b",\"seq\":");
        out.extend_from_slice(self.seq.to_string().as_bytes());
        match self.session {
            Some(session) => string(&mut out, ",\"session\":", session)?,
            None => out.extend_from_slice(b",\"session\":null"),
        }
        string(&mut out, ",\"subject\":", self.subject)?;
        out.push(b'}');
        String::from_utf8(out).map_err(|_| Malformed::Form)
    }
}

impl SealedRecord {
    /// The record with this text.
    pub fn from_text(text: &str) -> Result<Self, Malformed> {
        let fields = Fields::parse(text)?;
        if fields.hash.is_some() {
            return Err(Malformed::Field("hash"));
        }
        fields.sealed(Digest::of(text.as_bytes()))
    }

    /// The record that this line of an export holds; its hash is checked.
    pub fn from_line(line: &str) -> Result<Self, Malformed> {
        let fields = Fields::parse(line)?;
        let hash = Digest::of(fields.text(None)?.as_bytes());
        if fields.hash()? == Some(hash) {
            fields.sealed(hash)
        } else {
            Err(Malformed::Field("hash"))
        }
    }

    /// The text that the hash is taken over.
    pub fn text(&self) -> Result<String, Malformed> {
        let node = self.node.parse().map_err(|_| Malformed::Field("node"))?;
        let before = self.seq.checked_sub(1).ok_or(Malformed::Field("seq"))?;
        text(&self.record, &node, Head { seq: before, hash: self.prev })
    }

    /// The canonical JSON of the whole, `hash` included: a line of an export.
    pub fn line(&self) -> Result<String, Malformed> {
        let text = self.text()?;
        Fields::parse(&text)?.text(Some(self.hash))
    }

    /// Where the log stood after it.
    pub const fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }
}

/// The line of an export of the record with this text and hash.
pub fn line(text: &str, hash: Digest) -> Result<String, Malformed> {
    Fields::parse(text)?.text(Some(hash))
}

impl<'a> Fields<'a> {
    /// Takes a text apart. Its form is not looked at: whoever has checked its hash knows that it is
    /// the one that was written.
    pub(super) fn take_apart(text: &'a str) -> Result<Self, Malformed> {
        serde_json::from_str(text).map_err(json)
    }

    /// Takes a text apart and insists on its form.
    pub(super) fn parse(text: &'a str) -> Result<Self, Malformed> {
        let fields = Self::take_apart(text)?;
        let hash = fields.hash()?;
        if fields.text(hash)? == text && is_canonical(fields.detail.get())? {
            Ok(fields)
        } else {
            Err(Malformed::Form)
        }
    }

    /// The text that the hash is taken over: `line` without its `hash`, which stands right behind
    /// the detail. Everything else in the line is then held by the hash, down to the last byte.
    pub(super) fn hashed(&self, line: &str) -> Result<String, Malformed> {
        let detail = self.detail.get();
        let start = detail.as_ptr().addr().wrapping_sub(line.as_ptr().addr());
        let end = start.wrapping_add(detail.len());
        let (before, after) = line.split_at_checked(end).ok_or(Malformed::Form)?;
        let hash = format!(",\"hash\":\"{}\"", self.hash.as_deref().unwrap_or_default());
        let after = after.strip_prefix(&hash).ok_or(Malformed::Form)?;
        Ok([before, after].concat())
    }

    pub(super) fn prev(&self) -> Result<Digest, Malformed> {
        self.prev.parse().map_err(|_| Malformed::Field("prev"))
    }

    pub(super) fn hash(&self) -> Result<Option<Digest>, Malformed> {
        let parsed = self.hash.as_deref().map(str::parse).transpose();
        parsed.map_err(|_| Malformed::Field("hash"))
    }

    /// The canonical JSON, with `hash` or without.
    fn text(&self, hash: Option<Digest>) -> Result<String, Malformed> {
        let parts = Parts {
            actor: &self.actor,
            at: &self.at,
            detail: self.detail.get(),
            kind: &self.kind,
            node: &self.node,
            prev: &self.prev,
            seq: self.seq,
            session: self.session.as_deref(),
            subject: &self.subject,
        };
        parts.text(hash)
    }

    /// The record's time in milliseconds since 1970.
    pub(super) fn millis(&self) -> Option<i64> {
        let at = self.at.parse::<jiff::Timestamp>().ok()?;
        Some(at.as_millisecond())
    }

    fn sealed(&self, hash: Digest) -> Result<SealedRecord, Malformed> {
        let session = self.session.as_deref().map(str::parse::<SessionId>).transpose();
        let at = serde_json::from_value::<Timestamp>(self.at.as_ref().into());
        Ok(SealedRecord {
            seq: self.seq,
            node: self.node.clone().into_owned(),
            prev: self.prev()?,
            hash,
            record: AuditRecord {
                at: at.map_err(|_| Malformed::Field("at"))?,
                kind: AuditKind::from_word(&self.kind).ok_or(Malformed::Field("kind"))?,
                actor: self.actor.parse::<Actor>().map_err(|_| Malformed::Field("actor"))?,
                subject: self.subject.clone().into_owned(),
                session: session.map_err(|_| Malformed::Field("session"))?,
                detail: serde_json::from_str(self.detail.get()).map_err(json)?,
            },
        })
    }
}

/// Whether a detail is an object in canonical form.
fn is_canonical(detail: &str) -> Result<bool, Malformed> {
    if detail == "{}" {
        return Ok(true);
    }
    let value: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(detail).map_err(json)?;
    Ok(serde_json_canonicalizer::to_string(&value).map_err(json)? == detail)
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` passes it so")]
fn json(error: serde_json::Error) -> Malformed {
    Malformed::Json(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record() -> AuditRecord {
        let detail = json!({"z": [1, null, "\u{1f600}\u{7f}\n"], "a": {"ö": 0.5, "b": true}});
        AuditRecord {
            at: Timestamp::from_millis(1_795_000_000_120),
            kind: AuditKind::ApprovalDecided,
            actor: "api:ci".parse().unwrap(),
            subject: "appr_\"1\"".to_owned(),
            session: None,
            detail: detail.as_object().cloned().unwrap(),
        }
    }

    #[test]
    fn the_text_of_a_record_is_pinned() {
        let text = text(&record(), &NodeName::local(), Head::EMPTY).unwrap();
        let expected = concat!(
            r#"{"actor":"api:ci","at":"2026-11-18T11:06:40.120Z","#,
            r#""detail":{"a":{"b":true,"ö":0.5},"z":[1,null,"😀"#,
            "\u{7f}",
            r#"\n"]},"kind":"approval.decided","node":"localhost","prev":"sha256:"#,
            "0000000000000000000000000000000000000000000000000000000000000000",
            r#"","seq":1,"session":null,"subject":"appr_\"1\""}"#,
        );
        assert_eq!(text, expected);
        // An implementation of RFC 8785 that knows nothing of records writes the same.
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), text);
    }

    #[test]
    fn a_record_reads_back_from_its_text() {
        let text = text(&record(), &NodeName::local(), Head::EMPTY).unwrap();
        let sealed = SealedRecord::from_text(&text).unwrap();
        assert_eq!((sealed.seq, &sealed.record), (1, &record()));
        assert_eq!(sealed.hash, Digest::of(text.as_bytes()));
        assert_eq!(sealed.text().unwrap(), text);
        let line = sealed.line().unwrap();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), line);
        assert_eq!(value["hash"], json!(sealed.hash));
    }

    #[test]
    fn a_text_in_another_form_is_refused() {
        let text = text(&record(), &NodeName::local(), Head::EMPTY).unwrap();
        for (from, to) in [
            ("{\"actor\"", "{ \"actor\""),
            ("0.5", "0.50"),
            ("0.5", "5e-1"),
            ("\"a\":{", "\"\\u0061\":{"),
            ("\"a\":{", "\"a\": {"),
            ("\"seq\":1", "\"seq\":1.0"),
            ("\"session\":null", "\"session\":null,\"x\":1"),
            ("\"session\":null,", ""),
            ("\"z\":[1", "\"a\":1,\"z\":[1"),
        ] {
            let other = text.replacen(from, to, 1);
            assert_ne!(other, text);
            assert!(SealedRecord::from_text(&other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_node_has_a_visible_name() {
        for text in ["", "a b", "a\n", &"x".repeat(256)] {
            assert!(text.parse::<NodeName>().is_err(), "{text:?}");
        }
        assert!("build-7.example".parse::<NodeName>().is_ok());
    }
}
