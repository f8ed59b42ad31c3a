//! Simple commands: assignments, redirections, then the program.

use std::collections::BTreeMap;

use super::Machine;
use super::state::Variable;
use super::value::{Field, Taint, Value};
use crate::parse::ast::{Part, Simple, Word};

/// A program with its words.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The program's name without its directory.
    pub(crate) name: String,
    pub(crate) words: Vec<String>,
    pub(crate) fields: Vec<Field>,
}

impl Call {
    pub(crate) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    /// The words behind the program.
    pub(crate) fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    pub(crate) fn fields_from(&self, at: usize) -> Vec<Field> {
        self.fields.get(at..).unwrap_or_default().to_vec()
    }

    pub(crate) fn text(&self) -> String {
        self.words.join(" ")
    }
}

impl Machine<'_> {
    pub(super) fn simple(&mut self, simple: &Simple, stdin: Option<&Value>) -> Value {
        if !self.step() {
            return Value::unknown(Taint::LOCAL);
        }
        let outer = std::mem::replace(&mut self.span, simple.span.into());
        let places = simple.words.iter().map(|word| word.span);
        let places = places.chain(simple.redirections.iter().map(|r| r.target.span)).collect();
        let outer_places = std::mem::replace(&mut self.word_places, places);
        let outer_text = std::mem::take(&mut self.command_text);
        let current = self.current.take();
        let output = self.simple_inside(simple, stdin);
        self.current = current;
        self.command_text = outer_text;
        self.word_places = outer_places;
        self.span = outer;
        output
    }

    /// `env | grep TOKEN`: what is searched for is printed.
    fn picks_secrets(&mut self, fields: &[Field], input: Option<&Value>) {
        if input.is_some_and(|value| value.taint.has(Taint::ENVIRONMENT))
            && is_search_for_secrets(fields)
        {
            let picked = self.command_text.clone();
            self.effect("secret.read", picked);
        }
    }

    fn simple_inside(&mut self, simple: &Simple, stdin: Option<&Value>) -> Value {
        let redirections = 2 * simple.redirections.len();
        if !self.afford(simple.words.len() + simple.assignments.len() + redirections) {
            return Value::unknown(Taint::LOCAL);
        }
        let fields = self.command_fields(simple);
        if self.exhausted() {
            return Value::unknown(Taint::LOCAL);
        }
        if fields.len() > simple.words.len() && !self.afford(fields.len() - simple.words.len()) {
            return Value::unknown(Taint::LOCAL);
        }
        if fields.is_empty() {
            let streams = self.redirect(&simple.redirections, false);
            self.assign(&simple.assignments);
            self.check_assigned(&simple.assignments, false);
            self.keep_empty(&streams);
            // `$(<file)` is what the file holds.
            return streams.stdin.filter(|_| simple.assignments.is_empty()).unwrap_or_default();
        }
        self.command_text = fields.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join(" ");
        let before = self.assign(&simple.assignments);
        let exported = self.export_assigned(&before);
        let mark = self.open_view(&fields);
        self.check_assigned(&simple.assignments, true);
        let streams = self.redirect(&simple.redirections, true);
        let name = fields.first().map(|f| f.text.clone()).unwrap_or_default();
        let locally = declares_locally(&fields);
        if name == "exec" {
            self.state.descriptors.extend(streams.others.iter().cloned());
        }
        let held: Vec<u32> = streams.others.iter().map(|(fd, _)| *fd).collect();
        let saved = if held.is_empty() { BTreeMap::new() } else { self.state.descriptors.clone() };
        self.state.descriptors.extend(streams.others.iter().cloned());
        let input = streams.stdin.as_ref().or(stdin).cloned();
        let listing = lists_environment(&self.command_text);
        self.picks_secrets(&fields, input.as_ref());
        let mut output = self.dispatch(fields, input.as_ref());
        if listing {
            output.taint = output.taint.with(Taint::ENVIRONMENT);
        }
        if let Some(input) = &input
            && !output.is_known()
        {
            output.taint = output.taint.with(input.taint.without(Taint::OWN));
        }
        if name != "exec" && !held.is_empty() {
            self.state.descriptors = saved;
        }
        self.spend(output.text.len());
        self.keep(&streams, &output);
        self.endless_output(simple, &name, &streams);
        self.close_view(mark);
        if !keeps_assignments(&name) {
            self.restore(before);
        } else if locally && let Some(hidden) = &mut self.state.hidden {
            hidden.extend(before);
        }
        for name in exported {
            self.state.exported.remove(&name);
        }
        if streams.stdout_kept { output } else { Value::default() }
    }

    /// Output without end into a file, or all of it into memory.
    fn endless_output(&mut self, simple: &Simple, name: &str, streams: &super::redirect::Streams) {
        let endless = |w: &str| {
            matches!(w, "/dev/zero" | "/dev/urandom" | "/dev/random" | "/dev/full" | "yes")
        };
        let produces = matches!(
            name,
            "cat" | "pv" | "yes" | "tr" | "base64" | "xxd" | "od" | "openssl" | "tail"
        ) && (name == "yes"
            || self.command_text.split(' ').any(endless)
            || simple.redirections.iter().any(|r| {
                matches!(r.target.parts.as_slice(), [crate::parse::ast::Part::Bare(t)] if endless(t))
            }));
        if produces && streams.files.iter().any(|(path, _)| !path.starts_with("/dev/")) {
            self.effect("fs.fill", self.command_text.clone());
        }
        if matches!(name, "tail" | "sort" | "tac") && self.command_text.ends_with(" /dev/zero") {
            self.effect("process.exhaust", self.command_text.clone());
        }
    }

    fn command_fields(&mut self, simple: &Simple) -> Vec<Field> {
        match simple.words.split_first() {
            Some((first, rest)) if is_declaration(first) => {
                let mut fields = self.fields(std::slice::from_ref(first));
                for word in rest {
                    self.declared(word, &mut fields);
                }
                fields
            }
            _ => self.fields(&simple.words),
        }
    }

    /// What is assigned for one command is in its environment; the names that were not before.
    pub(super) fn export_assigned(&mut self, before: &[(String, Option<Variable>)]) -> Vec<String> {
        let mut new = Vec::new();
        for (name, _) in before {
            if self.state.exported.insert(name.clone()) {
                new.push(name.clone());
            }
        }
        new
    }

    /// What a declaration assigns is not split.
    fn declared(&mut self, word: &Word, fields: &mut Vec<Field>) {
        let assigns = matches!(word.parts.first(), Some(Part::Bare(text))
            if text.split_once('=').is_some_and(|(name, _)| super::wrappers::is_name(name.trim_end_matches('+'))));
        if assigns && super::brace::expand(word).is_none() {
            let value = self.word_value(word);
            fields.push(Field { text: value.text, taint: value.taint, ..Field::default() });
        } else {
            fields.extend(self.fields(std::slice::from_ref(word)));
        }
    }

    pub(crate) fn restore(&mut self, before: Vec<(String, Option<Variable>)>) {
        for (name, old) in before.into_iter().rev() {
            match old {
                Some(value) => self.state.variables.insert(name, value),
                None => self.state.variables.remove(&name),
            };
        }
    }

    fn keep_empty(&mut self, streams: &super::redirect::Streams) {
        for (path, append) in &streams.files {
            if !append {
                self.write_content(
                    path,
                    crate::effects::paths::WriteMode::Empty,
                    &Value::default(),
                );
            }
        }
    }
}

