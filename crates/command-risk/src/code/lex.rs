//! Names, strings and marks of a source text, comments left out.

/// A piece of source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A dotted name: `os.path.join`, `fs.rmSync`, `File::unlink`.
    Name(String),
    Text(String),
    /// A string in which something is put in at run time.
    Mixed(String),
    Mark(char),
    /// With its value, where that is a small whole number.
    Number(Option<u32>),
}

/// More tokens are not made; of fewer, a machine already says that they are too many.
const MAX_TOKENS: usize = 4_096;

/// Cuts `source` into tokens; strings joined by `+` or side by side become one.
pub(super) fn tokens(source: &str, language: &str) -> Vec<Token> {
    let mut lexer = Lexer { chars: source.chars().collect(), at: 0, language };
    let mut out: Vec<Token> = Vec::new();
    while out.len() < MAX_TOKENS
        && let Some(token) = lexer.next()
    {
        merge(&mut out, token, language);
    }
    out
}

pub(super) fn merge(out: &mut Vec<Token>, token: Token, language: &str) {
    if let Token::Text(text) = &token {
        // Side by side they are one text in these; in others, arguments.
        let mut joined = matches!(language, "python" | "ruby" | "awk" | "r");
        if matches!(out.last(), Some(Token::Mark('+' | '.')))
            && matches!(out.iter().rev().nth(1), Some(Token::Text(_)))
        {
            out.pop();
            joined = true;
        }
        if let [.., Token::Text(_), Token::Mark('.'), Token::Mark('.')] = out.as_slice()
            && language == "lua"
        {
            out.truncate(out.len() - 2);
            joined = true;
        }
        if let Some(Token::Text(previous)) = out.last_mut().filter(|_| joined) {
            previous.push_str(text);
            return;
        }
    }
    if let (Token::Name(name), Some(Token::Mark('.'))) = (&token, out.last()) {
        let joined = format!(".{name}");
        out.pop();
        out.push(Token::Name(joined));
        return;
    }
    out.push(token);
}

/// The value of a whole number of up to eight figures, decimal or hexadecimal.
fn small(figures: &[char]) -> Option<u32> {
    let (figures, radix) = match figures {
        ['0', 'x' | 'X', rest @ ..] => (rest, 16),
        all => (all, 10),
    };
    if figures.is_empty() || figures.len() > 8 {
        return None;
    }
    figures
        .iter()
        .try_fold(0_u32, |value, c| value.checked_mul(radix)?.checked_add(c.to_digit(radix)?))
}

