//! Following a script without running it: which programs would run, with which words.

mod arithmetic;
mod assign;
mod brace;
mod builtins;
pub(crate) mod decode;
mod dispatch;
mod exhaustion;
pub(crate) mod expand;
mod filters;
mod glob;
mod guarded;
mod invoke;
mod nodes;
mod options;
mod parameters;
mod patterns;
pub(crate) mod printf;
mod read;
mod redirect;
mod requote;
mod reveal;
mod script_files;
pub(crate) mod simple;
pub(crate) mod state;
pub(crate) mod value;
mod wrappers;

pub(crate) use requote::requoted;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use countersign_domain::assessment::Span;

use crate::analysis::{CommandView, Effect, Revealed};
use crate::context::Context;
use crate::effects::own::OwnPlaces;
use crate::files::FileNotes;
use crate::parse::Place;
use crate::parse::ast::Range;
use crate::policy::Policy;
use state::State;
use value::{Taint, Value};

/// How many simple commands, loop rounds included, are followed.
const MAX_STEPS: u32 = 1_000;
/// How many words, assignments and expansions are looked at, those of wrapped commands again.
const MAX_WORK: usize = 6_000;
/// How many bytes of text are put together: values, words, copies of the shell's state.
const MAX_BYTES: usize = 192 * 1024;
/// How many more for each byte of the command, which is itself copied some times.
const BYTES_PER_BYTE: usize = 4;
/// How deep commands may stand inside each other, all nesting taken together.
const MAX_NESTING: u32 = 64;
/// In longer texts the place of nested code is not looked for.
const MAX_PLACED: usize = 4_096;
/// Longer words are not pointed at.
const MAX_POINTED: usize = 512;
/// How deep functions, nested shells and wrappers are followed.
const MAX_DEPTH: u32 = 16;

/// One assessment under way.
pub(crate) struct Machine<'e> {
    pub(crate) policy: &'e Policy,
    pub(crate) ctx: &'e Context,
    pub(crate) state: State,
    pub(crate) effects: Vec<Effect>,
    pub(crate) commands: Vec<CommandView>,
    /// Code that would run and cannot be read where it comes from.
    pub(crate) revealed: Vec<Revealed>,
    /// The command that effects belong to.
    pub(crate) current: Option<usize>,
    /// The place in the original text that everything inside nested code belongs to.
    pub(crate) nested_span: Option<Span>,
    /// The whole command, as it was given.
    pub(crate) source: &'e str,
    /// The places of the words of the simple command at hand.
    word_places: Vec<Range>,
    /// The place of the simple command at hand.
    pub(crate) span: Span,
    pub(crate) steps: u32,
    pub(crate) depth: u32,
    pub(crate) nesting: u32,
    pub(crate) work: usize,
    /// How many bytes may still be put together.
    pub(crate) room: usize,
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
    /// The paths of the guard and the agents, put together when the first path is met.
    pub(crate) own_places: OnceCell<Vec<OwnPlaces>>,
    /// Files that are run or read.
    pub(crate) files: FileNotes,
}

impl<'e> Machine<'e> {
    pub(crate) fn new(policy: &'e Policy, ctx: &'e Context, source: &'e str) -> Self {
        Self {
            policy,
            ctx,
            state: State::new(ctx),
            effects: Vec::new(),
            commands: Vec::new(),
            revealed: Vec::new(),
            current: None,
            nested_span: None,
            source,
            word_places: Vec::new(),
            span: Span::whole(source.len()),
            steps: 0,
            depth: 0,
            nesting: 0,
            work: 0,
            room: MAX_BYTES + BYTES_PER_BYTE * source.len(),
            command_text: String::new(),
            written: BTreeMap::new(),
            links: BTreeMap::new(),
            cloned: Vec::new(),
            unresolved: false,
            own_places: OnceCell::new(),
            files: FileNotes::default(),
        }
    }

