//! Shell builtins.

use std::collections::BTreeMap;

use super::Machine;
use super::simple::Call;
use super::state::{Attribute, Variable};
use super::value::{Field, Taint, UNKNOWN, Value};
use crate::files::known_language;
use crate::parse::ast::{Block, Node, Part};

impl Machine<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(super) fn builtin(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        let none = Some(Value::default());
        match call.name.as_str() {
            ":" | "true" | "false" | "return" | "exit" | "break" | "continue" | "test" | "["
            | "wait" | "jobs" | "fg" | "bg" | "disown" | "getopts" | "compgen" | "compopt"
            | "ulimit" | "times" | "logout" | "caller" | "shopt" => none,
            "complete" => {
                if let Some(at) = call.words.iter().position(|w| w == "-C") {
                    self.helper(call.word(at + 1));
                }
                none
            }
            "bind" => {
                if let Some(at) = call.words.iter().position(|w| w == "-x") {
                    let text = call.word(at + 1).to_owned();
                    let command = text.rsplit_once("\":").map_or(text.as_str(), |(_, c)| c);
                    self.helper(command.trim());
                }
                none
            }
            "cd" | "pushd" | "chdir" => {
                self.change_directory(call);
                none
            }
            "popd" => {
                self.state.cwd = Some(self.ctx.cwd.clone());
                none
            }
            "pwd" => Some(
                self.state.cwd.clone().map_or_else(|| Value::unknown(Taint::NONE), Value::known),
            ),
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                self.declare(call);
                none
            }
            "unset" => {
                for name in call.arguments() {
                    let bare = name.split('[').next().unwrap_or_default();
                    let gone = if bare == name {
                        Variable::Unset
                    } else {
                        Variable::Scalar(Value::unknown(Taint::VARIABLE))
                    };
                    self.state.variables.insert(bare.to_owned(), gone);
                    self.unset_own(name);
                }
                none
            }
            "set" => {
                self.set_builtin(call);
                none
            }
            "shift" => {
                if let Some(values) = &mut self.state.positional {
                    let count = call.word(1).parse().unwrap_or(1);
                    // More than there are: nothing is shifted.
                    if count <= values.len() {
                        values.drain(..count);
                    }
                }
                none
            }
            "read" => {
                self.read(call, stdin);
                none
            }
            "mapfile" | "readarray" => {
                self.mapfile(call, stdin);
                none
            }
            "let" => {
                for word in call.arguments() {
                    self.evaluate(word);
                }
                none
            }
            "alias" => {
                for word in call.arguments() {
                    if let Some((name, text)) = word.split_once('=') {
                        self.state.aliases.insert(name.to_owned(), text.to_owned());
                    }
                }
                none
            }
            "eval" => {
                let text = join(call.fields.get(1..).unwrap_or_default());
                Some(self.code("sh", &text, stdin))
            }
            "source" | "." => Some(self.source(call, stdin)),
            "trap" => {
                let text = call.word(1).to_owned();
                if text.len() > 1 {
                    self.script(&text, None);
                }
                none
            }
            "exec" | "command" | "builtin" | "coproc" => Some(self.prefix(call, stdin)),
            "type" | "hash" => {
                if let Some(at) = call.words.iter().position(|w| w == "-p")
                    && call.name == "hash"
                {
                    self.state
                        .aliases
                        .insert(call.word(at + 2).to_owned(), call.word(at + 1).to_owned());
                }
                Some(Value::unknown(Taint::NONE))
            }
            "umask" => {
                if call.word(1).trim_start_matches('0').is_empty() && call.words.len() > 1 {
                    self.effect("perm.dangerous", call.text());
                }
                none
            }
            "history" => {
                if call
                    .arguments()
                    .iter()
                    .any(|w| w.starts_with("-c") || w.starts_with("-d") || w == "-w")
                {
                    self.effect("log.tamper", call.text());
                }
                Some(Value::unknown(Taint::LOCAL))
            }
            "enable" => {
                if call.word(1) == "-f" {
                    self.effect("code.outside", call.text());
                }
                none
            }
            _ => None,
        }
    }

    fn change_directory(&mut self, call: &Call) {
        let target =
            call.fields.iter().skip(1).find(|f| !(f.text.starts_with('-') && f.text.len() > 1));
        self.state.cwd = match target {
            None if call.name == "cd" => Some(self.home()),
            None => self.state.cwd.clone(),
            Some(field) if field.text == "-" => Some(self.ctx.cwd.clone()),
            Some(field) if !field.is_known() || field.glob => None,
            // Longer ones no system has, and each step would copy it.
            Some(field) => {
                Some(self.searched_directory(&field.text)).filter(|cwd| cwd.len() <= 4_096)
            }
        };
    }

    /// Where `cd` goes: a bare name is looked for in `CDPATH` first, if that was set here. The
    /// first place is taken unless it is the current directory.
    fn searched_directory(&self, target: &str) -> String {
        let bare = !target.starts_with(['/', '~'])
            && !matches!(target.split('/').next(), Some("." | ".."));
        let places = bare.then(|| self.state.variables.get("CDPATH")).flatten();
        let first = places.map(|value| value.first().text).unwrap_or_default();
        match first.split(':').next() {
            Some(dir) if dir.starts_with(['/', '~']) => {
                self.resolve(&format!("{}/{target}", dir.trim_end_matches('/')))
            }
            _ => self.resolve(target),
        }
    }

    fn declare(&mut self, call: &Call) {
        let letters: String = call
            .arguments()
            .iter()
            .take_while(|w| w.starts_with(['-', '+']))
            .map(String::as_str)
            .filter(|w| w.starts_with('-'))
            .collect();
        let local = call.name == "local"
            || (matches!(call.name.as_str(), "declare" | "typeset") && !letters.contains('g'));
        for field in call.fields.iter().skip(1).filter(|f| !f.text.starts_with(['-', '+'])) {
            let (name, value) = match field.text.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (field.text.as_str(), None),
            };
            let name = name.trim_end_matches('+').to_owned();
            if local {
                self.state.make_local(&name);
            }
            self.attribute(&name, &letters, value.unwrap_or_default());
            if call.name == "export" || letters.contains('x') {
                let function = if letters.contains('f') { "()" } else { "" };
                self.state.exported.insert(format!("{name}{function}"));
            }
            match value {
                Some(_) if letters.contains('n') => {}
                Some(value) => {
                    self.check_variable(&name, value, true);
                    let value = Value { text: value.to_owned(), taint: field.taint };
                    let value = self.as_declared(&name, value);
                    self.state.set(&name, value);
                }
                None => {
                    if letters.contains('A') || letters.contains('a') {
                        self.state.variables.entry(name.clone()).or_insert_with(|| {
                            if letters.contains('A') {
                                Variable::Map(BTreeMap::new())
                            } else {
                                Variable::Array(Vec::new())
                            }
                        });
                    }
                    if let Some(value) = self.state.variables.get(&name).map(Variable::first) {
                        self.check_variable(&name, &value.text, true);
                    }
                }
            }
        }
    }

    fn attribute(&mut self, name: &str, letters: &str, target: &str) {
        let attribute = letters.chars().find_map(|letter| match letter {
            'n' => Some(Attribute::Reference(target.to_owned())),
            'u' => Some(Attribute::Upper),
            'l' => Some(Attribute::Lower),
            'i' => Some(Attribute::Integer),
            _ => None,
        });
        if let Some(attribute) = attribute {
            self.state.attributes.insert(name.to_owned(), attribute);
        }
    }

    fn set_builtin(&mut self, call: &Call) {
        if call.word(1) == "+o" && call.word(2) == "history" {
            self.effect("log.tamper", call.text());
        }
        let at = match call.words.iter().position(|w| w == "--") {
            Some(at) => at + 1,
            None => match call.words.iter().skip(1).position(|w| !w.starts_with(['-', '+'])) {
                Some(at) => at + 1,
                None => return,
            },
        };
        self.state.positional = Some(call.fields_from(at).iter().map(Field::argument).collect());
    }

    fn source(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let path = call.word(1).to_owned();
        if path.is_empty() {
            return Value::default();
        }
        if path == "/dev/stdin" || path == "-" {
            let text = stdin.cloned().unwrap_or_default();
            return self.code("sh", &text, None);
        }
        if call.words.len() <= 2 {
            return self.run_file("sh", &path, stdin);
        }
        let given: Vec<Value> = call.fields_from(2).iter().map(Field::argument).collect();
        let outer = self.state.positional.replace(given.clone());
        let output = self.run_file("sh", &path, stdin);
        // What the script sets stays, what it shifts does not.
        if self.state.positional.as_ref().is_some_and(|now| given.ends_with(now)) {
            self.state.positional = outer;
        }
        output
    }

    fn prefix(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let mut at = 1;
        while call.word(at).starts_with('-') {
            if matches!(call.word(at), "-v" | "-V") {
                let name = call.word(at + 1);
                return if name.is_empty() {
                    Value::default()
                } else {
                    Value::known(format!("/usr/bin/{name}\n"))
                };
            }
            at += if call.word(at) == "-a" { 2 } else { 1 };
        }
        self.run(call.fields_from(at), stdin)
    }
}