struct Lexer<'l> {
    chars: Vec<char>,
    at: usize,
    language: &'l str,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<Token> {
        loop {
            let c = self.peek()?;
            if c.is_whitespace() {
                self.at += 1;
            } else if self.comment(c) {
                while self.peek().is_some_and(|c| c != '\n') {
                    self.at += 1;
                }
            } else if c == '/' && self.peek_at(1) == Some('*') && self.language != "python" {
                self.at += 2;
                while self.at < self.chars.len()
                    && !(self.peek() == Some('*') && self.peek_at(1) == Some('/'))
                {
                    self.at += 1;
                }
                self.at += 2;
            } else {
                return Some(self.token(c));
            }
        }
    }

    fn comment(&self, c: char) -> bool {
        match self.language {
            "python" | "ruby" | "perl" | "r" | "elixir" | "julia" => {
                c == '#'
                    && (self.language != "perl"
                        || self.at == 0
                        || self
                            .chars
                            .get(self.at - 1)
                            .is_some_and(|p| p.is_whitespace() || *p == ';'))
            }
            "php" => {
                (c == '#' && self.peek_at(1) != Some('['))
                    || (c == '/' && self.peek_at(1) == Some('/'))
            }
            "lua" => c == '-' && self.peek_at(1) == Some('-'),
            _ => c == '/' && self.peek_at(1) == Some('/'),
        }
    }

    fn token(&mut self, c: char) -> Token {
        match c {
            '"' | '\'' | '`' => self.string(c),
            _ if c.is_alphabetic() || matches!(c, '_' | '$' | '@') => self.name(),
            _ if c.is_ascii_digit() => {
                let start = self.at;
                while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
                {
                    self.at += 1;
                }
                Token::Number(small(self.chars.get(start..self.at).unwrap_or_default()))
            }
            _ => {
                self.at += 1;
                Token::Mark(c)
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only these kinds matter here")]
    fn name(&mut self) -> Token {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if c.is_alphanumeric()
                || matches!(c, '_' | '$' | '@')
                || (matches!(c, '-' | '*') && self.language == "lisp")
            {
                name.push(c);
                self.at += 1;
            } else if let Some(length) = self.joint(c) {
                name.push('.');
                self.at += length;
            } else if matches!(c, '!' | '?')
                && matches!(self.language, "elixir" | "ruby" | "julia")
                && self.peek_at(1) != Some('=')
            {
                // Part of the name there, and of no weight here.
                self.at += 1;
                break;
            } else {
                break;
            }
            if name.len() > 512 {
                break;
            }
        }
        let quoted = match name.as_str() {
            "qx" | "q" | "qq" | "qw" if self.language == "perl" || self.language == "ruby" => {
                self.peek()
            }
            "r" | "b" | "f" | "u" | "rb" | "br" | "fr" | "rf"
                if matches!(self.peek(), Some('"' | '\'')) =>
            {
                let open = self.peek().unwrap_or('"');
                let token = self.string(open);
                return match token {
                    Token::Text(text) if name.contains('f') && text.contains('{') => {
                        Token::Mixed(text)
                    }
                    other => other,
                };
            }
            _ => None,
        };
        if let Some(open) =
            quoted.filter(|c| !c.is_alphanumeric() && !matches!(c, ' ' | ',' | ';' | ')' | '='))
        {
            let close = match open {
                '{' => '}',
                '(' => ')',
                '[' => ']',
                '<' => '>',
                other => other,
            };
            let text = self.until(open, close);
            return if name == "qx" {
                Token::Name(format!("\u{1}{text}"))
            } else {
                Token::Text(text)
            };
        }
        Token::Name(name)
    }

    /// `.`, `->`, `::` between names; how many characters it takes.
    fn joint(&self, c: char) -> Option<usize> {
        let next_name = |at: usize| self.peek_at(at).is_some_and(|c| c.is_alphabetic() || c == '_');
        match c {
            '.' => next_name(1).then_some(1),
            '-' if self.peek_at(1) == Some('>') && next_name(2) => Some(2),
            ':' if self.peek_at(1) == Some(':') && next_name(2) => Some(2),
            // `os:cmd` of Erlang, `shell/sh` and `uiop:run-program` of the Lisps.
            ':' if matches!(self.language, "elixir" | "lisp") && next_name(1) => Some(1),
            '/' if self.language == "lisp" && next_name(1) => Some(1),
            '?' if self.peek_at(1) == Some('.') && next_name(2) => Some(2),
            _ => None,
        }
    }

    fn until(&mut self, open: char, close: char) -> String {
        self.at += 1;
        let mut depth = 0_u32;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            if c == close && depth == 0 {
                break;
            }
            if open != close {
                depth += u32::from(c == open);
                depth -= u32::from(c == close);
            }
            text.push(c);
        }
        text
    }

    fn string(&mut self, quote: char) -> Token {
        let triple = self.peek_at(1) == Some(quote) && self.peek_at(2) == Some(quote);
        self.at += if triple { 3 } else { 1 };
        let mut text = String::new();
        let mut mixed = false;
        while let Some(c) = self.peek() {
            if c == quote
                && (!triple || (self.peek_at(1) == Some(quote) && self.peek_at(2) == Some(quote)))
            {
                self.at += if triple { 3 } else { 1 };
                break;
            }
            self.at += 1;
            if c == '\\' && !(quote == '\'' && matches!(self.language, "perl" | "php" | "ruby")) {
                self.escape(&mut text);
                continue;
            }
            let next = self.peek().unwrap_or(' ');
            mixed |= (c == '#' && next == '{' && self.language == "ruby" && quote != '\'')
                || (c == '$' && next == '{' && quote == '`')
                || (c == '$'
                    && (next.is_alphabetic() || next == '{')
                    && matches!(self.language, "perl" | "php")
                    && quote == '"');
            text.push(c);
        }
        if quote == '`' && matches!(self.language, "perl" | "ruby" | "php" | "julia") {
            return Token::Name(format!("\u{1}{text}"));
        }
        if mixed { Token::Mixed(text) } else { Token::Text(text) }
    }

    fn escape(&mut self, text: &mut String) {
        let Some(c) = self.peek() else { return };
        self.at += 1;
        let (radix, most) = match c {
            'n' => return text.push('\n'),
            't' => return text.push('\t'),
            'x' => (16, 2),
            'u' => (16, 4),
            '0'..='7' => {
                self.at -= 1;
                (8, 3)
            }
            other => return text.push(other),
        };
        let mut value = 0_u32;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(radix)) else {
                break;
            };
            value = value * radix + digit;
            self.at += 1;
        }
        text.push(char::from_u32(value).unwrap_or('\u{fffd}'));
    }
}
