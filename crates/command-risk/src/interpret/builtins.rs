//! Shell builtins.

use std::collections::BTreeMap;

use super::Machine;
use super::simple::Call;
use super::state::{Attribute, Variable};
use super::value::{Field, Taint, Value};

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
