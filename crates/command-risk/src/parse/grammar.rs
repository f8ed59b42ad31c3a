//! Lists, pipelines and simple commands.

use super::ast::{Node, Simple};
use super::{Parser, is_meta};

/// What ends a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Only the end of the text.
    End,
    /// A closing parenthesis, left unread.
    Parenthesis,
    /// One of these reserved words, left unread.
    Words(&'static [&'static str]),
    /// `;;`, `;&`, `;;&` or `esac`, left unread.
    CaseArm,
}

impl Parser<'_> {
    /// Commands up to what ends the list, or to something that cannot be read here.
    pub(super) fn list(&mut self, nodes: &mut Vec<Node>, until: Until) {
        loop {
            self.lines();
            if self.at_end() || self.list_ends(until) {
                return;
            }
            let before = self.at;
            let Some(node) = self.and_or() else { return };
            if self.at == before {
                return;
            }
            self.blanks();
            let background = self.peek() == Some(b'&') && self.peek_at(1) != Some(b'&');
            if background {
                self.at += 1;
                nodes.push(Node::Background(Box::new(node)));
                continue;
            }
            nodes.push(node);
            match self.peek() {
                Some(b';')
                    if until != Until::CaseArm || !matches!(self.peek_at(1), Some(b';' | b'&')) =>
                {
                    self.at += 1;
                    if self.peek() == Some(b';') && until != Until::CaseArm {
                        self.error("unexpected `;;`");
                        self.at += 1;
                    }
                }
                Some(b'\n' | b'#') | None => {}
                Some(_) => return,
            }
        }
    }

    fn list_ends(&self, until: Until) -> bool {
        match until {
            Until::End => false,
            Until::Parenthesis => self.peek() == Some(b')'),
            Until::Words(words) => self.reserved().is_some_and(|word| words.contains(&word)),
            Until::CaseArm => {
                self.starts_with(";;") || self.starts_with(";&") || self.reserved() == Some("esac")
            }
        }
    }

    /// The bare word at this place, if it could be a reserved one.
    pub(super) fn reserved(&self) -> Option<&str> {
        let rest = self.bytes.get(self.at..)?;
        let length = rest.iter().take(9).take_while(|&&b| !is_meta(b)).count();
        let word = self.slice(self.at, self.at + length);
        let known = matches!(
            word,
            "if" | "then"
                | "else"
                | "elif"
                | "fi"
                | "for"
                | "while"
                | "until"
                | "do"
                | "done"
                | "case"
                | "esac"
                | "in"
                | "function"
                | "select"
                | "time"
                | "coproc"
                | "{"
                | "}"
                | "!"
                | "[["
        );
        known.then_some(word)
    }

    pub(super) fn eat_reserved(&mut self, word: &str) -> bool {
        let found = self.reserved() == Some(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn and_or(&mut self) -> Option<Node> {
        let first = self.pipeline()?;
        let mut more = Vec::new();
        loop {
            self.blanks();
            let and = self.starts_with("&&");
            if !and && !self.starts_with("||") {
                break;
            }
            self.at += 2;
            self.lines();
            let Some(node) = self.pipeline() else {
                self.error("a command is missing");
                break;
            };
            more.push((and, node));
        }
        Some(if more.is_empty() { first } else { Node::AndOr(Box::new(first), more) })
    }

    fn pipeline(&mut self) -> Option<Node> {
        let mut negated = false;
        loop {
            self.blanks();
            if self.eat_reserved("!") || self.negated_subshell() {
                negated = true;
                continue;
            }
            if !self.eat_reserved("time") {
                break;
            }
            self.blanks();
            if self.starts_with("-p ") {
                self.at += 2;
            }
        }
        let first = match self.command() {
            Some(node) => node,
            // `time` and `!` alone are commands.
            None => Node::Simple(Simple::default()),
        };
        let mut stages = vec![first];
        loop {
            self.blanks();
            if self.peek() != Some(b'|') || self.peek_at(1) == Some(b'|') {
                break;
            }
            self.at += if self.peek_at(1) == Some(b'&') { 2 } else { 1 };
            self.lines();
            let Some(node) = self.command() else {
                self.error("a command is missing after `|`");
                break;
            };
            stages.push(node);
        }
        match stages.len() {
            // What is negated does not succeed where the command does: it stands for itself.
            1 if negated => Some(Node::Group { body: stages.into(), subshell: false }),
            1 => stages.pop(),
            _ => Some(Node::Pipeline(stages)),
        }
    }

    fn negated_subshell(&mut self) -> bool {
        let found = self.starts_with("!(");
        if found {
            self.at += 1;
        }
        found
    }

    pub(super) fn command(&mut self) -> Option<Node> {
        self.blanks();
        self.count(2);
        let node = self.compound()?;
        if matches!(node, Node::Simple(_) | Node::Function { .. }) {
            return Some(node);
        }
        let mut redirections = Vec::new();
        loop {
            self.blanks();
            let Some(redirection) = self.redirection() else {
                break;
            };
            redirections.push(redirection);
        }
        if redirections.is_empty() {
            Some(node)
        } else {
            Some(Node::Redirected(Box::new(node), redirections))
        }
    }

    pub(super) fn simple(&mut self) -> Option<Node> {
        let start = self.at;
        let mut simple = Simple::default();
        let mut end = None;
        loop {
            self.blanks();
            if let Some(redirection) = self.redirection() {
                simple.redirections.push(redirection);
                continue;
            }
            let declares = simple.words.is_empty() || declares(&simple.words);
            if declares && let Some(assignment) = self.assignment(simple.words.is_empty()) {
                simple.assignments.push(assignment);
                continue;
            }
            match self.peek() {
                Some(b'#') => {
                    // A comment is no part of the command that it stands behind.
                    end.get_or_insert(self.trimmed_end(start));
                    self.comment();
                }
                Some(b'(') if !simple.words.is_empty() => {
                    // Bash refuses this; what is inside is still looked at.
                    self.error("unexpected `(`");
                    break;
                }
                Some(byte) if !is_meta(byte) => simple.words.push(self.word()),
                Some(b'<' | b'>') if self.peek_at(1) == Some(b'(') => {
                    simple.words.push(self.word());
                }
                _ => break,
            }
        }
        simple.span = self.range(start, end.unwrap_or_else(|| self.trimmed_end(start)));
        let empty = simple.words.is_empty()
            && simple.assignments.is_empty()
            && simple.redirections.is_empty();
        if empty { None } else { Some(Node::Simple(simple)) }
    }

    /// The end of what was read since `start`, without the blanks behind it.
    fn trimmed_end(&self, start: usize) -> usize {
        start + self.slice(start, self.at).trim_end().len()
    }
}

/// Whether the command's arguments may be assignments of arrays.
fn declares(words: &[super::ast::Word]) -> bool {
    matches!(
        words.first().map(|word| word.parts.as_slice()),
        Some([super::ast::Part::Bare(name)])
            if matches!(name.as_str(), "declare" | "local" | "typeset" | "readonly" | "export")
    )
}
