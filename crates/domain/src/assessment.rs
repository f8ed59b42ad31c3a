//! An assessment: the verdict on an action and the findings that explain it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::verdict::{Severity, Verdict};

/// A stable name of one kind of danger: lowercase words joined by `_`, families by `.`
/// (`fs.recursive_delete`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId(std::borrow::Cow<'static, str>);

/// Why a text is not a finding id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a finding id such as `fs.recursive_delete`")]
pub struct InvalidFindingId(String);

impl FindingId {
    /// A finding id known when the program is written. Not checked: for literals in code.
    pub const fn from_static(id: &'static str) -> Self {
        Self(std::borrow::Cow::Borrowed(id))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FindingId {
    type Err = InvalidFindingId;

    fn from_str(text: &str) -> Result<Self, InvalidFindingId> {
        let word = |w: &str| {
            !w.is_empty() && w.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        };
        if text.len() <= 64 && text.contains('.') && text.split('.').all(word) {
            Ok(Self(std::borrow::Cow::Owned(text.to_owned())))
        } else {
            Err(InvalidFindingId(text.chars().take(64).collect()))
        }
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for FindingId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FindingId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A half-open range of bytes `[start, end)` in the UTF-8 text that a finding is about: the
/// command, the source, the URL or the content of the action. Written as `[start, end]` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "(usize, usize)", from = "(usize, usize)")]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The whole of a text of `len` bytes.
    pub const fn whole(len: usize) -> Self {
        Self { start: 0, end: len }
    }
}

impl From<Span> for (usize, usize) {
    fn from(span: Span) -> Self {
        (span.start, span.end)
    }
}

impl From<(usize, usize)> for Span {
    fn from((start, end): (usize, usize)) -> Self {
        Self { start, end }
    }
}

/// One reason why an action is not simply allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind of danger.
    pub id: FindingId,
    /// How bad it would be.
    pub severity: Severity,
    /// What this finding alone asks for.
    pub verdict: Verdict,
    /// Where it stands in the action's text.
    pub span: Span,
    /// One plain sentence for the person who decides.
    pub message: String,
}

/// Code that an action would run and that a reader of its text does not see as such.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revealed {
    /// How it was found.
    pub how: Reveal,
    /// What would run; the replacement character for what is only known at run time.
    pub text: String,
    /// The place in the action's text that makes it run.
    pub span: Span,
}

/// How hidden code was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reveal {
    /// A script that was decoded or put together: base64, hexadecimal, `rev`, escapes, variables.
    Decoded,
    /// A command whose words are not written in the text as they would run: `$'\x72m' -r x`.
    Resolved,
}

impl Reveal {
    /// The word that people and the API see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decoded => "decoded",
            Self::Resolved => "resolved",
        }
    }
}

/// The guard's opinion of an action. The verdict is the strictest that a finding asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    verdict: Verdict,
    findings: Vec<Finding>,
}

impl Assessment {
    /// The assessment that `findings` add up to; none at all means `allow`. Findings are put in
    /// the order in which a person should read them: strictest and most severe first, then by
    /// place.
    pub fn from_findings(mut findings: Vec<Finding>) -> Self {
        findings.sort_by(|a, b| {
            (b.verdict, b.severity, a.span, &a.id).cmp(&(a.verdict, a.severity, b.span, &b.id))
        });
        findings.dedup();
        let verdict = findings.iter().map(|f| f.verdict).max().unwrap_or(Verdict::Allow);
        Self { verdict, findings }
    }

    /// Runs without a question.
    pub const fn allow() -> Self {
        Self { verdict: Verdict::Allow, findings: Vec::new() }
    }

    /// The verdict.
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The findings, most important first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The highest severity among the findings.
    pub fn severity(&self) -> Option<Severity> {
        self.findings.iter().map(|f| f.severity).max()
    }

    /// The same findings under a verdict that policy, not the findings, settled.
    #[must_use]
    pub fn with_verdict(self, verdict: Verdict) -> Self {
        Self { verdict, ..self }
    }
}
