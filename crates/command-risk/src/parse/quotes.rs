//! Quoted text.

use super::Parser;
use super::ast::Part;
use super::words::push_quoted;

impl Parser<'_> {
    /// Text up to the closing quote; the opening one is read.
    pub(super) fn single_quoted(&mut self) -> String {
        let rest = self.rest();
        if let Some(length) = rest.find('\'') {
            let text = self.slice(self.at, self.at + length).to_owned();
            self.at += length + 1;
            return text;
        }
        self.error("a quote does not close");
        self.at = self.bytes.len();
        rest.to_owned()
    }

    pub(super) fn double_quoted_into(&mut self, parts: &mut Vec<Part>) {
        let mut inner = self.double_quoted(Some(b'"'));
        if inner.is_empty() {
            push_quoted(parts, "");
        }
        parts.append(&mut inner);
    }

    /// Text in which only `$`, backticks and backslashes mean something, up to `close`.
    pub(super) fn double_quoted(&mut self, close: Option<u8>) -> Vec<Part> {
        let mut parts = Vec::new();
        loop {
            let Some(byte) = self.peek() else {
                if close.is_some() {
                    self.error("a quote does not close");
                }
                return parts;
            };
            if Some(byte) == close {
                self.at += 1;
                return parts;
            }
            if matches!(byte, b'$' | b'`') {
                self.count(2);
            }
            match byte {
                b'\\' => self.backslash_in_double_quotes(&mut parts, close),
                b'$' => self.dollar(&mut parts, true),
                b'`' => self.backticks(&mut parts, true),
                _ => {
                    let rest = self.rest();
                    let end = rest
                        .find(['\\', '$', '`', '"'])
                        .filter(|&n| n > 0)
                        .unwrap_or_else(|| if rest.starts_with('"') { 1 } else { rest.len() });
                    push_quoted(&mut parts, self.slice(self.at, self.at + end));
                    self.at += end;
                }
            }
        }
    }

    fn backslash_in_double_quotes(&mut self, parts: &mut Vec<Part>, close: Option<u8>) {
        self.at += 1;
        match self.peek() {
            Some(b'\n') => self.at += 1,
            Some(byte @ (b'$' | b'`' | b'\\')) => {
                self.at += 1;
                push_quoted(parts, char::from(byte).encode_utf8(&mut [0; 4]));
            }
            Some(b'"') if close.is_some() => {
                self.at += 1;
                push_quoted(parts, "\"");
            }
            _ => push_quoted(parts, "\\"),
        }
    }

    /// `$'…'`; the opening quote is read.
    pub(super) fn ansi_c_quoted(&mut self) -> String {
        // Bytes, since some of them make a character together.
        let mut text = Vec::new();
        loop {
            match self.bump() {
                Some('\'') => return String::from_utf8_lossy(&text).into_owned(),
                Some('\\') => self.ansi_c_escape(&mut text),
                Some(c) => put(&mut text, c),
                None => {
                    self.error("a quote does not close");
                    return String::from_utf8_lossy(&text).into_owned();
                }
            }
        }
    }

    fn ansi_c_escape(&mut self, text: &mut Vec<u8>) {
        let Some(c) = self.bump() else { return };
        match c {
            'a' => put(text, '\u{7}'),
            'b' => put(text, '\u{8}'),
            'e' | 'E' => put(text, '\u{1b}'),
            'f' => put(text, '\u{c}'),
            'n' => put(text, '\n'),
            'r' => put(text, '\r'),
            't' => put(text, '\t'),
            'v' => put(text, '\u{b}'),
            'x' => self.coded(text, 16, 2),
            'u' => self.letter(text, 4),
            'U' => self.letter(text, 8),
            '0'..='7' => {
                self.at -= 1;
                self.coded(text, 8, 3);
            }
            'c' => {
                if let Some(control) = self.bump() {
                    put(text, char::from_u32(u32::from(control) & 0x1f).unwrap_or(' '));
                }
            }
            '\\' | '\'' | '"' | '?' => put(text, c),
            other => {
                put(text, '\\');
                put(text, other);
            }
        }
    }

    /// One byte, by its digits.
    fn coded(&mut self, text: &mut Vec<u8>, radix: u32, most: usize) {
        match self.digits(radix, most) {
            Some(value) => text.push(u8::try_from(value & 0xff).unwrap_or(b'?')),
            None => text.extend_from_slice(b"\\x"),
        }
    }

    fn letter(&mut self, text: &mut Vec<u8>, most: usize) {
        match self.digits(16, most) {
            Some(value) => put(text, char::from_u32(value).unwrap_or('\u{fffd}')),
            None => text.extend_from_slice(if most == 4 { b"\\u" } else { b"\\U" }),
        }
    }

    fn digits(&mut self, radix: u32, most: usize) -> Option<u32> {
        let mut value = None;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|b| char::from(b).to_digit(radix)) else {
                break;
            };
            value = Some(value.unwrap_or(0_u32).wrapping_mul(radix).wrapping_add(digit));
            self.at += 1;
        }
        value
    }
}

fn put(text: &mut Vec<u8>, c: char) {
    text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
