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
        let mut text = String::new();
        loop {
            match self.bump() {
                Some('\'') => return text,
                Some('\\') => self.ansi_c_escape(&mut text),
                Some(c) => text.push(c),
                None => {
                    self.error("a quote does not close");
                    return text;
                }
            }
        }
    }

    fn ansi_c_escape(&mut self, text: &mut String) {
        let Some(c) = self.bump() else { return };
        match c {
            'a' => text.push('\u{7}'),
            'b' => text.push('\u{8}'),
            'e' | 'E' => text.push('\u{1b}'),
            'f' => text.push('\u{c}'),
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'v' => text.push('\u{b}'),
            'x' => self.coded(text, 16, 2),
            'u' => self.coded(text, 16, 4),
            'U' => self.coded(text, 16, 8),
            '0'..='7' => {
                self.at -= 1;
                self.coded(text, 8, 3);
            }
            'c' => {
                if let Some(control) = self.bump() {
                    text.push(char::from_u32(u32::from(control) & 0x1f).unwrap_or(' '));
                }
            }
            '\\' | '\'' | '"' | '?' => text.push(c),
            other => {
                text.push('\\');
                text.push(other);
            }
        }
    }

    fn coded(&mut self, text: &mut String, radix: u32, digits: usize) {
        let mut value = 0_u32;
        for _ in 0..digits {
            let Some(digit) = self.peek().and_then(|b| char::from(b).to_digit(radix)) else {
                break;
            };
            value = value.wrapping_mul(radix).wrapping_add(digit);
            self.at += 1;
        }
        text.push(char::from_u32(value).unwrap_or('\u{fffd}'));
    }
}
