//! What the guard says of files that are run: their content counts as if it stood in the command.

use countersign_command_risk::{Analysis, BY_ITS_HEAD, Context, FileRole, FileUse};
use std::collections::{BTreeMap, BTreeSet};

use countersign_domain::action::Action;
use countersign_domain::approvals::commands::{CommandPattern, CommandsMatcher};
use countersign_domain::assessment::{Assessment, Finding, FindingId, Span};
use countersign_domain::display::one_line;
use countersign_domain::guard::OperatorRule;
use countersign_domain::verdict::{Severity, Verdict};

use super::{Assessed, Guard};

/// The beginning of a file in which its language shows.
const HEAD: usize = 8000;

/// The longest script that is judged, in bytes.
pub(crate) const LONGEST_SCRIPT: usize = 128 * 1024;

/// Endings of names, and the language that they stand for.
const ENDINGS: [(&str, &str); 16] = [
    (".sh", "sh"),
    (".bash", "sh"),
    (".bats", "sh"),
    (".command", "sh"),
    (".py", "python"),
    (".js", "node"),
    (".mjs", "node"),
    (".cjs", "node"),
    (".ts", "node"),
    (".tsx", "node"),
    (".rb", "ruby"),
    (".pl", "perl"),
    (".php", "php"),
    (".lua", "lua"),
    (".ps1", "powershell"),
    (".sql", "sql"),
];

/// Interpreters as first lines name them, and the language that they stand for.
const INTERPRETERS: [(&str, &str); 12] = [
    ("bash", "sh"),
    ("dash", "sh"),
    ("zsh", "sh"),
    ("ksh", "sh"),
    ("sh", "sh"),
    ("python", "python"),
    ("node", "node"),
    ("ruby", "ruby"),
    ("perl", "perl"),
    ("php", "php"),
    ("lua", "lua"),
    ("pwsh", "powershell"),
];

/// A file that is run, as far as it is read.
pub(crate) struct Script<'s> {
    /// How the command uses it.
    pub(crate) used: &'s FileUse,
    /// Its whole size.
    pub(crate) size: u64,
    /// Its beginning.
    pub(crate) text: &'s str,
}

/// What the content of a script adds.
#[derive(Default)]
pub(crate) struct Judged {
    /// Findings, at the place in the command that runs the script.
    pub(crate) findings: Vec<Finding>,
    /// Files that the script in turn runs.
    pub(crate) runs: Vec<FileUse>,
}

impl Guard {
    /// What `script` would do.
    pub(crate) fn judge_script(&self, script: &Script<'_>) -> Judged {
        let Some(language) = language(script) else {
            return Judged::default();
        };
        let name = one_line(&script.used.path, 120);
        if script.size > u64::try_from(LONGEST_SCRIPT).unwrap_or(u64::MAX) {
            let message = format!("Runs `{name}`, which is too long to be judged.");
            return Judged {
                findings: vec![finding("files.unjudged", script.used.span, message)],
                runs: Vec::new(),
            };
        }
        let context = self.context(&script.used.cwd);
        let analysis = self.engine.assess_script(language, script.text, &context);
        let mut findings: Vec<Finding> = analysis
            .assessment()
            .findings()
            .iter()
            .map(|found| Finding {
                span: script.used.span,
                message: format!("In `{name}`: {}", found.message),
                ..found.clone()
            })
            .collect();
        findings.extend(self.operator_on_script(script, language, &analysis, &context));
        let runs = analysis.files().iter().filter(|used| used.role.runs());
        let runs = runs.map(|used| FileUse { span: script.used.span, ..used.clone() }).collect();
        Judged { findings, runs }
    }

    /// The operator's `deny` and `ask` hold for what scripts do, too; `allow` names commands.
    fn operator_on_script(
        &self,
        script: &Script<'_>,
        language: &str,
        analysis: &Analysis,
        context: &Context,
    ) -> Option<Finding> {
        let action = Action::Code {
            language: language.to_owned(),
            source: script.text.to_owned(),
            cwd: context.cwd.clone(),
            env: BTreeMap::new(),
            timeout_s: 0,
            files: Vec::new(),
        };
        let verdict = match self.operator.on(&action, analysis.assessment(), Some(analysis)) {
            OperatorRule::Deny => Verdict::Forbid,
            OperatorRule::Ask => Verdict::Ask,
            OperatorRule::Allow | OperatorRule::None => return None,
        };
        let name = one_line(&script.used.path, 120);
        let message = format!("In `{name}`: the operator's rules name what it does.");
        let found = finding("files.operator_rule", script.used.span, message);
        Some(Finding { verdict, ..found })
    }
}

