//! The precise description of shell commands that a `session` or `always` rule stores.
//!
//! The shell risk engine makes these values from a parsed command and compares them; this module
//! only says what they are, so that rules can be stored and shown without a parser.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::assessment::FindingId;
use crate::digest::Digest;
use crate::files::BoundFile;

/// One simple command of an approved action, reduced to what a rule is allowed to generalise over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CommandPattern {
    /// The program's name without its directory (`git`).
    pub program: String,
    /// The subcommand words that select what the program does (`["push"]`).
    pub subcommand: Vec<String>,
    /// The options present, one entry a letter or long name (`-f`, `--force`), without values.
    pub options: BTreeSet<String>,
    /// What the command reached, each in a canonical form: `within:<root>` for paths inside the
    /// rule's working-directory root, `path:<normal form>` for a path outside it, `host:<name>`,
    /// `name:<value>` for an operand that selects something else (a service, a package, a branch).
    pub targets: BTreeSet<String>,
}

/// What a rule covers: every one of the later command's simple commands must be harmless by itself
/// or match one of these, and its findings must be a subset.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CommandsMatcher {
    /// The approved simple commands that were not harmless by themselves.
    pub commands: BTreeSet<CommandPattern>,
    /// The findings that the person saw.
    pub findings: BTreeSet<FindingId>,
    /// The directory that the working directory must be in: the workspace or repository root, or
    /// the working directory itself.
    pub root: String,
    /// The files that were run, by path, with the content that they had; none for no file at that
    /// path. Nothing else that is run from a file is covered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scripts: BTreeMap<String, Option<Digest>>,
}

impl CommandsMatcher {
    /// The same, for these scripts as they are.
    #[must_use]
    pub fn running(self, files: &[BoundFile]) -> Self {
        let run = files.iter().filter(|file| file.runs);
        let scripts = run.map(|file| (file.path.clone(), file.sha256)).collect();
        Self { scripts, ..self }
    }

    /// Whether every one of `files` that is run has the content that it had when the rule was made.
    pub fn knows_scripts(&self, files: &[BoundFile]) -> bool {
        let mut run = files.iter().filter(|file| file.runs);
        run.all(|file| self.scripts.get(&file.path) == Some(&file.sha256))
    }
}
