//! Lists, pipelines, loops, functions: everything that is not a simple command.

use std::rc::Rc;

use countersign_domain::assessment::Span;

use super::Machine;
use super::state::Variable;
use super::value::{Taint, UNKNOWN, Value};
use crate::parse::ast::{Block, Node, Redirection, Word};

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
        let state = self.state.clone();
        let output = self.deeper(|machine| machine.block(nodes, stdin)).unwrap_or_default();
        self.state = state;
        output
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

    #[expect(clippy::match_same_arms, reason = "the arms differ in meaning")]
    fn any_node(&mut self, node: &Node, stdin: Option<&Value>) -> Value {
        match node {
            Node::Simple(simple) => self.simple(simple, stdin),
            Node::Pipeline(stages) => self.pipeline(stages, stdin),
            Node::AndOr(first, more) => self.and_or(first, more, stdin),
            Node::Background(inner) => self.node(inner, stdin),
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
                self.rounds(body, stdin)
            }
            Node::Arith(word) => {
                self.walk(word);
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
                if super::builtins::is_fork_bomb(name, body) {
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
            Node::Coproc(inner) => self.node(inner, stdin),
            Node::Redirected(inner, redirections) => self.redirected(inner, redirections, stdin),
        }
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
        let last = stages.len().saturating_sub(1);
        for (at, stage) in stages.iter().enumerate() {
            if self.exhausted() {
                break;
            }
            let state = (at < last).then(|| self.state.clone());
            let output = self.node(stage, flow.as_ref());
            if let Some(state) = state {
                self.state = state;
            }
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
            let before = (!(*and && certain)).then(|| self.state.variables.clone());
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
            let before = self.state.variables.clone();
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
        let mut output = self.block(condition, stdin);
        let part = self.rounds(body, stdin);
        output.push(&part);
        let endless = super::builtins::is_endless(condition);
        if endless && super::builtins::leaves_processes(body) {
            let outer = std::mem::replace(&mut self.span, span);
            self.effect("process.fork_bomb", "");
            self.span = outer;
        }
        output
    }

    /// A body that runs any number of times: twice shows what one round sets for the next.
    fn rounds(&mut self, body: &Block, stdin: Option<&Value>) -> Value {
        let before = self.state.variables.clone();
        let mut output = self.block(body, stdin);
        if self.state.variables != before {
            let part = self.block(body, stdin);
            output.push(&part);
        }
        self.state.join(&before);
        // How often it is written is not known.
        if output.text.is_empty() { output } else { Value::unknown(output.taint) }
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
                    if field.glob {
                        Value { text: field.text.clone(), taint: field.taint.with(Taint::NAMES) }
                    } else {
                        field.value()
                    }
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
        let before = self.state.variables.clone();
        for value in values.iter().take(64) {
            if !self.step() {
                break;
            }
            self.state.variables.insert(variable.to_owned(), Variable::Scalar(value.clone()));
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
