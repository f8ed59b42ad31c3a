//! Bash text to structure.
//!
//! A parser of its own, because a verdict within 20 ms for 128 KiB of any text rules out a general
//! grammar runtime; that it sees what a published grammar sees is held by a differential test.
//! It never gives up: what it cannot read becomes an error, and the rest is still read.

mod assignments;
pub(crate) mod ast;
mod compound;
mod expansions;
mod grammar;
mod quotes;
mod redirections;
mod words;

use std::cell::OnceCell;
use std::rc::Rc;

use countersign_domain::assessment::Span;

use ast::{Node, Word};

/// How deep commands may nest before the rest is not read.
const MAX_DEPTH: u32 = 40;

/// A script and what was wrong with it.
pub(crate) struct Parsed {
    pub(crate) nodes: Vec<Node>,
    pub(crate) errors: Vec<ParseError>,
}

/// A place where the text is not what bash would accept, or not certainly so.
#[derive(Debug, Clone)]
pub(crate) struct ParseError {
    pub(crate) span: Span,
    pub(crate) what: &'static str,
    pub(crate) too_deep: bool,
}

/// Where a text that is read stands in the text that spans refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Character for character from here on.
    From(usize),
    /// Somehow in here.
    Within(ast::Range),
}

/// Reads `source` as bash would.
pub(crate) fn parse(source: &str, depth: u32) -> Parsed {
    parse_at(source, depth, Place::From(0))
}

/// The same for a text that stands inside another one.
pub(crate) fn parse_at(source: &str, depth: u32, place: Place) -> Parsed {
    let mut parser = Parser::new(source, depth, place);
    let mut nodes = Vec::new();
    loop {
        parser.list(&mut nodes, grammar::Until::End);
        if parser.at_end() {
            break;
        }
        parser.error("unexpected token");
        parser.bump();
    }
    parser.unfinished_here_documents();
    Parsed { nodes, errors: parser.errors }
}

struct PendingHereDocument {
    delimiter: String,
    quoted: bool,
    strip_tabs: bool,
    body: Rc<OnceCell<Word>>,
}

struct Parser<'s> {
    source: &'s str,
    bytes: &'s [u8],
    at: usize,
    depth: u32,
    place: Place,
    errors: Vec<ParseError>,
    pending: Vec<PendingHereDocument>,
}

impl<'s> Parser<'s> {
    fn new(source: &'s str, depth: u32, place: Place) -> Self {
        Self {
            source,
            bytes: source.as_bytes(),
            at: 0,
            depth,
            place,
            errors: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// The place of a part of this text.
    fn spot(&self, start: usize, end: usize) -> ast::Range {
        match self.place {
            Place::From(base) => ast::Range { start: base + start, end: base + end },
            Place::Within(range) => range,
        }
    }

    /// The place of a text of its own that is read from a part of this one; `same` when it is that
    /// part as it stands.
    fn place_of(&self, start: usize, end: usize, same: bool) -> Place {
        match self.place {
            Place::From(base) if same => Place::From(base + start),
            Place::From(_) | Place::Within(_) => Place::Within(self.spot(start, end)),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn slice(&self, start: usize, end: usize) -> &'s str {
        self.source.get(start..end).unwrap_or_default()
    }

    fn starts_with(&self, text: &str) -> bool {
        self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// The next character, moved past.
    fn bump(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn error(&mut self, what: &'static str) {
        if self.errors.len() < 8 {
            let start = self.at.min(self.bytes.len());
            let end = (start + 1).min(self.bytes.len());
            let span = self.spot(start, end).into();
            self.errors.push(ParseError { span, what, too_deep: false });
        }
    }

    /// Runs `inner` one level deeper; beyond the limit the rest of the text is left unread.
    fn nested<T: Default>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            let span = self.spot(self.at.min(self.bytes.len()), self.bytes.len()).into();
            self.errors.push(ParseError { span, what: "nested too deeply", too_deep: true });
            self.at = self.bytes.len();
            return T::default();
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Spaces, tabs, continued lines.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\\') if self.peek_at(1) == Some(b'\n') => self.at += 2,
                _ => return,
            }
        }
    }

    /// Blanks, comments and line ends, with the here-documents that begin there.
    fn lines(&mut self) {
        loop {
            self.blanks();
            match self.peek() {
                Some(b'\n') => self.newline(),
                Some(b'#') => self.comment(),
                _ => return,
            }
        }
    }

    fn comment(&mut self) {
        let length = self.rest().find('\n').unwrap_or(self.rest().len());
        self.at += length;
    }

    fn newline(&mut self) {
        self.at += 1;
        for pending in std::mem::take(&mut self.pending) {
            self.here_document(&pending);
        }
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_meta(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')')
}
