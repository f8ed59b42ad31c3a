//! The engine: a policy applied to commands.

use countersign_domain::assessment::{Assessment, Finding};
use countersign_domain::verdict::Verdict;

use crate::analysis::{Analysis, Effect};
use crate::code::interpreters::language_of;
use crate::context::Context;
use crate::hygiene;
use crate::interpret::Machine;
use crate::interpret::value::{Taint, Value};
use crate::parse::ast::Node;
use crate::parse::{self, Parsed, Place};
use crate::policy::Policy;

/// Longer texts are not judged.
const MAX_LENGTH: usize = 128 * 1024;

/// Assesses commands under one policy.
#[derive(Debug, Clone)]
pub struct Engine {
    policy: Policy,
}

impl Engine {
    /// An engine with this policy.
    pub fn new(policy: Policy) -> Self {
        Self { policy }
    }

    /// What `command` would do if bash ran it in `ctx`.
    pub fn assess(&self, command: &str, ctx: &Context) -> Analysis {
        if command.len() > MAX_LENGTH {
            return self.too_long(command, ctx);
        }
        let parsed = parse::parse(command, 0, Place::From(0));
        let mut machine = self.machine(command, ctx);
        machine.parse_errors(&parsed.errors);
        let output = machine.block(&parsed.nodes, None);
        if output.taint.has(Taint::SECRET) && !output.is_known() {
            // What is printed in the end is what the agent gets to see.
            machine.effect("secret.read", command);
        }
        let plain = is_plain(&parsed);
        finish(machine, plain, normalised(command, &parsed))
    }

    /// What a script in `language` would do: `bash`, `sh`, `python`, `node`, `perl`, `ruby`, `php`…
    pub fn assess_code(&self, language: &str, source: &str, ctx: &Context) -> Analysis {
        let language = language_of(language);
        if language == "sh" {
            return self.assess(source, ctx);
        }
        if source.len() > MAX_LENGTH {
            return self.too_long(source, ctx);
        }
        let mut machine = self.machine(source, ctx);
        machine.code(language, &Value::known(source), None);
        machine.unresolved = true;
        finish(machine, false, source.to_owned())
    }

    /// What a script would do that is run from a file: its arguments are not known.
    pub fn assess_script(&self, language: &str, source: &str, ctx: &Context) -> Analysis {
        if language_of(language) != "sh" || source.len() > MAX_LENGTH {
            return self.assess_code(language, source, ctx);
        }
        let parsed = parse::parse(source, 0, Place::From(0));
        let mut machine = self.machine(source, ctx);
        machine.state.positional = None;
        machine.parse_errors(&parsed.errors);
        machine.block(&parsed.nodes, None);
        finish(machine, false, String::new())
    }

    fn machine<'e>(&'e self, text: &'e str, ctx: &'e Context) -> Machine<'e> {
        let mut machine = Machine::new(&self.policy, ctx, text);
        machine.effects.extend(hygiene::effects(text));
        machine
    }

    fn too_long(&self, text: &str, ctx: &Context) -> Analysis {
        let mut machine = Machine::new(&self.policy, ctx, text);
        machine.effect("parse.too_long", "");
        finish(machine, false, String::new())
    }
}

fn finish(mut machine: Machine<'_>, plain: bool, normalised: String) -> Analysis {
    machine.reveal_commands();
    machine.reveal_literals();
    let findings: Vec<Finding> = machine
        .effects
        .iter()
        .filter(|effect| !changed_as_well(&machine.effects, effect))
        .filter_map(|effect: &Effect| machine.policy.finding(effect))
        .collect();
    let assessment = Assessment::from_findings(findings);
    let unowned = machine
        .effects
        .iter()
        .any(|e| e.kind.starts_with("text.") && machine.policy.standing(e.kind).1 > Verdict::Allow);
    Analysis {
        assessment,
        root: machine.ctx.root().to_owned(),
        rule_possible: !machine.unresolved && !unowned,
        commands: machine.commands,
        effects: machine.effects,
        revealed: machine.revealed,
        files: machine.files,
        plain,
        normalised,
    }
}

/// What is changed need not be said to be read.
fn changed_as_well(effects: &[Effect], effect: &Effect) -> bool {
    effect.kind == "guard.read"
        && effects.iter().any(|other| {
            other.kind.starts_with("guard.")
                && other.kind != effect.kind
                && other.object == effect.object
        })
}

fn is_plain(parsed: &Parsed) -> bool {
    let [Node::Simple(simple)] = parsed.nodes.as_slice() else {
        return false;
    };
    parsed.errors.is_empty()
        && simple.assignments.is_empty()
        && simple.redirections.is_empty()
        && simple.words.iter().all(|word| {
            !word.parts.iter().any(|part| matches!(part, parse::ast::Part::Expansion { .. }))
        })
}

/// One simple command with quotes resolved and single blanks; anything else as it stands, trimmed.
fn normalised(command: &str, parsed: &Parsed) -> String {
    let [Node::Simple(simple)] = parsed.nodes.as_slice() else {
        return command.trim().to_owned();
    };
    if !is_plain(parsed) {
        return command.trim().to_owned();
    }
    let words: Vec<String> = simple
        .words
        .iter()
        .map(|word| {
            word.parts
                .iter()
                .map(|part| match part {
                    parse::ast::Part::Bare(text) | parse::ast::Part::Quoted(text) => text.as_str(),
                    parse::ast::Part::Expansion { .. } => "",
                })
                .collect()
        })
        .collect();
    words.join(" ")
}
