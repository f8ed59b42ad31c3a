//! Compound commands: groups, conditions, loops, functions.

use std::rc::Rc;

use super::ast::{Block, Node, Part, Word};
use super::grammar::Until;
use super::{Parser, is_meta, is_name, is_name_start};

impl Parser<'_> {
    /// A compound command, or a simple one.
    pub(super) fn compound(&mut self) -> Option<Node> {
        if self.peek() == Some(b'(') {
            return self.nested(Self::parenthesis);
        }
        let keyword = self.reserved().map(str::to_owned);
        match keyword.as_deref() {
            Some("{") => {
                self.at += 1;
                let body = self.block(&["}"]);
                Some(Node::Group { body, subshell: false })
            }
            Some("if") => self.nested(Self::condition),
            Some("while" | "until") => {
                let start = self.at;
                self.at += 5;
                let condition = self.block(&["do"]);
                let body = self.block(&["done"]);
                Some(Node::Loop { condition, body, span: self.range_from(start).into() })
            }
            Some("for" | "select") => self.nested(Self::for_loop),
            Some("case") => self.nested(Self::case),
            Some("[[") => Some(self.test()),
            Some("function") => self.function_keyword(),
            Some("coproc") => {
                self.at += 6;
                self.blanks();
                let inner = self.nested(Self::command)?;
                Some(Node::Coproc(Box::new(inner)))
            }
            Some("then" | "else" | "elif" | "fi" | "do" | "done" | "esac" | "}") => {
                self.error("unexpected reserved word");
                self.simple()
            }
            _ => self.function_or_simple(),
        }
    }

    /// Commands up to the reserved word that ends them, which is read.
    fn block(&mut self, ends: &'static [&'static str]) -> Block {
        let nodes = self.nested(|parser| {
            let mut nodes = Vec::new();
            parser.list(&mut nodes, Until::Words(ends));
            nodes
        });
        if !ends.iter().any(|end| self.eat_reserved(end)) {
            self.error("a compound command does not end");
        }
        Rc::new(nodes)
    }

    /// Commands up to a closing parenthesis, which is read.
    pub(super) fn parenthesised(&mut self) -> Block {
        let nodes = self.nested(|parser| {
            let mut nodes = Vec::new();
            loop {
                parser.list(&mut nodes, Until::Parenthesis);
                if parser.at_end() || parser.peek() == Some(b')') {
                    break;
                }
                parser.error("unexpected token");
                parser.bump();
            }
            nodes
        });
        if !self.eat(")") {
            self.error("a parenthesis does not close");
        }
        Rc::new(nodes)
    }

    #[expect(clippy::unnecessary_wraps, reason = "one signature for all handlers of a kind")]
    fn parenthesis(&mut self) -> Option<Node> {
        if self.starts_with("((")
            && let Some(end) = self.arithmetic_end(self.at + 2)
        {
            let start = self.at;
            self.at += 2;
            let parts = self.arithmetic(end);
            return Some(Node::Arith(Word { parts, span: self.range_from(start) }));
        }
        self.at += 1;
        let body = self.parenthesised();
        Some(Node::Group { body, subshell: true })
    }

    #[expect(clippy::unnecessary_wraps, reason = "one signature for all handlers of a kind")]
    fn condition(&mut self) -> Option<Node> {
        self.at += 2;
        let mut blocks = vec![self.block(&["then"])];
        loop {
            let nodes = self.nested(|parser| {
                let mut nodes = Vec::new();
                parser.list(&mut nodes, Until::Words(&["elif", "else", "fi"]));
                nodes
            });
            blocks.push(Rc::new(nodes));
            if self.eat_reserved("elif") {
                blocks.push(self.block(&["then"]));
            } else if self.eat_reserved("else") {
                blocks.push(self.block(&["fi"]));
                break;
            } else {
                if !self.eat_reserved("fi") {
                    self.error("`if` does not end");
                }
                break;
            }
        }
        Some(Node::If(blocks))
    }

    #[expect(clippy::unnecessary_wraps, reason = "one signature for all handlers of a kind")]
    fn for_loop(&mut self) -> Option<Node> {
        self.at += if self.starts_with("for") { 3 } else { 6 };
        self.blanks();
        if self.starts_with("((")
            && let Some(end) = self.arithmetic_end(self.at + 2)
        {
            let start = self.at;
            self.at += 2;
            let parts = self.arithmetic(end);
            let header = Word { parts, span: self.range_from(start) };
            let body = self.do_block();
            return Some(Node::ArithFor { header, body });
        }
        let variable = self.name();
        self.lines();
        let mut words = None;
        if self.eat_reserved("in") {
            let mut list = Vec::new();
            loop {
                self.blanks();
                match self.peek() {
                    Some(b'#') => {
                        self.comment();
                        break;
                    }
                    Some(byte) if !is_meta(byte) => list.push(self.word()),
                    Some(b'<' | b'>') if self.peek_at(1) == Some(b'(') => list.push(self.word()),
                    _ => break,
                }
            }
            words = Some(list);
        }
        let body = self.do_block();
        Some(Node::For { variable, words, body })
    }

    fn do_block(&mut self) -> Block {
        self.blanks();
        self.eat(";");
        self.lines();
        if self.eat_reserved("do") {
            self.block(&["done"])
        } else if self.eat_reserved("{") {
            self.block(&["}"])
        } else {
            self.error("`do` is missing");
            Block::default()
        }
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(is_name) {
            self.at += 1;
        }
        if start == self.at {
            self.error("a name is missing");
        }
        self.slice(start, self.at).to_owned()
    }

    #[expect(clippy::unnecessary_wraps, reason = "one signature for all handlers of a kind")]
    fn case(&mut self) -> Option<Node> {
        self.at += 4;
        self.blanks();
        let word = self.word();
        self.lines();
        if !self.eat_reserved("in") {
            self.error("`in` is missing");
        }
        let mut arms = Vec::new();
        loop {
            self.lines();
            if self.at_end() || self.eat_reserved("esac") {
                break;
            }
            let before = self.at;
            arms.push(self.case_arm());
            if self.at == before {
                self.error("`case` does not end");
                break;
            }
        }
        Some(Node::Case { word, arms })
    }

    fn case_arm(&mut self) -> (Vec<Word>, Block) {
        self.count(1);
        self.eat("(");
        let mut patterns = Vec::new();
        loop {
            self.blanks();
            if self.peek().is_some_and(|b| !is_meta(b)) {
                patterns.push(self.word());
            }
            self.blanks();
            if !self.eat("|") {
                break;
            }
        }
        if !self.eat(")") {
            self.error("`)` is missing in `case`");
        }
        let nodes = self.nested(|parser| {
            let mut nodes = Vec::new();
            parser.list(&mut nodes, Until::CaseArm);
            nodes
        });
        if !(self.eat(";;&") || self.eat(";;") || self.eat(";&")) {
            self.lines();
        }
        (patterns, Rc::new(nodes))
    }

    fn test(&mut self) -> Node {
        self.at += 2;
        let mut words = Vec::new();
        loop {
            self.lines();
            if self.at_end() {
                self.error("`[[` does not end");
                break;
            }
            if self.starts_with("]]") && self.peek_at(2).is_none_or(is_meta) {
                self.at += 2;
                break;
            }
            match self.peek() {
                Some(b'<' | b'>') if self.peek_at(1) == Some(b'(') => words.push(self.word()),
                Some(b'(' | b')' | b'<' | b'>' | b'&' | b'|' | b';') => self.at += 1,
                _ => words.push(self.word()),
            }
        }
        Node::Test(words)
    }

    fn function_keyword(&mut self) -> Option<Node> {
        let start = self.at;
        self.at += 8;
        self.blanks();
        let word = self.word();
        self.blanks();
        if self.eat("(") {
            self.blanks();
            self.eat(")");
        }
        self.function_body(&word, start)
    }

    fn function_body(&mut self, name: &Word, start: usize) -> Option<Node> {
        self.lines();
        let body = self.nested(Self::command)?;
        let name = match name.parts.as_slice() {
            [Part::Bare(text) | Part::Quoted(text)] => text.clone(),
            _ => String::new(),
        };
        let span = self.range_from(start).into();
        Some(Node::Function { name, body: Rc::new(body), span })
    }

    fn function_or_simple(&mut self) -> Option<Node> {
        if !self.function_ahead() {
            return self.simple();
        }
        let start = self.at;
        let name = self.word();
        while self.peek() != Some(b')') && !self.at_end() {
            self.at += 1;
        }
        self.at += 1;
        self.function_body(&name, start)
    }

    /// `name ()` ahead.
    fn function_ahead(&self) -> bool {
        let mut at = self.at;
        let byte = |at: usize| self.bytes.get(at).copied();
        while byte(at)
            .is_some_and(|b| !is_meta(b) && !matches!(b, b'$' | b'\'' | b'"' | b'`' | b'\\' | b'='))
        {
            at += 1;
        }
        if at == self.at || !byte(self.at).is_some_and(|b| is_name_start(b) || !b.is_ascii_digit())
        {
            return false;
        }
        let blank = |b: u8| b == b' ' || b == b'\t';
        while byte(at).is_some_and(blank) {
            at += 1;
        }
        if byte(at) != Some(b'(') {
            return false;
        }
        at += 1;
        while byte(at).is_some_and(blank) {
            at += 1;
        }
        byte(at) == Some(b')')
    }
}
