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

use ast::{Node, Range, Word};

/// How deep commands may nest before the rest is not read.
const MAX_DEPTH: u32 = 40;
/// How many commands, parts of words and redirections are read: more than are ever followed.
const MAX_PIECES: usize = 6_144;

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
    /// The kind of effect that it is.
    pub(crate) kind: &'static str,
}

impl ParseError {
    /// Whether something was left unread.
    fn is_final(&self) -> bool {
        self.kind != "parse.error"
    }
}

/// Where the text of a parser stands in the text that a person reads.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// It is a piece of that text, which begins here.
    From(usize),
    /// It was made from what stands there: an escape is gone, or a variable filled in.
    Within(Range),
}

impl Place {
    fn range(self, start: usize, end: usize) -> Range {
        match self {
            Self::From(offset) => Range { start: offset + start, end: offset + end },
            Self::Within(range) => range,
        }
    }
}

/// Reads `source` as bash would.
pub(crate) fn parse(source: &str, depth: u32, place: Place) -> Parsed {
    let mut parser = Parser::new(source, depth, place);
    let nodes = parser.script();
    Parsed { nodes, errors: parser.errors }
}

impl Parser<'_> {
    fn script(&mut self) -> Vec<Node> {
        let parser = self;
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
        nodes
    }
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
    place: Place,
    depth: u32,
    /// How many bytes may still be looked at ahead of where they are read.
    lookahead: usize,
    /// How many pieces were read.
    pieces: usize,
    errors: Vec<ParseError>,
    pending: Vec<PendingHereDocument>,
}

impl<'s> Parser<'s> {
    fn new(source: &'s str, depth: u32, place: Place) -> Self {
        Self {
            source,
            bytes: source.as_bytes(),
            at: 0,
            place,
            depth,
            lookahead: source.len() * 8 + 4096,
            pieces: 0,
            errors: Vec::new(),
            pending: Vec::new(),
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
            let start = self.source.floor_char_boundary(self.at);
            let end = self.source.ceil_char_boundary(start + 1);
            let span = self.range(start, end).into();
            self.errors.push(ParseError { span, what, kind: "parse.error" });
        }
    }

    /// What a parser of a text inside this one found wrong.
    fn errors_inside(&mut self, errors: Vec<ParseError>) {
        let room = 8_usize.saturating_sub(self.errors.len());
        let (deep, other): (Vec<_>, Vec<_>) = errors.into_iter().partition(ParseError::is_final);
        self.errors.extend(deep.into_iter().take(1));
        self.errors.extend(other.into_iter().take(room));
    }

    /// The place of a piece of this text.
    fn range(&self, start: usize, end: usize) -> Range {
        let start = self.source.floor_char_boundary(start);
        let end = self.source.floor_char_boundary(end).max(start);
        self.place.range(start, end)
    }

    /// The place of everything from `start` to here.
    fn range_from(&self, start: usize) -> Range {
        self.range(start, self.at)
    }

    /// Where a text stands that was read between `start` and `end`, as it is or changed.
    fn place_of(&self, text: &str, start: usize, end: usize) -> Place {
        match self.place {
            Place::From(offset) if self.slice(start, end) == text => Place::From(offset + start),
            Place::From(_) | Place::Within(_) => Place::Within(self.range(start, end)),
        }
    }

    /// Runs `inner` one level deeper; beyond the limit the rest of the text is left unread.
    fn nested<T: Default>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            self.unread("parse.too_deep", "nested too deeply");
            return T::default();
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Leaves the rest of the text unread, and says so.
    fn unread(&mut self, kind: &'static str, what: &'static str) {
        let start = self.source.floor_char_boundary(self.at);
        let span = self.range(start, self.bytes.len()).into();
        if !self.errors.iter().any(ParseError::is_final) {
            self.errors.push(ParseError { span, what, kind });
        }
        self.at = self.bytes.len();
    }

    /// Pays for looking ahead at `amount` bytes; false when a text makes that too dear.
    fn look_ahead(&mut self, amount: usize) -> bool {
        if let Some(left) = self.lookahead.checked_sub(amount) {
            self.lookahead = left;
            return true;
        }
        self.unread("parse.too_much", "too much to look ahead");
        false
    }

    /// Counts pieces that were read; beyond the limit the rest of the text is left unread.
    fn count(&mut self, pieces: usize) {
        self.pieces += pieces;
        if self.pieces > MAX_PIECES {
            self.unread("parse.too_much", "more than is followed");
        }
    }

    /// A parser of a text inside this one, which shares its limits.
    fn inside<'t>(&self, text: &'t str, place: Place) -> Parser<'t> {
        let mut inner = Parser::new(text, self.depth + 1, place);
        inner.pieces = self.pieces;
        inner
    }

    /// Takes over what a parser of a text inside this one found wrong, and what it counted.
    fn leave(&mut self, errors: Vec<ParseError>, pieces: usize) {
        self.errors_inside(errors);
        self.pieces = pieces;
        self.count(0);
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
