//! `name=value`, `name+=value`, `name[index]=value`, `name=(…)`.

use super::ast::{AssignedValue, Assignment, Word};
use super::{Parser, is_meta, is_name, is_name_start};

impl Parser<'_> {
    /// An assignment, if one stands here. In arguments only those of arrays are taken.
    pub(super) fn assignment(&mut self, leading: bool) -> Option<Assignment> {
        let start = self.at;
        let mut at = start;
        let bytes = self.bytes;
        let byte = |at: usize| bytes.get(at).copied();
        if !byte(at).is_some_and(is_name_start) {
            return None;
        }
        while byte(at).is_some_and(is_name) {
            at += 1;
        }
        let name = self.slice(start, at).to_owned();
        let mut index = None;
        if byte(at) == Some(b'[') {
            let end = self.subscript_end(at + 1)?;
            index = Some((at + 1, end));
            at = end + 1;
        }
        let append = self.bytes.get(at) == Some(&b'+');
        if append {
            at += 1;
        }
        if self.bytes.get(at) != Some(&b'=') {
            return None;
        }
        let array = self.bytes.get(at + 1) == Some(&b'(');
        if !leading && !array {
            return None;
        }
        self.at = at + 1;
        let index = index.map(|(from, to)| self.subscript(from, to));
        self.count(1);
        let value = if array {
            self.at += 1;
            AssignedValue::Array(self.nested(Self::array))
        } else if self.peek().is_some_and(|b| !is_meta(b)) || self.starts_with("<(") {
            AssignedValue::Scalar(self.word())
        } else {
            AssignedValue::Scalar(Word { parts: Vec::new(), span: self.range(self.at, self.at) })
        };
        Some(Assignment { name, index, append, value })
    }

    fn subscript_end(&mut self, from: usize) -> Option<usize> {
        let mut depth = 0_u32;
        let mut looked = 0;
        let mut found = None;
        for (offset, byte) in self.bytes.get(from..)?.iter().enumerate().take(512) {
            looked = offset;
            match byte {
                b'[' => depth += 1,
                b']' if depth == 0 => {
                    found = Some(from + offset);
                    break;
                }
                b']' => depth -= 1,
                b'\n' => break,
                _ => {}
            }
        }
        self.look_ahead(looked).then_some(found)?
    }

    fn subscript(&mut self, from: usize, to: usize) -> Word {
        let text = self.slice(from, to);
        let mut inner = self.inside(text, self.place_of(text, from, to));
        let parts = inner.double_quoted(None);
        let (errors, pieces) = (inner.errors, inner.pieces);
        self.leave(errors, pieces);
        Word { parts, span: self.range(from, to) }
    }

    fn array(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        loop {
            self.lines();
            match self.peek() {
                None => {
                    self.error("an array does not end");
                    return words;
                }
                Some(b')') => {
                    self.at += 1;
                    return words;
                }
                Some(b'<' | b'>') if self.peek_at(1) == Some(b'(') => words.push(self.word()),
                Some(byte) if is_meta(byte) => {
                    self.error("unexpected token in an array");
                    self.at += 1;
                }
                Some(_) => words.push(self.word()),
            }
        }
    }
}