fn join(fields: &[Field]) -> Value {
    let mut value = Value::default();
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            value.push(&Value::known(" "));
        }
        value.push(&field.value());
    }
    value
}

/// A field written so that it is read back as it is.
pub(crate) fn requoted(field: &Field) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if field.text.chars().all(plain) && !field.text.is_empty() {
        field.text.clone()
    } else if field.glob {
        let mut out = String::new();
        for c in field.text.chars() {
            match c {
                '\n' => out.push_str("'\n'"),
                c if plain(c) || "*?[]!^~".contains(c) || !c.is_ascii() => out.push(c),
                c => out.extend(['\\', c]),
            }
        }
        out
    } else {
        format!("'{}'", field.text.replace('\'', "'\\''"))
    }
}

#[expect(clippy::needless_for_each, reason = "the closure is shared by all arms")]
fn names_in(node: &Node, name: &str, count: &mut u32, depth: u32) {
    if depth > 12 {
        return;
    }
    if matches!(node, Node::Background(_)) {
        *count += 1;
    }
    let mut go = |node: &Node| names_in(node, name, count, depth + 1);
    match node {
        Node::Simple(simple) => {
            if let Some([Part::Bare(word)]) = simple.words.first().map(|w| w.parts.as_slice())
                && word == name
            {
                *count += 1;
            }
        }
        Node::Pipeline(nodes) => nodes.iter().for_each(go),
        Node::AndOr(first, more) => {
            go(first);
            more.iter().for_each(|(_, n)| go(n));
        }
        Node::Background(inner) | Node::Coproc(inner) | Node::Redirected(inner, _) => go(inner),
        Node::Group { body, .. } | Node::For { body, .. } | Node::ArithFor { body, .. } => {
            body.iter().for_each(go);
        }
        Node::If(blocks) => blocks.iter().flat_map(|b| b.iter()).for_each(go),
        Node::Loop { condition, body, .. } => condition.iter().chain(body.iter()).for_each(go),
        Node::Case { arms, .. } => arms.iter().flat_map(|(_, b)| b.iter()).for_each(go),
        Node::Arith(_) | Node::Function { .. } | Node::Test(_) => {}
    }
}

