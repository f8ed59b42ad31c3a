//! Lists, pipelines, loops, functions: everything that is not a simple command.

use std::rc::Rc;

use countersign_domain::assessment::Span;

use super::Machine;
use super::state::{Before, State, Variable};
use super::value::{Taint, UNKNOWN, Value};
use crate::parse::ast::{Block, Node, Part, Redirection, Word};

impl Machine<'_> {
    /// Follows commands one after another; their output.
    pub(crate) fn block(&mut self, nodes: &[Node], stdin: Option<&Value>) -> Value {
        let mut output = Value::default();
        for node in nodes {
            if self.exhausted() {
                break;
            }
            let part = self.node(node, stdin);
            output.push(&part);
        }
        output
    }

    /// Follows commands in a copy of the shell.
    pub(crate) fn subshell(&mut self, nodes: &[Node], stdin: Option<&Value>) -> Value {
        let Some(state) = self.snapshot() else {
            return Value::unknown(Taint::LOCAL);
        };
        let output = self.deeper(|machine| machine.block(nodes, stdin)).unwrap_or_default();
        self.state = state;
        output
    }

    /// A copy of the shell's state; none when that costs too much.
    pub(crate) fn snapshot(&mut self) -> Option<State> {
        self.spend(self.state.size()).then(|| self.state.clone())
    }

    fn before(&mut self) -> Option<Before> {
        self.spend(self.state.size()).then(|| self.state.before())
    }

    pub(crate) fn node(&mut self, node: &Node, stdin: Option<&Value>) -> Value {
        if self.nesting >= super::MAX_NESTING {
            self.effect("parse.too_deep", "");
            return Value::unknown(Taint::LOCAL);
        }
        self.nesting += 1;
        let output = self.any_node(node, stdin);
        self.nesting -= 1;
        output
    }

    fn any_node(&mut self, node: &Node, stdin: Option<&Value>) -> Value {
        match node {
            Node::Simple(simple) => self.simple(simple, stdin),
            Node::Pipeline(stages) => self.pipeline(stages, stdin),
            Node::AndOr(first, more) => self.and_or(first, more, stdin),
            Node::Background(inner) | Node::Coproc(inner) => self.aside(inner, stdin),
            Node::Group { body, subshell: true } => self.subshell(body, stdin),
            Node::Group { body, subshell: false } => self.block(body, stdin),
            Node::If(blocks) => self.branches(blocks.iter().map(Rc::as_ref), stdin),
            Node::Loop { condition, body, span } => {
                self.endless_or_loop(condition, body, *span, stdin)
            }
            Node::For { variable, words, body } => {
                self.for_loop(variable, words.as_deref(), body, stdin)
            }
            Node::ArithFor { header, body } => {
                self.walk(header);
                self.counted(header);
                self.rounds(body, stdin)
            }
            Node::Arith(word) => {
                self.arithmetic(&word.parts);
                Value::default()
            }
            Node::Case { word, arms } => {
                self.walk(word);
                for pattern in arms.iter().flat_map(|(patterns, _)| patterns) {
                    self.walk(pattern);
                }
                self.branches(arms.iter().map(|(_, body)| body.as_ref()), stdin)
            }
            Node::Function { name, body, span } => {
                if super::exhaustion::is_fork_bomb(name, body) {
                    let outer = std::mem::replace(&mut self.span, *span);
                    self.effect("process.fork_bomb", name.as_str());
                    self.span = outer;
                }
                self.define(name, body, stdin)
            }
            Node::Test(words) => {
                for word in words {
                    self.walk(word);
                }
                Value::default()
            }
            Node::Redirected(inner, redirections) => self.redirected(inner, redirections, stdin),
        }
    }

    /// In a shell of its own: what it sets stays there.
    fn aside(&mut self, inner: &Node, stdin: Option<&Value>) -> Value {
        let state = self.state.clone();
        let output = self.node(inner, stdin);
        self.state = state;
        output
    }

    fn define(&mut self, name: &str, body: &Rc<Node>, stdin: Option<&Value>) -> Value {
        self.state.functions.insert(name.to_owned(), Rc::clone(body));
        if matches!(name, "command_not_found_handle" | "command_not_found_handler") {
            self.node(body, stdin);
        }
        Value::default()
    }

    fn redirected(
        &mut self,
        inner: &Node,
        redirections: &[Redirection],
        stdin: Option<&Value>,
    ) -> Value {
        let streams = self.redirect(redirections, true);
        let stdin = streams.stdin.as_ref().or(stdin).cloned();
        let output = self.node(inner, stdin.as_ref());
        self.keep(&streams, &output);
        if streams.stdout_kept { output } else { Value::default() }
    }

    fn pipeline(&mut self, stages: &[Node], stdin: Option<&Value>) -> Value {
        let mut flow: Option<Value> = stdin.cloned();
        for stage in stages {
            if self.exhausted() {
                break;
            }
            let Some(state) = self.snapshot() else { break };
            let output = self.node(stage, flow.as_ref());
            self.state = state;
            flow = Some(output);
        }
        flow.unwrap_or_default()
    }

    fn and_or(&mut self, first: &Node, more: &[(bool, Node)], stdin: Option<&Value>) -> Value {
        let mut output = self.node(first, stdin);
        let mut certain = always_succeeds(first);
        for (and, node) in more {
            if self.exhausted() {
                break;
            }
            let before = if *and && certain { None } else { self.before() };
            let part = self.node(node, stdin);
            output.push(&part);
            if let Some(before) = before {
                self.state.join(&before);
            }
            certain &= *and && always_succeeds(node);
        }
        output
    }

    /// Any of them may run; none may.
    fn branches<'b>(
        &mut self,
        blocks: impl Iterator<Item = &'b Vec<Node>>,
        stdin: Option<&Value>,
    ) -> Value {
        let mut output = Value::default();
        for block in blocks {
            let Some(before) = self.before() else { break };
            let part = self.block(block, stdin);
            output.push(&part);
            self.state.join(&before);
        }
        output
    }

    fn endless_or_loop(
        &mut self,
        condition: &Block,
        body: &Block,
        span: Span,
        stdin: Option<&Value>,
    ) -> Value {
        if let Some(lines) = stdin.and_then(|input| lines_read(condition, input)) {
            return self.round_a_line(condition, body, &lines);
        }
        let mut output = self.block(condition, stdin);
        let part = self.rounds(body, stdin);
        output.push(&part);
        let endless = super::exhaustion::is_endless(condition);
        if endless && super::exhaustion::leaves_processes(body) {
            let outer = std::mem::replace(&mut self.span, span);
            self.effect("process.fork_bomb", "");
            self.span = outer;
        }
        output
    }

    /// `while read`: the body runs once for each line that is known.
    fn round_a_line(&mut self, condition: &Block, body: &Block, lines: &[Value]) -> Value {
        let before = self.state.before();
        let mut output = Value::default();
        for line in lines {
            if self.exhausted() {
                break;
            }
            self.block(condition, Some(line));
            let part = self.block(body, Some(&Value::unknown(line.taint)));
            output.push(&part);
        }
        self.state.join(&before);
        output
    }

    /// A body that runs any number of times: once with what is known before, and once with what
    /// any round may leave to the next.
    fn rounds(&mut self, body: &Block, stdin: Option<&Value>) -> Value {
        let Some(before) = self.before() else {
            return Value::unknown(Taint::LOCAL);
        };
        let mut output = self.block(body, stdin);
        if !self.state.is_as(&before) {
            self.state.join(&before);
            let part = self.block(body, stdin);
            output.push(&part);
        }
        self.state.join(&before);
        // How often it is written is not known.
        if output.text.is_empty() { output } else { Value::unknown(output.taint) }
    }

    /// What the header of a loop sets changes with every round.
    fn counted(&mut self, header: &Word) {
        for part in &header.parts {
            let Part::Quoted(text) = part else { continue };
            for name in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                if super::wrappers::is_name(name) {
                    self.state.set(name, Value::unknown(Taint::NONE));
                }
            }
        }
    }

    fn for_loop(
        &mut self,
        variable: &str,
        words: Option<&[Word]>,
        body: &Block,
        stdin: Option<&Value>,
    ) -> Value {
        let values: Vec<Value> = match words {
            Some(words) => self
                .fields(words)
                .iter()
                .map(|field| {
                    // The words that it holds come one after another.
                    if field.open { Value::unknown(field.taint) } else { field.argument() }
                })
                .collect(),
            None => self
                .state
                .positional
                .clone()
                .unwrap_or_else(|| vec![Value::unknown(Taint::VARIABLE)]),
        };
        let mut output = Value::default();
        let known = values.iter().all(Value::is_known);
        let Some(before) = self.before() else {
            return Value::unknown(Taint::LOCAL);
        };
        for value in values.iter().take(64) {
            if !self.step() || self.exhausted() {
                break;
            }
            let value = self.as_declared(variable, value.clone());
            self.state.variables.insert(variable.to_owned(), Variable::Scalar(value));
            let part = self.block(body, stdin);
            output.push(&part);
        }
        if values.len() > 64 {
            self.state.set(variable, Value::unknown(Taint::NAMES));
            self.block(body, stdin);
        }
        if values.is_empty() || !known {
            self.state.join(&before);
        }
        if known && values.len() <= 64 && !output.text.contains(UNKNOWN) {
            output
        } else {
            Value::unknown(output.taint)
        }
    }
}

