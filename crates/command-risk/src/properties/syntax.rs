//! The parser loses nothing, and says truly where things stand.

use crate::parse::ast::{
    AssignedValue, Assignment, Expansion, Node, Operation, Parameter, Part, Range, Redirection,
    Word,
};
use crate::parse::{self, Parsed, Place};

/// Parses any bytes: every place is one of the text, and only blanks and comments parse to nothing.
pub fn parse(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let parsed = parse::parse(&text, 0, Place::From(0));
    for error in &parsed.errors {
        super::check_span(&text, error.span, error.what);
    }
    Places(&text).nodes(&parsed.nodes);
    let silent = parsed.nodes.is_empty() && parsed.errors.is_empty();
    assert!(!silent || is_blank(&text), "nothing was read in {text:?}");
}

/// Whether the text is not certainly what bash would accept.
pub(super) fn is_doubtful(text: &str) -> bool {
    let Parsed { errors, .. } = parse::parse(text, 0, Place::From(0));
    !errors.is_empty()
}

fn is_blank(text: &str) -> bool {
    text.replace("\\\n", "").split('\n').all(|line| {
        let line = line.trim_start_matches([' ', '\t']);
        line.is_empty() || line.starts_with('#')
    })
}

/// Walks a script; panics where something claims to stand outside of the text.
struct Places<'t>(&'t str);

impl Places<'_> {
    fn at(&self, range: Range, what: &str) {
        super::check_span(self.0, range.into(), what);
    }

    fn nodes(&self, nodes: &[Node]) {
        for node in nodes {
            self.node(node);
        }
    }

    fn node(&self, node: &Node) {
        match node {
            Node::Simple(simple) => {
                self.at(simple.span, "a simple command");
                for assignment in &simple.assignments {
                    self.assignment(assignment);
                }
                self.words(&simple.words);
                self.redirections(&simple.redirections);
            }
            Node::Pipeline(stages) => self.nodes(stages),
            Node::AndOr(first, more) => {
                self.node(first);
                for (_, node) in more {
                    self.node(node);
                }
            }
            Node::Background(inner) | Node::Coproc(inner) => self.node(inner),
            Node::Group { body, subshell: _ } => self.nodes(body),
            Node::If(blocks) => {
                for block in blocks {
                    self.nodes(block);
                }
            }
            Node::Loop { condition, body, span } => {
                super::check_span(self.0, *span, "a loop");
                self.nodes(condition);
                self.nodes(body);
            }
            Node::For { variable: _, words, body } => {
                self.words(words.as_deref().unwrap_or_default());
                self.nodes(body);
            }
            Node::ArithFor { header, body } => {
                self.word(header);
                self.nodes(body);
            }
            Node::Arith(word) => self.word(word),
            Node::Case { word, arms } => {
                self.word(word);
                for (patterns, body) in arms {
                    self.words(patterns);
                    self.nodes(body);
                }
            }
            Node::Function { name: _, body, span } => {
                super::check_span(self.0, *span, "a function");
                self.node(body);
            }
            Node::Test(words) => self.words(words),
            Node::Redirected(inner, redirections) => {
                self.node(inner);
                self.redirections(redirections);
            }
        }
    }

    fn assignment(&self, assignment: &Assignment) {
        if let Some(word) = &assignment.index {
            self.word(word);
        }
        match &assignment.value {
            AssignedValue::Scalar(word) => self.word(word),
            AssignedValue::Array(words) => self.words(words),
        }
    }

    fn redirections(&self, redirections: &[Redirection]) {
        for redirection in redirections {
            self.word(&redirection.target);
            if let Some(word) = redirection.body.get() {
                self.word(word);
            }
        }
    }

    fn words(&self, words: &[Word]) {
        for word in words {
            self.word(word);
        }
    }

    fn word(&self, word: &Word) {
        self.at(word.span, "a word");
        self.parts(&word.parts);
    }

    fn parts(&self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Bare(_) | Part::Quoted(_) => {}
                Part::Expansion { what, quoted: _ } => match what {
                    Expansion::Parameter(parameter) => self.parameter(parameter),
                    Expansion::Command(body) | Expansion::Process { body, output: _ } => {
                        self.nodes(body);
                    }
                    Expansion::Arithmetic(parts) => self.parts(parts),
                },
            }
        }
    }

    fn parameter(&self, parameter: &Parameter) {
        if let Some(word) = &parameter.index {
            self.word(word);
        }
        match &parameter.operation {
            Operation::None => {}
            Operation::Default(word)
            | Operation::Assign(word)
            | Operation::Alternative(word)
            | Operation::RemovePrefix { pattern: word, .. }
            | Operation::RemoveSuffix { pattern: word, .. }
            | Operation::Upper { pattern: word, .. }
            | Operation::Lower { pattern: word, .. }
            | Operation::Required(word)
            | Operation::Transform(word)
            | Operation::Other(word) => self.word(word),
            Operation::Replace { pattern, with, all: _ } => {
                self.word(pattern);
                self.word(with);
            }
            Operation::Slice { offset, length } => {
                self.word(offset);
                if let Some(word) = length {
                    self.word(word);
                }
            }
        }
    }
}
