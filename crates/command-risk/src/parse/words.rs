//! Words: text, quotes and expansions up to the next separator.

use super::ast::{Expansion, Part, Word};
use super::{Parser, is_meta};

impl Parser<'_> {
    /// The word that begins here.
    pub(super) fn word(&mut self) -> Word {
        let start = self.at;
        let mut parts = Vec::new();
        self.count(1);
        self.word_parts(&mut parts, |_, byte| is_meta(byte));
        if self.at == start {
            // Progress is guaranteed, whatever was found here.
            self.error("unexpected character");
            self.bump();
        }
        Word { parts, span: self.range_from(start) }
    }

    /// Parts up to a byte at which `ends` says so, quotes and expansions excepted.
    pub(super) fn word_parts(&mut self, parts: &mut Vec<Part>, ends: impl Fn(&Self, u8) -> bool) {
        while let Some(byte) = self.peek() {
            let process = matches!(byte, b'<' | b'>') && self.peek_at(1) == Some(b'(');
            if process {
                let output = byte == b'>';
                self.at += 2;
                let body = self.parenthesised();
                parts.push(Part::Expansion {
                    what: Expansion::Process { body, output },
                    quoted: false,
                });
                continue;
            }
            if ends(self, byte) {
                if byte == b'(' && self.extended_glob(parts) {
                    continue;
                }
                return;
            }
            let before = parts.len();
            match byte {
                b'\\' => self.backslash(parts),
                b'\'' => {
                    self.at += 1;
                    let text = self.single_quoted();
                    push_quoted(parts, &text);
                }
                b'"' => {
                    self.at += 1;
                    self.double_quoted_into(parts);
                }
                b'$' => self.dollar(parts, false),
                b'`' => self.backticks(parts, false),
                _ => self.bare(parts),
            }
            let expands = usize::from(matches!(byte, b'$' | b'`'));
            self.count(parts.len().saturating_sub(before.max(1)) + expands);
        }
    }

    fn backslash(&mut self, parts: &mut Vec<Part>) {
        self.at += 1;
        match self.bump() {
            Some('\n') => {}
            Some(c) => push_quoted(parts, c.encode_utf8(&mut [0; 4])),
            None => push_quoted(parts, "\\"),
        }
    }

    /// A run of characters without meaning of their own.
    fn bare(&mut self, parts: &mut Vec<Part>) {
        let start = self.at;
        self.bump();
        while self.peek().is_some_and(|b| {
            b.is_ascii_alphanumeric()
                || b >= 0x80
                || matches!(b, b'-' | b'_' | b'.' | b',' | b'=' | b'%' | b'@')
        }) {
            self.at += 1;
        }
        push_bare(parts, self.slice(start, self.at));
    }

    /// `@(…)` and its like behind a glob character: taken as part of the pattern.
    fn extended_glob(&mut self, parts: &mut Vec<Part>) -> bool {
        let ok = matches!(parts.last(), Some(Part::Bare(text)) if text.ends_with(['?', '*', '+', '@', '!']));
        if !ok {
            return false;
        }
        let mut depth = 0_u32;
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\n' | b';' | b'&' | b'$' | b'`' => break,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                push_bare(parts, self.slice(start, self.at));
                return true;
            }
        }
        let looked = self.at - start;
        self.at = start;
        self.look_ahead(looked);
        false
    }
}

pub(super) fn push_bare(parts: &mut Vec<Part>, text: &str) {
    if let Some(Part::Bare(last)) = parts.last_mut() {
        last.push_str(text);
    } else {
        push_part(parts, Part::Bare(text.to_owned()));
    }
}

pub(super) fn push_quoted(parts: &mut Vec<Part>, text: &str) {
    if let Some(Part::Quoted(last)) = parts.last_mut() {
        last.push_str(text);
    } else {
        push_part(parts, Part::Quoted(text.to_owned()));
    }
}

/// Most words have one part, for which no room for more is made.
fn push_part(parts: &mut Vec<Part>, part: Part) {
    if parts.is_empty() {
        parts.reserve_exact(1);
    }
    parts.push(part);
}
