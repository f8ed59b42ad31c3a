//! Following a script without running it: which programs would run, with which words.

mod assign;
mod brace;
mod builtins;
pub(crate) mod decode;
mod dispatch;
pub(crate) mod expand;
mod filters;
mod guarded;
mod invoke;
mod nodes;
mod options;
pub(crate) use builtins::requoted;
mod parameters;
mod patterns;
mod redirect;
mod reveal;
pub(crate) mod simple;
pub(crate) mod state;
pub(crate) mod value;
mod wrappers;

use std::collections::BTreeMap;

use countersign_domain::assessment::Span;

use crate::analysis::{CommandView, Effect, Revealed};
use crate::context::Context;
use crate::policy::Policy;
use state::State;
use value::Value;

/// How many simple commands, loop rounds included, are followed.
const MAX_STEPS: u32 = 1_000;
/// How many words, assignments and expansions are looked at, those of wrapped commands again.
const MAX_WORK: usize = 6_000;
/// How deep commands may stand inside each other, all nesting taken together.
const MAX_NESTING: u32 = 64;
/// How deep functions, nested shells and wrappers are followed.
const MAX_DEPTH: u32 = 16;

/// One assessment under way.
pub(crate) struct Machine<'e> {
    pub(crate) policy: &'e Policy,
    pub(crate) ctx: &'e Context,
    /// The whole command, as it was given.
    pub(crate) original: &'e str,
    pub(crate) state: State,
    pub(crate) effects: Vec<Effect>,
    pub(crate) commands: Vec<CommandView>,
    /// Code that would run and cannot be read where it comes from.
    pub(crate) revealed: Vec<Revealed>,
    /// The command that effects belong to.
    pub(crate) current: Option<usize>,
    /// The place in the original text that everything inside nested code belongs to.
    pub(crate) nested_span: Option<Span>,
    /// The place of the simple command at hand.
    pub(crate) span: Span,
    pub(crate) steps: u32,
    pub(crate) depth: u32,
    pub(crate) nesting: u32,
    pub(crate) work: usize,
    /// The words of the simple command at hand, for what its text as a whole says.
    pub(crate) command_text: String,
    /// Files written by this command, with what is known of their content.
    pub(crate) written: BTreeMap<String, Value>,
    /// Links made by this command.
    pub(crate) links: BTreeMap<String, String>,
    /// Directories that this command fetched from elsewhere.
    pub(crate) cloned: Vec<String>,
    /// Whether something stays unresolved that a rule could not describe.
    pub(crate) unresolved: bool,
}

impl<'e> Machine<'e> {
    pub(crate) fn new(policy: &'e Policy, ctx: &'e Context, original: &'e str) -> Self {
        Self {
            policy,
            ctx,
            original,
            state: State::new(ctx),
            effects: Vec::new(),
            commands: Vec::new(),
            revealed: Vec::new(),
            current: None,
            nested_span: None,
            span: Span::whole(original.len()),
            steps: 0,
            depth: 0,
            nesting: 0,
            work: 0,
            command_text: String::new(),
            written: BTreeMap::new(),
            links: BTreeMap::new(),
            cloned: Vec::new(),
            unresolved: false,
        }
    }

    /// Records an effect of the command at hand.
    pub(crate) fn effect(&mut self, kind: &'static str, object: impl Into<String>) {
        let asks = self.policy.standing(kind).1 > countersign_domain::verdict::Verdict::Allow;
        if asks && let Some(view) = self.current.and_then(|at| self.commands.get_mut(at)) {
            view.harmless = false;
        }
        self.unresolved |= kind.starts_with("unresolved.") || kind.starts_with("parse.");
        let object: String = object
            .into()
            .chars()
            .map(|c| if c == value::UNKNOWN { '…' } else { c })
            .take(200)
            .collect();
        let effect = Effect { kind, object, span: self.nested_span.unwrap_or(self.span) };
        let same = self.effects.iter().filter(|e| e.kind == kind).count();
        if same < 8 && !self.effects.contains(&effect) {
            self.effects.push(effect);
        }
    }

    /// Runs `inner` one level deeper; false when that is too deep.
    pub(crate) fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.effect("parse.too_deep", "");
            return None;
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        Some(result)
    }

    /// Counts one step; false when there have been too many.
    pub(crate) fn step(&mut self) -> bool {
        self.steps += 1;
        if self.steps == MAX_STEPS {
            self.effect("parse.too_much", "");
        }
        self.steps < MAX_STEPS
    }

    /// Counts words that are looked at; false when there have been too many.
    pub(crate) fn afford(&mut self, amount: usize) -> bool {
        let before = self.work;
        self.work = self.work.saturating_add(amount);
        if before < MAX_WORK && self.work >= MAX_WORK {
            self.effect("parse.too_much", "");
        }
        self.work < MAX_WORK
    }

    /// Whether so much has been followed that the rest is left.
    pub(crate) fn exhausted(&self) -> bool {
        self.steps >= MAX_STEPS || self.work >= MAX_WORK
    }

    /// Follows a text as a script of this shell. Everything in it belongs to the place at hand.
    pub(crate) fn script(&mut self, text: &str, stdin: Option<&Value>) -> Value {
        self.reveal(text);
        self.deeper(|machine| {
            let outer = machine.nested_span;
            machine.nested_span = Some(outer.unwrap_or(machine.span));
            let parsed = crate::parse::parse(text, machine.depth);
            machine.parse_errors(&parsed.errors);
            let output = machine.block(&parsed.nodes, stdin);
            machine.nested_span = outer;
            output
        })
        .unwrap_or_default()
    }

    pub(crate) fn parse_errors(&mut self, errors: &[crate::parse::ParseError]) {
        for error in errors {
            let span = std::mem::replace(&mut self.span, error.span);
            self.effect(if error.too_deep { "parse.too_deep" } else { "parse.error" }, error.what);
            self.span = span;
        }
    }
}
