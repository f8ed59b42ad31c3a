//! Whether a rule covers a later command.

use countersign_domain::approvals::commands::{CommandPattern, CommandsMatcher};
use countersign_domain::verdict::{Severity, Verdict};

use crate::analysis::Analysis;

/// Whether every simple command of `later` is harmless or described by `rule`, and `later` raises
/// no finding that the person who made the rule had not seen.
///
/// Options must be the same, not fewer: leaving out `--dry-run` is no smaller action.
pub fn covers(rule: &CommandsMatcher, later: &Analysis) -> bool {
    later.assessment().verdict() == Verdict::Ask
        && later.assessment().severity() < Some(Severity::Critical)
        && later.rule_possible
        && later.root == rule.root
        && later.assessment().findings().iter().all(|f| rule.findings.contains(&f.id))
        && later.commands().iter().all(|command| {
            command.harmless
                || (command.exact && rule.commands.iter().any(|c| matches(c, &command.pattern)))
        })
}

fn matches(rule: &CommandPattern, later: &CommandPattern) -> bool {
    rule.program == later.program
        && rule.subcommand == later.subcommand
        && rule.options == later.options
        && later.targets.is_subset(&rule.targets)
        && later.targets.is_empty() == rule.targets.is_empty()
}