    /// Records an effect of the command at hand.
    pub(crate) fn effect(&mut self, kind: &'static str, object: impl AsRef<str>) {
        let asks = self.policy.standing(kind).1 > countersign_domain::verdict::Verdict::Allow;
        if asks && let Some(view) = self.current.and_then(|at| self.commands.get_mut(at)) {
            view.harmless = false;
        }
        self.unresolved |= kind.starts_with("unresolved.") || kind.starts_with("parse.");
        let object: String = object
            .as_ref()
            .chars()
            .map(|c| if c == value::UNKNOWN { '…' } else { c })
            .take(200)
            .collect();
        let span = self.nested_span.unwrap_or_else(|| self.word_that_matters(kind, &object));
        let effect = Effect { kind, object, span };
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

    /// Counts text that is put together or copied; false when that has become too much.
    pub(crate) fn spend(&mut self, bytes: usize) -> bool {
        let before = self.room;
        self.room = before.saturating_sub(bytes);
        if before > 0 && self.room == 0 {
            self.effect("parse.too_much", "");
        }
        self.room > 0
    }

    /// Whether so much has been followed that the rest is left.
    pub(crate) fn exhausted(&self) -> bool {
        self.steps >= MAX_STEPS || self.work >= MAX_WORK || self.room == 0
    }

    /// Follows a text as a script of this shell. Everything in it belongs to the place at hand.
    pub(crate) fn script(&mut self, text: &str, stdin: Option<&Value>) -> Value {
        if !self.spend(2 * text.len()) {
            return Value::unknown(Taint::LOCAL);
        }
        self.reveal(text);
        self.deeper(|machine| {
            let outer = machine.nested_span;
            let found = machine.place_in_source(text);
            let (place, text) = found
                .map_or_else(|| (machine.text_place(), text), |(at, code)| (Place::From(at), code));
            machine.nested_span = match found {
                Some(_) => None,
                None => Some(outer.unwrap_or(machine.span)),
            };
            let parsed = crate::parse::parse(text, machine.depth, place);
            machine.parse_errors(&parsed.errors);
            let output = machine.block(&parsed.nodes, stdin);
            machine.nested_span = outer;
            output
        })
        .unwrap_or_default()
    }

    /// Where code stands in the text that is assessed, when it stands there once, as it is; and the
    /// code without the line ends that may have been put behind it.
    fn place_in_source<'c>(&self, code: &'c str) -> Option<(usize, &'c str)> {
        if self.source.len() > MAX_PLACED || code.trim().len() < 2 {
            return None;
        }
        let bare = code.trim_end_matches('\n');
        let at = self.source.find(bare)?;
        let again = self.source.get(at + 1..).is_some_and(|rest| rest.contains(bare));
        let same = self.source.get(at..).is_some_and(|rest| rest.starts_with(code));
        (!again).then_some((at, if same { code } else { bare }))
    }

    /// The word that an effect comes from, if it is one; else the whole command.
    fn word_that_matters(&self, kind: &str, object: &str) -> Span {
        if object.is_empty() || self.word_places.len() > 64 {
            return self.span;
        }
        let words = || {
            // A word of many lines is no closer than the command itself, and dear to look through.
            let short = |place: &&Range| place.end - place.start <= MAX_POINTED;
            self.word_places.iter().filter(short).filter_map(|place| {
                let text = self.source.get(place.start..place.end)?;
                Some((*place, text.replace(['\'', '"', '\\'], "")))
            })
        };
        let only = |fits: &dyn Fn(&str) -> bool| {
            let mut found = words().filter(|(_, text)| fits(text)).map(|(place, _)| place);
            let first = found.next()?;
            found.next().is_none().then(|| Span::from(first))
        };
        // Said of the whole request: it is the address that matters.
        if kind.starts_with("net.") && object.contains(' ') {
            return only(&|text| text.contains("://")).unwrap_or(self.span);
        }
        only(&|text| text == object)
            .or_else(|| only(&|text| object.len() > 2 && text.contains(object)))
            .or_else(|| {
                only(&|text| {
                    let path = text
                        .trim_start_matches("./")
                        .trim_start_matches("~/")
                        .trim_end_matches('/');
                    object
                        .strip_suffix(path)
                        .is_some_and(|dir| dir.ends_with('/') && !path.is_empty())
                })
            })
            .unwrap_or(self.span)
    }

    /// The place of text that was put together: a function defined in it may be called outside of
    /// it, so its places are true by themselves.
    fn text_place(&self) -> Place {
        let Span { start, end } = self.nested_span.unwrap_or(self.span);
        Place::Within(Range { start, end })
    }

    pub(crate) fn parse_errors(&mut self, errors: &[crate::parse::ParseError]) {
        for error in errors {
            let span = std::mem::replace(&mut self.span, error.span);
            self.effect(error.kind, error.what);
            self.span = span;
        }
    }
}