impl Assessed {
    /// The same with more findings; the verdict never becomes milder.
    #[must_use]
    pub(crate) fn with_findings(self, more: Vec<Finding>) -> Self {
        if more.is_empty() {
            return self;
        }
        let before = self.assessment.verdict();
        let all = self.assessment.findings().iter().cloned().chain(more.iter().cloned()).collect();
        let added = Assessment::from_findings(more).verdict();
        let assessment = Assessment::from_findings(all).with_verdict(before.max(added));
        Self { assessment, ..self }
    }

    /// For what is asked about only because of what a script says: a rule for this very line.
    pub(crate) fn line_pattern(&self, action: &Action) -> Option<(CommandsMatcher, String)> {
        let analysis = self.analysis.as_ref()?;
        let by_content = analysis.assessment().verdict() == Verdict::Allow
            && self.assessment.verdict() == Verdict::Ask
            && !self.assessment.findings().is_empty()
            && analysis.commands().iter().all(|command| command.exact);
        let root = action.cwd().filter(|_| by_content)?.to_owned();
        let commands = analysis.commands().iter().map(|command| CommandPattern {
            program: command.pattern.program.clone(),
            subcommand: Vec::new(),
            options: BTreeSet::new(),
            targets: BTreeSet::from([format!("name:{}", command.words)]),
        });
        let lines = analysis.commands().iter().map(|command| format!("`{}`", command.words));
        let sentence = format!("{} in {root}", lines.collect::<Vec<_>>().join(", "));
        let (commands, findings) = (commands.collect(), BTreeSet::new());
        let pattern = CommandsMatcher { commands, findings, root, scripts: BTreeMap::new() };
        Some((pattern.running(action.files()), sentence))
    }

    /// Whether `rule` was made by [`Self::line_pattern`] for the same line.
    pub(crate) fn is_same_line(&self, rule: &CommandsMatcher, action: &Action) -> bool {
        self.line_pattern(action).is_some_and(|(line, _)| {
            line.root == rule.root && !line.scripts.is_empty() && line.commands == rule.commands
        })
    }

    /// The files that the action would run or read, as far as its text tells.
    pub(crate) fn files(&self) -> &[FileUse] {
        self.analysis.as_ref().map_or(&[], Analysis::files)
    }

    /// Whether it runs a file of which its text does not tell where it is.
    pub(crate) fn runs_unplaced_files(&self) -> bool {
        self.analysis.as_ref().is_some_and(Analysis::runs_unplaced_files)
    }

    /// Whether it only shows what files say, whatever that is when it runs.
    pub(crate) fn only_views(&self) -> bool {
        self.analysis.as_ref().is_some_and(Analysis::only_views)
    }
}

/// A finding about files that makes a person decide.
pub(crate) fn finding(id: &'static str, span: Span, message: String) -> Finding {
    let id = FindingId::from_static(id);
    Finding { id, severity: Severity::High, verdict: Verdict::Ask, span, message }
}

/// The language in which a file is run, if it is one that can be judged.
fn language(script: &Script<'_>) -> Option<&'static str> {
    let FileRole::Runs(said) = script.used.role else {
        return None;
    };
    let ending = || {
        let fits = |(ending, _): &&(&str, &str)| script.used.path.ends_with(ending);
        ENDINGS.iter().find(fits).map(|(_, language)| *language)
    };
    match said {
        Some(BY_ITS_HEAD) => {
            let head: &str = script.text.get(..script.text.floor_char_boundary(HEAD))?;
            match head.strip_prefix("#!") {
                Some(rest) => interpreter(rest).or_else(ending),
                // A shell takes a text without such a line as its own.
                None => (!head.contains('\0')).then_some("sh"),
            }
        }
        Some(language) => Some(language),
        None => ending(),
    }
}

/// The language that the rest of a `#!` line stands for.
fn interpreter(text: &str) -> Option<&'static str> {
    let line = text.lines().next().unwrap_or_default();
    let words = line.split_whitespace().filter_map(|word| word.rsplit('/').next());
    words.filter(|word| *word != "env" && !word.starts_with('-')).find_map(|word| {
        let plain = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        let plain = if plain == "nodejs" { "node" } else { plain };
        INTERPRETERS.iter().find(|(name, _)| *name == plain).map(|(_, language)| *language)
    })
}
