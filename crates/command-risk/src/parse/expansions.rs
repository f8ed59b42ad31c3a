//! `$…` and backticks.

use std::rc::Rc;

use super::ast::{Expansion, Operation, Parameter, Part, Word};
use super::words::{push_bare, push_quoted};
use super::{Parser, is_name, is_name_start};

/// Longer arithmetic is read as commands.
const MAX_ARITHMETIC: usize = 8_192;

impl Parser<'_> {
    /// What a `$` begins.
    pub(super) fn dollar(&mut self, parts: &mut Vec<Part>, quoted: bool) {
        self.at += 1;
        self.continued();
        let what = match self.peek() {
            Some(b'\'') if !quoted => {
                self.at += 1;
                let text = self.ansi_c_quoted();
                return push_quoted(parts, &text);
            }
            Some(b'"') if !quoted => {
                self.at += 1;
                return self.double_quoted_into(parts);
            }
            Some(b'(') => self.substitution(),
            Some(b'[') => {
                self.at += 1;
                let from = self.at;
                let end = self.rest().find(']').map_or(self.bytes.len(), |n| from + n);
                let inner = self.nested(|parser| parser.arithmetic_parts(end));
                if !self.eat("]") {
                    self.error("`$[` does not close");
                }
                Expansion::Arithmetic(inner)
            }
            Some(b'{') => {
                self.at += 1;
                self.nested(|parser| Some(parser.braced(quoted)))
                    .unwrap_or_else(|| Expansion::Arithmetic(Vec::new()))
            }
            Some(byte) if is_name_start(byte) => {
                let mut name = String::new();
                while let Some(byte) = self.peek().filter(|byte| is_name(*byte)) {
                    name.push(char::from(byte));
                    self.at += 1;
                    self.continued();
                }
                plain(&name)
            }
            Some(byte) if byte.is_ascii_digit() || b"@*#?-$!".contains(&byte) => {
                self.at += 1;
                plain(char::from(byte).encode_utf8(&mut [0; 4]))
            }
            _ => {
                return if quoted {
                    push_quoted(parts, "$");
                } else {
                    push_bare(parts, "$");
                };
            }
        };
        parts.push(Part::Expansion { what, quoted });
    }

    /// A backslash at the end of a line joins what it parts, names too.
    fn continued(&mut self) {
        while self.starts_with("\\\n") {
            self.at += 2;
        }
    }

    fn substitution(&mut self) -> Expansion {
        if self.starts_with("((")
            && let Some(end) = self.arithmetic_end(self.at + 2)
        {
            self.at += 2;
            return Expansion::Arithmetic(self.nested(|parser| parser.arithmetic(end)));
        }
        self.at += 1;
        Expansion::Command(self.parenthesised())
    }

    pub(super) fn backticks(&mut self, parts: &mut Vec<Part>, quoted: bool) {
        self.at += 1;
        let start = self.at;
        let mut end = None;
        let mut text = String::new();
        loop {
            let here = self.at;
            match self.bump() {
                Some('`') => {
                    end = Some(here);
                    break;
                }
                Some('\\') => match self.peek() {
                    Some(b'`' | b'\\' | b'$') => text.extend(self.bump()),
                    Some(b'"') if quoted => text.extend(self.bump()),
                    _ => text.push('\\'),
                },
                Some(c) => text.push(c),
                None => {
                    self.error("a backtick does not close");
                    break;
                }
            }
        }
        let place = self.place_of(&text, start, end.unwrap_or(self.at));
        let body = self.nested(|parser| {
            let mut inner = parser.inside(&text, place);
            let nodes = inner.script();
            let (errors, pieces) = (inner.errors, inner.pieces);
            parser.leave(errors, pieces);
            nodes
        });
        parts.push(Part::Expansion { what: Expansion::Command(Rc::new(body)), quoted });
    }

    /// Where the `))` stands that closes arithmetic begun before `from`; none if it is not such.
    pub(super) fn arithmetic_end(&mut self, from: usize) -> Option<usize> {
        let mut depth = 0_u32;
        let bytes = self.bytes.get(from..)?;
        let mut found = None;
        let mut looked = 0;
        for (offset, byte) in bytes.iter().enumerate().take(MAX_ARITHMETIC) {
            looked = offset + 1;
            match byte {
                b'(' => depth += 1,
                b')' if depth == 0 => {
                    found = (bytes.get(looked) == Some(&b')')).then_some(from + offset);
                    break;
                }
                b')' => depth -= 1,
                _ => {}
            }
        }
        if looked == MAX_ARITHMETIC {
            self.error("arithmetic too long to tell from commands");
        }
        self.look_ahead(looked).then_some(found)?
    }

    pub(super) fn arithmetic(&mut self, end: usize) -> Vec<Part> {
        if two_words(self.slice(self.at, end)) {
            self.error("this is not arithmetic");
        }
        let parts = self.arithmetic_parts(end);
        if !self.eat("))") {
            self.error("arithmetic does not end");
        }
        parts
    }

    fn arithmetic_parts(&mut self, end: usize) -> Vec<Part> {
        let mut parts = Vec::new();
        while self.at < end && !self.at_end() {
            match self.peek() {
                Some(b'$') => {
                    self.count(1);
                    self.dollar(&mut parts, true);
                }
                Some(b'`') => {
                    self.count(1);
                    self.backticks(&mut parts, true);
                }
                _ => {
                    if let Some(c) = self.bump() {
                        push_quoted(&mut parts, c.encode_utf8(&mut [0; 4]));
                    }
                }
            }
        }
        parts
    }

    /// `${…}`; the brace is read.
    fn braced(&mut self, quoted: bool) -> Expansion {
        if matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'|')) {
            self.at += 1;
            return self.function_substitution();
        }
        let length = self.peek() == Some(b'#') && self.peek_at(1) != Some(b'}');
        let indirect = self.peek() == Some(b'!') && self.peek_at(1) != Some(b'}');
        if length || indirect {
            self.at += 1;
        }
        let start = self.at;
        if self.peek().is_some_and(is_name_start) {
            while self.peek().is_some_and(is_name) {
                self.at += 1;
            }
        } else if self.peek().is_some_and(|b| b.is_ascii_digit()) {
            while self.peek().is_some_and(|b| b.is_ascii_digit()) {
                self.at += 1;
            }
        } else if self.peek().is_some_and(|b| b"@*#?-$!".contains(&b)) {
            self.at += 1;
        } else {
            self.error("a parameter has no name");
        }
        let name = self.slice(start, self.at).to_owned();
        let index = (self.peek() == Some(b'[')).then(|| {
            self.at += 1;
            let word = self.until(b"]");
            if !self.eat("]") {
                self.error("a subscript does not close");
            }
            word
        });
        let colon = self.peek() == Some(b':');
        let operation = self.operation(quoted);
        if !self.eat("}") {
            self.error("`${` does not close");
        }
        Expansion::Parameter(Rc::new(Parameter {
            name,
            index,
            bare: false,
            indirect,
            length,
            colon,
            operation,
        }))
    }

    fn function_substitution(&mut self) -> Expansion {
        let mut nodes = Vec::new();
        self.list(&mut nodes, super::grammar::Until::Words(&["}"]));
        if !self.eat("}") {
            self.error("`${ ` does not close");
        }
        Expansion::Command(Rc::new(nodes))
    }

    fn operation(&mut self, quoted: bool) -> Operation {
        for (text, make) in [
            (":-", Operation::Default as fn(Word) -> Operation),
            (":=", Operation::Assign),
            (":+", Operation::Alternative),
            (":?", Operation::Required),
            ("-", Operation::Default),
            ("=", Operation::Assign),
            ("+", Operation::Alternative),
            ("?", Operation::Required),
            ("@", Operation::Transform),
        ] {
            if self.eat(text) {
                return make(if quoted { self.until_quoted() } else { self.until(b"}") });
            }
        }
        match self.peek() {
            Some(b'#') => {
                self.at += 1;
                let longest = self.eat("#");
                Operation::RemovePrefix { pattern: self.until(b"}"), longest }
            }
            Some(b'%') => {
                self.at += 1;
                let longest = self.eat("%");
                Operation::RemoveSuffix { pattern: self.until(b"}"), longest }
            }
            Some(b'/') => {
                self.at += 1;
                let all = self.eat("/");
                let pattern = self.until(b"/}");
                let with = if self.eat("/") { self.until(b"}") } else { Word::default() };
                Operation::Replace { pattern, with, all }
            }
            Some(b':') => {
                self.at += 1;
                let offset = self.until(b":}");
                let length = self.eat(":").then(|| self.until(b"}"));
                Operation::Slice { offset, length }
            }
            Some(b'^') => {
                self.at += 1;
                let all = self.eat("^");
                Operation::Upper { pattern: self.until(b"}"), all }
            }
            Some(b',') => {
                self.at += 1;
                let all = self.eat(",");
                Operation::Lower { pattern: self.until(b"}"), all }
            }
            Some(b'}') | None => Operation::None,
            Some(_) => Operation::Other(self.until(b"}")),
        }
    }

    /// A word inside braces that stand in double quotes: a quote in it is a character like others,
    /// double quotes excepted, which may stand around a part of it.
    fn until_quoted(&mut self) -> Word {
        let start = self.at;
        let mut parts = Vec::new();
        // Within quotes of its own, where a backslash is read as outside of any.
        let mut inner = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'}' if !inner => break,
                b'"' => {
                    self.at += 1;
                    inner = !inner;
                    push_quoted(&mut parts, "");
                }
                b'\\' => {
                    self.at += 1;
                    match self.bump() {
                        Some('\n') => {}
                        Some(c) if inner || matches!(c, '$' | '`' | '"' | '\\' | '}') => {
                            push_quoted(&mut parts, c.encode_utf8(&mut [0; 4]));
                        }
                        Some(c) => {
                            push_quoted(&mut parts, "\\");
                            push_quoted(&mut parts, c.encode_utf8(&mut [0; 4]));
                        }
                        None => break,
                    }
                }
                b'$' if self.peek_at(1) == Some(b'\'') => {
                    self.at += 2;
                    let text = self.ansi_c_quoted();
                    push_quoted(&mut parts, &text);
                }
                b'$' => self.dollar(&mut parts, true),
                b'`' => self.backticks(&mut parts, true),
                _ => {
                    let rest = self.rest();
                    let special = |(at, c): &(usize, char)| {
                        (*c == '}' && !inner && *at > 0) || matches!(c, '"' | '\\' | '$' | '`')
                    };
                    let length = rest.char_indices().find(special).map_or(rest.len(), |(at, _)| at);
                    push_quoted(&mut parts, self.slice(self.at, self.at + length));
                    self.at += length;
                }
            }
        }
        if inner {
            self.error("a quote does not close");
        }
        Word { parts, span: self.range_from(start) }
    }

    /// A word inside braces, up to one of `ends`.
    fn until(&mut self, ends: &'static [u8]) -> Word {
        let start = self.at;
        let mut parts = Vec::new();
        loop {
            self.word_parts(&mut parts, |_, byte| {
                ends.contains(&byte) || matches!(byte, b'(' | b')')
            });
            match self.peek() {
                Some(byte @ (b'(' | b')')) => {
                    self.at += 1;
                    push_bare(&mut parts, char::from(byte).encode_utf8(&mut [0; 4]));
                }
                _ => break,
            }
        }
        Word { parts, span: self.range_from(start) }
    }
}

fn plain(name: &str) -> Expansion {
    Expansion::Parameter(Rc::new(Parameter {
        name: name.to_owned(),
        index: None,
        bare: name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'),
        indirect: false,
        length: false,
        colon: false,
        operation: Operation::None,
    }))
}

/// Two words side by side, which no arithmetic has: perhaps a command in two pairs of parentheses.
fn two_words(text: &str) -> bool {
    let ends = |w: &str| {
        w.bytes().last().is_some_and(|b| is_name(b) || matches!(b, b'\'' | b'"' | b'}' | b'`'))
    };
    let starts = |w: &str| match w.as_bytes() {
        [b'-' | b'/' | b'~', _, _, ..] => !w.starts_with("--") || w.len() > 4,
        [b'\'' | b'"' | b'\\' | b'$' | b'`' | b'.', ..] => true,
        [first, ..] => is_name(*first),
        [] => false,
    };
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    words.windows(2).any(|pair| matches!(pair, [a, b] if ends(a) && starts(b)))
}