/// The lines of a known text that a condition reads one after another.
fn lines_read(condition: &Block, input: &Value) -> Option<Vec<Value>> {
    let [Node::Simple(simple)] = condition.as_slice() else {
        return None;
    };
    let word = |at: usize| match simple.words.get(at).map(|w| w.parts.as_slice()) {
        Some([Part::Bare(text)]) => text.as_str(),
        _ => "",
    };
    let reads = word(0) == "read"
        && simple.redirections.is_empty()
        && !(1..simple.words.len())
            .any(|at| word(at).starts_with('-') && word(at).contains(['d', 'n', 'N', 't', 'u']));
    let count = input.text.lines().count();
    (reads && input.is_known() && (2..=32).contains(&count)).then(|| {
        let line = |text: &str| Value { text: format!("{text}\n"), taint: input.taint };
        input.text.lines().map(line).collect()
    })
}

/// Commands that do not fail, so that what follows `&&` surely runs.
fn always_succeeds(node: &Node) -> bool {
    let Node::Simple(simple) = node else {
        return false;
    };
    match simple.words.first().map(|word| word.parts.as_slice()) {
        None => true,
        Some([crate::parse::ast::Part::Bare(name)]) => {
            matches!(
                name.as_str(),
                "true" | ":" | "export" | "cd" | "echo" | "printf" | "set" | "declare" | "local"
            )
        }
        Some(_) => false,
    }
}
