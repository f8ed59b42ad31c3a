//! Files of code that are run or read in.

use super::Machine;
use super::simple::Call;
use super::value::{Field, Taint, UNKNOWN, Value};
use crate::files::known_language;

impl Machine<'_> {
    pub(super) fn source(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
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
