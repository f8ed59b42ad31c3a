//! Redirections and here-documents.

use std::cell::OnceCell;
use std::rc::Rc;

use super::ast::{Part, Redirection, RedirectionKind, Word};
use super::{Parser, PendingHereDocument, Place, is_meta, is_name, is_name_start};

const OPERATORS: &[(&str, RedirectionKind)] = &[
    ("&>>", RedirectionKind::AppendBoth),
    ("&>", RedirectionKind::WriteBoth),
    ("<<<", RedirectionKind::HereString),
    ("<<-", RedirectionKind::HereDocument),
    ("<<", RedirectionKind::HereDocument),
    ("<>", RedirectionKind::ReadWrite),
    ("<&", RedirectionKind::Duplicate),
    (">&", RedirectionKind::Duplicate),
    (">>", RedirectionKind::Append),
    (">|", RedirectionKind::Write),
    (">", RedirectionKind::Write),
    ("<", RedirectionKind::Read),
];

impl Parser<'_> {
    /// A redirection, if one stands here.
    pub(super) fn redirection(&mut self) -> Option<Redirection> {
        let skip = self.descriptor_length();
        let rest = self.bytes.get(self.at + skip..)?;
        if !matches!(rest.first(), Some(b'<' | b'>' | b'&'))
            || (skip > 0 && rest.first() == Some(&b'&'))
        {
            return None;
        }
        if matches!(rest, [b'<' | b'>', b'(', ..]) {
            return None;
        }
        let (operator, kind) =
            OPERATORS.iter().find(|(text, _)| rest.starts_with(text.as_bytes()))?;
        let descriptor = self.slice(self.at, self.at + skip).parse().ok();
        self.at += skip + operator.len();
        self.count(1);
        let before = self.at;
        self.blanks();
        let comment = self.at > before && self.peek() == Some(b'#');
        let body = Rc::new(OnceCell::new());
        let from = self.at;
        let target = if (!comment && self.peek().is_some_and(|b| !is_meta(b)))
            || self.starts_with("<(")
            || self.starts_with(">(")
        {
            self.word()
        } else {
            self.error("a redirection has no target");
            Word::default()
        };
        if *kind == RedirectionKind::HereDocument {
            let written = self.slice(from, self.at);
            self.announce(&target, written, *operator == "<<-", &body);
        }
        Some(Redirection { kind: *kind, descriptor, target, body })
    }

    /// `2` before `>`, or `{name}`.
    fn descriptor_length(&self) -> usize {
        let Some(rest) = self.bytes.get(self.at..) else {
            return 0;
        };
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let length = if digits > 0 {
            digits
        } else if rest.first() == Some(&b'{') && rest.get(1).copied().is_some_and(is_name_start) {
            let name = rest.iter().skip(1).take_while(|&&b| is_name(b)).count();
            if rest.get(name + 1) == Some(&b'}') { name + 2 } else { 0 }
        } else {
            0
        };
        if matches!(rest.get(length), Some(b'<' | b'>')) { length } else { 0 }
    }

    fn announce(
        &mut self,
        target: &Word,
        written: &str,
        strip_tabs: bool,
        body: &Rc<OnceCell<Word>>,
    ) {
        let mut delimiter = String::new();
        let mut quoted = false;
        for part in &target.parts {
            match part {
                Part::Bare(text) => delimiter.push_str(text),
                Part::Quoted(text) => {
                    quoted = true;
                    delimiter.push_str(text);
                }
                Part::Expansion { .. } => {
                    // Bash takes the text literally; what that is here is not certain.
                    self.error("an expansion in a here-document's delimiter");
                    written.clone_into(&mut delimiter);
                    break;
                }
            }
        }
        self.pending.push(PendingHereDocument {
            delimiter,
            quoted,
            strip_tabs,
            body: Rc::clone(body),
        });
    }

    pub(super) fn here_document(&mut self, pending: &PendingHereDocument) {
        let start = self.at;
        let mut end = start;
        let mut text = String::new();
        loop {
            if self.at_end() {
                self.error("a here-document does not end");
                break;
            }
            let rest = self.rest();
            let length = rest.find('\n').unwrap_or(rest.len());
            let line = self.slice(self.at, self.at + length);
            self.at = (self.at + length + 1).min(self.bytes.len());
            let line = if pending.strip_tabs { line.trim_start_matches('\t') } else { line };
            if line == pending.delimiter {
                break;
            }
            text.push_str(line);
            text.push('\n');
            end = self.at;
        }
        let span = self.range_from(start);
        let parts = if pending.quoted {
            vec![Part::Quoted(text)]
        } else {
            let place = self.place_of(&text, start, end);
            self.here_document_parts(&text, place)
        };
        // Set once: a pending here-document is taken from the list before it is read.
        pending.body.get_or_init(|| Word { parts, span });
    }

    /// The expansions in an unquoted body; read by a parser of its own, since tabs may be gone.
    fn here_document_parts(&mut self, text: &str, place: Place) -> Vec<Part> {
        if !text.contains(['$', '`', '\\']) {
            return vec![Part::Quoted(text.to_owned())];
        }
        let mut inner = self.inside(text, place);
        let parts = inner.double_quoted(None);
        let (errors, pieces) = (inner.errors, inner.pieces);
        self.leave(errors, pieces);
        parts
    }

    pub(super) fn unfinished_here_documents(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            self.here_document(&pending);
        }
    }
}
