//! The result of assessing one command.

use std::collections::{BTreeMap, BTreeSet};

use countersign_domain::approvals::commands::{CommandPattern, CommandsMatcher};
use countersign_domain::assessment::{Assessment, Span};
pub use countersign_domain::assessment::{Reveal, Revealed};
use countersign_domain::verdict::{Severity, Verdict};

use crate::files::{FileNotes, FileUse, is_viewer};
use crate::rules::hold_credential;

/// One thing that a command would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What kind of effect; the id of the finding it may become (`fs.recursive_delete`).
    pub kind: &'static str,
    /// What it is done to: a path, a host, a process, a package.
    pub object: String,
    /// Where in the original text it comes from.
    pub span: Span,
}

/// Stands in [`CommandView::words`] for a part that is only known at run time: the replacement
/// character, which no glob literal matches by accident (`*` and `?` do match it).
pub const UNKNOWN_WORD: char = '\u{fffd}';

/// One simple command that would run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandView {
    /// What a rule would say of it.
    pub pattern: CommandPattern,
    /// All of its words for the operator's globs: quotes, variables and substitutions resolved,
    /// any white space (that inside a word too) one blank, the program without its directory,
    /// [`UNKNOWN_WORD`] for what is only known at run time. Assignments and redirections are not
    /// part of it. `X=1 /usr/bin/curl "http://$H/a" > b` with `H` unknown is
    /// `curl http://\u{fffd}/a`.
    pub words: String,
    /// Whether all of it is known: no word of it depends on run time.
    pub exact: bool,
    /// Whether nothing it does asks for a person.
    pub harmless: bool,
    /// Where it stands in the original text.
    pub span: Span,
}

/// What is known about a command after assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    pub(crate) assessment: Assessment,
    pub(crate) commands: Vec<CommandView>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) revealed: Vec<Revealed>,
    pub(crate) plain: bool,
    pub(crate) normalised: String,
    pub(crate) root: String,
    pub(crate) rule_possible: bool,
    pub(crate) files: FileNotes,
}

impl Analysis {
    /// The verdict with its findings.
    pub fn assessment(&self) -> &Assessment {
        &self.assessment
    }

    /// The rule that `session` or `always` would store; none when no precise one can be made (an
    /// unresolved or unparsed part, a critical finding, nothing that needs a rule), and none that
    /// would keep a credential: a word that is one by its place, such as the value of `--password`.
    pub fn pattern(&self) -> Option<CommandsMatcher> {
        let worst = self.assessment.severity();
        if !self.rule_possible
            || self.assessment.verdict() != Verdict::Ask
            || worst == Some(Severity::Critical)
        {
            return None;
        }
        let commands: BTreeSet<CommandPattern> = self
            .commands
            .iter()
            .filter(|command| !command.harmless)
            .map(|command| command.pattern.clone())
            .collect();
        let unfit = |c: &CommandView| !c.harmless && (!c.exact || hold_credential(&c.words));
        if commands.is_empty() || self.commands.iter().any(unfit) {
            return None;
        }
        let findings = self.assessment.findings().iter().map(|f| f.id.clone()).collect();
        let (root, scripts) = (self.root.clone(), BTreeMap::new());
        Some(CommandsMatcher { commands, findings, root, scripts })
    }

    /// Whether it is one simple command without operators, substitutions or redirections.
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// The command in one canonical spelling, for the operator's glob rules.
    pub fn normalised(&self) -> String {
        self.normalised.clone()
    }

    /// The simple commands that would run, in the order in which they were met.
    pub fn commands(&self) -> &[CommandView] {
        &self.commands
    }

    /// What would really run where the text does not say so: to be quoted on the card, marked as
    /// decoded. Empty where the command can be read as it stands.
    pub fn revealed(&self) -> &[Revealed] {
        &self.revealed
    }

    /// The files that it would run or read, as far as its text tells.
    pub fn files(&self) -> &[FileUse] {
        &self.files.uses
    }

    /// Whether it runs a file of which its text does not tell where it is.
    pub fn runs_unplaced_files(&self) -> bool {
        self.files.unplaced
    }

    /// Whether all of its programs only show what files say.
    pub fn only_views(&self) -> bool {
        !self.files.redirected
            && self.commands.iter().all(|command| is_viewer(&command.pattern.program))
    }

    /// Everything that the command would do, harmless effects included.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }
}
