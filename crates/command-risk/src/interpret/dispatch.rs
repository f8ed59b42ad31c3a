//! From the words of a command to the program that runs.

use super::Machine;
use super::patterns::words_of;
use super::simple::Call;
use super::value::{Field, Taint, UNKNOWN, Value};
use crate::analysis::CommandView;
use crate::effects::paths::{base_name, is_within};

impl Machine<'_> {
    /// Opens the record that effects of these words belong to; closed by [`Self::close_view`].
    pub(super) fn open_view(&mut self, fields: &[Field]) -> Option<usize> {
        let before = self.current;
        // Every view costs a step, so that none is left out before `parse.too_much` is said.
        if self.commands.len() < super::MAX_STEPS as usize {
            let pattern = self.pattern_of(fields);
            let exact = fields.iter().all(|f| f.is_known() && !f.glob);
            let span = self.nested_span.unwrap_or(self.span);
            let words = words_of(fields);
            self.commands.push(CommandView { pattern, words, exact, harmless: true, span });
            self.current = Some(self.commands.len() - 1);
        } else {
            self.unresolved = true;
        }
        before
    }

    pub(super) fn close_view(&mut self, before: Option<usize>) {
        self.current = before;
    }

    /// A command carried the others from `first` on to another machine or into a container: it is
    /// as harmful as they are, so that a rule holds for that machine only.
    pub(crate) fn carried(&mut self, first: usize) {
        let harmful = self.commands.iter().skip(first).any(|command| !command.harmless);
        if harmful && let Some(view) = self.current.and_then(|at| self.commands.get_mut(at)) {
            view.harmless = false;
        }
    }

    /// Runs words as a command of their own: what wrappers do.
    pub(crate) fn run(&mut self, fields: Vec<Field>, stdin: Option<&Value>) -> Value {
        if fields.is_empty() || !self.step() || !self.afford(fields.len()) {
            return Value::default();
        }
        if !self.spend(fields.iter().map(|field| field.text.len() + 64).sum()) {
            return Value::unknown(Taint::LOCAL);
        }
        self.deeper(|machine| {
            let before = machine.open_view(&fields);
            let text = fields.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join(" ");
            let outer = std::mem::replace(&mut machine.command_text, text);
            let output = machine.dispatch(fields, stdin);
            machine.command_text = outer;
            machine.close_view(before);
            output
        })
        .unwrap_or_default()
    }

    pub(super) fn dispatch(&mut self, fields: Vec<Field>, stdin: Option<&Value>) -> Value {
        let Some(first) = fields.first() else {
            return Value::default();
        };
        if first.text.is_empty() {
            return Value::default();
        }
        if !first.is_known() {
            return self.unknown_program(&fields);
        }
        if let Some(output) = self.named_here(&fields, stdin) {
            return output;
        }
        let program = first.text.clone();
        if first.glob && !matches!(program.as_str(), "[" | "[[") {
            self.effect("unresolved.program", program.as_str());
        }
        let program = if program.contains('/') {
            self.program_path(&program)
        } else {
            self.note_looked_up(&program);
            program
        };
        let program = match program.strip_suffix(".exe").or_else(|| program.strip_suffix(".EXE")) {
            Some(bare) if self.policy.tables.tool(bare).is_some() || self.is_special(bare) => {
                bare.to_owned()
            }
            Some(_) | None => program,
        };
        let Some(program) = program_or_script(&program) else {
            return Value::unknown(Taint::LOCAL);
        };
        let words: Vec<String> = fields.iter().map(|f| f.text.clone()).collect();
        let call = Call { name: program.to_owned(), words, fields };
        self.note_call(&call);
        self.invoke(&call, stdin)
    }

    fn unknown_program(&mut self, fields: &[Field]) -> Value {
        let first = fields.first().cloned().unwrap_or_default();
        let kind =
            if first.taint.has(Taint::NETWORK) { "code.fetched" } else { "unresolved.program" };
        self.effect(kind, first.text.as_str());
        // What can be known of the rest is still looked at.
        if let Some(name) = first
            .text
            .rsplit('/')
            .next()
            .filter(|n| !n.contains(UNKNOWN) && !n.is_empty() && first.text.contains('/'))
        {
            let mut rest = fields.to_vec();
            if let Some(field) = rest.first_mut() {
                *field = Field::known(name);
            }
            return self.run(rest, None);
        }
        Value::unknown(Taint::LOCAL)
    }

    /// Functions and aliases defined in the same text.
    fn named_here(&mut self, fields: &[Field], stdin: Option<&Value>) -> Option<Value> {
        let name = fields.first()?.text.as_str();
        if let Some(alias) = self.state.aliases.get(name).cloned() {
            let mut text = alias;
            for field in fields.iter().skip(1) {
                text.push(' ');
                text.push_str(&crate::interpret::requoted(field));
            }
            let aliases = std::mem::take(&mut self.state.aliases);
            let output = self.script(&text, stdin);
            self.state.aliases = aliases;
            return Some(output);
        }
        let body = self.state.functions.get(name).cloned()?;
        let arguments = fields.iter().skip(1).map(Field::argument).collect();
        let outer = self.state.positional.replace(arguments);
        let hidden = self.state.hidden.replace(Vec::new());
        let output = self.deeper(|machine| machine.node(&body, stdin)).unwrap_or_default();
        self.state.positional = outer;
        if let Some(own) = std::mem::replace(&mut self.state.hidden, hidden) {
            self.restore(own);
        }
        Some(output)
    }

    /// A program given by its path: what it is, and whether it may run unasked.
    fn program_path(&mut self, path: &str) -> String {
        let mut resolved = self.resolve(path);
        for _ in 0..4 {
            match self.links.get(&resolved) {
                Some(target) => resolved.clone_from(target),
                None => break,
            }
        }
        let written = self.written.get(&resolved).cloned();
        if written.as_ref().is_none_or(|content| !content.is_known() || content.text.is_empty()) {
            self.note_program(path);
        }
        if let Some(content) = written {
            if content.taint.has(Taint::NETWORK) {
                self.effect("code.fetched", path);
            } else if content.is_known() && !content.text.is_empty() {
                self.script(&content.text, None);
            } else if !self.is_own_code(&resolved) {
                self.effect("code.outside", path);
            }
        } else if resolved.starts_with("/proc/")
            || resolved.starts_with("/dev/fd")
            || !self.is_own_code(&resolved)
        {
            self.effect("code.outside", path);
        }
        let system = ["/bin", "/sbin", "/usr", "/opt", "/nix", "/snap", "/lib", "/lib64"]
            .iter()
            .any(|dir| is_within(&resolved, dir));
        let name = base_name(&resolved).to_owned();
        if system
            || self.policy.tables.tool(&name).is_some_and(|t| t.wraps.is_some())
            || self.links.contains_key(&self.resolve(path))
        {
            name
        } else if resolved.starts_with("/etc/init.d/") || resolved.starts_with("/etc/rc.d/") {
            "service-script".to_owned()
        } else if is_tool_directory(&resolved)
            && (self.policy.tables.tool(&name).is_some() || self.is_special(&name))
        {
            // `node_modules/.bin/prisma`, `.venv/bin/python`, `bin/rails`: the tool itself.
            name
        } else {
            format!("./{name}")
        }
    }
}

/// Where package managers and frameworks put the tools of a checkout.
fn is_tool_directory(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let _name = parts.next();
    matches!(parts.next(), Some("bin" | ".bin" | "binstubs" | "Scripts"))
}

fn program_or_script(program: &str) -> Option<&str> {
    (!program.is_empty()).then_some(program)
}