/// A function that calls itself more than once, or in the background.
pub(super) fn is_fork_bomb(name: &str, body: &Node) -> bool {
    let mut count = 0;
    let mut own = 0;
    names_in(body, name, &mut count, 0);
    names_in(body, "\u{0}", &mut own, 0);
    // `own` counts background marks alone: without a call there is no bomb.
    count > own && count >= 2
}

pub(super) fn is_endless(condition: &Block) -> bool {
    match condition.as_slice() {
        [Node::Simple(simple)] => {
            matches!(simple.words.as_slice(), [word] if matches!(word.parts.as_slice(), [Part::Bare(t)] if t == ":" || t == "true"))
        }
        [Node::Arith(word)] => {
            matches!(word.parts.as_slice(), [Part::Quoted(t)] if t.trim() == "1")
        }
        _ => false,
    }
}

/// Whether each round leaves another process behind that never ends.
pub(super) fn leaves_processes(body: &Block) -> bool {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these kinds matter here")]
    fn background(node: &Node, depth: u32) -> bool {
        match node {
            Node::Background(inner) => {
                matches!(inner.as_ref(), Node::Simple(s)
                if matches!(s.words.first().map(|w| w.parts.as_slice()), Some([Part::Bare(t)]) if t == "yes" || t == "$0" || t == "sleep" || t == "bash" || t == "cat"))
                    || matches!(inner.as_ref(), Node::Group { .. } | Node::Loop { .. })
            }
            Node::Group { body, .. } if depth < 8 => body.iter().any(|n| background(n, depth + 1)),
            _ => false,
        }
    }
    let waits = body.iter().any(|node| matches!(node, Node::Simple(s) if matches!(s.words.first().map(|w| w.parts.as_slice()), Some([Part::Bare(t)]) if matches!(t.as_str(), "sleep" | "wait" | "break"))));
    !waits && body.iter().any(|node| background(node, 0))
}

impl Machine<'_> {
    /// Runs a file of code.
    pub(crate) fn run_file(&mut self, language: &str, path: &str, stdin: Option<&Value>) -> Value {
        if path.contains(UNKNOWN) {
            self.effect("unresolved.code", path);
            return Value::unknown(Taint::LOCAL);
        }
        if path.contains("://") {
            self.effect("code.fetched", path);
            return Value::unknown(Taint::NETWORK);
        }
        if matches!(path, "/dev/stdin" | "-") {
            let text = stdin.cloned().unwrap_or_default();
            return self.code(language, &text, None);
        }
        let resolved = self.resolve(path);
        let removes = ["uninstall", "killall", "deinstall"]
            .iter()
            .any(|verb| crate::effects::paths::base_name(path).contains(verb));
        if removes && !crate::effects::paths::is_within(&resolved, self.ctx.root()) {
            // What came with a product and takes it away again.
            self.effect("unknown.mutating", path);
        }
        let known = self.written.get(&resolved).or_else(|| self.written.get(path)).cloned();
        let descriptor = path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/");
        if !descriptor && known.as_ref().is_none_or(|content| !content.is_known()) {
            self.note_run(path, known_language(language));
        }
        if let Some(content) = known {
            let ordinary =
                !content.is_known() && !content.taint.has(Taint::NETWORK) && self.is_own_code(path);
            return if ordinary {
                Value::unknown(Taint::LOCAL)
            } else {
                self.code(language, &content, stdin)
            };
        }
        if descriptor {
            let content = self.file_content(path, false);
            return self.code(language, &content, stdin);
        }
        if self.is_own_code(path) || !path.contains('/') {
            self.effect("code.run", path);
        } else {
            self.effect("code.outside", path);
        }
        Value::unknown(Taint::LOCAL)
    }
}