/// Within a function: what is declared ends with it.
fn declares_locally(fields: &[Field]) -> bool {
    let name = fields.first().map_or("", |field| field.text.as_str());
    matches!(name, "declare" | "typeset" | "local")
        && !fields.iter().any(|field| field.text.starts_with('-') && field.text.contains('g'))
}

/// `env`, `set`, `docker exec web env`: all variables with their values.
fn lists_environment(command: &str) -> bool {
    let listing =
        ["env", "printenv", "set", "export", "export -p", "declare -p", "declare -x", "env -0"];
    listing.contains(&command)
        || ([" exec ", " rsh ", "ssh "].iter().any(|runner| command.contains(runner))
            && [" env", " printenv"].iter().any(|end| command.ends_with(end)))
}

/// A search for variables that hold credentials which prints what it finds.
fn is_search_for_secrets(fields: &[Field]) -> bool {
    let mut words = fields.iter().map(|field| field.text.as_str());
    let searches = words.next().is_some_and(|name| {
        matches!(name, "grep" | "egrep" | "fgrep" | "rg" | "ag" | "awk" | "sed" | "ack")
    });
    let silent = |word: &str| {
        matches!(word, "--count" | "--quiet" | "--silent")
            || (word.starts_with('-') && !word.starts_with("--") && word.contains(['c', 'q']))
    };
    let named = |word: &str| {
        let upper = word.to_ascii_uppercase();
        super::parameters::is_secret_name(word)
            || ["PASS", "_KEY", "AWS_", "APIKEY", "CRED"].iter().any(|part| upper.contains(part))
    };
    let rest: Vec<&str> = words.collect();
    searches && !rest.iter().any(|word| silent(word)) && rest.iter().any(|word| named(word))
}

fn is_declaration(word: &Word) -> bool {
    matches!(word.parts.as_slice(), [Part::Bare(name)]
        if matches!(name.as_str(), "export" | "declare" | "local" | "readonly" | "typeset"))
}

/// Builtins before which an assignment stays.
fn keeps_assignments(name: &str) -> bool {
    matches!(
        name,
        "export"
            | "declare"
            | "local"
            | "readonly"
            | "typeset"
            | "eval"
            | ":"
            | "source"
            | "."
            | "set"
            | "unset"
    )
}
