//! What the engine makes of effects: the built-in verdicts, and what an operator may change.

pub(crate) mod kinds;

use std::collections::BTreeMap;

use countersign_domain::assessment::{Finding, FindingId};
use countersign_domain::verdict::{Severity, Verdict};

use crate::analysis::Effect;
use crate::self_description::SelfDescription;
use crate::tables::{TableError, Tables};

/// Everything that an assessment depends on beside the command and its context.
#[derive(Debug, Clone)]
pub struct Policy {
    pub(crate) belongings: SelfDescription,
    pub(crate) protected_paths: Vec<String>,
    pub(crate) tables: Tables,
    overrides: BTreeMap<String, (Option<Severity>, Option<Verdict>)>,
}

/// Why an override is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// What is never allowed stays so.
    #[error("`{0}` is forbidden by the built-in policy and cannot be lowered")]
    Forbidden(String),
    /// No finding has this id.
    #[error("there is no finding `{0}`")]
    Unknown(String),
}

impl Default for Policy {
    fn default() -> Self {
        Self::builtin()
    }
}

impl Policy {
    /// The policy that the product comes with.
    pub fn builtin() -> Self {
        Self {
            belongings: SelfDescription::default(),
            protected_paths: Vec::new(),
            tables: Tables::builtin(),
            overrides: BTreeMap::new(),
        }
    }

    /// The same policy with other names for the guard and the agents.
    #[must_use]
    pub fn with_self(self, belongings: SelfDescription) -> Self {
        Self { belongings, ..self }
    }

    /// The same policy with more paths that may not be written, deleted or moved unasked.
    /// `~` is the home directory; a path protects everything below it.
    #[must_use]
    pub fn with_protected_paths(mut self, paths: impl IntoIterator<Item = String>) -> Self {
        self.protected_paths.extend(paths);
        self
    }

    /// The same policy with another severity or verdict for one finding. What is forbidden can be
    /// given another severity, but no milder verdict.
    pub fn with_override(
        mut self,
        finding: &FindingId,
        severity: Option<Severity>,
        verdict: Option<Verdict>,
    ) -> Result<Self, OverrideError> {
        let id = finding.as_str();
        let kind = kinds::find(id).ok_or_else(|| OverrideError::Unknown(id.to_owned()))?;
        if kind.verdict == Verdict::Forbid && verdict.is_some_and(|v| v < Verdict::Forbid) {
            return Err(OverrideError::Forbidden(id.to_owned()));
        }
        self.overrides.insert(id.to_owned(), (severity, verdict));
        Ok(self)
    }

    /// The same policy knowing more tools; each text is one table in the form of the built-in ones.
    /// A tool that a table describes again is replaced.
    pub fn with_tables(mut self, texts: &[&str]) -> Result<Self, TableError> {
        for text in texts {
            self.tables.add(text)?;
        }
        Ok(self)
    }

    /// The standing of one kind of effect after overrides.
    pub(crate) fn standing(&self, id: &str) -> (Severity, Verdict) {
        let (severity, verdict) = kinds::find(id)
            .map_or((Severity::High, Verdict::Ask), |kind| (kind.severity, kind.verdict));
        match self.overrides.get(id) {
            Some((s, v)) => (s.unwrap_or(severity), v.unwrap_or(verdict)),
            None => (severity, verdict),
        }
    }

    /// The finding that an effect amounts to, if any.
    pub(crate) fn finding(&self, effect: &Effect) -> Option<Finding> {
        let (severity, verdict) = self.standing(effect.kind);
        // What is allowed needs no words, but that there was nothing to judge does.
        if verdict == Verdict::Allow && effect.kind != "text.empty" {
            return None;
        }
        let message = kinds::find(effect.kind).map_or("Has an effect", |kind| kind.message);
        let object: String = crate::render::visible(&effect.object).chars().take(120).collect();
        Some(Finding {
            id: FindingId::from_static(effect.kind),
            severity,
            verdict,
            span: effect.span,
            message: if object.is_empty() {
                format!("{message}.")
            } else {
                format!("{message}: `{object}`.")
            },
        })
    }
}
